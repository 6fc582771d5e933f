"""A topic: its version, its answers, when it wants attention and what a snapshot of it shows."""

import pytest

from tests.support.topics import NOON, actions, answered, minutes, room_with, seconds, solo_of, states
from timers import course
from timers import timer as clock
from timers.timer import (
    Action,
    Add,
    Configure,
    Pause,
    Phase,
    Redo,
    Reset,
    Resume,
    SetPhase,
    Skip,
    Start,
    Status,
    Undo,
)
from timers.topic import (
    Rules,
    TimerState,
    Topic,
)

GRACE_MS = seconds(5)


# Versions and answers -------------------------------------------------------------------------------------------------


def test_every_event_is_one_version_on() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), Pause(), Start())
    room.arrive("jun", "second tab")
    room.rename("jun", "Jun")
    room.wait(minutes(31))
    room.leave("ana")
    room.wait(GRACE_MS)
    assert [event.v for event in room.told] == list(range(1, room.topic.v + 1))
    assert room.topic.v == 2 + 3 + 1 + 1 + 4 + 1


def test_what_changes_nothing_has_no_event_and_the_present_version() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    v = room.topic.v
    change = room.press("ana", Start())
    assert (change.events, room.topic.v, answered(change)) == ((), v, (v, False))


def test_a_change_answers_with_its_own_version() -> None:
    room = room_with("ana")
    change = room.press("ana", Start())
    assert answered(change) == (2, True)
    assert [event.v for event in change.events] == [2]


def test_an_answer_counts_what_was_over_before_but_not_what_is_over_after() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(25)
    change = room.press("ana", Pause())
    assert actions(change.events) == [Action.COMPLETE, Action.PAUSE]
    assert answered(change) == (change.events[-1].v, True)
    room.now += minutes(10)
    change = room.press("ana", Undo())
    assert actions(change.events) == [Action.UNDO, Action.COMPLETE]
    assert answered(change) == (change.events[0].v, True)


def test_a_timer_carries_the_version_of_its_last_change() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), timer="ana")
    room.press("jun", Start())
    room.rename("jun", "Jun")
    assert (room.topic.timers["ana"].v, room.topic.timers["room"].v, room.topic.v) == (3, 4, 5)
    room.press("ana", Start(), timer="ana")
    assert room.topic.timers["ana"].v == 3, "nothing was changed"
    room.wait(minutes(25))
    assert {timer_id: held.v for timer_id, held in room.topic.timers.items()} == {"ana": 7, "room": 9}


def test_a_timer_state_tells_who_did_what() -> None:
    room = room_with("ana")
    (event,) = room.press("ana", Start()).events
    assert event == TimerState(2, "room", room.timer(), Action.START, "ana")


def test_a_script_without_a_cookie_is_nobody() -> None:
    room = room_with()
    change = room.press(None, Start())
    assert [event.by for event in states(change.events)] == [None]
    assert answered(change) == (1, True)


def test_start_of_a_paused_timer_is_told_as_resume() -> None:
    room = room_with("ana")
    room.press("ana", Start(), Pause())
    assert actions(room.press("ana", Start()).events) == [Action.RESUME]


@pytest.mark.parametrize(
    ("command", "action"),
    [
        (Pause(), Action.PAUSE),
        (Reset(), Action.RESET),
        (Skip(), Action.SKIP),
        (Add(1), Action.ADD),
        (SetPhase(Phase.LONG_BREAK), Action.PHASE),
        (Configure({"rounds": 2}), Action.CONFIGURE),
        (Undo(), Action.UNDO),
    ],
)
def test_every_command_is_told_by_its_name(command: clock.Command, action: Action) -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    (event,) = states(room.press("jun", command).events)
    assert (event.action, event.by, event.timer_id) == (action, "jun", "room")


def test_timers_of_one_topic_do_not_touch_each_other() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(), timer="ana")
    room.wait(minutes(1))
    room.press("jun", Start(minutes(2)), timer="jun")
    room.wait(minutes(1))
    assert (room.left_ms("ana"), room.left_ms("jun"), room.left_ms("room")) == (minutes(23), minutes(1), minutes(25))
    assert (room.timer("ana").running, room.timer("jun").running, room.timer("room").running) == (True, True, False)


