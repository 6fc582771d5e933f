"""Every message on the wire: `parse` for what a client sends, one function each for what the server says.

Junk becomes a value (`Junk`), never an exception. Pure: time is an argument, nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from timers import control, names, topics
from timers import timer as clock
from timers import topic as topic_events
from timers.timer import Action, Phase, Timer
from timers.topic import Answer, Control, Event, Held, Person, Policy, Topic

PROTOCOL = 1
MAX_FRAME_BYTES = 8_192
MAX_ID_LENGTH = 64
MAX_NAME_LENGTH = 40
MAX_MEMBERS_TOLD = 200
MAX_CONTROLLERS = 100


class CloseCode(IntEnum):
    """Why the server closes a socket, in a way a browser can read."""

    GOING_AWAY = 1012
    NO_IDENTITY = 4401
    NOT_ALLOWED = 4403
    NO_SUCH_ROOM = 4404
    TOO_SLOW = 4408
    FRAME_TOO_LARGE = 4413
    TOO_MANY = 4429


# From the client ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Junk:
    """What could not be understood, and the error to answer it with."""

    code: Literal["bad-message", "unknown-type", "invalid"]
    message: str
    id: str | None = None


class Message(BaseModel):
    """Any message of a client. A field is absent or right: `null` is neither, so defaults stand outside the types."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    id: Annotated[str, Field(max_length=MAX_ID_LENGTH)] = None  # type: ignore[assignment]


Whole = Annotated[int, Field(ge=-(2**63), le=2**64 - 1)]


class TimerMessage(Message):
    """A command to one timer. `timer` may be left out on a solo socket; from `lapses_at` on it no longer counts. `at` is when
    it was given, in a browser that was offline."""

    timer: Literal["room", "me"] = None  # type: ignore[assignment]
    lapses_at: Whole = None  # type: ignore[assignment]
    at: Whole = None  # type: ignore[assignment]

    def command(self) -> clock.Command:
        raise NotImplementedError


Length = Annotated[int, Field(ge=clock.LEAST_MS, le=clock.MOST_MS)]


class TimerStart(TimerMessage):
    duration_ms: Length = None  # type: ignore[assignment]

    def command(self) -> clock.Command:
        return clock.Start(self.duration_ms)


class TimerAdd(TimerMessage):
    ms: Whole

    def command(self) -> clock.Command:
        return clock.Add(self.ms)


class TimerPhase(TimerMessage):
    phase: Literal["focus", "short_break", "long_break"]

    def command(self) -> clock.Command:
        return clock.SetPhase(Phase(self.phase))


class TimerConfigure(TimerMessage):
    focus_ms: Length = None  # type: ignore[assignment]
    short_break_ms: Length = None  # type: ignore[assignment]
    long_break_ms: Length = None  # type: ignore[assignment]
    rounds: Annotated[int, Field(ge=1, le=12)] = None  # type: ignore[assignment]
    auto_start_breaks: bool = None  # type: ignore[assignment]
    auto_start_focus: bool = None  # type: ignore[assignment]

    def command(self) -> clock.Command:
        given = self.model_fields_set - TimerMessage.model_fields.keys()
        return clock.Configure({field: getattr(self, field) for field in sorted(given)})


class PlainTimerMessage(TimerMessage):
    """A command without fields of its own."""

    means: ClassVar[clock.Command]

    def command(self) -> clock.Command:
        return self.means


class TimerPause(PlainTimerMessage):
    means = clock.Pause()


class TimerResume(PlainTimerMessage):
    means = clock.Resume()


class TimerReset(PlainTimerMessage):
    means = clock.Reset()


class TimerSkip(PlainTimerMessage):
    means = clock.Skip()


class TimerUndo(PlainTimerMessage):
    means = clock.Undo()


class TimerRedo(PlainTimerMessage):
    means = clock.Redo()


class SessionRename(Message):
    name: str


