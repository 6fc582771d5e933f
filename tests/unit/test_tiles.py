"""What is made of the reports of processes: rates and quantiles over a while, of those that live."""

from typing import Any

import pytest

from operators.tiles import WINDOW_MS, History
from timers.reports import Samples

WORKER, ANOTHER = ("one", "worker"), ("two", "worker")


def ticks(*counts: int) -> Samples:
    return {"tomato_ticks_total": [(["some", str(number)], count) for number, count in enumerate(counts)]}


def took(**counts: int) -> Samples:
    """How often which bound held, by its milliseconds: `ms5=3`."""
    bounds = [f"ms{ms}" for ms in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)] + ["more"]
    return {"tomato_loop_lag_seconds": [([], [0.0, *(counts.get(bound, 0) for bound in bounds)])]}


def history(*told: dict[Any, Any]) -> History:
    kept = History()
    for each in told:
        kept.add(each)
    return kept


def test_a_rate_is_what_was_added_in_a_second_by_all_and_whatever_the_label() -> None:
    kept = history(
        {WORKER: (0, ticks(10, 5)), ANOTHER: (1_000, ticks(0))},
        {WORKER: (5_000, ticks(20, 20)), ANOTHER: (6_000, ticks(50))},
    )
    assert kept.rate("tomato_ticks_total", [WORKER]) == pytest.approx(5)
    assert kept.rate("tomato_ticks_total", [WORKER, ANOTHER]) == pytest.approx(15)


def test_of_one_report_nothing_is_known_yet() -> None:
    kept = history({WORKER: (0, ticks(10))}, {WORKER: (0, ticks(10))})
    assert kept.rate("tomato_ticks_total", [WORKER]) is None
    assert kept.quantile("tomato_loop_lag_seconds", 0.5, [WORKER]) is None


def test_only_the_last_minute_counts() -> None:
    kept = history(
        {WORKER: (0, ticks(0))}, {WORKER: (5_000, ticks(1_000))}, {WORKER: (WINDOW_MS + 5_000, ticks(1_600))}
    )
    assert kept.rate("tomato_ticks_total", [WORKER]) == pytest.approx(10)


def test_who_is_not_told_of_any_more_is_forgotten() -> None:
    kept = history({WORKER: (0, ticks(0))}, {ANOTHER: (0, ticks(0))}, {WORKER: (5_000, ticks(100))})
    assert kept.rate("tomato_ticks_total", [WORKER]) is None


@pytest.mark.parametrize(("share", "bound"), [(0.5, 5), (0.9, 5), (0.91, 1000), (0.99, 1000), (1, float("inf"))])
def test_a_quantile_is_the_bound_of_its_bucket(share: float, bound: float) -> None:
    kept = history({WORKER: (0, took(ms1=7))}, {WORKER: (5_000, took(ms1=7, ms5=900, ms1000=99, more=1))})
    assert kept.quantile("tomato_loop_lag_seconds", share, [WORKER]) == bound


def test_where_nothing_happened_there_is_no_quantile() -> None:
    kept = history({WORKER: (0, took(ms1=7))}, {WORKER: (5_000, took(ms1=7))})
    assert kept.quantile("tomato_loop_lag_seconds", 0.5, [WORKER]) is None
