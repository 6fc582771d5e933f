"""What lately happened in each topic, for operators who look: as long as the worker holds the topic, and no longer. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from timers.topic import (
    Event,
    RoomConfigured,
    TimerCompleted,
    TimerState,
    UserJoined,
    UserKnocked,
    UserLeft,
    Users,
    UserUpdated,
)

KEPT = 50

Line = tuple[int, int, str, str, str]
"""When it was told, the version, what happened, to which timer or member, and by whom; the last two may be empty."""


class Journal:
    def __init__(self) -> None:
        self._lines: dict[str, list[Line]] = {}

    def note(self, events: Iterable[tuple[str, Event]], now: int) -> None:
        for name, event in events:
            lines = self._lines.setdefault(name, [])
            lines.append(_line(event, now))
            del lines[:-KEPT]

    def of(self, name: str) -> list[Line]:
        """The last `KEPT` of a topic, the oldest first."""
        return list(self._lines.get(name, ()))

    def forget(self, name: str) -> None:
        self._lines.pop(name, None)

    def forget_person(self, name: str, member: str) -> None:
        """What was done stays, and no longer by whom."""
        if name in self._lines:
            others = (line for line in self._lines[name] if line[3] != member)
            self._lines[name] = [(*line[:4], "" if line[4] == member else line[4]) for line in others]


def _line(event: Event, now: int) -> Line:
    what, whom, by = _said(event)
    return now, event.v, what, whom, by or ""


def _said(event: Event) -> tuple[str, str, str | None]:
    match event:
        case UserJoined(_, member):
            return "joined", member, None
        case UserLeft(_, member):
            return "left", member, None
        case UserUpdated(_, member):
            return "changed", member, None
        case Users(_, joined, left):
            return f"{len(joined)} joined, {len(left)} left", "", None
        case UserKnocked(_, member, by):
            return "knocked at", member, by
        case RoomConfigured(_, _, by):
            return "rules changed", "", by
        case TimerState(_, timer_id, _, action, by):
            return action.value, timer_id, by
        case TimerCompleted(_, timer_id, phase):
            return f"{phase.value} ran out", timer_id, None
