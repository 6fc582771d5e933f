"""How the people of a room are written into its page: the order and words that `people.js` and `words.js` show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from timers.templatetags.clock import PHASES, colour, face

register = template.Library()


@register.inclusion_tag("rooms/_people.html")
def show_people(snapshot: Mapping[str, Any], invite_url: str) -> dict[str, Any]:
    you = snapshot["you"]["member"]
    members = _present(snapshot)
    people = max(snapshot["people"], len(members))
    timers = {timer["id"]: timer for timer in snapshot["timers"]}

    def place(member: Mapping[str, Any]) -> tuple[int, int]:
        return (0 if member["id"] == you else 1 + _rank(timers.get(member["id"])), member["joined_at"])

    listed = sorted(members, key=place)
    return {
        "people": people,
        "lines": [_line(member, timers.get(member["id"]), member["id"] == you) for member in listed],
        "more": people - len(listed),
        "invite_url": invite_url,
    }


def _present(snapshot: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The members with you among them: the room does not know you before the page is connected, but you are there."""
    you, members = snapshot["you"], snapshot["members"]
    if any(member["id"] == you["member"] for member in members):
        return list(members)
    return [{"id": you["member"], "name": you["name"] or "You", "joined_at": 0}, *members]


def initials(name: str) -> str:
    """AM for Ana Moreno, JU for Jun."""
    words = name.split() or [""]
    letters = words[0][:1] + words[-1][:1] if len(words) > 1 else words[0][:2]
    return letters.upper()[:2]


def _rank(timer: Mapping[str, Any] | None) -> int:
    if timer is None or timer["status"] == "stopped":
        return 3
    if timer["status"] == "paused":
        return 2
    return 0 if timer["phase"] == "focus" else 1


def _line(member: Mapping[str, Any], timer: Mapping[str, Any] | None, is_you: bool) -> dict[str, Any]:
    return {"name": member["name"], "initials": initials(member["name"]), "is_you": is_you, **_pursuit(timer)}


def _pursuit(timer: Mapping[str, Any] | None) -> dict[str, str]:
    """What a person's timer is doing; `phase` is the colour."""
    if timer is None or timer["status"] == "stopped":
        return {"phase": "idle", "doing": "Not timing", "time": ""}
    phase, time = PHASES[timer["phase"]], face(timer["remaining_ms"])
    if timer["status"] == "paused":
        return {"phase": "idle", "doing": f"{phase}, paused", "time": time}
    return {"phase": colour(timer["phase"]), "doing": phase, "time": time}
