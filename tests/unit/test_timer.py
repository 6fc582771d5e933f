"""One timer: every command in every status, the cycle, lengths, and undoing."""

import pytest

from tests.support.topics import DAY_MS, NOON, Desk, minutes, seconds, timer_after
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
    complete,
    fresh,
)

FOCUS, SHORT, LONG = Phase.FOCUS, Phase.SHORT_BREAK, Phase.LONG_BREAK
STOPPED, RUNNING, PAUSED = Status.STOPPED, Status.RUNNING, Status.PAUSED

SITUATIONS: dict[str, tuple[Command | int, ...]] = {
    "stopped": (),
    "running": (Start(), minutes(10)),
    "paused": (Start(), minutes(10), Pause(), minutes(3)),
}


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


# Lengths --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [Reset(), SetPhase(FOCUS)], ids=repr)
@pytest.mark.parametrize(
    "made", [(Start(minutes(7)),), (Add(minutes(9)),), (Start(), Add(minutes(9))), (Start(), Pause(), Add(-5))]
)
def test_a_phase_loaded_again_has_the_length_of_the_settings(command: Command, made: tuple[Command, ...]) -> None:
    timer = timer_after(*made, command)
    assert (timer.duration_ms, timer.left_ms) == (minutes(25), minutes(25))


def test_reset_stays_in_its_phase_and_round() -> None:
    timer = timer_after(SetPhase(LONG), Start(), Reset())
    assert (timer.phase, timer.status, timer.left_ms) == (LONG, STOPPED, minutes(15))


def test_a_stopped_timer_that_was_added_to_is_reset_too() -> None:
    desk = Desk(Add(minutes(1)))
    assert desk.do(Reset()) is Action.RESET
    assert desk.left_ms == minutes(25)


def test_the_next_phases_return_to_the_settings_length() -> None:
    desk = Desk(Start(minutes(7)), Skip(), Add(minutes(9)), Skip())
    assert (desk.timer.phase, desk.timer.duration_ms) == (FOCUS, minutes(25))
    desk = Desk(Start(minutes(7)), minutes(7))
    assert (desk.timer.phase, desk.timer.duration_ms) == (SHORT, minutes(5))


def test_a_length_given_at_the_start_is_that_of_this_phase_only() -> None:
    desk = Desk(Start(minutes(7)))
    assert desk.timer.settings == Settings()
    assert desk.do(minutes(1), Pause(), Start()) is Action.RESUME
    assert desk.left_ms == minutes(6)


def test_a_start_takes_a_stopped_timer_as_add_left_it() -> None:
    desk = Desk(Add(minutes(5)), Start())
    assert (desk.left_ms, desk.timer.duration_ms) == (minutes(30), minutes(30))


# Add ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", SITUATIONS)
def test_adding_nothing_changes_nothing(situation: str) -> None:
    assert Desk(*SITUATIONS[situation]).do(Add(0)) is None


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("ms", [-minutes(60), -(2**63), -minutes(25)])
def test_taking_away_leaves_a_second(situation: str, ms: int) -> None:
    desk = Desk(*SITUATIONS[situation])
    gone = desk.timer.duration_ms - desk.left_ms
    assert desk.do(Add(ms)) is Action.ADD
    assert desk.left_ms == 1_000
    assert desk.timer.duration_ms == gone + 1_000, "both change by the same"


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("ms", [DAY_MS, 2**64 - 1])
def test_adding_ends_at_a_length_of_24_hours(situation: str, ms: int) -> None:
    desk = Desk(*SITUATIONS[situation])
    gone = desk.timer.duration_ms - desk.left_ms
    assert desk.do(Add(ms)) is Action.ADD
    assert desk.timer.duration_ms == DAY_MS
    assert desk.left_ms == DAY_MS - gone, "both change by the same"
    assert desk.do(Add(1)) is None, "no more fits"


def test_a_phase_with_less_than_a_second_left_is_not_shortened_nor_lengthened_by_taking_away() -> None:
    desk = Desk(Start(), minutes(25) - 400)
    assert desk.do(Add(-1)) is None
    assert desk.left_ms == 400


def test_a_phase_with_less_than_a_second_left_can_be_added_to() -> None:
    desk = Desk(Start(), minutes(25) - 400)
    assert desk.do(Add(250)) is Action.ADD
    assert desk.left_ms == 650


def test_adding_keeps_status_and_start() -> None:
    before = timer_after(Start(), minutes(10), Pause())
    after = timer_after(Start(), minutes(10), Pause(), Add(5))
    assert (after.status, after.started_at, after.paused_at) == (PAUSED, before.started_at, before.paused_at)


# Configure ------------------------------------------------------------------------------------------------------------


def test_a_stopped_timer_takes_the_new_length_of_its_phase_only() -> None:
    desk = Desk(Configure({"short_break_ms": 60_000}))
    assert (desk.timer.duration_ms, desk.timer.settings.short_break_ms) == (minutes(25), 60_000)
    desk.do(SetPhase(SHORT))
    assert desk.left_ms == 60_000
    desk.do(Configure({"short_break_ms": 90_000}))
    assert (desk.left_ms, desk.timer.duration_ms) == (90_000, 90_000)