def test_a_command_that_does_nothing_to_a_timer_nobody_used_makes_none() -> None:
    room = room_with("ana")
    room.press("ana", Pause(), Resume(), Undo(), Redo(), Add(0), Reset(), timer="ana")
    assert room.topic.timers == {}


def test_anybody_undoes_the_last_command_whoever_gave_it() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    (event,) = states(room.press("jun", Undo()).events)
    assert (event.by, event.timer.status) == ("jun", Status.STOPPED)


# Deadlines ------------------------------------------------------------------------------------------------------------


def test_an_empty_topic_wants_no_attention() -> None:
    assert course.next_deadline(Topic("room.ABC234"), Rules()) is None
    assert course.next_deadline(room_with("ana").topic, Rules()) is None


def test_the_next_deadline_is_the_earliest_of_all() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(minutes(2)), timer="ana")
    room.press("ana", Start(minutes(1)))
    assert course.next_deadline(room.topic, room.rules) == NOON + minutes(1)
    room.leave("jun")
    assert course.next_deadline(room.topic, room.rules) == NOON + GRACE_MS
    room.wait(GRACE_MS)
    assert course.next_deadline(room.topic, room.rules) == NOON + minutes(1)
    room.wait(minutes(1))
    assert course.next_deadline(room.topic, room.rules) == NOON + minutes(2)


def test_nothing_is_due_before_it_is_due() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    before = room.topic
    assert room.wait(minutes(25) - 1) == ()
    assert room.topic == before


# Snapshots ------------------------------------------------------------------------------------------------------------


def test_a_snapshot_of_a_new_room_has_its_timer_and_your_own() -> None:
    snapshot = room_with("ana").snapshot("ana")
    assert [timer["id"] for timer in snapshot["timers"]] == ["room", "ana"]
    assert {timer["status"] for timer in snapshot["timers"]} == {"stopped"}
    assert {timer["v"] for timer in snapshot["timers"]} == {0}
    assert snapshot["you"] == {"member": "ana", "name": "User 1"}


def test_a_snapshot_has_others_timers_when_they_have_one() -> None:
    room = room_with("ana", "jun", "kim")
    room.press("jun", Start(), timer="jun")
    assert [timer["id"] for timer in room.snapshot("ana")["timers"]] == ["room", "ana", "jun"]
    assert [timer["id"] for timer in room.snapshot("jun")["timers"]] == ["room", "jun"]


def test_you_are_first_among_the_members() -> None:
    room = room_with("ana", "jun", "kim")
    for member in ("ana", "jun", "kim"):
        ids = [told["id"] for told in room.snapshot(member)["members"]]
        assert ids[0] == member
        assert sorted(ids) == ["ana", "jun", "kim"]


def test_at_most_200_members_are_listed_and_you_are_among_them() -> None:
    room = room_with(*(f"member {number}" for number in range(250)))
    snapshot = room.snapshot("member 249")
    ids = [told["id"] for told in snapshot["members"]]
    assert (snapshot["people"], len(ids), len(set(ids)), ids[0]) == (250, 200, 200, "member 249")


def test_who_has_left_is_no_member() -> None:
    room = room_with("ana", "jun")
    room.leave("jun")
    assert len(room.snapshot("ana")["members"]) == 2, "not gone yet"
    room.wait(GRACE_MS)
    snapshot = room.snapshot("ana")
    assert ([told["id"] for told in snapshot["members"]], snapshot["people"]) == (["ana"], 1)


def test_a_snapshot_tells_what_is_left_at_its_instant() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(1))
    snapshot = room.snapshot("ana")
    timer = snapshot["timers"][0]
    assert (snapshot["now_at"], snapshot["v"]) == (NOON + minutes(1), 2)
    assert (timer["remaining_ms"], timer["ends_at"], timer["v"]) == (minutes(24), NOON + minutes(25), 2)


def test_a_snapshot_for_nobody_has_no_you_and_no_own_timer() -> None:
    room = room_with("ana")
    snapshot = room.snapshot()
    assert "you" not in snapshot
    assert [timer["id"] for timer in snapshot["timers"]] == ["room"]
    assert [told["id"] for told in snapshot["members"]] == ["ana"]


def test_a_solo_snapshot_has_one_timer_and_no_members() -> None:
    snapshot = solo_of("ana").snapshot("ana")
    assert ([timer["id"] for timer in snapshot["timers"]], snapshot["members"]) == (["solo"], [])
    assert snapshot["you"]["member"] == "ana"
