"""What an operator may do that nobody in the room may."""

from __future__ import annotations

from tests.support.topics import Scene, actions, minutes, reread, room_with
from timers.timer import Action, Command, Configure, Pause, Reset, Start, Status
from timers.topic import Answer, Change, Close, Control, Drop, Steer


def orders(scene: Scene, command: Command, timer: str = "room") -> Change:
    return scene.apply(Steer(None, timer, command, "", by_operator=True))


def test_no_rule_of_a_room_binds_an_operator() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.configure("ana", control=Control.NAMED, pause_allowed=False)
    paused = orders(room, Pause())
    assert actions(paused.events) == [Action.PAUSE]
    assert isinstance(paused.answer, Answer)
    assert paused.answer.changed
    assert actions(orders(room, Reset()).events) == [Action.RESET]


def test_everybody_is_told_that_nobody_of_them_did_it() -> None:
    room = room_with("ana")
    room.press("ana", Start(), timer="ana")
    (told,) = orders(room, Pause(), "ana").events
    assert told.by is None  # type: ignore[union-attr]


def test_the_same_order_twice_is_obeyed_twice() -> None:
    room = room_with("ana")
    for _ in range(2):
        room.press("ana", Start())
        assert actions(orders(room, Pause()).events) == [Action.PAUSE]
    again = orders(room, Pause())
    assert isinstance(again.answer, Answer)
    assert not again.answer.changed


def test_a_timer_that_is_ended_comes_back_as_if_it_were_new() -> None:
    room = room_with("ana")
    room.press("ana", Configure({"focus_ms": minutes(50)}), Start())
    ended = room.apply(Drop("room"))
    assert actions(ended.events) == [Action.EXPIRE]
    assert (room.timer().status, room.left_ms()) == (Status.STOPPED, minutes(25))
    assert room.here() == {"ana"}
    assert room.apply(Drop("room")).events == ()
    assert reread(room.topic) == room.topic


def test_a_room_that_is_closed_holds_nothing() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), timer="ana")
    room.configure("ana", control=Control.NAMED)
    room.apply(Close())
    assert room.topic.empty
    room.leave("ana")
    assert room.topic.empty, "what a tab still says finds nobody"
    assert room.wait(minutes(60)) == ()
