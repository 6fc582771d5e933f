"""Who is in a room: coming, going, names and places."""

import pytest

from tests.support.topics import NOON, Scene, answered, completions, minutes, room_with, seconds, solo_of, states
from timers.timer import (
    Start,
)
from timers.topic import (
    Answer,
    Full,
    Person,
    Rules,
    UserJoined,
    UserLeft,
    UserUpdated,
)

GRACE_MS = seconds(5)


# People: coming -------------------------------------------------------------------------------------------------------


def test_the_first_tab_of_a_person_is_a_joining() -> None:
    room = room_with("ana")
    change = room.arrive("jun")
    assert change.events == (UserJoined(2, "jun", Person("User 2", NOON, {"jun/tab": "web-1"}, colour=5)),)


def test_further_tabs_are_told_by_their_number() -> None:
    room = room_with("ana")
    room.wait(seconds(1))
    (event,) = room.arrive("ana", "second tab").events
    assert isinstance(event, UserUpdated)
    assert (event.member, event.person.tabs, event.person.joined_at) == ("ana", 2, NOON)
    (event,) = room.leave("ana", "second tab").events
    assert isinstance(event, UserUpdated)
    assert (event.member, event.person.tabs) == ("ana", 1)


def test_a_tab_that_arrives_again_is_one_tab() -> None:
    room = room_with("ana")
    change = room.arrive("ana")
    assert (change.events, room.topic.people["ana"].tabs) == ((), 1)
    assert isinstance(change.answer, Answer)


def test_people_are_named_by_the_lowest_free_number() -> None:
    room = room_with("ana", "jun", "kim")
    assert [room.name_of(member) for member in ("ana", "jun", "kim")] == ["User 1", "User 2", "User 3"]
    room.rename("jun", "Jun")
    room.arrive("lea")
    assert room.name_of("lea") == "User 2"


def test_nobody_is_given_a_name_that_somebody_chose() -> None:
    room = room_with("ana")
    room.rename("ana", "User 2")
    room.arrive("jun")
    room.arrive("kim")
    assert [room.name_of(member) for member in ("ana", "jun", "kim")] == ["User 2", "User 1", "User 3"]


def test_a_name_is_kept_for_who_comes_back() -> None:
    room = room_with("ana", "jun")
    room.rename("ana", "Ana")
    room.leave("ana")
    room.wait(minutes(2))
    room.arrive("ana")
    assert room.name_of("ana") == "Ana"
    assert room.topic.people["ana"].joined_at == NOON + minutes(2), "it is a new joining"


# People: their colours ------------------------------------------------------------------------------------------------


EIGHT = [f"member {number}" for number in range(0, 64, 8)]
"""Whose ids all stand for few colours."""


def colours(room: Scene) -> list[int | None]:
    return [person.colour for _, person in room.topic.here()]


def test_no_two_of_eight_have_the_same_colour_and_each_keeps_theirs() -> None:
    room = room_with(*EIGHT)
    before = {member: person.colour for member, person in room.topic.here()}
    assert set(before.values()) == set(range(8))
    room.leave(EIGHT[3])
    room.wait(GRACE_MS)
    room.arrive("somebody else")
    assert room.topic.people["somebody else"].colour == before.pop(EIGHT[3])
    assert before.items() <= {member: person.colour for member, person in room.topic.here()}.items()


def test_in_a_larger_room_no_colour_is_much_more_frequent_than_another() -> None:
    room = room_with(*(f"member {number}" for number in range(20)))
    times = [colours(room).count(colour) for colour in range(8)]
    assert (min(times), max(times)) == (2, 3)


def test_whoever_comes_back_has_the_same_colour_unless_somebody_took_it() -> None:
    room = room_with("ana", "jun")
    before = room.topic.people["jun"].colour
    room.leave("jun")
    room.wait(GRACE_MS)
    room.arrive("jun")
    assert room.topic.people["jun"].colour == before
    room.leave("jun")
    room.wait(GRACE_MS)
    room.arrive("nuj")  # whose id stands for the same colour
    assert room.topic.people["nuj"].colour == before
    room.arrive("jun")
    assert len(set(colours(room))) == 3


# People: going --------------------------------------------------------------------------------------------------------


def test_the_last_tab_gone_is_a_leaving_after_five_seconds() -> None:
    room = room_with("ana", "jun")
    assert room.leave("ana").events == ()
    assert room.wait(GRACE_MS - 1) == ()
    assert room.here() == {"ana", "jun"}
    assert room.wait(1) == (UserLeft(3, "ana"),)
    assert room.here() == {"jun"}


