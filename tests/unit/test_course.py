"""What time alone brings about in a topic, and commands that are heard of late."""

import pytest

from tests.support.topics import (
    DAY_MS,
    NOON,
    Scene,
    actions,
    answer_of,
    answered,
    completions,
    minutes,
    reread,
    room_with,
    seconds,
    solo_of,
    states,
)
from timers import timer as clock
from timers.steering import CATCH_UP_MS
from timers.timer import (
    MOST_UNNOTICED,
    Act,
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
    Change,
    TimerCompleted,
    TimerState,
)

# Completions ----------------------------------------------------------------------------------------------------------


def test_a_completion_is_told_once_before_the_phase_that_follows() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    assert room.wait(minutes(25) - 1) == ()
    completed, state = room.wait(1)
    assert completed == TimerCompleted(
        v=3,
        timer_id="room",
        phase=Phase.FOCUS,
        round=1,
        at=NOON + minutes(25),
        completion=getattr(completed, "completion", ""),
    )
    assert state == TimerState(4, "room", room.timer(), Action.COMPLETE, None)
    assert room.timer().phase is Phase.SHORT_BREAK
    assert room.wait(minutes(4)) == ()


def test_the_next_phase_counts_from_the_end_of_the_last_however_late_it_is_noticed() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(27))
    assert (room.timer().started_at, room.left_ms()) == (NOON + minutes(25), minutes(3))


def test_a_chain_of_completions_is_told_in_order_each_as_of_its_own_instant() -> None:
    room = room_with("ana")
    room.press("ana", Configure({"auto_start_focus": True}), Start())
    events = room.wait(minutes(25 + 5 + 25 + 5 + 1))
    assert [type(event) for event in events] == [TimerCompleted, TimerState] * 4
    assert [(done.phase, done.round, done.at - NOON) for done in completions(events)] == [
        (Phase.FOCUS, 1, minutes(25)),
        (Phase.SHORT_BREAK, 1, minutes(30)),
        (Phase.FOCUS, 2, minutes(55)),
        (Phase.SHORT_BREAK, 2, minutes(60)),
    ]
    assert room.left_ms() == minutes(24)


def test_a_chain_ends_where_a_phase_waits_to_be_started() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    events = room.wait(DAY_MS)
    assert len(completions(events)) == 2
    assert (room.timer().status, room.timer().round) == (Status.STOPPED, 2)


def test_the_completions_of_several_timers_are_told_in_the_order_of_their_instants() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start(minutes(3)), timer="ana")
    room.press("jun", Start(minutes(1)), timer="jun")
    room.press("jun", Start(minutes(2)))
    events = room.wait(minutes(3))
    assert [done.timer_id for done in completions(events)] == ["jun", "room", "ana"]


def test_every_completion_has_an_id_of_its_own_and_the_same_when_told_again() -> None:
    def told() -> list[TimerCompleted]:
        room = room_with("ana", "jun")
        for timer in ("room", "ana", "jun"):
            room.press("ana", Configure({"auto_start_focus": True}), Start(), timer=timer)
        return completions(room.wait(minutes(25 + 5 + 25)))

    assert len({done.completion for done in told()}) == len(told()) == 3 * 3
    assert told() == told()


def test_a_phase_ended_by_skip_is_no_completion() -> None:
    room = room_with("ana")
    room.press("ana", Start(), Skip())
    room.press("ana", Skip())
    assert completions(room.told) == []


def test_a_command_at_the_very_instant_of_the_end_finds_the_phase_completed() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(25)
    change = room.press("ana", Pause())
    assert actions(change.events) == [Action.COMPLETE, Action.PAUSE]
    assert (room.timer().phase, room.left_ms()) == (Phase.SHORT_BREAK, minutes(5))


def test_a_pause_a_moment_before_the_end_keeps_that_moment() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(25) - 1
    room.press("ana", Pause())
    assert (room.left_ms(), completions(room.wait(DAY_MS))) == (1, [])


