"""What a topic holds, its timers, its people, its version and the answers it gave; what may be asked of it and what is told.

Pure. What comes of a command is decided in `course`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from timers import timer as clock
from timers import topics
from timers.timer import Act, Action, History, Timer

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator may set. `idle_ttl_ms`: how long a timer that nobody watches and that does not run is held."""

    idle_ttl_ms: int = 300_000
    max_members: int = 500


# What a topic holds ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A timer with its history, the topic's version at its last change, and when it was last commanded. A phase that was over
    before its start was heard of waits a moment to be completed, for what else was done to it meanwhile."""

    history: History
    v: int
    touched_at: int
    waits_until: int | None = None

    @property
    def timer(self) -> Timer:
        return self.history.timer

    @property
    def completes_at(self) -> int | None:
        """When it is time to complete the running phase, as of its end."""
        ends_at = self.timer.ends_at
        return ends_at if ends_at is None or self.waits_until is None else max(ends_at, self.waits_until)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A knock given at `at` that is kept until the running focus of a timer ends, and is not delivered before an instant."""

    at: int
    timer_id: str
    not_before: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is here, was here a moment ago (grace), or is remembered. `sockets` names each tab's process, `hidden`
    are those of tabs that nobody looks at; with every tab so the person is away. `knocks` waits for them, by who knocked.
    `colour` is the number of the one in which the others see them; who has not arrived yet has none."""

    name: str
    joined_at: int
    sockets: Mapping[str, str] = field(default_factory=dict)
    here: bool = True
    left_at: int | None = None
    hidden: tuple[str, ...] = ()
    away: bool = False
    knocks: Mapping[str, Waiting] = field(default_factory=dict)
    colour: int | None = None

    @property
    def tabs(self) -> int:
        return max(1, len(self.sockets))


class Control(StrEnum):
    """Who may command a room's shared timer."""

    EVERYONE = "everyone"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Handing:
    """Somebody handed a room over at an instant; `maker` is whose it was."""

    by: str
    at: int
    maker: str | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may do what with a room's shared timer. `amended` is a policy that is no longer the one the room was made with;
    `handing` is how it came to its maker, as long as nothing else has been done with it."""

    maker: str | None = None
    control: Control = Control.EVERYONE
    controllers: tuple[str, ...] = ()
    pause_allowed: bool = True
    amended: bool = False
    handing: Handing | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command's `id` was answered with, for when the same `id` comes again. What was `overruled` was given before
    something that has happened to its timer. What was asked of one's `own` timer in a room is forgotten with that."""

    v: int
    changed: bool
    at: int
    overruled: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who has come to, gone from and changed in a crowded room since it was last told of, at `told_at`."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    told_at: int = 0
    updated: tuple[str, ...] = ()

    @property
    def untold(self) -> bool:
        return bool(self.joined or self.left or self.updated)


@dataclass(frozen=True, slots=True)
class Topic:
    """`as_of` is the instant of the last change: time in a topic never runs backward. `quiet_since` is when its last
    socket went, None while somebody is connected. `policy` is None until somebody arrived who knows of one. `watchers` names
    the process of each that looks on for readers who are no people here."""

    name: str
    v: int = 0
    as_of: int = 0
    quiet_since: int | None = 0
    timers: Mapping[str, Held] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, Answer]] = field(default_factory=dict)
    crowd: Crowd = Crowd()
    policy: Policy | None = None
    watchers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_room(self) -> bool:
        return topics.is_room(self.name)

    @property
    def empty(self) -> bool:
        return not self.timers and not self.people and not self.watchers and not (self.policy and self.policy.amended)

    @property
    def watched(self) -> bool:
        return bool(self.watchers) or any(person.sockets for person in self.people.values())

    def timer(self, timer_id: str) -> Held:
        return self.timers.get(timer_id) or Held(History(), 0, 0)

    def here(self) -> Iterator[tuple[str, Person]]:
        return ((member, person) for member, person in self.people.items() if person.here)

    def running(self) -> Iterator[tuple[str, Timer]]:
        return ((timer_id, held.timer) for timer_id, held in self.timers.items() if held.timer.running)

    def processes(self) -> set[str]:
        of_people = {process for person in self.people.values() for process in person.sockets.values()}
        return of_people | set(self.watchers.values())


PutBy = Timer | Policy
"""What leaves Redis for the database when nobody is there."""
POLICY = "policy"
"""The id under which a policy is put by; no timer has it."""


