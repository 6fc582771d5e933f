"""Counting, and what was counted as Prometheus reads it. Knows nothing of timers, sockets or Redis.

What a process counts are the fields of a dataclass, made by `counter`, `gauge` and `histogram`: each says in one place how it
is called outside. Where something happens a figure is only added to; it is read when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from itertools import accumulate
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
BUCKETS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
BOUNDS_S = (*(str(ms / 1000) for ms in BUCKETS_MS), "+Inf")

Sample = tuple[list[str], Any]
"""The values of the labels, and a number, or what `Histogram.sample` gives."""
Samples = Mapping[str, Iterable[Sample]]
"""By the name of the metric. All of it can be written as JSON."""


class Histogram:
    """How long things took."""

    __slots__ = ("counts", "sum_ms")

    def __init__(self) -> None:
        self.counts = [0] * len(BOUNDS_S)
        self.sum_ms = 0.0

    def add(self, ms: float, times: int = 1) -> None:
        self.counts[bisect_left(BUCKETS_MS, ms)] += times
        self.sum_ms += ms * times

    def sample(self) -> list[float]:
        return [self.sum_ms, *self.counts]


@dataclass(frozen=True, slots=True)
class Description:
    """How a figure is called outside, and what it says."""

    name: str
    help: str
    labels: tuple[str, ...]
    family: Any


def counter(name: str, help: str, *labels: str) -> Any:
    """A number that only rises; with labels a `Counter` of their values, of which several are a tuple."""
    return _figure(Description(name, help, labels, CounterMetricFamily), Counter if labels else int)


def gauge(name: str, help: str, *labels: str) -> Any:
    """A number as it is at the moment; with labels as for `counter`."""
    return _figure(Description(name, help, labels, GaugeMetricFamily), Counter if labels else int)


def histogram(name: str, help: str) -> Any:
    return _figure(Description(name, help, (), HistogramMetricFamily), Histogram)


def _figure(description: Description, make: Any) -> Any:
    return field(default_factory=make, metadata={"description": description})


def descriptions(*kinds: type) -> list[Description]:
    """Of all figures of some dataclasses, each once."""
    found = (_description(one) for kind in kinds for one in fields(kind))
    return list({description.name: description for description in found}.values())


def samples(figures: Any) -> dict[str, list[Sample]]:
    """All figures of a dataclass as they are now."""
    return {_description(one).name: list(_samples(getattr(figures, one.name))) for one in fields(figures)}


def _samples(value: Any) -> Iterator[Sample]:
    if isinstance(value, Histogram):
        yield [], value.sample()
    elif isinstance(value, Mapping):
        yield from (([*key] if isinstance(key, tuple) else [key], number) for key, number in value.items())
    elif value is not None:
        yield [], value


def _description(one: Field[Any]) -> Description:
    description: Description = one.metadata["description"]
    return description


# As Prometheus reads it -----------------------------------------------------------------------------------------------


def exposition(described: Iterable[Description], labels: tuple[str, ...], told: Mapping[Any, Samples]) -> bytes:
    """What was told by each of several, who are told apart by `labels`: their values are the keys of `told`. A figure that is
    not described is left out."""
    return generate_latest(_Families([_family(description, labels, told) for description in described]))


class _Families(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _family(description: Description, labels: tuple[str, ...], told: Mapping[Any, Samples]) -> Metric:
    family = description.family(description.name, description.help, labels=(*labels, *description.labels))
    for teller, figures in told.items():
        for values, value in figures.get(description.name, ()):
            if description.family is HistogramMetricFamily:
                sum_ms, *counts = value
                buckets = list(zip(BOUNDS_S, accumulate(counts), strict=True))
                family.add_metric((*teller, *values), buckets, sum_ms / 1000)
            else:
                family.add_metric((*teller, *values), value)
    return family
