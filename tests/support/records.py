"""What is written down: a room in which a bit of everything has happened, and every command there is."""

from typing import Any

from tests.support.topics import NOON, Scene, minutes, room_with, timer_after
from timers import records, timer, topic
from timers.timer import Add, Configure, Pause, Phase, Redo, Reset, Resume, SetPhase, Skip, Start, Undo
from timers.topic import (
    Arrive,
    Close,
    ConfigureRoom,
    Control,
    Drop,
    Expire,
    Forget,
    HandOver,
    Knock,
    Leave,
    Lose,
    Policy,
    Recall,
    Rename,
    SetAway,
    Steer,
    TakeBack,
    Unwatch,
    Watch,
)

NAME = "room.ABC234"


def busy_room() -> Scene:
    """A room in which a bit of everything has happened."""
    room = room_with("ana", "jun", "kim")
    room.arrive("jun", "second tab", "web-2")
    room.press("ana", Start(minutes(2)), id="1")
    room.press("ana", Configure({"focus_ms": 60_000, "auto_start_focus": True}), id="with:colon")
    room.press("jun", Start(), Pause(), Undo(), timer="jun")
    room.press("jun", Pause(), id="", timer="room")
    room.rename("kim", "Kim 🍅")
    room.hide("jun", "second tab")
    room.press("jun", Start(), timer="jun")
    room.knock("kim", "jun", id="knock")
    room.configure("ana", control=Control.NAMED, controllers=("jun",))
    room.watch("audience", "web-2")
    room.leave("ana")
    room.wait(minutes(3))
    room.leave("kim")
    return room


def stored(fields: records.Fields) -> dict[bytes, bytes]:
    return {field.encode(): text for field, text in fields.items()}


CLOCK_COMMANDS: list[timer.Command] = [
    Start(),
    Start(60_000),
    Pause(),
    Resume(),
    Reset(),
    Skip(),
    Undo(),
    Redo(),
    Add(-5),
    Add(2**64 - 1),
    Add(-(2**63)),
    SetPhase(Phase.LONG_BREAK),
    Configure({}),
    Configure({"focus_ms": 60_000, "auto_start_breaks": False}),
]
TOPIC_COMMANDS: list[topic.Command] = [
    Arrive("ana", "channel!1", "web-1"),
    Arrive("ana", "channel!1", "web-1", {"room": timer_after(Start(), Pause()), "ana": timer_after(Add(1))}),
    Leave("ana", "channel!1"),
    Lose("web-1"),
    Rename("ana", "Ana 🍅"),
    Rename("ana", "Ana", "1"),
    SetAway("ana", "channel!1", True, "1"),
    Knock("ana", "jun", "1"),
    Arrive("ana", "channel!1", "web-1", away=True, maker="ana"),
    Recall(),
    Recall({"room": timer_after(Start(), Pause())}, Policy("ana", Control.NAMED, ("jun",), False, True), "ana"),
    Watch("channel!1", "web-1"),
    Unwatch("channel!1"),
    Arrive("ana", "channel!1", "web-1", policy=Policy("ana", Control.NAMED, ("jun",), False, True)),
    ConfigureRoom("ana", Control.NAMED, ("jun", "kim"), False, "1"),
    ConfigureRoom("ana", controllers=()),
    ConfigureRoom("ana", pause_allowed=True),
    HandOver("ana", "jun", "1"),
    TakeBack("ana", "1"),
    Expire(()),
    Expire(("room", "ana")),
    Forget("ana"),
    *(Steer("ana", "room", command, "1") for command in CLOCK_COMMANDS),
    Steer(None, "room", Start()),
    Steer("ana", "solo", Start(), "1", NOON),
    Steer(None, "room", Start(), "", by_operator=True),
    Drop("room"),
    Close(),
]
BY_NAME = {"people", "sockets", "knocks", "watchers", "parked"}
"""What is written as an object, but has names of things and not of fields."""


def with_unknown_fields(value: Any, *, is_by_name: bool = False) -> Any:
    """The same as a newer release might write it: every object has a field more."""
    if isinstance(value, list):
        return [with_unknown_fields(each) for each in value]
    if isinstance(value, dict):
        newer = {name: with_unknown_fields(each, is_by_name=name in BY_NAME) for name, each in value.items()}
        return newer if is_by_name else {**newer, "from_the_future": 1}
    return value
