"""How figures, instants and names are written on the pages of the live timers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isinf
from typing import Any

from django import template

from operators import looks
from timers import topics
from timers.templatetags.clock import PHASES, face
from tomato.metrics import BUCKETS_MS

register = template.Library()

KNOWN_BY_THEIR_KIND = {topics.ROOM: "the shared timer", topics.SOLO: "the timer"}

register.filter("face", face)


@register.filter
def place_name(where: str) -> str:
    return looks.title_of(where)


@register.filter
def timer_of(row: Mapping[str, Any]) -> str:
    """A timer as the name of a button has it."""
    if row["timer"] in KNOWN_BY_THEIR_KIND:
        return KNOWN_BY_THEIR_KIND[row["timer"]]
    return f"the timer of {row['person']}" if row["person"] else "the timer"


@register.filter
def phase_name(phase: str) -> str:
    return str(PHASES.get(phase, phase))


@register.filter
def rate(per_s: float | None) -> str:
    """A figure per second, with its first decimal while that says something."""
    if per_s is None:
        return "–"
    return f"{per_s:.1f}" if per_s < 10 else f"{per_s:.0f}"


@register.filter
def bound(ms: float | None) -> str:
    """A quantile as a bucket bounds it: at most 5 ms."""
    if ms is None:
        return "–"
    return f"> {BUCKETS_MS[-1]} ms" if isinf(ms) else f"≤ {ms:.0f} ms"


@register.filter
def moment(at: int | None) -> str:
    """An instant of today by its time, another with its day; in UTC, since a socket does not know its reader's zone."""
    if not at:
        return "–"
    then = datetime.fromtimestamp(at / 1000, UTC)
    return f"{then:%H:%M:%S}" if then.date() == datetime.now(UTC).date() else f"{then:%d %b %H:%M}"


@register.filter
def known_as(id: str, names: dict[str, str]) -> str:
    """Somebody of a topic by name, or one of its timers by whose it is."""
    return names.get(id) or KNOWN_BY_THEIR_KIND.get(id) or id