class SessionAway(Message):
    away: bool


class RoomMessage(Message):
    """What makes sense among people only."""


MemberId = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)]


class SessionKnock(RoomMessage):
    member: MemberId


class RoomConfigure(RoomMessage):
    control: Literal["everyone", "named"] = None  # type: ignore[assignment]
    controllers: Annotated[list[MemberId], Field(max_length=MAX_CONTROLLERS)] = None  # type: ignore[assignment]
    pause_allowed: bool = None  # type: ignore[assignment]

    def changes(self) -> dict[str, Any]:
        control = Control(self.control) if self.control is not None else None
        controllers = tuple(self.controllers) if self.controllers is not None else None
        return {"control": control, "controllers": controllers, "pause_allowed": self.pause_allowed}


class RoomHandOver(RoomMessage):
    member: MemberId


class RoomTakeBack(RoomMessage):
    pass


class SessionSync(Message):
    pass


class Ping(Message):
    t: float | int


MESSAGES: dict[str, type[Message]] = {
    "timer:start": TimerStart,
    "timer:pause": TimerPause,
    "timer:resume": TimerResume,
    "timer:reset": TimerReset,
    "timer:skip": TimerSkip,
    "timer:undo": TimerUndo,
    "timer:redo": TimerRedo,
    "timer:add": TimerAdd,
    "timer:phase": TimerPhase,
    "timer:configure": TimerConfigure,
    "session:rename": SessionRename,
    "session:away": SessionAway,
    "session:knock": SessionKnock,
    "session:sync": SessionSync,
    "room:configure": RoomConfigure,
    "room:hand-over": RoomHandOver,
    "room:take-back": RoomTakeBack,
    "ping": Ping,
}


ORDERS = {name.removeprefix("timer:"): model for name, model in MESSAGES.items() if issubclass(model, TimerMessage)}
"""The commands to a timer, by the action that each asks for."""


def parse(text: str, *, room: bool) -> Message | Junk:
    """What a client's text frame says. In a room a timer command names its timer; a solo socket has but its own."""
    try:
        fields = orjson.loads(text)
    except orjson.JSONDecodeError:
        return Junk("bad-message", "This message is not JSON; send one JSON object in a text frame.")
    if not isinstance(fields, dict) or not isinstance(fields.get("type"), str):
        return Junk("bad-message", "A message is a JSON object with a string `type`.")
    id = _id_of(fields)
    model = MESSAGES.get(fields["type"])
    if model is None:
        return Junk("unknown-type", f"There is no message type {fields['type'][:64]!r}.", id)
    try:
        message = model.model_validate(fields)
    except ValidationError as error:
        return Junk("invalid", _first_complaint(error), id)
    return _checked(message, room) or message


def parse_order(fields: Any) -> TimerMessage | Junk:
    """What a script's JSON asks of a room's shared timer: an `action`, and the fields of its message."""
    if not isinstance(fields, dict):
        return Junk("bad-message", "The body must be a JSON object.")
    model = ORDERS.get(fields["action"]) if isinstance(fields.get("action"), str) else None
    if model is None:
        return Junk("invalid", f"The field `action` is wrong: it is one of {', '.join(ORDERS)}.")
    if fields.get("timer", "room") != "room":
        return Junk(
            "invalid", 'The field `timer` is wrong: a script commands the shared timer, "room", and may leave it out.'
        )
    try:
        return model.model_validate({name: fields[name] for name in own_fields(model) if name in fields})
    except ValidationError as error:
        return Junk("invalid", _first_complaint(error))


def own_fields(model: type[TimerMessage]) -> dict[str, FieldInfo]:
    """What a command to a timer has besides what each has."""
    return {name: field for name, field in model.model_fields.items() if name not in TimerMessage.model_fields}


def binary() -> Junk:
    return Junk("bad-message", "Binary frames are not understood here; send one JSON object in a text frame.")


