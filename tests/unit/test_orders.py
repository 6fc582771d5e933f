"""What scripts may ask of a timer, and what they are answered."""

import pytest

from tests.support.topics import on_the_wire, room_with
from timers import protocol, timer
from timers.protocol import Junk
from timers.timer import Phase, Start
from timers.topic import Answer


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        ({"action": "start"}, timer.Start()),
        ({"action": "start", "duration_ms": 60_000}, timer.Start(60_000)),
        ({"action": "add", "ms": -1}, timer.Add(-1)),
        ({"action": "phase", "phase": "long_break"}, timer.SetPhase(Phase.LONG_BREAK)),
        ({"action": "configure", "rounds": 3, "colour": "red"}, timer.Configure({"rounds": 3})),
        ({"action": "pause", "timer": "room", "at": "noon", "id": 7, "lapses_at": None}, timer.Pause()),
    ],
)
def test_a_script_asks_for_an_action_with_the_fields_of_its_message(fields: dict, command: timer.Command) -> None:
    order = protocol.parse_order(fields)
    assert isinstance(order, protocol.TimerMessage)
    assert order.command() == command


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ([], "object"),
        (None, "object"),
        ({}, "`action`"),
        ({"action": None}, "`action`"),
        ({"action": "pause", "timer": "me"}, "`timer`"),
        ({"action": "pause", "timer": None}, "`timer`"),
        ({"action": ["start"]}, "`action`"),
        ({"action": "timer:start"}, "`action`"),
        ({"action": "rename", "name": "Ana"}, "`action`"),
        ({"action": "add"}, "`ms`"),
        ({"action": "add", "ms": 1.5}, "`ms`"),
        ({"action": "add", "ms": True}, "`ms`"),
        ({"action": "start", "duration_ms": 999}, "`duration_ms`"),
        ({"action": "start", "duration_ms": None}, "`duration_ms`"),
        ({"action": "phase", "phase": "lunch"}, "`phase`"),
        ({"action": "configure", "rounds": 13}, "`rounds`"),
    ],
)
def test_a_script_that_asks_wrongly_is_told_which_field_it_was(fields: object, named: str) -> None:
    junk = protocol.parse_order(fields)
    assert isinstance(junk, Junk)
    assert named in junk.message
    assert junk.message.endswith(".")


def test_every_command_to_a_timer_is_an_action() -> None:
    assert protocol.ORDERS.keys() == {
        "start", "pause", "resume", "reset", "skip", "add", "phase", "configure", "undo", "redo",
    }  # fmt: skip


def test_a_script_is_answered_with_the_timer_and_the_version_of_its_change() -> None:
    scene = room_with("ana")
    change = scene.press(None, Start())
    assert isinstance(change.answer, Answer)
    result = on_the_wire(protocol.result(scene.topic, "room", change.answer, scene.now))
    assert result == {"timer": scene.snapshot()["timers"][0], "v": 2}