def test_an_undone_pause_whose_end_has_passed_completes_as_of_that_end() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(10))
    room.press("ana", Pause())
    room.wait(minutes(17))
    change = room.press("ana", Undo())
    assert [type(event) for event in change.events] == [TimerState, TimerCompleted, TimerState]
    undone, completed, loaded = change.events
    assert isinstance(undone, TimerState)
    assert isinstance(completed, TimerCompleted)
    assert isinstance(loaded, TimerState)
    assert (undone.action, undone.timer.ends_at) == (Action.UNDO, NOON + minutes(25))
    assert completed.at == NOON + minutes(25)
    assert (loaded.action, loaded.timer.phase) == (Action.COMPLETE, Phase.SHORT_BREAK)
    assert room.left_ms() == minutes(3), "the automatic break is already part over"
    assert not room.press("ana", Undo()).events, "a completion clears the history"


def test_a_completion_clears_undo_and_redo() -> None:
    room = room_with("ana")
    room.press("ana", Add(1_000), Start(), Pause(), Undo())
    room.wait(minutes(26))
    assert not room.press("ana", Undo()).events
    assert not room.press("ana", Redo()).events


# Late commands --------------------------------------------------------------------------------------------------------


def test_a_command_is_applied_as_of_the_instant_it_was_received() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.now += minutes(12)
    room.press("ana", Pause(), at=room.now - seconds(8))
    assert room.left_ms() == minutes(13) + seconds(8)
    assert room.timer().paused_at == room.now - seconds(8)


def test_time_never_runs_backward() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(10))
    room.press("ana", Pause())
    room.press("ana", Resume(), at=NOON + minutes(2))
    assert room.timer().ends_at == NOON + minutes(25), (
        "the earlier resume is as of the pause that was decided before it"
    )
    assert room.topic.as_of == NOON + minutes(10)


def test_a_command_received_before_a_decided_completion_comes_after_it() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(25))
    room.press("ana", Pause(), at=NOON + minutes(20))
    assert (room.timer().phase, room.timer().left_ms) == (Phase.SHORT_BREAK, minutes(5))


def test_a_completion_that_an_undo_brings_about_does_not_turn_time_back() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(10))
    room.press("ana", Pause())
    room.wait(minutes(17))
    room.press("ana", Undo())
    assert room.topic.as_of == room.now


# Given while offline --------------------------------------------------------------------------------------------------


def overruled(change: Change) -> bool:
    return answer_of(change).overruled


def back_after(ms: int) -> Scene:
    """A browser that went offline at noon, and is back."""
    solo = solo_of("ana")
    solo.wait(ms)
    return solo


def test_what_was_done_offline_counts_from_when_it_was_done() -> None:
    solo = back_after(minutes(10))
    change = solo.press("ana", Start(), given_at=NOON + minutes(1))
    assert answered(change) == (1, True)
    assert (solo.timer().started_at, solo.left_ms()) == (NOON + minutes(1), minutes(16))
    solo.press("ana", Pause(), given_at=NOON + minutes(4))
    assert (solo.timer().paused_at, solo.left_ms()) == (NOON + minutes(4), minutes(22))
    assert solo.topic.as_of == NOON + minutes(10)


def test_what_was_finished_offline_is_completed_once_as_of_its_instant() -> None:
    solo = back_after(minutes(27))
    assert actions(solo.press("ana", Start(), given_at=NOON).events) == [Action.START]
    assert solo.wait(CATCH_UP_MS - 1) == (), "the next command may say that it was paused in time"
    completed, state = solo.wait(1)
    assert isinstance(completed, TimerCompleted)
    assert (completed.at, completed.phase) == (NOON + minutes(25), Phase.FOCUS)
    assert isinstance(state, TimerState)
    assert (state.timer.phase, state.timer.started_at) == (Phase.SHORT_BREAK, NOON + minutes(25))
    assert solo.left_ms() == minutes(3) - CATCH_UP_MS
    assert [event.phase for event in completions(solo.wait(DAY_MS))] == [Phase.SHORT_BREAK]


