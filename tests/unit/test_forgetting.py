"""Somebody who wants to be forgotten: nothing of them stays in the topic, and the others are told that they left."""

from __future__ import annotations

from tests.support.topics import Scene, actions, minutes, reread, room_with, seconds, solo_of, states
from timers import records
from timers.control import policy_of
from timers.people import CROWD
from timers.timer import Act, Action, Add, Configure, Pause, Start, Status, Undo
from timers.topic import Change, Control, Forget, Policy, RoomConfigured, Rules, TimerState, UserLeft, Users


def forget(scene: Scene, member: str) -> Change:
    return scene.apply(Forget(member))


def test_the_others_are_told_that_somebody_left_with_their_timer() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Configure({"focus_ms": 60_000}), Start(), timer="jun")
    left, expired = forget(room, "jun").events
    assert isinstance(left, UserLeft)
    assert left.member == "jun"
    assert isinstance(expired, TimerState)
    assert (expired.timer_id, expired.action, expired.by) == ("jun", Action.EXPIRE, None)
    assert expired.timer.settings.focus_ms == minutes(25), "what it was set to is forgotten"
    assert room.here() == {"ana"}
    assert room.wait(minutes(2)) == ()


def test_nothing_of_them_stays() -> None:
    room = room_with("ana", "jun")
    room.rename("jun", "Jun", id="1")
    room.press("jun", Start(), timer="jun", id="2")
    room.press("jun", Start(), id="3")
    forget(room, "jun")
    assert not [part for part in (room.topic.people, room.topic.timers, room.topic.answers) if "jun" in part]
    assert room.timer().status is Status.RUNNING, "the shared timer is everybody's"
    assert reread(room.topic) == room.topic


def test_nobody_in_particular_did_what_they_did_to_the_shared_timer() -> None:
    room = room_with("ana", "member-of-jun")
    room.press("member-of-jun", Start(), Add(1_000))
    room.press("ana", Add(1_000))
    room.press("ana", Undo())
    forget(room, "member-of-jun")
    assert room.timer().started_by is None
    assert b"member-of-jun" not in b"".join(records.write_topic(room.topic).values())
    (told,) = states(room.press("ana", Undo()).events)
    assert (told.action, told.undone) == (Action.UNDO, Act(Action.ADD, None))


def test_that_one_of_their_tabs_goes_finds_nobody() -> None:
    room = room_with("ana", "jun")
    forget(room, "jun")
    before = room.topic
    assert room.leave("jun").events == ()
    assert (room.topic.people, room.topic.v) == (before.people, before.v)


def test_a_name_that_one_of_their_tabs_still_gives_is_of_somebody_new_who_is_forgotten_in_their_turn() -> None:
    room = room_with("ana", "jun")
    forget(room, "jun")
    room.rename("jun", "Jun")
    assert (room.name_of("jun"), room.here()) == ("Jun", {"ana"})
    room.wait(Rules().idle_ttl_ms)
    assert "jun" not in room.topic.people


def test_who_comes_again_is_somebody_new() -> None:
    room = room_with("ana", "jun")
    room.rename("jun", "Jun")
    forget(room, "jun")
    room.arrive("jun")
    assert room.name_of("jun") == "User 2"


def test_a_solo_timer_is_gone_whole_even_while_it_runs_and_is_watched() -> None:
    solo = solo_of("ana")
    solo.press("ana", Start(), id="1")
    change = forget(solo, "ana")
    assert actions(change.events) == [Action.EXPIRE]
    assert solo.topic.empty
    assert not solo.topic.answers


def test_who_left_a_moment_or_some_minutes_ago_is_forgotten_too() -> None:
    room = room_with("ana", "jun")
    room.press("jun", Start(), Pause(), timer="jun")
    room.leave("jun")
    room.wait(seconds(2))
    assert [type(event) for event in forget(room, "jun").events] == [UserLeft, TimerState]
    room.arrive("jun")
    room.leave("jun")
    room.wait(seconds(10))
    assert forget(room, "jun").events == ()
    assert "jun" not in room.topic.people


def test_the_last_one_leaves_the_room_quiet() -> None:
    room = room_with("ana")
    room.press("ana", Start(), Pause())
    forget(room, "ana")
    assert room.topic.quiet_since == room.now
    room.wait(room.rules.idle_ttl_ms)
    room.put_by()
    assert room.topic.empty


def test_whom_nobody_knows_changes_nothing() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    before = room.topic
    assert forget(room, "nobody").events == ()
    assert (room.topic.people, room.topic.timers, room.topic.v) == (before.people, before.timers, before.v)


def test_in_a_crowd_it_is_told_with_the_other_comings_and_goings() -> None:
    room = room_with(*(f"person {number}" for number in range(CROWD + 2)), rules=Rules(max_members=CROWD * 2))
    room.wait(seconds(2))
    room.arrive("kim")  # and is told of at once, so the next telling is a second away
    room.arrive("jun")
    forget(room, "person 7")
    forget(room, "jun")
    told = [event for event in room.wait(seconds(2)) if isinstance(event, Users)]
    assert [(event.joined, event.left) for event in told] == [((), ("person 7",))]


def test_a_change_of_theirs_that_a_crowd_has_not_heard_of_is_not_told() -> None:
    room = room_with(*(f"person {number}" for number in range(CROWD + 2)), rules=Rules(max_members=CROWD * 2))
    room.wait(seconds(2))
    room.arrive("kim")
    room.hide("person 7")
    assert room.topic.crowd.updated == ("person 7",)
    forget(room, "person 7")
    told = [event for event in room.wait(seconds(2)) if isinstance(event, Users)]
    assert [(event.left, event.updated) for event in told] == [(("person 7",), ())]


def test_a_knock_of_theirs_that_waits_is_never_delivered() -> None:
    room = room_with("ana", "jun", "kim")
    room.press("ana", Start(), timer="ana")
    for member in ("jun", "kim"):
        room.knock(member, "ana")
    forget(room, "jun")
    assert list(room.topic.people["ana"].knocks) == ["kim"]


def test_a_room_of_theirs_is_nobodys_and_says_so() -> None:
    room = room_with("ana", "jun", "kim")
    room.hand_over("ana", "ana")
    room.configure("ana", control=Control.NAMED, controllers=("jun", "kim"))
    told = forget(room, "jun").events[-1]
    assert isinstance(told, RoomConfigured)
    assert (told.by, policy_of(room.topic)) == (None, Policy("ana", Control.NAMED, ("kim",), amended=True))
    forget(room, "ana")
    assert policy_of(room.topic) == Policy(None, Control.NAMED, ("kim",), amended=True)
    room.configure("kim", control=Control.EVERYONE)
    assert policy_of(room.topic).control is Control.EVERYONE
    assert not [event for event in forget(room, "kim").events if not isinstance(event, UserLeft | RoomConfigured)]
