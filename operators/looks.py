"""What the pages of the live timers show, for those who ask with a page and those who watch by a socket alike."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import structlog
from django.db import DatabaseError
from django.template.loader import render_to_string
from redis.exceptions import RedisError

from operators import desk
from operators.rights import Rights
from rooms.models import find_room
from timers import topics
from timers.overview import SORTS, Place, Question
from timers.timer import Status

log = structlog.get_logger(__name__)

COLUMNS = {
    "where": "Room or device",
    "person": "Person",
    "phase": "Phase",
    "status": "Status",
    "left": "Left",
    "started": "Started",
    "listeners": "Tabs",
    "command": "Last command",
    "version": "Version",
}
KINDS = {"": "Everywhere", topics.ROOM: "Rooms", topics.SOLO: "Own timers"}
STATUSES = {"": "In any state", **{status.value: status.value.capitalize() for status in Status}}
MOST_WORDS = 40
SHOWN_WITHIN_S = 4.0
"""For longer a page does not wait for a Redis that has not broken off: whoever looks is to know that it does not answer."""
NUMBER = re.compile(r"-?[0-9]{1,16}")

Query = dict[str, str]
"""What an address asks: `q`, `kind`, `status`, `sort` (with a minus the other way round), `after` or `before`, and `at`."""


async def overview(query: Query) -> dict[str, Any]:
    question = question_of(query)
    try:
        async with asyncio.timeout(SHOWN_WITHIN_S):
            page, tiles = await desk.current().page(question), await desk.current().tiles()
            page = replace(page, rows=await _named(page.rows))
    except (RedisError, OSError) as error:
        log.debug("operators.redis_is_away", reason=str(error))
        return {"is_away": True}
    return {"page": page, "tiles": tiles, "columns": _columns(query), "size": question.size, **_turning(query, page)}


async def overview_html(query: Query) -> str:
    """Written once for all who watch the same."""

    async def write() -> str:
        return render_to_string("operators/_overview.html", await overview(query))

    return await desk.current().once(("overview", *sorted(query.items())), write)


async def detail_html(where: str, rights: Rights) -> str:
    async def write() -> str:
        return render_to_string("operators/_topic.html", await detail(where, rights))

    return await desk.current().once(("detail", where, rights.may_steer), write)


async def detail(where: str, rights: Rights) -> dict[str, Any]:
    try:
        async with asyncio.timeout(SHOWN_WITHIN_S):
            found = await desk.current().detail(where)
    except (RedisError, OSError) as error:
        log.debug("operators.redis_is_away", reason=str(error))
        return {"is_away": True, "where": where}
    is_unknown = found.topic is None and not found.silent
    shown = {"topic": found.topic, "silent": found.silent, "is_unknown": is_unknown, "where": where}
    return {**shown, "may_steer": rights.may_steer, "is_room": topics.is_room(where)}


def question_of(query: Query) -> Question:
    """What makes no sense in a query is as if it were not there."""
    sort = query.get("sort", "").removeprefix("-")
    sort = sort if sort in SORTS else "left"
    is_backward = "before" in query
    return Question(
        words=query.get("q", "").strip()[:MOST_WORDS],
        kind=_one_of(KINDS, query.get("kind", "")),
        status=_one_of(STATUSES, query.get("status", "")),
        sort=sort,
        descending=query.get("sort", "").startswith("-"),
        after=_place(query.get("before" if is_backward else "after", ""), sort),
        backward=is_backward,
        at=_number(query.get("at", "")),
    )


def form(query: Query) -> dict[str, Any]:
    """What the fields above the table say."""
    question = question_of(query)
    return {"question": question, "kinds": KINDS, "statuses": STATUSES, "sort": query.get("sort", "")}


async def full_title_of(where: str) -> str:
    name = await _name_of(where)
    return f"{title_of(where)} · {name}" if name else title_of(where)


def title_of(where: str) -> str:
    return f"Room {topics.place_of(where)}" if topics.is_room(where) else f"Device {topics.device_of(where)}"


async def _named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = await asyncio.gather(*(_name_of(row["where"]) for row in rows))
    return [{**row, "room_name": name} for row, name in zip(rows, names, strict=True)]


async def _name_of(where: str) -> str:
    """What people call a room; nothing where it has no name, or none that could be found out."""
    if not topics.is_room(where):
        return ""
    try:
        room = await find_room(topics.place_of(where))
    except DatabaseError as error:
        log.debug("operators.room_not_found_out", reason=str(error))
        return ""
    return room.name if room else ""


def _columns(query: Query) -> list[dict[str, Any]]:
    """The heads of the table; each is a link that sorts by it, or the other way round."""
    question = question_of(query)
    heads = []
    for name, title in COLUMNS.items():
        is_sorted = name == question.sort
        sort = f"-{name}" if is_sorted and not question.descending else name
        direction = ("descending" if question.descending else "ascending") if is_sorted else ""
        heads.append({"title": title, "direction": direction, "href": _address(query, sort=sort)})
    return heads


def _turning(query: Query, page: desk.Page) -> dict[str, str]:
    """Where the first page is, and those before and after this one."""
    addresses = {}
    if page.has_earlier:
        addresses["first"] = _address(query)
    if page.has_earlier and page.rows:
        addresses["earlier"] = _address(query, before=_written(page.rows[0]["place"]), at=str(page.at))
    if page.has_later and page.rows:
        addresses["later"] = _address(query, after=_written(page.rows[-1]["place"]), at=str(page.at))
    return addresses


def _address(query: Query, **changes: str) -> str:
    kept = {name: value for name, value in query.items() if name in ("q", "kind", "status", "sort") and value}
    return f"?{urlencode({**kept, **changes})}"


def _written(place: list[Any]) -> str:
    value, where, timer = place
    return f"{value},{where},{timer}"


def _place(text: str, sort: str) -> Place | None:
    parts = text.rsplit(",", 2)
    if len(parts) < 3:
        return None
    value, where, timer = parts
    if sort in ("person", "phase", "status"):
        return value, where, timer
    number = _number(value)
    return None if number is None else (number, where, timer)


def _number(text: str) -> int | None:
    return int(text) if NUMBER.fullmatch(text) else None


def _one_of(known: dict[str, str], value: str) -> str:
    return value if value in known else ""