# What may be asked of it ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrive:
    """One tab of a person connected, or says again that it is. `parked` holds, by timer id, what the database remembers of
    timers that the topic has forgotten, `policy` and `maker` what it remembers of a room."""

    member: str
    socket: str
    process: str
    parked: Mapping[str, Timer] = field(default_factory=dict)
    away: bool = False
    policy: Policy | None = None
    maker: str | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    member: str
    socket: str


@dataclass(frozen=True, slots=True)
class Recall:
    """What the database remembers of a topic that may have forgotten it; see `Arrive`."""

    parked: Mapping[str, Timer] = field(default_factory=dict)
    policy: Policy | None = None
    maker: str | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """A process looks on, or says again that it does, for readers who are no people here."""

    watcher: str
    process: str


@dataclass(frozen=True, slots=True)
class Unwatch:
    watcher: str


@dataclass(frozen=True, slots=True)
class Lose:
    """A web process fell silent, and with it its sockets and watchers."""

    process: str


@dataclass(frozen=True, slots=True)
class Rename:
    member: str
    name: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class SetAway:
    """Nobody looks at this tab any more, or somebody does again."""

    member: str
    socket: str
    away: bool
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody would like a word with the person `at`, when that person's focus is over."""

    member: str
    at: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Steer:
    """A command to one timer. `member` is who gave it, None for a script without a cookie or for an operator of the site, whom
    no policy binds; `at` is when, if that was before it could be received."""

    member: str | None
    timer_id: str
    command: clock.Command
    id: str | None = None
    at: int | None = None
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class ConfigureRoom:
    """New rules for the shared timer; what is None stays."""

    member: str
    control: Control | None = None
    controllers: tuple[str, ...] | None = None
    pause_allowed: bool | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """The room is to be another's, as if that person had made it."""

    member: str
    to: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Whoever has just handed the room over would rather not have."""

    member: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Expire:
    """Timers that were idle, or the room's policy, have been put by; what still is idle is forgotten."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    """Somebody wants nothing kept of them: who they are here, their own timer, what they were answered."""

    member: str


@dataclass(frozen=True, slots=True)
class Drop:
    """An operator ends a timer, as if there had never been one."""

    timer_id: str


@dataclass(frozen=True, slots=True)
class Close:
    """An operator ends the topic, with everything in it."""


Request = Rename | SetAway | Knock | Steer | ConfigureRoom | HandOver | TakeBack
"""What a person asks for and is answered."""
Command = Arrive | Leave | Recall | Watch | Unwatch | Lose | Request | Expire | Forget | Drop | Close


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
    """Who joined and left a crowded room, and who of it changed, since this was last told."""

    v: int
    joined: tuple[tuple[str, Person], ...]
    left: tuple[str, ...]
    updated: tuple[tuple[str, Person], ...] = ()


@dataclass(frozen=True, slots=True)
class UserUpdated:
    v: int
    member: str
    person: Person


@dataclass(frozen=True, slots=True)
class UserKnocked:
    """`by` knocked at the person `member`, some time ago if that person was in a focus."""

    v: int
    member: str
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class RoomConfigured:
    v: int
    policy: Policy
    by: str | None


@dataclass(frozen=True, slots=True)
class TimerState:
    v: int
    timer_id: str
    timer: Timer
    action: Action
    by: str | None
    undone: Act | None = None
    """What an undo took back, or a redo did again; unknown where an older release did it."""


@dataclass(frozen=True, slots=True)
class TimerCompleted:
    """A phase ended at `at`. `completion` is the same whenever the same ending is announced again."""

    v: int
    timer_id: str
    phase: clock.Phase
    round: int
    at: int
    completion: str


Event = UserJoined | UserLeft | UserUpdated | Users | UserKnocked | RoomConfigured | TimerState | TimerCompleted


@dataclass(frozen=True, slots=True)
class Full:
    """The room holds as many people as it may."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The one who asked may not; `why` is a sentence for them."""

    why: str


Reply = Answer | Full | Refused


@dataclass(frozen=True, slots=True)
class Change:
    """The topic after a command, what to tell everyone, and what to tell the one who asked (None: nothing)."""

    topic: Topic
    events: tuple[Event, ...] = ()
    answer: Reply | None = None

    def answered(self, now: int, *, changed: bool = True, overruled: bool = False) -> Change:
        return replace(self, answer=Answer(self.topic.v, changed, now, overruled))


def without(mapping: Mapping[str, Value], key: str) -> dict[str, Value]:
    return {other: value for other, value in mapping.items() if other != key}
