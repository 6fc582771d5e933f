"""What operators do to a live timer, a room or a person in it: asked of the worker like any command, and noted in Django's log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from asgiref.sync import async_to_sync
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType

from operators import desk, looks
from rooms import closing
from rooms.models import Room
from timers import forgetting, parking, topics
from timers.asking import DONE_WITHIN_S, ask
from timers.protocol import CloseCode
from timers.timer import Command, Pause, Reset, Resume
from timers.topic import Drop, Steer

PATIENCE_MS = int(DONE_WITHIN_S * 1000)
"""Nothing is done later than who asked for it could know."""

STEPS: dict[str, Command] = {"pause": Pause(), "resume": Resume(), "reset": Reset()}
DONE = {
    "pause": "Paused",
    "resume": "Resumed",
    "reset": "Reset",
    "expire": "Expired",
    "remove": "Removed",
    "close": "Closed",
}
WARNINGS = {
    "expire": "The timer is ended and forgotten with its lengths, as if there had never been one. Nobody can undo this.",
    "remove": (
        "Their tabs are closed, and their name, their own timer and their rights in this room are forgotten. "
        "Nothing keeps them from coming back but a passcode that they do not know."
    ),
    "close": (
        "Everybody in it is sent out, its timers are ended, and its address leads nowhere any more. Nobody can undo this."
    ),
}
"""What an operator is to know before they do what cannot be undone."""


class Impossible(Exception):
    """There is no such act, or not of this."""


@dataclass(frozen=True, slots=True)
class Act:
    """`kind` is one of `DONE`, `whom` the id of the timer or the member, or empty, and `named` what people call that."""

    kind: str
    whom: str
    named: str

    @property
    def asked(self) -> str:
        """As `read` takes it."""
        return f"{self.kind} {self.whom}".strip()

    @property
    def warning(self) -> str:
        return WARNINGS.get(self.kind, "")

    @property
    def done(self) -> str:
        return f"{DONE[self.kind]} {self.named}"


def read(text: str, topic: dict[str, Any], where: str) -> Act:
    """The act that a button asks for of a topic as it is at this moment. Raises `Impossible`."""
    kind, _, whom = text.partition(" ")
    timers = {timer["timer"]: timer["person"] for timer in topic["timers"]}
    if kind in (*STEPS, "expire") and whom in timers:
        shared = "the shared timer" if whom == topics.ROOM else "the timer"
        return Act(kind, whom, f"the timer of {timers[whom]}" if timers[whom] else shared)
    if topics.is_room(where) and kind == "remove" and whom in topic["names"]:
        return Act(kind, whom, topic["names"][whom])
    if topics.is_room(where) and text == "close":
        return Act(kind, "", f"room {topics.place_of(where)}")
    raise Impossible(Impossible.__doc__)


def perform(act: Act, topic: str) -> bool:
    """Whether it changed anything, once it is done. Raises `TimeoutError` when no worker did it in time, and `RedisError`,
    `OSError` or `DatabaseError`."""
    return async_to_sync(_perform_and_look)(act, topic)


def note(user: Any, act: Act, where: str) -> LogEntry:
    """That `user` does it. A device has no page of its own in the admin, and is named by its hash."""
    room = Room.objects.filter(code=topics.place_of(where)).first() if topics.is_room(where) else None
    return LogEntry.objects.create(
        user_id=user.pk,
        content_type=ContentType.objects.get_for_model(Room) if room else None,
        object_id=str(room.pk) if room else None,
        object_repr=str(room) if room else looks.title_of(where),
        action_flag=DELETION if act.kind == "close" else CHANGE,
        change_message=f"{act.done}.",
    )


def amend(entry: LogEntry, outcome: str) -> None:
    """What came of it after all."""
    entry.change_message += f" {outcome}"
    entry.save(update_fields=["change_message"])


async def _perform_and_look(act: Act, topic: str) -> bool:
    try:
        return await _perform(act, topic)
    finally:
        desk.current().look_again()


async def _perform(act: Act, topic: str) -> bool:
    match act.kind:
        case "remove":
            await forgetting.forget(topic, act.whom, CloseCode.NOT_ALLOWED)
        case "close":
            await closing.close(topics.place_of(topic))
        case "expire":
            await ask(topic, Drop(act.whom), PATIENCE_MS)
            await parking.forget_timer(topic, act.whom)
        case step:
            reply = await ask(topic, Steer(None, act.whom, STEPS[step], "", by_operator=True), PATIENCE_MS)
            return bool(orjson.loads(reply["ack"])["changed"])
    return True