def test_a_queue_of_commands_is_applied_each_as_of_its_own_instant() -> None:
    solo = back_after(minutes(120))
    queue: list[tuple[clock.Command, int]] = [(Start(), 0), (Pause(), 10), (Resume(), 70), (Skip(), 75), (Pause(), 78)]
    for command, at in [*queue, (Reset(), 79)]:
        solo.now += 50
        change = solo.press("ana", command, given_at=NOON + minutes(at))
        assert answer_of(change).changed, command
    assert (solo.timer().phase, solo.timer().status) == (Phase.SHORT_BREAK, Status.STOPPED)
    assert completions(solo.told) == []
    solo.press("ana", Undo(), given_at=NOON + minutes(80))
    assert (solo.timer().status, solo.left_ms()) == (Status.PAUSED, minutes(2))


def test_phases_that_ended_between_two_commands_are_completed_between_them() -> None:
    solo = back_after(minutes(120))
    solo.press("ana", Start(), given_at=NOON)
    change = solo.press("ana", Start(), given_at=NOON + minutes(40))
    assert actions(change.events) == [Action.COMPLETE, Action.COMPLETE, Action.START]
    assert [event.at - NOON for event in completions(change.events)] == [minutes(25), minutes(30)]
    assert answered(change) == (change.events[-1].v, True)
    events = solo.wait(CATCH_UP_MS)
    assert [(event.at - NOON, event.round) for event in completions(events)] == [(minutes(65), 2), (minutes(70), 2)]
    assert solo.timer().round == 3


@pytest.mark.parametrize("given_at", [0, NOON - 400 * DAY_MS])
@pytest.mark.parametrize("command", [Pause(), Reset(), Undo()])
def test_whoever_dates_a_command_long_ago_keeps_nobody_busy(given_at: int, command: clock.Command) -> None:
    brief = {"focus_ms": 1_000, "short_break_ms": 1_000, "long_break_ms": 1_000}
    solo = solo_of("ana")
    endless = Configure({**brief, "auto_start_focus": True})
    told = [*solo.press("ana", endless, Start(), given_at=given_at).events]
    told += solo.press("ana", command, given_at=NOON).events
    told += solo.wait(CATCH_UP_MS)
    assert 0 < len(completions(told)) < 2 * MOST_UNNOTICED
    assert solo.timer().completed_focus >= (NOON - given_at) // 2_000 - 1


def test_a_command_given_before_the_last_change_is_overruled() -> None:
    solo = solo_of("ana")
    solo.wait(minutes(10))
    solo.press("ana", Start())
    solo.wait(minutes(5))
    before = solo.timer()
    change = solo.press("ana", Pause(), id="1", given_at=NOON + minutes(9))
    assert (change.events, answered(change), overruled(change)) == ((), (1, False), True)
    assert solo.timer() == before
    again = solo.press("ana", Pause(), id="1", given_at=NOON + minutes(9))
    assert overruled(again), "the same id is answered the same"
    assert overruled(solo.press("ana", Pause(), given_at=-(2**63)))


def test_a_pause_that_is_heard_of_after_the_end_is_overruled_by_it() -> None:
    solo = solo_of("ana")
    solo.press("ana", Start())
    solo.wait(minutes(26))
    assert overruled(solo.press("ana", Pause(), given_at=NOON + minutes(24)))
    assert solo.timer().phase is Phase.SHORT_BREAK
    change = solo.press("ana", Pause(), given_at=NOON + minutes(25) + 1)
    assert (overruled(change), solo.left_ms()) == (False, minutes(5) - 1)


def test_what_changed_nothing_overrules_nothing() -> None:
    solo = back_after(minutes(10))
    solo.press("ana", Pause(), Resume(), Undo())
    assert not overruled(solo.press("ana", Start(), given_at=NOON + minutes(1)))


def test_an_undo_is_a_change_at_its_own_instant() -> None:
    solo = solo_of("ana")
    solo.press("ana", Start())
    solo.wait(minutes(10))
    solo.press("ana", Pause())
    solo.wait(minutes(2))
    solo.press("ana", Undo())
    assert overruled(solo.press("ana", Reset(), given_at=NOON + minutes(11)))
    solo.press("ana", Redo())
    solo.wait(minutes(15))
    solo.press("ana", Undo())  # and the focus is over since two minutes
    assert overruled(solo.press("ana", Reset(), given_at=NOON + minutes(26)))
    assert not overruled(solo.press("ana", Reset(), given_at=NOON + minutes(27)))


