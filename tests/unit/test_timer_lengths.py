"""How long the phases of a timer are, whatever is added, configured or chosen."""

import pytest

from tests.support.timers import FOCUS, LONG, PAUSED, SHORT, SITUATIONS, STOPPED
from tests.support.topics import DAY_MS, Desk, minutes, timer_after
from timers.timer import Action, Add, Command, Configure, Pause, Phase, Reset, SetPhase, Settings, Skip, Start

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
