"""The figures above the table: how the site is, from what all processes report of themselves.

What is counted is shown as a rate, and what took time by its quantiles, over the last minute at most: the difference between
the oldest and the newest report of each process that this one has read. Of a process that was read once nothing is known yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from timers import process, reports, topics
from timers.leases import Census, census
from timers.reports import Samples
from tomato.metrics import BUCKETS_MS
from tomato.redis import servers_of

WINDOW_MS = 60_000

Teller = tuple[str, str]
"""A process and its role, `web` or `worker`."""
Told = tuple[int, Samples]
"""When something was reported, and what."""


@dataclass(frozen=True, slots=True)
class WorkerLine:
    process: str
    shards: int
    ticks_per_s: float | None
    lateness_p99_ms: float | None
    loop_lag_p99_ms: float | None


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """Of all its servers together."""

    used_bytes: int
    most_bytes: int
    persists: bool
    is_written: bool


@dataclass(frozen=True, slots=True)
class Tiles:
    """None is what cannot be known yet; milliseconds are the bound of a bucket, infinite above the last."""

    tabs: int
    people: int
    rooms: int
    running: int
    commands_per_s: float | None
    ticks_per_s: float | None
    lateness_p99_ms: float | None
    round_trip_p50_ms: float | None
    round_trip_p95_ms: float | None
    census: Census
    redis: RedisFacts
    workers: list[WorkerLine]


class History:
    """What processes have told of themselves, as far as it was read."""

    def __init__(self) -> None:
        self._told: dict[Teller, list[Told]] = {}

    def add(self, told: Mapping[Teller, Told]) -> None:
        """Who is not in it lives no more."""
        for teller, (at, samples) in told.items():
            known = [line for line in self._told.get(teller, ()) if at - WINDOW_MS <= line[0] < at]
            self._told[teller] = [*known, (at, samples)]
        self._told = {teller: self._told[teller] for teller in told}

    def rate(self, name: str, tellers: Iterable[Teller]) -> float | None:
        """How much was added to a counter in a second, whatever its labels."""
        rates = [
            (_total(samples, name) - _total(before, name)) * 1000 / (at - since)
            for (since, before), (at, samples) in self._spans(tellers)
        ]
        return sum(rates) if rates else None

    def quantile(self, name: str, share: float, tellers: Iterable[Teller]) -> float | None:
        """The bound in milliseconds below which that share lay; None when nothing happened."""
        spans = [
            (_buckets(before, name), _buckets(samples, name)) for (_, before), (_, samples) in self._spans(tellers)
        ]
        counts = [
            sum(column) for column in zip(*([b - a for a, b in zip(*span, strict=True)] for span in spans), strict=True)
        ]
        wanted, reached = share * sum(counts), 0
        for bound_ms, count in zip((*BUCKETS_MS, float("inf")), counts, strict=False):
            reached += count
            if count and reached >= wanted:
                return bound_ms
        return None

    def _spans(self, tellers: Iterable[Teller]) -> list[tuple[Told, Told]]:
        told = (self._told.get(teller, []) for teller in tellers)
        return [(lines[0], lines[-1]) for lines in told if len(lines) > 1]


async def read(history: History) -> Tiles:
    """Raises `RedisError` or `OSError` when Redis is away."""
    here = process.current()
    await reports.ask(here.layer)
    workers, facts = await census(here.redis, settings.TOMATO.shards), await _redis_facts()
    found = await reports.read(here.redis)
    redis: Any = here.redis
    written_at = dict(await redis.zrange(topics.REPORTS_KEY, 0, -1, withscores=True))
    told = {
        (teller, role): (int(written_at.get(teller.encode(), 0)), samples)
        for (teller, role), samples in reports.told(found).items()
    }
    history.add(told)
    return _tiles(history, {teller: samples for teller, (_, samples) in told.items()}, workers, facts)


def _tiles(history: History, told: Mapping[Teller, Samples], workers: Census, redis: RedisFacts) -> Tiles:
    working = [teller for teller in told if teller[1] == "worker"]
    serving = [teller for teller in told if teller[1] == "web"]
    return Tiles(
        tabs=_sum(told, "tomato_sockets"),
        people=_sum(told, "tomato_people"),
        rooms=_sum(told, "tomato_rooms"),
        running=_sum(told, "tomato_timers", "running"),
        commands_per_s=history.rate("tomato_commands_total", told),
        ticks_per_s=history.rate("tomato_ticks_total", working),
        lateness_p99_ms=history.quantile("tomato_tick_lateness_seconds", 0.99, working),
        round_trip_p50_ms=history.quantile("tomato_command_seconds", 0.5, serving),
        round_trip_p95_ms=history.quantile("tomato_command_seconds", 0.95, serving),
        census=workers,
        redis=redis,
        workers=[_worker(history, teller, told[teller]) for teller in working],
    )


def _worker(history: History, teller: Teller, samples: Samples) -> WorkerLine:
    return WorkerLine(
        process=teller[0],
        shards=_total(samples, "tomato_shards"),
        ticks_per_s=history.rate("tomato_ticks_total", [teller]),
        lateness_p99_ms=history.quantile("tomato_tick_lateness_seconds", 0.99, [teller]),
        loop_lag_p99_ms=history.quantile("tomato_loop_lag_seconds", 0.99, [teller]),
    )


async def _redis_facts() -> RedisFacts:
    servers = await servers_of(process.current().redis)
    return RedisFacts(
        used_bytes=sum(server["used_memory"] for server in servers),
        most_bytes=sum(server.get("maxmemory", 0) for server in servers),
        persists=all(server["aof_enabled"] for server in servers),
        is_written=all(server.get("aof_last_write_status", "ok") == "ok" for server in servers),
    )


def _sum(told: Mapping[Teller, Samples], name: str, label: str | None = None) -> int:
    return sum(_total(samples, name, label) for samples in told.values())


def _total(samples: Samples, name: str, label: str | None = None) -> int:
    return sum(number for labels, number in samples.get(name, ()) if label is None or label in labels)


def _buckets(samples: Samples, name: str) -> list[int]:
    """How many fell into each bucket."""
    for _, (_, *counts) in samples.get(name, ()):
        return counts
    return [0] * (len(BUCKETS_MS) + 1)
