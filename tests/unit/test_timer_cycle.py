"""The phases of a timer, one after the other."""

import pytest

from tests.support.timers import FOCUS, LONG, RUNNING, SHORT, STOPPED
from tests.support.topics import NOON, Desk, minutes, timer_after
from timers.timer import Command, Configure, Phase, Settings, Skip, Start, complete

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