def _id_of(fields: dict[str, Any]) -> str | None:
    id = fields.get("id")
    return id if isinstance(id, str) and len(id) <= MAX_ID_LENGTH else None


def _first_complaint(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"The field `{'.'.join(map(str, first['loc'][:1]))}` is wrong: {first['msg'][0].lower()}{first['msg'][1:]}."


def _checked(message: Message, room: bool) -> Junk | None:
    """What a type alone cannot say."""
    if isinstance(message, TimerMessage):
        if room and message.timer is None:
            return Junk("invalid", 'In a room a command names its `timer`: "room" or "me".', message.id)
        if not room and message.timer == "room":
            return Junk("invalid", 'There is no room on this socket; leave `timer` out or send "me".', message.id)
        if room and message.at is not None:
            return Junk("invalid", "In a room a command counts from when it is received; leave `at` out.", message.id)
    if isinstance(message, RoomMessage) and not room:
        return Junk("invalid", "There is no room on this socket, and nobody else.", message.id)
    if isinstance(message, SessionRename) and not 1 <= len(names.clean(message.name)) <= MAX_NAME_LENGTH:
        return Junk("invalid", f"A name has 1 to {MAX_NAME_LENGTH} visible characters.", message.id)
    return None


# To the client --------------------------------------------------------------------------------------------------------


def encode(message: dict[str, Any]) -> str:
    return orjson.dumps(message).decode()


def snapshot(topic: Topic, member: str | None, now: int) -> dict[str, Any]:
    """The fields of `session:joined` that the topic knows; `you` only for a member, first among `members`."""
    you = topic.people.get(member) if member else None
    here = dict(topic.here()) if topic.is_room else {}
    told = _told_first(topic, member, here)
    fields: dict[str, Any] = {
        "now_at": now,
        "v": topic.v,
        "people": len(here),
        "members": [_member(other, here[other]) for other in told],
        "timers": [_timer(timer_id, held, now) for timer_id, held in _timers_told(topic, member)],
        "settings": _settings(control.policy_of(topic)) if topic.is_room else {},
    }
    if member:
        fields["you"] = {"member": member, "name": you.name if you else ""}
    return fields


def _told_first(topic: Topic, member: str | None, here: Mapping[str, Person]) -> Iterable[str]:
    """You, then who controls the shared timer, so that it is known whether any of them is here, then the others."""
    policy = control.policy_of(topic)
    first = [other for other in (member, policy.maker, *policy.controllers) if other is not None and other in here]
    return islice(dict.fromkeys((*first, *here)), MAX_MEMBERS_TOLD)


def joined(room: dict[str, Any] | None, fields: bytes) -> str:
    """`session:joined`, from the room as its socket knows it and the encoded fields of a `snapshot`."""
    head = orjson.dumps({"type": "session:joined", "protocol": PROTOCOL, "room": room})
    return (head[:-1] + b"," + fields[1:]).decode()


def joined_fields(room: dict[str, Any] | None, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of the same as a client reads them: plain JSON."""
    return {"protocol": PROTOCOL, "room": room, **orjson.loads(orjson.dumps(fields))}


def event(event: Event, now: int) -> dict[str, Any]:
    """The message that tells everyone of `event`, sent at `now`."""
    match event:
        case topic_events.UserJoined(v, member, person):
            return {"type": "session:user-joined", "v": v, "member": _member(member, person)}
        case topic_events.UserUpdated(v, member, person):
            return {"type": "session:user-updated", "v": v, "member": _member(member, person)}
        case topic_events.UserLeft(v, member):
            return {"type": "session:user-left", "v": v, "member": member}
        case topic_events.Users(v, joined, left, updated):
            told = {"joined": [_member(*one) for one in joined], "left": list(left)}
            return {"type": "session:users", "v": v, **told, "updated": [_member(*one) for one in updated]}
        case topic_events.UserKnocked(v, member, by, at):
            return {"type": "session:knocked", "v": v, "member": member, "by": by, "at": at}
        case topic_events.RoomConfigured(v, policy, by):
            return {"type": "room:configured", "v": v, "settings": _settings(policy), "by": by}
        case topic_events.TimerState(v, timer_id, timer, action, by, undone):
            fields = _timer_fields(timer_id, timer, v, now)
            told = {"type": "timer:state", "v": v, "now_at": now, "timer": fields, "action": action, "by": by}
            return {**told, "undone": undone} if action in (Action.UNDO, Action.REDO) else told
        case topic_events.TimerCompleted():
            return {
                "type": "timer:completed",
                "v": event.v,
                "now_at": now,
                "timer": event.timer_id,
                "completed_phase": event.phase,
                "round": event.round,
                "completion": event.completion,
                "at": event.at,
            }


def tick(topic: Topic, now: int) -> dict[str, Any]:
    remaining_ms = {timer_id: timer.remaining_ms(now) for timer_id, timer in topic.running()}
    return {"type": "timer:tick", "v": topic.v, "now_at": now, "remaining_ms": remaining_ms}


def ack(id: str, answer: Answer) -> dict[str, Any]:
    told = {"type": "ack", "id": id, "v": answer.v, "changed": answer.changed}
    return {**told, "overruled": True} if answer.overruled else told


def result(topic: Topic, timer_id: str, answer: Answer, now: int) -> dict[str, Any]:
    """What a script is answered: the timer as its command left it, and the version that `answer` names."""
    return {"timer": _timer(timer_id, topic.timer(timer_id), now), "v": answer.v}


def pong(t: float, now: int) -> dict[str, Any]:
    return {"type": "pong", "t": t, "now_at": now}


def error(code: str, message: str, id: str | None = None) -> dict[str, Any]:
    fields = {"type": "error", "code": code, "message": message}
    return fields if id is None else {**fields, "id": id}


def without_newcomer(text: str, member: str) -> str | None:
    """What a newcomer is told of an arrival: nothing of their own, which is in their snapshot."""
    message = orjson.loads(text)
    if message["type"] == "session:user-joined":
        return None
    joined = [one for one in message["joined"] if one["id"] != member]
    return encode({**message, "joined": joined})


def _timers_told(topic: Topic, member: str | None) -> Iterable[tuple[str, Held]]:
    """The topic's own timer and yours always, others' when they have one."""
    first = [topics.shared_timer(topic.name)]
    if member and topic.is_room:
        first.append(member)
    rest = (timer_id for timer_id in topic.timers if timer_id not in first)
    return ((timer_id, topic.timer(timer_id)) for timer_id in (*first, *rest))


def _settings(policy: Policy) -> dict[str, Any]:
    return {
        "maker": policy.maker,
        "control": policy.control,
        "controllers": policy.controllers,
        "pause_allowed": policy.pause_allowed,
    }


def _member(member: str, person: Person) -> dict[str, Any]:
    return {
        "id": member,
        "name": person.name,
        "tabs": person.tabs,
        "joined_at": person.joined_at,
        "away": person.away,
        "colour": person.colour or 0,
    }


def _timer(timer_id: str, held: Held, now: int) -> dict[str, Any]:
    return _timer_fields(timer_id, held.timer, held.v, now)


def _timer_fields(timer_id: str, timer: Timer, v: int, now: int) -> dict[str, Any]:
    return {
        "id": timer_id,
        "status": timer.status,
        "phase": timer.phase,
        "duration_ms": timer.duration_ms,
        "remaining_ms": timer.remaining_ms(now),
        "ends_at": timer.ends_at,
        "started_at": timer.started_at,
        "started_by": timer.started_by,
        "paused_at": timer.paused_at,
        "round": timer.round,
        "completed_focus": timer.completed_focus,
        "settings": timer.settings,
        "v": v,
    }