@pytest.mark.parametrize("stop", [(), (Pause(),)])
def test_a_phase_under_way_keeps_its_length_until_it_is_loaded_again(stop: tuple[Command, ...]) -> None:
    desk = Desk(Start(), *stop, Configure({"focus_ms": 60_000}))
    assert desk.timer.duration_ms == minutes(25)
    desk.do(Reset())
    assert desk.timer.duration_ms == 60_000


def test_settings_that_are_no_length_leave_a_stopped_timer_as_add_made_it() -> None:
    desk = Desk(Add(minutes(1)), Configure({"rounds": 2, "auto_start_focus": True}))
    assert desk.left_ms == minutes(26)
    assert (desk.timer.settings.rounds, desk.timer.settings.auto_start_focus) == (2, True)


def test_settings_not_named_stay() -> None:
    settings = timer_after(Configure({"rounds": 2}), Configure({"focus_ms": 60_000})).settings
    assert settings == Settings(rounds=2, focus_ms=60_000)


def test_configuring_what_is_already_so_changes_nothing() -> None:
    assert Desk().do(Configure({"focus_ms": 1_500_000, "auto_start_breaks": True})) is None


def test_configuring_a_stopped_timer_keeps_its_place_in_the_cycle() -> None:
    timer = timer_after(*[Skip()] * 2, Configure({"focus_ms": 60_000}))
    assert (timer.phase, timer.round, timer.status) == (FOCUS, 2, STOPPED)


# Phase ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", Phase)
def test_choosing_a_phase_keeps_the_round_and_the_count(phase: Phase) -> None:
    timer = timer_after(Start(), minutes(30), Skip(), SetPhase(phase))
    assert (timer.round, timer.completed_focus) == (2, 1)
    assert (timer.status, timer.phase, timer.left_ms) == (STOPPED, phase, Settings().length_ms(phase))


# The cycle ------------------------------------------------------------------------------------------------------------

CYCLE = [
    (FOCUS, 1), (SHORT, 1), (FOCUS, 2), (SHORT, 2), (FOCUS, 3), (SHORT, 3), (FOCUS, 4), (LONG, 4), (FOCUS, 1), (SHORT, 1),
]  # fmt: skip


def test_the_cycle_by_skipping() -> None:
    desk = Desk()
    seen = [(desk.timer.phase, desk.timer.round)]
    while len(seen) < len(CYCLE):
        desk.do(Skip())
        seen.append((desk.timer.phase, desk.timer.round))
    assert seen == CYCLE
    assert (desk.timer.status, desk.timer.completed_focus) == (STOPPED, 0), "skipped phases are not counted"


