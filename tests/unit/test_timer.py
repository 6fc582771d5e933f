"""One timer: every command in every status, and the instants."""

import pytest

from tests.support.timers import FOCUS, LONG, PAUSED, RUNNING, SHORT, SITUATIONS, STOPPED
from tests.support.topics import DAY_MS, NOON, Desk, minutes, timer_after
from timers.timer import (
    Action,
    Add,
    Command,
    Configure,
    Pause,
    Phase,
    Redo,
    Reset,
    Resume,
    SetPhase,
    Settings,
    Skip,
    Start,
    Status,
    Timer,
    Undo,
    fresh,
)

# A new timer ----------------------------------------------------------------------------------------------------------


def test_a_new_timer_is_stopped_at_a_full_focus() -> None:
    assert fresh() == Timer(
        settings=Settings(
            focus_ms=1_500_000,
            short_break_ms=300_000,
            long_break_ms=900_000,
            rounds=4,
            auto_start_breaks=True,
            auto_start_focus=False,
        ),
        status=STOPPED,
        phase=FOCUS,
        duration_ms=1_500_000,
        left_ms=1_500_000,
        ends_at=None,
        started_at=None,
        paused_at=None,
        round=1,
        completed_focus=0,
    )


def test_a_new_timer_with_settings_is_at_their_focus() -> None:
    timer = fresh(Settings(focus_ms=60_000))
    assert (timer.duration_ms, timer.left_ms) == (60_000, 60_000)


