"""What people are to each other in a room: away, and a knock that waits for the end of a focus."""

import pytest

from tests.support.topics import NOON, answered, minutes, reread, room_with, seconds, solo_of
from timers import timer as clock
from timers.knocks import MOST_WAITING, TOO_MANY
from timers.people import CROWD, CROWD_TOLD_EVERY_MS, GRACE_MS
from timers.timer import Add, Configure, Pause, Phase, Reset, Resume, SetPhase, Skip, Start, Undo
from timers.topic import Event, Refused, TimerCompleted, TimerState, UserKnocked, Users, UserUpdated

# Away -----------------------------------------------------------------------------------------------------------------


def test_who_hides_the_only_tab_is_away_and_back_when_it_is_looked_at() -> None:
    room = room_with("ana", "jun")
    change = room.hide("jun")
    assert change.events == (UserUpdated(3, "jun", room.topic.people["jun"]),)
    assert (answered(change), room.topic.people["jun"].away) == ((3, True), True)
    (event,) = room.show("jun").events
    assert isinstance(event, UserUpdated)
    assert event.person.away is False


def test_one_tab_that_is_looked_at_is_enough_to_be_there() -> None:
    room = room_with("ana")
    room.arrive("ana", "second tab")
    change = room.hide("ana")
    assert (change.events, answered(change)) == ((), (2, False))
    assert room.hide("ana", "second tab").events
    assert room.topic.people["ana"].away
    assert room.show("ana").events
    assert not room.topic.people["ana"].away


def test_what_a_tab_says_again_changes_nothing() -> None:
    room = room_with("ana", "jun")
    room.hide("jun")
    before = room.topic
    assert answered(room.hide("jun")) == (3, False)
    assert room.topic.people is before.people
    assert answered(room.show("ana")) == (3, False)


def test_away_is_said_of_ones_own_tabs_only() -> None:
    room = room_with("ana")
    assert answered(room.hide("jun")) == (1, False)
    assert answered(room.hide("ana", "a tab that is closed")) == (1, False)
    assert not room.topic.people["ana"].away


def test_when_the_last_tab_that_was_looked_at_closes_the_person_is_away() -> None:
    room = room_with("ana", "jun")
    room.arrive("jun", "second tab")
    room.hide("jun")
    (event,) = room.leave("jun", "second tab").events
    assert isinstance(event, UserUpdated)
    assert (event.person.tabs, event.person.away) == (1, True)


def test_a_new_tab_is_not_away() -> None:
    room = room_with("ana", "jun")
    room.hide("jun")
    (event,) = room.arrive("jun", "second tab").events
    assert isinstance(event, UserUpdated)
    assert (event.person.tabs, event.person.away) == (2, False)


def test_a_reload_of_a_hidden_tab_brings_its_person_back() -> None:
    room = room_with("ana", "jun")
    room.hide("jun")
    assert room.leave("jun").events == ()
    assert room.topic.people["jun"].away, "nobody came back by closing a tab"
    (event,) = room.arrive("jun", "reloaded tab").events
    assert isinstance(event, UserUpdated)
    assert event.person.away is False


def test_a_hidden_tab_that_arrives_again_stays_hidden() -> None:
    room = room_with("ana", "jun")
    room.hide("jun")
    assert room.arrive("jun", away=True).events == ()
    room.lose("web-1")
    assert room.arrive("jun", away=True).events == ()
    assert room.topic.people["jun"].away


def test_who_left_comes_back_as_somebody_who_is_there() -> None:
    room = room_with("ana", "jun")
    room.hide("jun")
    room.leave("jun")
    room.wait(GRACE_MS)
    room.arrive("jun")
    assert not room.topic.people["jun"].away


def test_alone_there_is_nobody_to_be_away_from() -> None:
    solo = solo_of("ana")
    assert answered(solo.hide("ana", id="1")) == (0, False)
    assert solo.told == []


def test_being_away_survives_a_stay_in_redis() -> None:
    room = room_with("ana")
    room.hide("ana")
    room.topic = reread(room.topic)
    assert room.snapshot("ana")["members"][0]["away"] is True
    assert room.show("ana").events


