"""Counting, and what was counted as Prometheus reads it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.support.metrics import Scrape
from tomato.metrics import BUCKETS_MS, Histogram, counter, descriptions, exposition, gauge, histogram, samples


@dataclass
class Kitchen:
    cups: int = counter("cups_total", "Cups that were filled.")
    orders: Counter[tuple[str, str]] = counter("orders_total", "Orders.", "drink", "outcome")
    guests: Counter[str] = gauge("guests", "Guests who sit.", "table")
    closes_in_s: float | None = gauge("closes_in_seconds", "When we close.")
    brewing: Histogram = histogram("brewing_seconds", "How long a cup took.")


def scraped(**kitchens: Kitchen) -> Scrape:
    """What Prometheus reads of some kitchens whose figures have been on a journey as JSON."""
    told = {(name,): json.loads(json.dumps(samples(kitchen))) for name, kitchen in kitchens.items()}
    return Scrape(exposition(descriptions(Kitchen), ("kitchen",), told).decode())


def test_each_figure_is_told_as_what_it_is() -> None:
    assert scraped(one=Kitchen()).types == {
        "cups": "counter",
        "orders": "counter",
        "guests": "gauge",
        "closes_in_seconds": "gauge",
        "brewing_seconds": "histogram",
    }


def test_figures_are_told_apart_by_who_told_them() -> None:
    scrape = scraped(one=Kitchen(cups=3), two=Kitchen(cups=4))
    assert scrape.total("cups_total", kitchen="one") == 3
    assert scrape.total("cups_total") == 7


def test_a_figure_with_labels_has_a_series_for_each_of_their_values() -> None:
    kitchen = Kitchen()
    kitchen.orders["tea", "served"] += 2
    kitchen.orders["tea", "spilled"] += 1
    kitchen.guests["by the window"] += 5
    scrape = scraped(one=kitchen)
    assert scrape.total("orders_total", drink="tea") == 3
    assert scrape.total("orders_total", outcome="spilled") == 1
    assert scrape.total("guests", table="by the window") == 5


def test_what_is_not_known_is_not_told() -> None:
    assert scraped(one=Kitchen(closes_in_s=None)).total("closes_in_seconds") is None
    assert scraped(one=Kitchen(closes_in_s=0.5)).total("closes_in_seconds") == 0.5


def test_a_histogram_counts_up_to_each_bound_and_the_bound_is_within() -> None:
    kitchen = Kitchen()
    for ms in (0.4, 1, 1.1, 50, 5_000):
        kitchen.brewing.add(ms)
    scrape = scraped(one=kitchen)
    assert scrape.total("brewing_seconds_bucket", le="0.001") == 2
    assert scrape.total("brewing_seconds_bucket", le="0.002") == 3
    assert scrape.total("brewing_seconds_bucket", le="0.05") == 4
    assert scrape.total("brewing_seconds_bucket", le="1.0") == 4
    assert scrape.total("brewing_seconds_bucket", le="+Inf") == 5
    assert scrape.total("brewing_seconds_count") == 5
    assert scrape.total("brewing_seconds_sum") == 5.0525


def test_many_of_one_length_are_one_addition() -> None:
    together, apart = Histogram(), Histogram()
    together.add(7, times=3)
    for _ in range(3):
        apart.add(7)
    together.add(9, times=0)
    assert together.sample() == apart.sample()


def test_the_bounds_of_a_histogram_are_those_of_the_promises() -> None:
    assert BUCKETS_MS == (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def test_a_figure_that_nobody_here_knows_is_left_out() -> None:
    told: Any = {("newer",): {"cups_total": [([], 2)], "saucers_total": [([], 9)]}}
    scrape = Scrape(exposition(descriptions(Kitchen), ("kitchen",), told).decode())
    assert scrape.total("cups_total") == 2
    assert scrape.total("saucers_total") is None


def test_what_several_kinds_count_is_described_once() -> None:
    @dataclass
    class Bar(Kitchen):
        glasses: int = counter("glasses_total", "Glasses that were filled.")

    names = [description.name for description in descriptions(Kitchen, Bar)]
    assert len(names) == len(set(names)) == 6