# Every command in every status ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("situation", "command", "action", "status", "phase", "left_ms", "duration_ms"),
    [
        ("stopped", Start(), Action.START, RUNNING, FOCUS, minutes(25), minutes(25)),
        ("stopped", Start(minutes(7)), Action.START, RUNNING, FOCUS, minutes(7), minutes(7)),
        ("stopped", Pause(), None, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("stopped", Resume(), None, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("stopped", Reset(), None, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("stopped", Skip(), Action.SKIP, STOPPED, SHORT, minutes(5), minutes(5)),
        ("stopped", Add(minutes(1)), Action.ADD, STOPPED, FOCUS, minutes(26), minutes(26)),
        ("stopped", SetPhase(LONG), Action.PHASE, STOPPED, LONG, minutes(15), minutes(15)),
        ("stopped", SetPhase(FOCUS), None, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("stopped", Configure({"focus_ms": 1_000}), Action.CONFIGURE, STOPPED, FOCUS, 1_000, 1_000),
        ("stopped", Configure({}), None, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("stopped", Undo(), None, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("stopped", Redo(), None, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("running", Start(), None, RUNNING, FOCUS, minutes(15), minutes(25)),
        ("running", Start(minutes(7)), None, RUNNING, FOCUS, minutes(15), minutes(25)),
        ("running", Pause(), Action.PAUSE, PAUSED, FOCUS, minutes(15), minutes(25)),
        ("running", Resume(), None, RUNNING, FOCUS, minutes(15), minutes(25)),
        ("running", Reset(), Action.RESET, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("running", Skip(), Action.SKIP, RUNNING, SHORT, minutes(5), minutes(5)),
        ("running", Add(minutes(1)), Action.ADD, RUNNING, FOCUS, minutes(16), minutes(26)),
        ("running", Add(-minutes(1)), Action.ADD, RUNNING, FOCUS, minutes(14), minutes(24)),
        ("running", SetPhase(SHORT), Action.PHASE, STOPPED, SHORT, minutes(5), minutes(5)),
        ("running", SetPhase(FOCUS), Action.PHASE, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("running", Configure({"focus_ms": 1_000}), Action.CONFIGURE, RUNNING, FOCUS, minutes(15), minutes(25)),
        ("running", Undo(), Action.UNDO, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("running", Redo(), None, RUNNING, FOCUS, minutes(15), minutes(25)),
        ("paused", Start(), Action.RESUME, RUNNING, FOCUS, minutes(15), minutes(25)),
        ("paused", Start(minutes(7)), Action.START, RUNNING, FOCUS, minutes(7), minutes(7)),
        ("paused", Pause(), None, PAUSED, FOCUS, minutes(15), minutes(25)),
        ("paused", Resume(), Action.RESUME, RUNNING, FOCUS, minutes(15), minutes(25)),
        ("paused", Reset(), Action.RESET, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("paused", Skip(), Action.SKIP, RUNNING, SHORT, minutes(5), minutes(5)),
        ("paused", Add(minutes(1)), Action.ADD, PAUSED, FOCUS, minutes(16), minutes(26)),
        ("paused", Add(-minutes(1)), Action.ADD, PAUSED, FOCUS, minutes(14), minutes(24)),
        ("paused", SetPhase(SHORT), Action.PHASE, STOPPED, SHORT, minutes(5), minutes(5)),
        ("paused", SetPhase(FOCUS), Action.PHASE, STOPPED, FOCUS, minutes(25), minutes(25)),
        ("paused", Configure({"focus_ms": 1_000}), Action.CONFIGURE, PAUSED, FOCUS, minutes(15), minutes(25)),
        ("paused", Undo(), Action.UNDO, RUNNING, FOCUS, minutes(12), minutes(25)),
        ("paused", Redo(), None, PAUSED, FOCUS, minutes(15), minutes(25)),
    ],
)
def test_every_command_in_every_status(
    situation: str,
    command: Command,
    action: Action | None,
    status: Status,
    phase: Phase,
    left_ms: int,
    duration_ms: int,
) -> None:
    desk = Desk(*SITUATIONS[situation])
    before = desk.history
    assert desk.do(command) == action
    timer = desk.timer
    assert (timer.status, timer.phase, desk.left_ms, timer.duration_ms) == (status, phase, left_ms, duration_ms)
    assert (desk.history == before) == (action is None), "what changed nothing leaves no trace, in the history neither"


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(
    "command",
    [
        Start(),
        Start(5_000),
        Pause(),
        Resume(),
        Reset(),
        Skip(),
        Add(0),
        Add(9),
        SetPhase(SHORT),
        Configure({"rounds": 2}),
    ],
    ids=repr,
)
def test_the_times_of_a_timer_fit_its_status(situation: str, command: Command) -> None:
    timer = timer_after(*SITUATIONS[situation], command)
    assert (timer.ends_at is not None) == (timer.status is RUNNING)
    assert (timer.paused_at is not None) == (timer.status is PAUSED)
    assert (timer.started_at is None) == (timer.status is STOPPED)
    assert (timer.left_ms is None) == (timer.status is RUNNING)


# The instants ---------------------------------------------------------------------------------------------------------


def test_a_running_timer_ends_at_a_fixed_instant() -> None:
    desk = Desk(Start())
    assert (desk.timer.started_at, desk.timer.ends_at) == (NOON, NOON + minutes(25))
    desk.do(minutes(20))
    assert (desk.timer.started_at, desk.timer.ends_at, desk.left_ms) == (NOON, NOON + minutes(25), minutes(5))


def test_a_pause_keeps_what_is_left_however_long_it_lasts() -> None:
    desk = Desk(Start(), minutes(10), Pause())
    assert desk.timer.paused_at == NOON + minutes(10)
    desk.do(DAY_MS)
    assert desk.left_ms == minutes(15)
    desk.do(Resume())
    assert desk.timer.ends_at == desk.now + minutes(15)
    assert desk.timer.paused_at is None


def test_started_at_is_when_the_phase_first_started_through_pauses() -> None:
    assert timer_after(Start(), minutes(1), Pause(), minutes(1), Resume()).started_at == NOON
    assert timer_after(Start(), minutes(1), Pause()).started_at == NOON
    assert timer_after(Start(), minutes(1), Pause(), minutes(1), Start()).started_at == NOON


def test_a_fresh_start_of_a_paused_timer_starts_its_phase_anew() -> None:
    timer = timer_after(Start(), minutes(1), Pause(), minutes(1), Start(minutes(7)))
    assert (timer.started_at, timer.ends_at) == (NOON + minutes(2), NOON + minutes(9))


def test_a_second_pause_keeps_the_instant_of_the_first() -> None:
    assert timer_after(Start(), minutes(1), Pause(), minutes(1), Pause()).paused_at == NOON + minutes(1)


def test_what_is_left_is_never_less_than_nothing() -> None:
    timer = timer_after(Start())
    assert timer.remaining_ms(NOON + DAY_MS) == 0