def test_a_reload_is_not_a_leaving() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.wait(GRACE_MS - 1)
    assert room.arrive("ana", "reloaded tab").events == ()
    assert room.wait(minutes(10)) == ()
    assert room.topic.people["ana"].joined_at == NOON


def test_each_absence_has_its_own_five_seconds() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.wait(seconds(4))
    room.arrive("ana")
    room.leave("ana")
    assert room.wait(seconds(4)) == ()
    assert room.wait(seconds(1)) == (UserLeft(3, "ana"),)


def test_a_coming_back_after_the_leaving_is_a_joining() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.now += GRACE_MS
    change = room.arrive("ana")
    assert [type(event) for event in change.events] == [UserLeft, UserJoined]


@pytest.mark.parametrize(("member", "tab"), [("ana", "another tab"), ("nobody", "tab")])
def test_a_leaving_of_what_is_not_there_changes_nothing(member: str, tab: str) -> None:
    room = room_with("ana")
    people = room.topic.people
    assert room.leave(member, tab).events == ()
    assert room.topic.people == people


def test_a_leaving_told_twice_keeps_its_first_instant() -> None:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.wait(seconds(3))
    room.leave("ana")
    assert room.wait(seconds(2)) == (UserLeft(3, "ana"),)


def test_the_people_of_a_lost_process_go_like_everybody() -> None:
    room = room_with("ana")
    room.arrive("jun", process="web-2")
    room.arrive("kim", "one", "web-1")
    room.arrive("kim", "two", "web-2")
    (event,) = room.lose("web-2").events
    assert isinstance(event, UserUpdated)
    assert (event.member, event.person.tabs) == ("kim", 1)
    assert room.topic.processes() == {"web-1"}
    assert room.wait(GRACE_MS) == (UserLeft(event.v + 1, "jun"),)
    assert room.here() == {"ana", "kim"}


def test_people_of_a_lost_process_who_reconnect_in_time_never_left() -> None:
    room = room_with("ana", "jun")
    room.lose("web-1")
    room.wait(seconds(4))
    room.arrive("ana", process="web-2")
    room.arrive("jun", process="web-2")
    assert room.wait(minutes(1)) == ()


def test_losing_a_process_without_people_here_changes_nothing() -> None:
    room = room_with("ana")
    assert room.lose("web-9").events == ()
    assert room.here() == {"ana"}


# People: names, limits, solo ------------------------------------------------------------------------------------------


def test_a_new_name_is_told_to_all() -> None:
    room = room_with("ana")
    change = room.rename("ana", "Ana")
    assert change.events == (UserUpdated(2, "ana", Person("Ana", NOON, {"ana/tab": "web-1"}, colour=0)),)
    assert answered(change) == (2, True)


def test_the_name_one_has_already_changes_nothing() -> None:
    room = room_with("ana")
    assert answered(room.rename("ana", "User 1")) == (1, False)


def test_a_full_room_takes_nobody_more() -> None:
    room = room_with("ana", "jun", rules=Rules(max_members=2))
    before = room.topic
    change = room.arrive("kim")
    assert (change.events, change.answer) == ((), Full())
    assert (room.topic.people, room.topic.timers, room.topic.v) == (before.people, before.timers, before.v)


def test_a_full_room_takes_further_tabs_and_reloads_of_its_people() -> None:
    room = room_with("ana", "jun", rules=Rules(max_members=2))
    assert answered(room.arrive("ana", "second tab")) == (3, True)
    room.leave("jun")
    assert answered(room.arrive("jun", "reloaded tab")) == (3, True)


def test_a_place_is_free_again_when_somebody_has_left() -> None:
    room = room_with("ana", "jun", rules=Rules(max_members=2))
    room.leave("jun")
    room.wait(GRACE_MS - 1)
    assert room.arrive("kim").answer == Full()
    room.wait(1)
    assert room.arrive("kim").answer != Full()
    assert room.arrive("jun").answer == Full(), "who left has no place kept"


def test_a_solo_timer_is_never_full() -> None:
    scene = solo_of("ana", rules=Rules(max_members=1))
    assert scene.arrive("another").answer != Full()


def test_solo_tells_nobody_of_coming_and_going() -> None:
    scene = solo_of("ana")
    scene.arrive("ana", "second tab")
    scene.leave("ana")
    scene.leave("ana", "second tab")
    scene.wait(GRACE_MS)
    scene.arrive("ana")
    scene.lose("web-1")
    scene.wait(minutes(20))
    assert (scene.told, scene.topic.v) == ([], 0)


def test_the_solo_timer_obeys_like_any_other() -> None:
    scene = solo_of("ana")
    change = scene.press("ana", Start())
    assert [event.timer_id for event in states(change.events)] == ["solo"]
    assert len(completions(scene.wait(minutes(60)))) == 2
