"""The ids of commands: each is answered again, but applied once."""

from collections.abc import Callable

import pytest

from tests.support.topics import Scene, answered, minutes, room_with, seconds, solo_of
from timers.timer import (
    Add,
    Pause,
    Start,
)
from timers.topic import Drop

GRACE_MS = seconds(5)
IDLE_MS = seconds(300)
IDS_KEPT_MS = minutes(10)


def test_the_same_id_is_answered_again_but_applied_once() -> None:
    room = room_with("ana")
    first = room.press("ana", Add(minutes(1)), id="1")
    room.press("ana", Start())
    again = room.press("ana", Add(minutes(1)), id="1")
    assert again.events == ()
    assert answered(again) == answered(first) == (2, True)
    assert room.left_ms() == minutes(26)


def test_the_first_answer_is_given_whatever_the_body_and_the_timer() -> None:
    room = room_with("ana")
    first = room.press("ana", Start(), id="1")
    for again in (
        room.press("ana", Pause(), id="1"),
        room.press("ana", Start(), timer="ana", id="1"),
        room.rename("ana", "Ana", id="1"),
    ):
        assert (again.events, answered(again)) == ((), answered(first))


def test_an_answer_that_nothing_changed_is_kept_too() -> None:
    room = room_with("ana")
    assert answered(room.press("ana", Pause(), id="1")) == (1, False)
    room.press("ana", Start())
    assert answered(room.press("ana", Pause(), id="1")) == (1, False)
    assert room.timer().running


def test_renaming_uses_ids_too() -> None:
    room = room_with("ana")
    room.rename("ana", "Ana", id="1")
    room.rename("ana", "Anna")
    assert answered(room.rename("ana", "Ana", id="1")) == (2, True)
    assert room.name_of("ana") == "Anna"


def test_an_id_holds_from_whatever_tab() -> None:
    room = room_with("ana")
    room.press("ana", Add(minutes(1)), id="1")
    room.arrive("ana", "second tab", "web-2")
    room.leave("ana")
    room.press("ana", Add(minutes(1)), id="1")
    assert room.left_ms() == minutes(26)


def test_ids_are_per_person() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), id="1")
    room.press("jun", Add(minutes(1)), id="1")
    assert room.left_ms() == minutes(27)


@pytest.mark.parametrize("id", ["", "a:b", ":", "🍅" * 64, "topic"])
def test_any_string_is_an_id(id: str) -> None:
    room = room_with("ana")
    first = room.press("ana", Add(minutes(1)), id=id)
    assert room.press("ana", Add(minutes(1)), id=id).answer == first.answer
    assert answered(room.press("ana", Add(minutes(1)), id="another")) == (3, True)


def test_commands_without_an_id_are_all_applied() -> None:
    room = room_with("ana")
    room.press("ana", Add(minutes(1)), Add(minutes(1)))
    assert room.left_ms() == minutes(27)
    assert room.topic.answers == {}


def test_an_id_is_remembered_for_ten_minutes_from_its_first_answer() -> None:
    room = room_with("ana")
    room.press("ana", Add(minutes(1)), id="1")
    room.wait(IDS_KEPT_MS - 1)
    assert not room.press("ana", Add(minutes(1)), id="1").events
    room.wait(1)
    assert room.press("ana", Add(minutes(1)), id="1").events
    assert room.left_ms() == minutes(27)


def test_old_ids_are_not_kept_for_ever() -> None:
    room = room_with("ana")
    for number in range(100):
        room.press("ana", Add(1_000), id=str(number))
        room.wait(minutes(1))
    assert len(room.topic.answers["ana"]) == 10


def test_an_id_outlives_an_absence_while_the_room_goes_on() -> None:
    """Section 3: within 10 minutes, from whatever tab; remembered ids go only with what is forgotten for being idle."""
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), id="1")
    room.leave("ana")
    room.wait(IDLE_MS + GRACE_MS)
    room.arrive("ana", "another tab")
    room.press("ana", Add(minutes(1)), id="1")
    assert room.left_ms() == minutes(26)


@pytest.mark.parametrize("enter", [solo_of, room_with])
def test_an_id_outlives_an_absence_of_everybody_while_the_timer_runs(enter: Callable[[str], Scene]) -> None:
    """A phone that was offline for six minutes sends again what it has no answer to."""
    scene = enter("ana")
    scene.press("ana", Start())
    scene.press("ana", Add(minutes(1)), id="1")
    scene.leave("ana")
    scene.wait(IDLE_MS + minutes(1))
    scene.arrive("ana", "another tab")
    scene.press("ana", Add(minutes(1)), id="1")
    assert scene.timer().duration_ms == minutes(26)


def test_an_id_of_who_is_already_away_is_kept_for_its_ten_minutes_too() -> None:
    """What a process sent that was thought to be lost, or a script with a cookie."""
    room = room_with("ana", "jun")
    room.lose("web-1")
    room.arrive("jun", process="web-2")
    room.wait(IDLE_MS - 1)
    room.press("ana", Add(minutes(1)), id="1")
    room.wait(IDS_KEPT_MS - 1)
    assert not room.press("ana", Add(minutes(1)), id="1").events


def test_ids_of_who_is_away_are_forgotten_after_ten_minutes_while_the_room_goes_on() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), id="1")
    room.leave("ana")
    room.wait(IDS_KEPT_MS)
    assert room.topic.people.keys() == {"jun"}
    assert room.topic.answers == {}


def test_ids_go_with_ones_own_timer_when_it_is_put_by() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), timer="ana", id="1")
    room.leave("ana")
    room.wait(IDLE_MS)
    room.put_by()
    assert "ana" not in room.topic.answers
    assert "ana" not in room.topic.timers


@pytest.mark.parametrize("gone", ["put by", "ended by an operator"])
def test_no_other_ids_go_with_ones_own_timer(gone: str) -> None:
    room = room_with("ana", "jun")
    room.press("ana", Add(minutes(1)), id="1")
    room.press("ana", Add(minutes(1)), timer="ana", id="2")
    if gone == "put by":
        room.leave("ana")
        room.wait(IDLE_MS)
        room.put_by()
        room.arrive("ana", "another tab")
    else:
        room.apply(Drop("ana"))
    room.press("ana", Add(minutes(1)), id="1")
    assert room.left_ms() == minutes(26)
    assert room.topic.answers["ana"].keys() == {"1"}