@pytest.mark.parametrize("ahead_ms", [1, minutes(5), 2**63 - NOON])
def test_the_future_is_now(ahead_ms: int) -> None:
    solo = solo_of("ana")
    solo.press("ana", Start(), given_at=solo.now + ahead_ms)
    assert solo.timer().started_at == NOON


def test_a_command_of_this_moment_does_not_wait_for_what_comes_from_offline() -> None:
    solo = back_after(minutes(27))
    solo.press("ana", Start(), given_at=NOON)
    change = solo.press("ana", Pause())
    assert actions(change.events) == [Action.COMPLETE, Action.PAUSE]
    assert solo.left_ms() == minutes(3)


def test_a_phase_that_ends_just_now_is_not_kept_waiting() -> None:
    solo = back_after(minutes(25) - 1)
    solo.press("ana", Start(), given_at=NOON)
    assert len(completions(solo.wait(1))) == 1


def test_what_waits_to_be_completed_survives_a_stay_in_redis() -> None:
    solo = back_after(minutes(27))
    solo.press("ana", Start(), given_at=NOON)
    solo.topic = reread(solo.topic)
    solo.press("ana", Pause(), given_at=NOON + minutes(5))
    assert (solo.left_ms(), completions(solo.told)) == (minutes(20), [])


def test_a_parked_timer_that_is_back_does_not_overrule_what_was_done_to_it_offline() -> None:
    before = solo_of("ana")
    before.press("ana", Start(), Pause())
    solo = solo_of("nobody")
    solo.now = NOON + minutes(60)
    solo.arrive("ana", parked={"solo": before.timer()})
    assert not overruled(solo.press("ana", Start(), given_at=NOON + minutes(50)))
    assert solo.left_ms() == minutes(15)


# Who did what ---------------------------------------------------------------------------------------------------------


def test_a_timer_knows_who_started_its_phase_whoever_goes_on_with_it() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    room.press("jun", Pause())
    room.press("jun", Resume(), Pause(), Start(), Add(1))
    assert room.timer().started_by == "ana"
    room.press("jun", Pause(), Start(minutes(3)))
    assert room.timer().started_by == "jun", "that is a start afresh"
    room.press("ana", Undo())
    assert room.timer().started_by == "ana"


def test_nobody_started_what_is_stopped_or_began_by_itself() -> None:
    room = room_with("ana")
    room.press("ana", Start())
    room.wait(minutes(25))
    assert (room.timer().running, room.timer().started_by) == (True, None)
    room.press("ana", Reset(), Start(), Skip())
    assert room.timer().started_by is None
    room.press("ana", Reset(), Start(), Skip())
    room.press("ana", SetPhase(Phase.SHORT_BREAK), Start(), Reset())
    assert room.timer().started_by is None
    room.press(None, Start())
    assert room.timer().started_by is None, "a script is nobody"


def test_an_undo_says_what_it_took_back_ten_deep_and_a_redo_what_it_did_again() -> None:
    room = room_with("ana", "jun")
    for number in range(12):
        room.press(("ana", "jun")[number % 2], Add(number + 1))
    room.press("ana", Start())
    taken_back = [event.undone for _ in range(11) for event in states(room.press("kim", Undo()).events)]
    assert taken_back == [Act(Action.START, "ana"), *(Act(Action.ADD, ("jun", "ana")[n % 2]) for n in range(9))]
    done_again = [event.undone for _ in range(11) for event in states(room.press("kim", Redo()).events)]
    assert done_again == taken_back[::-1]


def test_what_was_undone_is_known_after_a_stay_in_redis_and_only_of_an_undo() -> None:
    room = room_with("ana", "jun")
    room.press("ana", Start())
    room.press("jun", Pause())
    assert [event.undone for event in states(room.told)] == [None, None]
    room.topic = reread(room.topic)
    assert [event.undone for event in states(room.press("ana", Undo()).events)] == [Act(Action.PAUSE, "jun")]
    room.topic = reread(room.topic)
    assert [event.undone for event in states(room.press("ana", Redo()).events)] == [Act(Action.PAUSE, "jun")]