def test_the_cycle_by_running_out() -> None:
    desk = Desk(settings=Settings(auto_start_focus=True))
    desk.do(Start())
    seen = [(desk.timer.phase, desk.timer.round, desk.timer.completed_focus)]
    while len(seen) < len(CYCLE):
        desk.do(desk.left_ms)
        seen.append((desk.timer.phase, desk.timer.round, desk.timer.completed_focus))
    counts = [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert seen == [(phase, round, count) for (phase, round), count in zip(CYCLE, counts, strict=True)]


@pytest.mark.parametrize(("rounds", "breaks"), [(1, [LONG] * 3), (2, [SHORT, LONG, SHORT]), (12, [SHORT] * 3)])
def test_the_long_break_comes_every_so_many_rounds(rounds: int, breaks: list[Phase]) -> None:
    desk = Desk(settings=Settings(rounds=rounds))
    seen = []
    for _ in breaks:
        desk.do(Skip())
        seen.append(desk.timer.phase)
        desk.do(Skip())
    assert seen == breaks


def test_a_round_past_a_lowered_number_of_rounds_waits_for_the_next_multiple() -> None:
    desk = Desk(*[Skip()] * 4, Configure({"rounds": 2}))
    assert desk.timer.round == 3
    desk.do(Skip())
    assert desk.timer.phase is SHORT
    desk.do(Skip(), Skip())
    assert (desk.timer.phase, desk.timer.round) == (LONG, 4)


def test_a_focus_that_runs_out_is_counted_and_its_break_starts_by_itself() -> None:
    timer = complete(Desk(Start()).history).timer
    assert (timer.phase, timer.status, timer.completed_focus) == (SHORT, RUNNING, 1)
    assert (timer.started_at, timer.ends_at) == (NOON + minutes(25), NOON + minutes(30))


def test_a_break_that_runs_out_is_not_counted_and_its_focus_waits() -> None:
    timer = timer_after(Start(), minutes(30))
    assert (timer.phase, timer.round, timer.status, timer.completed_focus) == (FOCUS, 2, STOPPED, 1)
    assert (timer.started_at, timer.ends_at, timer.left_ms) == (None, None, minutes(25))


@pytest.mark.parametrize("auto_start_breaks", [True, False])
@pytest.mark.parametrize("auto_start_focus", [True, False])
@pytest.mark.parametrize("end", [minutes(25), Skip()], ids=["completion", "skip"])
def test_each_phase_starts_by_itself_only_where_the_settings_say_so(
    auto_start_breaks: bool, auto_start_focus: bool, end: Command | int
) -> None:
    settings = Settings(
        auto_start_breaks=auto_start_breaks, auto_start_focus=auto_start_focus, short_break_ms=minutes(25)
    )
    desk = Desk(Start(), end, settings=settings)
    assert (desk.timer.phase, desk.timer.running) == (SHORT, auto_start_breaks)
    desk.do(Start(), end)
    assert (desk.timer.phase, desk.timer.running) == (FOCUS, auto_start_focus)


def test_the_long_break_starts_by_itself_too() -> None:
    assert timer_after(Start(), minutes(25), settings=Settings(rounds=1)).running
    assert not timer_after(Start(), minutes(25), settings=Settings(rounds=1, auto_start_breaks=False)).running


def test_a_chain_of_completions_counts_each_from_its_own_end() -> None:
    settings = Settings(auto_start_focus=True)
    desk = Desk(Start(), minutes(25 + 5 + 25 + 2), settings=settings)
    assert (desk.timer.phase, desk.timer.round, desk.timer.completed_focus) == (SHORT, 2, 2)
    assert (desk.timer.started_at, desk.left_ms) == (NOON + minutes(55), minutes(3))


def test_a_skipped_phase_starts_its_break_at_the_skip() -> None:
    timer = timer_after(Start(), minutes(10), Skip())
    assert (timer.started_at, timer.ends_at, timer.completed_focus) == (NOON + minutes(10), NOON + minutes(15), 0)


# Undo and redo --------------------------------------------------------------------------------------------------------


def test_undo_brings_back_a_running_timer_with_its_old_end() -> None:
    desk = Desk(Start(), minutes(10), Pause(), minutes(3), Undo())
    assert (desk.timer.ends_at, desk.left_ms) == (NOON + minutes(25), minutes(12))


def test_undo_brings_back_settings_length_and_place() -> None:
    before = timer_after(Start(), minutes(10))
    for command in (Reset(), Skip(), Add(9), SetPhase(LONG), Configure({"focus_ms": 60_000, "rounds": 1}), Pause()):
        assert timer_after(Start(), minutes(10), command, minutes(1), Undo()) == before


def test_redo_takes_back_an_undo() -> None:
    desk = Desk(Start(), minutes(10), Pause())
    paused = desk.timer
    assert desk.do(minutes(1), Undo(), minutes(1), Redo()) is Action.REDO
    assert desk.timer == paused
    assert desk.do(Redo()) is None


def test_undo_goes_ten_deep_and_redo_all_the_way_back() -> None:
    desk = Desk(*[Add(1_000)] * 12)
    assert [desk.do(Undo()) for _ in range(11)] == [Action.UNDO] * 10 + [None]
    assert desk.left_ms == minutes(25) + seconds(2)
    assert [desk.do(Redo()) for _ in range(11)] == [Action.REDO] * 10 + [None]
    assert desk.left_ms == minutes(25) + seconds(12)


def test_undo_stays_ten_deep_after_redo() -> None:
    desk = Desk(*[Add(1_000)] * 12, *[Undo()] * 3, *[Redo()] * 3, Add(1_000))
    assert [desk.do(Undo()) for _ in range(11)] == [Action.UNDO] * 10 + [None]


def test_a_new_command_ends_the_redoing() -> None:
    assert Desk(Start(), Pause(), Undo(), Add(1_000)).do(Redo()) is None


def test_a_command_that_changed_nothing_does_not_end_the_redoing() -> None:
    desk = Desk(Start(), minutes(1), Pause(), Undo())
    assert desk.do(Start(), Resume(), Add(0)) is None
    assert desk.do(Redo()) is Action.REDO
    assert desk.timer.status is PAUSED


def test_a_command_that_changed_nothing_is_not_what_undo_takes_back() -> None:
    desk = Desk(Start(), Start(), Add(0), Resume())
    assert desk.do(Undo()) is Action.UNDO
    assert desk.timer.status is STOPPED


def test_undo_in_the_middle_then_a_command_goes_on_from_there() -> None:
    desk = Desk(Add(1_000), Add(2_000), Undo(), Add(4_000))
    assert desk.left_ms == minutes(25) + seconds(5)
    desk.do(Undo())
    assert desk.left_ms == minutes(25) + seconds(1)


def test_a_phase_brought_back_by_undo_is_over_if_its_end_has_passed() -> None:
    desk = Desk(Start(), minutes(10), Pause(), minutes(17))
    desk.do(Undo())
    assert (desk.timer.phase, desk.timer.completed_focus) == (SHORT, 1)
    assert (desk.timer.started_at, desk.left_ms) == (NOON + minutes(25), minutes(3))


def test_a_completion_clears_what_could_be_undone_and_redone() -> None:
    desk = Desk(Add(1_000), Start(), Pause(), Undo(), minutes(26))
    assert desk.timer.phase is SHORT
    assert (desk.do(Undo()), desk.do(Redo())) == (None, None)
