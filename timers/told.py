"""The shapes of what the server says, for those who write clients: the schemas of the API and of the sockets are made of them.

Pure. `protocol` says it; tests hold both to each other, field by field.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from timers import timer as clock
from timers.timer import Action, Phase, Status
from timers.topic import Control

Ms = Annotated[int, Field(ge=0)]
Instant = Annotated[int, Field(description="Epoch milliseconds on the server's one clock.")]
Length = Annotated[int, Field(ge=clock.LEAST_MS, le=clock.MOST_MS)]
V = Annotated[
    int, Field(ge=0, description="The version of the topic: every change has one higher than the one before.")
]
MemberId = Annotated[str, Field(description="A person, under a pseudonym made for this room.")]
TimerId = Annotated[str, Field(description="`room`, `solo`, or the member whose own timer it is.")]


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# Parts ----------------------------------------------------------------------------------------------------------------


class TimerSettings(Shape):
    focus_ms: Length
    short_break_ms: Length
    long_break_ms: Length
    rounds: Annotated[int, Field(ge=1, le=12)]
    auto_start_breaks: bool
    auto_start_focus: bool


class Timer(Shape):
    id: TimerId
    status: Status
    phase: Phase
    duration_ms: Length
    remaining_ms: Annotated[int, Field(ge=0, description="As of `now_at`, or of the answer.")]
    ends_at: Instant | None = Field(description="Null unless it runs.")
    started_at: Instant | None = Field(description="When the present phase first started; null while stopped.")
    started_by: MemberId | None
    paused_at: Instant | None = Field(description="Null unless it is paused.")
    round: Annotated[int, Field(ge=1)]
    completed_focus: Annotated[int, Field(ge=0)]
    settings: TimerSettings
    v: Annotated[int, Field(ge=0, description="The topic's version at the last change of this timer.")]


class Member(Shape):
    id: MemberId
    name: str
    tabs: Annotated[int, Field(ge=1)]
    joined_at: Instant
    away: bool
    colour: Annotated[
        int,
        Field(
            ge=0, lt=8, description="One of eight, in which a page shows them: the same to everybody while they stay."
        ),
    ]


class Room(Shape):
    code: Annotated[str, Field(pattern="^[ABCDEFGHJKLMNPQRSTUVWXYZ23456789]{6}$")]
    name: str
    locked: Annotated[bool, Field(description="Whether it has a passcode.")]


class RoomSettings(Shape):
    """Who may do what with the shared timer of a room."""

    maker: MemberId | None
    control: Control
    controllers: list[MemberId]
    pause_allowed: bool


class Nothing(Shape):
    pass


class You(Shape):
    member: str
    name: str


class Undone(Shape):
    action: Action
    by: MemberId | None


class Snapshot(Shape):
    protocol: Literal[1]
    now_at: Instant
    v: V
    room: Room | None
    people: Annotated[int, Field(ge=0, description="How many are here.")]
    members: Annotated[list[Member], Field(max_length=200)]
    timers: list[Timer]
    settings: RoomSettings | Nothing


class Result(Shape):
    """What a command of a script has made of the shared timer."""

    timer: Timer
    v: V


# Messages -------------------------------------------------------------------------------------------------------------


class Joined(Snapshot):
    """The first message, and the answer to `session:sync`: everything as it is now. `you` is null in an event stream."""

    type: Literal["session:joined"]
    you: You | None


class UserJoined(Shape):
    """Somebody's first tab."""

    type: Literal["session:user-joined"]
    v: V
    member: Member


class UserLeft(Shape):
    """Somebody's last tab has been gone for five seconds."""

    type: Literal["session:user-left"]
    v: V
    member: MemberId


class UserUpdated(Shape):
    """Somebody was renamed, has another number of tabs, or turned away or back."""

    type: Literal["session:user-updated"]
    v: V
    member: Member


class Users(Shape):
    """The three above together, at most once a second, in rooms of more than fifty people."""

    type: Literal["session:users"]
    v: V
    joined: list[Member]
    left: list[MemberId]
    updated: list[Member]


class Knocked(Shape):
    """Somebody knocked at `member`, and that person's focus is over."""

    type: Literal["session:knocked"]
    v: V
    member: MemberId
    by: MemberId
    at: Instant


class RoomConfigured(Shape):
    """The rules for the shared timer are others now."""

    type: Literal["room:configured"]
    v: V
    settings: RoomSettings
    by: MemberId | None


class TimerState(Shape):
    """Every change of a timer. `by` is null for the server, and for a script without a cookie."""

    type: Literal["timer:state"]
    v: V
    now_at: Instant
    timer: Timer
    action: Action
    by: MemberId | None
    undone: Undone | None = Field(default=None, description="With undo and redo: whose command it was.")


class TimerCompleted(Shape):
    """A phase has ended at `at`. Comes once, before the `timer:state` that loads the next phase."""

    type: Literal["timer:completed"]
    v: V
    now_at: Instant
    timer: TimerId
    completed_phase: Phase
    round: Annotated[int, Field(ge=1)]
    completion: Annotated[str, Field(description="The same whenever the same ending is told again.")]
    at: Instant


class TimerTick(Shape):
    """Once a second, all running timers of the topic in one message. A slow reader misses some."""

    type: Literal["timer:tick"]
    v: V
    now_at: Instant
    remaining_ms: dict[TimerId, Ms]


class Ack(Shape):
    """The command with this `id` was applied."""

    type: Literal["ack"]
    id: str
    v: V
    changed: Annotated[bool, Field(description="False when it had nothing to do.")]
    overruled: bool = Field(default=False, description="Something later had happened to the timer already.")


class Pong(Shape):
    type: Literal["pong"]
    t: int | float
    now_at: Instant


class Error(Shape):
    """A message was not obeyed. The socket stays open."""

    type: Literal["error"]
    id: str | None = Field(default=None, description="That of the message, where it had one.")
    code: Literal["bad-message", "unknown-type", "invalid", "forbidden", "rate-limited", "unavailable"]
    message: Annotated[str, Field(description="A sentence for a person.")]


EVENTS: dict[str, type[Shape]] = {
    "session:joined": Joined,
    "session:user-joined": UserJoined,
    "session:user-left": UserLeft,
    "session:user-updated": UserUpdated,
    "session:users": Users,
    "session:knocked": Knocked,
    "room:configured": RoomConfigured,
    "timer:state": TimerState,
    "timer:completed": TimerCompleted,
    "timer:tick": TimerTick,
}
"""What everybody in a topic is told, event streams too."""

MESSAGES: dict[str, type[Shape]] = {**EVENTS, "ack": Ack, "pong": Pong, "error": Error}
