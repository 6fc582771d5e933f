"""Asks all workers what an operator wants to see and puts their answers together. One process asks the same thing at most once
a second, however many look at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import asdict, dataclass, replace
from time import monotonic
from typing import Any, TypeVar

from django.conf import settings

from operators import tiles
from operators.tiles import Tiles
from timers import overview, process, topics
from timers.broadcast import INQUIRY
from timers.overview import Question
from tomato.layer import Sink
from tomato.per_loop import PerLoop

EVERY_S = 1.0
ANSWERED_WITHIN_S = 2.0

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page as workers give them, as of when they are sorted, whether there is one before and one after it, how many
    timers were found in all, and how many shards nobody has answered for."""

    rows: list[dict[str, Any]]
    at: int
    found: int
    has_earlier: bool
    has_later: bool
    silent: int


@dataclass(frozen=True, slots=True)
class Detail:
    """A topic as its worker gives it, None when no worker holds one of that name."""

    topic: dict[str, Any] | None
    silent: int


class Desk:
    """The questions of one web process."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, tuple[float, asyncio.Future[Any]]] = {}
        self._history = tiles.History()

    async def page(self, question: Question) -> Page:
        return await self.once(question, lambda: _page(question))

    async def detail(self, where: str) -> Detail:
        return await self.once(where, lambda: _detail(where))

    async def tiles(self) -> Tiles:
        """Raises `RedisError` or `OSError` when Redis is away."""
        return await self.once(None, lambda: tiles.read(self._history))

    async def once(self, what: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """What `ask` gives, or gave a moment ago to somebody else."""
        now = monotonic()
        self._asked = {known: asked for known, asked in self._asked.items() if now - asked[0] < EVERY_S}
        if what not in self._asked:
            self._asked[what] = (now, asyncio.ensure_future(ask()))
        return await asyncio.shield(self._asked[what][1])

    def look_again(self) -> None:
        """What was answered until now holds no more: something was done."""
        self._asked.clear()


async def look_up(where: str) -> Detail:
    """The topic as it is at this moment, with its `name`, which is for acting on it and not to be shown."""
    return await _detail(where)


async def _page(question: Question) -> Page:
    at = process.current().clock.now() if question.at is None else question.at
    answers, silent = await _ask(question=asdict(replace(question, at=at)))
    rows = {(row["where"], row["timer"]): row for answer in answers for row in answer["rows"]}
    taken = overview.first(rows.values(), question, lambda row: tuple(row["place"]))
    shown, has_more = taken[: question.size], len(taken) > question.size
    has_other = question.after is not None
    earlier, later = (has_more, has_other) if question.backward else (has_other, has_more)
    found = sum(answer["found"] for answer in answers)
    return Page(shown[::-1] if question.backward else shown, at, found, earlier, later, silent)


async def _detail(where: str) -> Detail:
    answers, silent = await _ask(where=where)
    return Detail(next((answer["topic"] for answer in answers if answer["topic"]), None), silent)


async def _ask(**asked: Any) -> tuple[list[dict[str, Any]], int]:
    """What the workers answer, and for how many shards none has. Raises `RedisError` or `OSError` when Redis is away."""
    here = process.current()
    await here.open()
    answers: list[dict[str, Any]] = []
    silent, all_there = set(range(settings.TOMATO.shards)), asyncio.Event()

    def take(answer: dict[str, Any]) -> None:
        answers.append(answer)
        silent.difference_update(answer["shards"])
        if not silent:
            all_there.set()

    channel = await here.layer.new_channel()
    here.layer.attach(channel, Sink(take, lambda: None))
    try:
        await here.layer.group_send(topics.WORKERS, {"type": INQUIRY, "reply_to": channel, **asked})
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            await all_there.wait()
    except TimeoutError:
        pass  # those who have answered are shown, and that others have not
    finally:
        here.layer.detach(channel)
    return answers, len(silent)


current = PerLoop(Desk)
"""The desk of the running event loop."""