def test_in_a_crowd_turning_away_is_told_together() -> None:
    room = room_with(*(f"m{number:02}" for number in range(CROWD + 5)))
    room.wait(seconds(20))
    v = room.topic.v
    (first,) = room.hide("m00").events
    assert isinstance(first, Users)
    assert (first.v, [member for member, _ in first.updated]) == (v + 1, ["m00"])
    assert [room.hide(f"m{number:02}").events for number in range(1, 5)] == [()] * 4
    assert room.show("m02").events == ()
    (told,) = room.wait(CROWD_TOLD_EVERY_MS)
    assert isinstance(told, Users)
    assert (told.joined, told.left) == ((), ())
    assert {member: person.away for member, person in told.updated} == {
        "m01": True,
        "m02": False,
        "m03": True,
        "m04": True,
    }


def test_in_a_crowd_who_left_and_came_back_untold_is_told_as_they_are_now() -> None:
    room = room_with(*(f"m{number:02}" for number in range(CROWD + 5)))
    room.hide("m01")
    room.wait(seconds(20))
    room.leave("m01")
    room.leave("m00")
    room.wait(GRACE_MS)  # at once: m00 and m01 are told in one second, and the second of them is untold yet
    room.arrive("m01")
    told = [event for event in room.wait(minutes(1)) if isinstance(event, Users)]
    assert [(member, person.away) for event in told for member, person in event.updated] == [("m01", False)]
    assert not any("m01" in event.left for event in told)


# Knocks ---------------------------------------------------------------------------------------------------------------


def knocks(events: tuple[Event, ...] | list[Event]) -> list[tuple[str, str, int]]:
    """At whom, by whom, and when it was given after noon."""
    return [(event.member, event.by, event.at - NOON) for event in events if isinstance(event, UserKnocked)]


def test_who_is_in_no_focus_hears_a_knock_at_once() -> None:
    room = room_with("ana", "jun")
    change = room.knock("ana", "jun", id="1")
    assert change.events == (UserKnocked(3, "jun", "ana", NOON),)
    assert answered(change) == (3, True)
    assert room.wait(minutes(60)) == ()


def test_who_is_in_a_focus_of_their_own_hears_it_when_that_ends() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), timer="jun")
    room.wait(minutes(3))
    change = room.knock("ana", "jun")
    assert (change.events, answered(change)) == ((), (3, True))
    assert room.wait(minutes(22) - 1) == ()
    events = room.wait(1)
    assert [type(event) for event in events] == [TimerCompleted, TimerState, UserKnocked]
    assert knocks(events) == [("jun", "ana", minutes(3))]
    assert knocks(room.wait(minutes(60))) == []


@pytest.mark.parametrize("command", [Pause(), Reset(), Skip(), SetPhase(Phase.FOCUS), Undo()], ids=repr)
def test_a_focus_that_no_longer_runs_is_over(command: clock.Command) -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), timer="jun")
    room.knock("ana", "jun")
    change = room.press("jun", command, timer="jun", id="1")
    assert knocks(change.events) == [("jun", "ana", 0)]
    assert answered(change) == (change.events[0].v, True), "the answer is that of the command"


def test_what_goes_on_in_a_focus_does_not_end_it() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), timer="jun")
    room.knock("ana", "jun")
    for command in (Add(minutes(1)), Start(), Resume(), Configure({"rounds": 2})):
        assert knocks(room.press("jun", command, timer="jun").events) == []


def test_who_has_no_timer_of_their_own_running_is_in_the_shared_focus() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), Pause(), timer="jun")
    room.press("ana", Start())
    assert room.knock("ana", "jun").events == ()
    assert knocks(room.press("kim", Pause()).events) == [("jun", "ana", 0)]


def test_who_takes_a_break_of_their_own_is_free_whatever_the_room_does() -> None:
    room = room_with("ana", "jun", "kim")
    room.press("ana", Start())
    room.press("jun", SetPhase(Phase.SHORT_BREAK), Start(), timer="jun")
    assert knocks(room.knock("ana", "jun").events) == [("jun", "ana", 0)]
    room.knock("ana", "kim")
    change = room.press("kim", SetPhase(Phase.SHORT_BREAK), Start(), timer="kim")
    assert knocks(change.events) == [("kim", "ana", 0)]


