"""How the first state of a timer is written into a page: the words and digits that `countdown.js` and `words.js` show.

Both sides are held to the same cases, `tests/javascript/clock-cases.json`. A template knows no time zone of its reader,
so an end is given in UTC until the page's script takes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template

register = template.Library()

PHASES = {"focus": "Focus", "short_break": "Short break", "long_break": "Long break"}
MAIN = {"stopped": ("Start", "i-play"), "running": ("Pause", "i-pause"), "paused": ("Resume", "i-play")}

SECOND_MS = 1_000
MINUTE_MS = 60_000

TimerFields = Mapping[str, Any]
"""A `Timer` as the wire has it."""


@register.inclusion_tag("timers/_timer.html")
def show_timer(snapshot: Mapping[str, Any], timer_id: str, kind: str) -> dict[str, Any]:
    """The timer `timer_id` of a snapshot. `kind` is solo, room or me: what it looks like and what its buttons say."""
    timer = next(timer for timer in snapshot["timers"] if timer["id"] == timer_id)
    word, icon = MAIN[timer["status"]]
    left_ms = timer["remaining_ms"]
    return {
        "kind": kind,
        "timer": timer,
        "phases": PHASES,
        "colour": colour(timer["phase"]),
        "face": face(left_ms),
        "spoken": spoken(left_ms),
        "ends": ends(timer, snapshot["now_at"]),
        "ring_offset": ring_offset(timer),
        "pips": pips(timer),
        "word": f"{word} for all" if kind == "room" else word,
        "icon": icon,
    }


@register.filter
def phase_of(snapshot: Mapping[str, Any], timer_id: str) -> str:
    """The colour of the page: that of a timer's phase."""
    return next(colour(timer["phase"]) for timer in snapshot["timers"] if timer["id"] == timer_id)


def colour(phase: str) -> str:
    return phase.removesuffix("_break")


def face(ms: int) -> str:
    """24:59, from an hour up 1:05:00. A started second still counts."""
    minutes, seconds = divmod(_started(ms, SECOND_MS), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def spoken(ms: int) -> str:
    """18 minutes left."""
    if ms <= 0:
        return "Time is up"
    if ms < MINUTE_MS:
        return "Less than a minute left"
    hours, minutes = divmod(_started(ms, MINUTE_MS), 60)
    return " ".join(
        [_count(number, noun) for number, noun in ((hours, "hour"), (minutes, "minute")) if number] + ["left"]
    )


def ends(timer: TimerFields, now: int) -> str:
    if timer["status"] == "stopped":
        return "Ready"
    if timer["status"] == "paused":
        return "Paused"
    at = datetime.fromtimestamp(timer["ends_at"] / 1000, UTC)
    return f"{'Ends' if timer['ends_at'] > now else 'Ended'} at {at:%H:%M} UTC"


def ring_offset(timer: TimerFields) -> str:
    """How much of the ring is gone: 0 is a full ring, 1 an empty one."""
    return f"{1 - min(1, timer['remaining_ms'] / timer['duration_ms']):.4f}".rstrip("0").rstrip(".")


def pips(timer: TimerFields) -> dict[str, Any]:
    """Which dots of the cycle are filled: round 3 of 4 has two behind it, its break three."""
    rounds = timer["settings"]["rounds"]
    round_ = (timer["round"] - 1) % rounds + 1
    done = round_ - 1 if timer["phase"] == "focus" else round_
    return {"round": round_, "rounds": rounds, "dots": [number < done for number in range(rounds)]}


def _started(ms: int, unit_ms: int) -> int:
    return -(-ms // unit_ms)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
