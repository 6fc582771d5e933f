"""What operators ask about all timers at once, and what a worker finds: one page of rows, or one topic in full.

Pages follow each other by the last row that was seen, not by numbers, so that the last of very many costs what the first
does and nothing is shown twice because something moved. A device is named by a hash wherever this goes. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest, nsmallest
from typing import Any

from timers import topics
from timers.timer import Action, Timer
from timers.topic import Held, Person, Topic

PAGE = 50
MEMBERS_SHOWN = 200
PRUNE_AT = 20

Where = Callable[[str], str]
"""What a topic is called outside: that of a device by a hash."""
Value = int | str
Place = tuple[Value, str, str]
"""Where a row stands: what it is sorted by, then what its topic is called and the id of its timer."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which timers, in which order, and which page: the one that follows the row at `after`, or ends before it if `backward`.
    `words` must be in the name of the topic or of the person; empty fields leave nothing out. What is left is sorted as of
    `at`, or as of now without it: time goes on while somebody turns pages, and a row must not be passed over for that."""

    words: str = ""
    kind: str = ""
    status: str = ""
    sort: str = "left"
    descending: bool = False
    after: Place | None = None
    backward: bool = False
    at: int | None = None
    size: int = PAGE

    @classmethod
    def read(cls, written: dict[str, Any]) -> Question:
        after = written.get("after")
        return cls(**{**written, "after": tuple(after) if after else None})

    @property
    def falls(self) -> bool:
        """Whether rows are to be taken from the highest down."""
        return self.descending != self.backward


SORTS: dict[str, Callable[[Topic, str, Held, int], Value]] = {
    "where": lambda topic, timer_id, held, now: int(topic.is_room),
    "person": lambda topic, timer_id, held, now: name_of(topic, timer_id).casefold(),
    "phase": lambda topic, timer_id, held, now: held.timer.phase.value,
    "status": lambda topic, timer_id, held, now: held.timer.status.value,
    "left": lambda topic, timer_id, held, now: held.timer.remaining_ms(now),
    "started": lambda topic, timer_id, held, now: held.timer.started_at or 0,
    "listeners": lambda topic, timer_id, held, now: listeners(topic),
    "command": lambda topic, timer_id, held, now: held.timer.changed_at,
    "version": lambda topic, timer_id, held, now: held.v,
}
"""By what rows can be sorted."""


class Search:
    """The answer to one question, as far as topics were looked at."""

    def __init__(self, question: Question, now: int, where: Where) -> None:
        self.found = 0
        self._question = question
        self._now = now
        self._sorted_at = now if question.at is None else question.at
        self._where = where
        self._value = SORTS[question.sort]
        self._words = question.words.casefold()
        self._kept: list[tuple[Place, Topic, Held]] = []
        self._worst: Place | None = None

    def look_at(self, topic: Topic) -> None:
        question = self._question
        if question.kind and question.kind != topics.kind_of(topic.name):
            return
        for timer_id, held in topic.timers.items():
            if question.status and question.status != held.timer.status:
                continue
            if self._words and not self._is_named(topic, timer_id):
                continue
            self.found += 1
            value = self._value(topic, timer_id, held, self._sorted_at)
            if self._is_near(value):
                place = (value, self._where(topic.name), timer_id)
                if self._is_wanted(place):
                    self._kept.append((place, topic, held))
        if len(self._kept) > PRUNE_AT * question.size:
            self._prune()

    def rows(self) -> list[dict[str, Any]]:
        """One more than a page has, where there are more."""
        self._prune()
        return [row(topic, place, held, self._now) for place, topic, held in self._kept]

    def _is_named(self, topic: Topic, timer_id: str) -> bool:
        where = self._where(topic.name).casefold()
        return self._words in where or self._words in name_of(topic, timer_id).casefold()

    def _is_near(self, value: Value) -> bool:
        """Of most timers this is all that is asked: their names need not be made."""
        worst = self._worst
        return worst is None or (value >= worst[0] if self._question.falls else value <= worst[0])  # type: ignore[operator]

    def _is_wanted(self, place: Place) -> bool:
        after, worst = self._question.after, self._worst
        if self._question.falls:
            return (after is None or place < after) and (worst is None or place > worst)
        return (after is None or place > after) and (worst is None or place < worst)

    def _prune(self) -> None:
        self._kept = first(self._kept, self._question, lambda kept: kept[0])
        if len(self._kept) > self._question.size:
            self._worst = self._kept[-1][0]


def first(rows: Iterable[Any], question: Question, place: Callable[[Any], Place]) -> list[Any]:
    """The first of the page and one more, in the order in which they are taken."""
    return (nlargest if question.falls else nsmallest)(question.size + 1, rows, key=place)


def row(topic: Topic, place: Place, held: Held, now: int) -> dict[str, Any]:
    """One timer as operators see it; all of it can be written as JSON."""
    _, where, timer_id = place
    return {"place": list(place), "where": where, "listeners": listeners(topic), **_timer(topic, timer_id, held, now)}


def detail(topic: Topic, where: str, now: int, events: Sequence[Any]) -> dict[str, Any]:
    """Everything of one topic; `events` as a journal keeps them, the oldest first."""
    here = sorted(topic.people.items(), key=lambda item: (not item[1].here, item[1].joined_at))
    return {
        "where": where,
        "v": topic.v,
        "listeners": listeners(topic),
        "quiet_since": topic.quiet_since,
        "people": sum(1 for _ in topic.here()),
        "members": [_member(member, person) for member, person in here[:MEMBERS_SHOWN]],
        "timers": [_timer(topic, timer_id, held, now) for timer_id, held in topic.timers.items()],
        "events": [list(event) for event in events],
        "names": {member: person.name for member, person in topic.people.items()},
    }


def name_of(topic: Topic, timer_id: str) -> str:
    """Whose timer it is; empty for the one that all share. Alone with a timer there is but one person."""
    if timer_id in (topics.ROOM, topics.SOLO):
        return "" if topic.is_room else next((person.name for person in topic.people.values()), "")
    owner = topic.people.get(timer_id)
    return owner.name if owner else timer_id


def listeners(topic: Topic) -> int:
    """How many tabs watch the topic."""
    return sum(len(person.sockets) for person in topic.people.values())


def _timer(topic: Topic, timer_id: str, held: Held, now: int) -> dict[str, Any]:
    timer = held.timer
    return {
        "timer": timer_id,
        "person": name_of(topic, timer_id),
        "status": timer.status.value,
        "phase": timer.phase.value,
        "left_ms": timer.remaining_ms(now),
        "started_at": timer.started_at,
        "command": _last(timer),
        "command_at": timer.changed_at,
        "v": held.v,
    }


def _last(timer: Timer) -> str:
    """What was last done to the timer; a phase that ran out was nobody's doing."""
    if timer.made_by is not None:
        return timer.made_by.action.value
    return Action.COMPLETE.value if timer.changed_at else ""


def _member(member: str, person: Person) -> dict[str, Any]:
    return {
        "id": member,
        "name": person.name,
        "tabs": len(person.sockets),
        "here": person.here,
        "away": person.away,
        "joined_at": person.joined_at,
    }