def test_the_end_of_their_own_focus_counts_though_the_room_goes_on() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    room.press("jun", Configure({"auto_start_breaks": False}), Start(minutes(10)), timer="jun")
    room.knock("ana", "jun")
    assert knocks(room.wait(minutes(10))) == [("jun", "ana", 0)]
    assert room.knock("ana", "jun").events == (), "a new knock waits for the room"
    assert knocks(room.wait(minutes(15))) == [("jun", "ana", minutes(10))]


def test_who_begins_a_focus_of_their_own_meanwhile_is_not_disturbed_in_it() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(minutes(5)))
    room.knock("ana", "jun")
    room.press("jun", Start(minutes(10)), timer="jun")
    assert knocks(room.wait(minutes(9))) == []
    assert knocks(room.wait(minutes(1))) == [("jun", "ana", 0)]


def test_a_second_knock_before_the_first_was_heard_changes_nothing() -> None:
    room = room_with("ana", "jun", "kim")
    room.press("jun", Start(), timer="jun")
    room.knock("ana", "jun")
    room.wait(minutes(1))
    before = room.topic.people
    assert answered(room.knock("ana", "jun")) == (4, False)
    assert room.topic.people is before
    assert answered(room.knock("kim", "jun")) == (4, True)
    assert knocks(room.wait(minutes(24))) == [("jun", "ana", 0), ("jun", "kim", minutes(1))]
    assert knocks(room.knock("ana", "jun").events) == [("jun", "ana", minutes(25))]


@pytest.mark.parametrize("at", ["ana", "nobody", "kim"])
def test_a_knock_at_oneself_or_at_nobody_here_changes_nothing(at: str) -> None:
    room = room_with("ana", "jun", "kim")
    room.leave("kim")
    room.wait(GRACE_MS)
    v = room.topic.v
    change = room.knock("ana", at)
    assert (change.events, answered(change)) == ((), (v, False))


def test_the_knocks_at_who_leaves_are_forgotten() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), timer="jun")
    room.knock("ana", "jun")
    room.leave("jun")
    room.wait(GRACE_MS)
    room.arrive("jun")
    assert knocks(room.wait(minutes(60))) == []


def test_a_knock_outlives_who_knocked() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), timer="jun")
    room.knock("ana", "jun")
    room.leave("ana")
    assert knocks(room.wait(minutes(25))) == [("jun", "ana", 0)]


def test_who_has_no_tab_at_this_moment_hears_it_after_the_snapshot_of_the_next() -> None:
    room = room_with("ana", "jun")
    room.leave("jun")
    assert answered(room.knock("ana", "jun")) == (2, True)
    room.wait(seconds(1))
    change = room.arrive("jun")
    assert knocks(change.events) == [], "what comes with the snapshot would be taken for old"
    assert knocks(room.wait(1)) == [("jun", "ana", 0)]


def test_no_more_than_twenty_wait_for_one_person() -> None:
    room = room_with("jun", *(f"m{number}" for number in range(MOST_WAITING + 1)))
    room.press("jun", Start(), timer="jun")
    for number in range(MOST_WAITING):
        assert answered(room.knock(f"m{number}", "jun"))[1]
    change = room.knock(f"m{MOST_WAITING}", "jun", id="1")
    assert (change.events, change.answer, room.topic.answers) == ((), Refused(TOO_MANY), {})
    assert len(knocks(room.press("jun", Pause(), timer="jun").events)) == MOST_WAITING
    assert answered(room.knock(f"m{MOST_WAITING}", "jun", id="1"))[1], "a refusal does not use an id up"


def test_a_knock_survives_a_stay_in_redis() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), timer="jun")
    room.knock("ana", "jun")
    room.topic = reread(room.topic)
    assert knocks(room.wait(minutes(25))) == [("jun", "ana", 0)]
