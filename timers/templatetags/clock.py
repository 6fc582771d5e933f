"""How the first state of a timer is written into a page: the words and digits that `countdown.js` and
the `words.js` of its language show.

Both sides are held to the same cases, `tests/javascript/clock-cases.json`. A template knows no time zone of its reader,
so an end is given in UTC until the page's script takes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

register = template.Library()

PHASES = {"focus": _("Focus"), "short_break": _("Short break"), "long_break": _("Long break")}
MAIN = {"stopped": (_("Start"), "i-play"), "running": (_("Pause"), "i-pause"), "paused": (_("Resume"), "i-play")}
FOR_ALL = _("%(word)s for all")

SECOND_MS = 1_000
MINUTE_MS = 60_000
CREEPS_FROM_MS = 10 * MINUTE_MS

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
        "creeps": creeps(timer),
        "pips": pips(timer),
        "word": FOR_ALL % {"word": word} if kind == "room" else word,
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
        return gettext("Time is up")
    if ms < MINUTE_MS:
        return gettext("Less than a minute left")
    hours, minutes = divmod(_started(ms, MINUTE_MS), 60)
    parts = []
    if hours:
        parts.append(ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours})
    if minutes:
        parts.append(ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes})
    return gettext("%(length)s left") % {"length": " ".join(parts)}


def ends(timer: TimerFields, now: int) -> str:
    if timer["status"] == "stopped":
        return gettext("Ready")
    if timer["status"] == "paused":
        return gettext("Paused")
    said = gettext("Ends at %(time)s UTC") if timer["ends_at"] > now else gettext("Ended at %(time)s UTC")
    return said % {"time": f"{datetime.fromtimestamp(timer['ends_at'] / 1000, UTC):%H:%M}"}


def ring_offset(timer: TimerFields) -> str:
    """How much of the ring is gone: 0 is a full ring, 1 an empty one."""
    return f"{1 - min(1, timer['remaining_ms'] / timer['duration_ms']):.4f}".rstrip("0").rstrip(".")


def creeps(timer: TimerFields) -> bool:
    """Whether a second moves the ring too little to be seen."""
    return timer["status"] == "running" and timer["duration_ms"] >= CREEPS_FROM_MS


def pips(timer: TimerFields) -> dict[str, Any]:
    """Which dots of the cycle are filled: round 3 of 4 has two behind it, its break three. A round that was skipped is
    behind it too, so never more are than focus phases were finished."""
    rounds = timer["settings"]["rounds"]
    round_ = (timer["round"] - 1) % rounds + 1
    behind = round_ - 1 if timer["phase"] == "focus" else round_
    done = min(behind, timer["completed_focus"])
    looks = ["on" if number <= done else "now" if number == round_ else "" for number in range(1, rounds + 1)]
    return {"round": round_, "rounds": rounds, "dots": looks}


def _started(ms: int, unit_ms: int) -> int:
    return -(-ms // unit_ms)
