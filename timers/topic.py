"""What a topic holds, its timers, its people, its version and the answers it gave, and what a command makes of it.

Pure: `apply` and `advance` take a topic and an instant and return the topic after it with the events to tell. They never
raise on what a person sent, and the same commands at the same instants always give the same topic.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2s
from itertools import count
from typing import TypeVar

from timers import timer as clock
from timers import topics
from timers.timer import Action, History, Timer

Value = TypeVar("Value")

GRACE_MS = 5_000
CROWD = 50
"""In a room of more people than this, comings and goings are told together, at most once in `CROWD_TOLD_EVERY_MS`."""
CROWD_TOLD_EVERY_MS = 1_000
ANSWERS_KEPT_MS = 600_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator may set. `idle_ttl_ms`: how long a timer that nobody watches and that does not run is held."""

    idle_ttl_ms: int = 300_000
    max_members: int = 500


# What a topic holds ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A timer with its history, the topic's version at its last change, and when it was last commanded."""

    history: History
    v: int
    touched_at: int

    @property
    def timer(self) -> Timer:
        return self.history.timer


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is here, was here a moment ago (grace), or is remembered. `sockets` names each tab's process."""

    name: str
    joined_at: int
    sockets: Mapping[str, str] = field(default_factory=dict)
    here: bool = True
    left_at: int | None = None

    @property
    def tabs(self) -> int:
        return max(1, len(self.sockets))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command's `id` was answered with, for when the same `id` comes again."""

    v: int
    changed: bool
    at: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who has come to and gone from a crowded room since it was last told of, at `told_at`."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    told_at: int = 0

    @property
    def untold(self) -> bool:
        return bool(self.joined or self.left)


@dataclass(frozen=True, slots=True)
class Topic:
    """`as_of` is the instant of the last change: time in a topic never runs backward. `quiet_since` is when its last
    socket went, None while somebody is connected."""

    name: str
    v: int = 0
    as_of: int = 0
    quiet_since: int | None = 0
    timers: Mapping[str, Held] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Answer]] = field(default_factory=dict)
    crowd: Crowd = Crowd()

    @property
    def is_room(self) -> bool:
        return topics.is_room(self.name)

    @property
    def empty(self) -> bool:
        return not self.timers and not self.people

    def timer(self, timer_id: str) -> Held:
        return self.timers.get(timer_id) or Held(History(), 0, 0)

    def here(self) -> Iterator[tuple[str, Person]]:
        return ((member, person) for member, person in self.people.items() if person.here)

    def running(self) -> Iterator[tuple[str, Timer]]:
        return ((timer_id, held.timer) for timer_id, held in self.timers.items() if held.timer.running)

    def processes(self) -> set[str]:
        return {process for person in self.people.values() for process in person.sockets.values()}


# What may be asked of it ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrive:
    """One tab of a person connected. `parked` holds, by timer id, what the database remembers of timers that the topic
    has forgotten."""

    member: str
    socket: str
    process: str
    parked: Mapping[str, Timer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Leave:
    member: str
    socket: str


@dataclass(frozen=True, slots=True)
class Lose:
    """A web process fell silent, and its sockets with it."""

    process: str


@dataclass(frozen=True, slots=True)
class Rename:
    member: str
    name: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Steer:
    """A command to one timer. `member` is who gave it, None for a script without a cookie."""

    member: str | None
    timer_id: str
    command: clock.Command
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """Timers that were idle have been put by; what still is idle is forgotten."""

    timer_ids: tuple[str, ...]


Command = Arrive | Leave | Lose | Rename | Steer | Expire


# What comes of it -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UserJoined:
    v: int
    member: str
    person: Person


@dataclass(frozen=True, slots=True)
class UserLeft:
    v: int
    member: str


@dataclass(frozen=True, slots=True)
class Users:
    """Who joined and left a crowded room since this was last told."""

    v: int
    joined: tuple[tuple[str, Person], ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UserUpdated:
    v: int
    member: str
    person: Person


@dataclass(frozen=True, slots=True)
class TimerState:
    v: int
    timer_id: str
    timer: Timer
    action: Action
    by: str | None


@dataclass(frozen=True, slots=True)
class TimerCompleted:
    """A phase ended at `at`. `completion` is the same whenever the same ending is announced again."""

    v: int
    timer_id: str
    phase: clock.Phase
    round: int
    at: int
    completion: str


Event = UserJoined | UserLeft | UserUpdated | Users | TimerState | TimerCompleted


@dataclass(frozen=True, slots=True)
class Full:
    """The room holds as many people as it may."""


@dataclass(frozen=True, slots=True)
class Change:
    """The topic after a command, what to tell everyone, and what to tell the one who asked (None: nothing)."""

    topic: Topic
    events: tuple[Event, ...] = ()
    answer: Answer | Full | None = None


def apply(topic: Topic, command: Command, now: int, rules: Rules) -> Change:
    """What `command`, received at `now`, makes of the topic once everything due by then has happened."""
    now = max(now, topic.as_of)
    before = advance(topic, now, rules)
    change = _apply(before.topic, command, now, rules)
    after = advance(replace(change.topic, as_of=now), now, rules)
    return Change(after.topic, before.events + change.events + after.events, change.answer)


def _apply(topic: Topic, command: Command, now: int, rules: Rules) -> Change:
    match command:
        case Arrive():
            return _arrive(topic, command, now, rules)
        case Leave(member, socket):
            return _leave(topic, member, socket, now)
        case Lose(process):
            return _lose(topic, process, now)
        case Rename(member, name, id):
            return _once(topic, member, id, now, lambda topic: _rename(topic, member, name, now))
        case Steer(giver, timer_id, order, id):
            return _once(topic, giver, id, now, lambda topic: _steer(topic, giver, timer_id, order, now))
        case Expire(timer_ids):
            return _expire(topic, timer_ids, now, rules)


# People ---------------------------------------------------------------------------------------------------------------


def with_arrival(topic: Topic, arrival: Arrive, now: int) -> Topic:
    """The topic as it will be when somebody obeys the arrival, for who cannot wait; its version is still the old one."""
    change = _arrive(topic, arrival, now, Rules(max_members=sys.maxsize))
    return replace(change.topic, v=topic.v)


def _arrive(topic: Topic, arrival: Arrive, now: int, rules: Rules) -> Change:
    known = topic.people.get(arrival.member)
    is_here = known is not None and known.here
    if not is_here and topic.is_room and sum(1 for _ in topic.here()) >= rules.max_members:
        return Change(topic, answer=Full())
    topic, events = _unpark(topic, arrival, now)
    name = known.name if known else _spare_name(topic)
    joined_at = known.joined_at if known and known.here else now
    sockets = {**(known.sockets if known else {}), arrival.socket: arrival.process}
    person = Person(name, joined_at, sockets)
    topic = replace(_with_person(topic, arrival.member, person), quiet_since=None)
    if not is_here:
        change = _tell_joined(topic, arrival.member)
    elif known is not None and known.tabs != person.tabs:
        change = _tell_updated(topic, arrival.member)
    else:
        change = Change(topic)
    return Change(change.topic, events + change.events, Answer(change.topic.v, True, now))


def _tell_joined(topic: Topic, member: str) -> Change:
    if not topic.is_room:
        return Change(topic)
    if _is_told_together(topic):
        joined, left = _crossed(member, topic.crowd.joined, topic.crowd.left)
        return Change(replace(topic, crowd=replace(topic.crowd, joined=joined, left=left)))
    topic = replace(topic, v=topic.v + 1)
    return Change(topic, (UserJoined(topic.v, member, topic.people[member]),))


def _tell_left(topic: Topic, member: str) -> Change:
    if not topic.is_room:
        return Change(topic)
    if _is_told_together(topic):
        left, joined = _crossed(member, topic.crowd.left, topic.crowd.joined)
        return Change(replace(topic, crowd=replace(topic.crowd, joined=joined, left=left)))
    topic = replace(topic, v=topic.v + 1)
    return Change(topic, (UserLeft(topic.v, member),))


def _crossed(member: str, to: tuple[str, ...], back: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both lists after a crossing: one that undoes an untold crossing is told no more than that was."""
    if member in back:
        return to, tuple(other for other in back if other != member)
    return (*to, member), back


def _tell_updated(topic: Topic, member: str) -> Change:
    """To a room that knows of the person; of who has just come to a crowd it hears soon."""
    if not topic.is_room or member in topic.crowd.joined:
        return Change(topic)
    topic = replace(topic, v=topic.v + 1)
    return Change(topic, (UserUpdated(topic.v, member, topic.people[member]),))


def _is_told_together(topic: Topic) -> bool:
    return topic.crowd.untold or sum(1 for _ in topic.here()) > CROWD


def _leave(topic: Topic, member: str, socket: str, now: int) -> Change:
    person = topic.people.get(member)
    if person is None or socket not in person.sockets:
        return Change(topic)
    return _without_sockets(topic, member, {socket}, now)


def _lose(topic: Topic, process: str, now: int) -> Change:
    events: tuple[Event, ...] = ()
    for member, person in sorted(topic.people.items()):
        lost = {socket for socket, owner in person.sockets.items() if owner == process}
        if lost:
            change = _without_sockets(topic, member, lost, now)
            topic, events = change.topic, events + change.events
    return Change(topic, events)


def _without_sockets(topic: Topic, member: str, gone: set[str], now: int) -> Change:
    before = topic.people[member]
    sockets = {socket: process for socket, process in before.sockets.items() if socket not in gone}
    person = replace(before, sockets=sockets, left_at=None if sockets else now)
    topic = _with_person(topic, member, person)
    if not any(someone.sockets for someone in topic.people.values()):
        topic = replace(topic, quiet_since=now)
    return Change(topic) if person.tabs == before.tabs else _tell_updated(topic, member)


def _rename(topic: Topic, member: str, name: str, now: int) -> Change:
    person = topic.people.get(member) or Person(name="", joined_at=now, here=False, left_at=now)
    if person.name == name:
        return Change(topic)
    person = replace(person, name=name)
    topic = replace(_with_person(topic, member, person), v=topic.v + 1)
    return Change(topic, (UserUpdated(topic.v, member, person),))


def _spare_name(topic: Topic) -> str:
    taken = {person.name for person in topic.people.values()}
    number = 1
    while f"User {number}" in taken:
        number += 1
    return f"User {number}"


def _with_person(topic: Topic, member: str, person: Person) -> Topic:
    return replace(topic, people={**topic.people, member: person})


# Timers ---------------------------------------------------------------------------------------------------------------


def _steer(topic: Topic, member: str | None, timer_id: str, order: clock.Command, now: int) -> Change:
    held = topic.timer(timer_id)
    history, action = clock.obey(held.history, order, now)
    if action is None:
        if timer_id not in topic.timers:
            return Change(topic)
        return Change(_with_timer(topic, timer_id, replace(held, touched_at=now)))
    return _tell(topic, timer_id, history, action, member, now)


def _tell(topic: Topic, timer_id: str, history: History, action: Action, by: str | None, now: int) -> Change:
    topic = replace(topic, v=topic.v + 1)
    topic = _with_timer(topic, timer_id, Held(history, topic.v, now))
    return Change(topic, (TimerState(topic.v, timer_id, history.timer, action, by),))


def _with_timer(topic: Topic, timer_id: str, held: Held) -> Topic:
    return replace(topic, timers={**topic.timers, timer_id: held})


def _unpark(topic: Topic, arrival: Arrive, now: int) -> tuple[Topic, tuple[Event, ...]]:
    """With the timers that the database had; a live one wins over a parked one. Who is here already is told."""
    events: tuple[Event, ...] = ()
    for timer_id, timer in sorted(arrival.parked.items()):
        if timer_id not in topic.timers:
            action = Action.CONFIGURE if timer.stopped else Action.PAUSE
            change = _tell(topic, timer_id, History(timer), action, arrival.member, now)
            topic, events = change.topic, events + change.events
    return topic, events


def _expire(topic: Topic, timer_ids: tuple[str, ...], now: int, rules: Rules) -> Change:
    events: list[Event] = []
    for timer_id in timer_ids:
        if timer_id in topic.timers and _is_idle(topic, timer_id, now, rules):
            settings = topic.timers[timer_id].timer.settings
            timers, answers = _without(topic.timers, timer_id), _without(topic.answers, timer_id)
            topic = replace(topic, v=topic.v + 1, timers=timers, answers=answers)
            events.append(TimerState(topic.v, timer_id, clock.fresh(settings), Action.EXPIRE, None))
    return Change(topic, tuple(events))


# Ids ------------------------------------------------------------------------------------------------------------------


def _once(topic: Topic, member: str | None, id: str | None, now: int, act: Callable[[Topic], Change]) -> Change:
    """`act` on the topic, unless this person's `id` was answered before: then its first answer again."""
    if member is None or id is None:
        change = act(topic)
        return replace(change, answer=_answer(change, now))
    known = topic.answers.get(member, {}).get(id)
    if known is not None and known.at + ANSWERS_KEPT_MS > now:
        return Change(topic, answer=known)
    change = act(topic)
    answer = _answer(change, now)
    return replace(change, topic=_remember(change.topic, member, id, answer), answer=answer)


def _answer(change: Change, now: int) -> Answer:
    return Answer(change.topic.v, bool(change.events), now)


def _remember(topic: Topic, member: str, id: str, answer: Answer) -> Topic:
    still = {
        known: old
        for known, old in topic.answers.get(member, {}).items()
        if old.at + ANSWERS_KEPT_MS > answer.at and known != id
    }
    return replace(topic, answers={**topic.answers, member: {**still, id: answer}})


# Time -----------------------------------------------------------------------------------------------------------------


def advance(topic: Topic, now: int, rules: Rules, most: int | None = None) -> Change:
    """Everything that was due by `now`, in its order, each as of its own instant; or the first `most` of it."""
    events: list[Event] = []
    for _ in count() if most is None else range(most):
        due = min(_dues(topic, rules), default=None)
        if due is None or due.at > now:
            break
        change = _happen(replace(topic, as_of=max(topic.as_of, due.at)), due)
        topic = change.topic
        events += change.events
    return Change(topic, tuple(events))


def next_deadline(topic: Topic, rules: Rules) -> int | None:
    """When the topic next wants attention: something is due, or a timer has been idle long enough to be put by."""
    idle = (at for timer_id in topic.timers if (at := _idle_at(topic, timer_id, rules)) is not None)
    return min((*idle, *(due.at for due in _dues(topic, rules))), default=None)


def idle_timers(topic: Topic, now: int, rules: Rules) -> dict[str, Timer]:
    """The timers that nobody has watched or commanded for so long that they are to be put by."""
    return {timer_id: held.timer for timer_id, held in topic.timers.items() if _is_idle(topic, timer_id, now, rules)}


class Happening(StrEnum):
    """What time alone brings about. At one instant a phase ends before anybody goes."""

    COMPLETE = "complete"
    DEPART = "depart"
    FORGET = "forget"
    TELL = "tell"


@dataclass(frozen=True, slots=True, order=True)
class Due:
    at: int
    happening: Happening
    whose: str


def _dues(topic: Topic, rules: Rules) -> Iterator[Due]:
    if topic.crowd.untold:
        yield Due(topic.crowd.told_at + CROWD_TOLD_EVERY_MS, Happening.TELL, "")
    for timer_id, timer in topic.running():
        assert timer.ends_at is not None
        yield Due(timer.ends_at, Happening.COMPLETE, timer_id)
    for member, person in topic.people.items():
        if person.left_at is None:
            continue
        if person.here:
            yield Due(person.left_at + GRACE_MS, Happening.DEPART, member)
        elif member not in topic.timers:
            yield Due(_forgotten_at(topic, member, person.left_at, rules), Happening.FORGET, member)


def _forgotten_at(topic: Topic, member: str, left_at: int, rules: Rules) -> int:
    """When somebody who left is forgotten; while the topic lives on, not before an `id` of theirs may be new again."""
    at = left_at + rules.idle_ttl_ms
    if topic.quiet_since is None or topic.timers:
        at = max([at, *(answer.at + ANSWERS_KEPT_MS for answer in topic.answers.get(member, {}).values())])
    return at


def _happen(topic: Topic, due: Due) -> Change:
    match due.happening:
        case Happening.COMPLETE:
            return _complete(topic, due.whose)
        case Happening.DEPART:
            return _depart(topic, due.whose)
        case Happening.FORGET:
            return _forget(topic, due.whose)
        case Happening.TELL:
            return _tell_crowd(topic)


def _complete(topic: Topic, timer_id: str) -> Change:
    history = topic.timers[timer_id].history
    ended = history.timer
    assert ended.ends_at is not None
    topic = replace(topic, v=topic.v + 1)
    name = f"{topic.name}:{timer_id}:{ended.ends_at}:{topic.v}"
    completion = blake2s(name.encode(), digest_size=12).hexdigest()
    completed = TimerCompleted(topic.v, timer_id, ended.phase, ended.round, ended.ends_at, completion)
    change = _tell(topic, timer_id, clock.complete(history), Action.COMPLETE, None, ended.ends_at)
    return Change(change.topic, (completed, *change.events))


def _depart(topic: Topic, member: str) -> Change:
    change = _tell_left(topic, member)
    return replace(change, topic=_with_person(change.topic, member, replace(topic.people[member], here=False)))


def _tell_crowd(topic: Topic) -> Change:
    joined = tuple((member, topic.people[member]) for member in topic.crowd.joined)
    topic, left = replace(topic, v=topic.v + 1, crowd=Crowd(told_at=topic.as_of)), topic.crowd.left
    return Change(topic, (Users(topic.v, joined, left),))


def _forget(topic: Topic, member: str) -> Change:
    return Change(replace(topic, people=_without(topic.people, member), answers=_without(topic.answers, member)))


def _without(mapping: Mapping[str, Value], key: str) -> dict[str, Value]:
    return {other: value for other, value in mapping.items() if other != key}


def _is_idle(topic: Topic, timer_id: str, now: int, rules: Rules) -> bool:
    idle_at = _idle_at(topic, timer_id, rules)
    return idle_at is not None and idle_at <= now


def _idle_at(topic: Topic, timer_id: str, rules: Rules) -> int | None:
    """When the timer has been neither watched nor commanded for the idle time; None while it runs or is watched."""
    held = topic.timers[timer_id]
    unwatched_since = _unwatched_since(topic, timer_id)
    if held.timer.running or unwatched_since is None:
        return None
    return max(held.touched_at, unwatched_since) + rules.idle_ttl_ms


def _unwatched_since(topic: Topic, timer_id: str) -> int | None:
    if timer_id == topics.shared_timer(topic.name):
        return topic.quiet_since
    owner = topic.people.get(timer_id)
    return owner.left_at if owner else 0
