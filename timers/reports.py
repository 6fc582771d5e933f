"""Where the processes tell each other what they have counted, so that any web process can show the figures of all.

A process writes its report to Redis every few seconds, beside what it writes anyway. It is gone when the process has been
silent for `KEPT_MS`. What a shard holds is told by its owner only: of two that tell of it, during a hand-over or after a
death, the later is right.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from timers import topics
from timers.figures import ProcessFigures, ShardFigures, SiteFigures, WebFigures, WorkerFigures
from tomato import metrics
from tomato.metrics import Sample

KEPT_MS = 20_000
TOLD_AT_MOST_EVERY_S = 0.5
REPORT = "report"
DESCRIPTIONS = metrics.descriptions(WebFigures, WorkerFigures, ShardFigures)
SITE_DESCRIPTIONS = metrics.descriptions(SiteFigures)

# The report, and the process among those that have lately written one.
WRITE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[3])
"""

Samples = dict[str, list[Sample]]
Hear = Callable[[str, Callable[[dict[str, Any]], None]], Awaitable[None]]
"""Has a function called with all that is said to a group."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one process has counted, and what it sees of each shard that it owns."""

    process: str
    role: str
    samples: Samples
    shards: Mapping[str, Samples] = field(default_factory=dict)


def report(
    process: str, role: str, figures: ProcessFigures, shards: Mapping[int, ShardFigures] | None = None
) -> Report:
    figures.settle()
    held = {str(number): metrics.samples(shard) for number, shard in (shards or {}).items()}
    return Report(process, role, metrics.samples(figures), held)


async def write(redis: Redis, report: Report) -> None:
    """Raises `RedisError` or `OSError` when Redis is away."""
    client: Any = redis
    keys = [topics.report_key(report.process), topics.REPORTS_KEY]
    await client.eval(WRITE, len(keys), *keys, report.process, orjson.dumps(report), KEPT_MS)


async def tell_when_asked(hear: Hear, tell: Callable[[], Awaitable[None]]) -> None:
    """Reports anew when somebody looks, so that they see figures of this second. Without end."""
    asked = asyncio.Event()
    await hear(topics.REPORTERS, lambda _: asked.set())
    while True:
        await asked.wait()
        asked.clear()
        with suppress(RedisError, OSError):  # whoever looks asks again
            await tell()
        await asyncio.sleep(TOLD_AT_MOST_EVERY_S)


async def ask(layer: Any) -> None:
    """All processes are to report now. Raises `RedisError` or `OSError` when Redis is away."""
    await layer.group_send(topics.REPORTERS, {"type": REPORT})


async def read(redis: Redis) -> list[Report]:
    """The reports of all processes that live, the oldest first. Raises `RedisError` or `OSError` when Redis is away."""
    client: Any = redis
    processes = [process.decode() for process in await client.zrange(topics.REPORTS_KEY, 0, -1)]
    if not processes:
        return []
    written = await client.mget([topics.report_key(process) for process in processes])
    return [_read(orjson.loads(text)) for text in written if text is not None]


def _read(written: dict[str, Any]) -> Report:
    """Without what a newer release has to tell besides."""
    return Report(**{one.name: written[one.name] for one in fields(Report) if one.name in written})


def exposition(site: SiteFigures, reports: list[Report]) -> bytes:
    """All figures in Prometheus' text format; of `reports` the later are the newer."""
    whole = metrics.exposition(SITE_DESCRIPTIONS, (), {(): metrics.samples(site)})
    return whole + metrics.exposition(DESCRIPTIONS, ("process", "role"), told(reports))


def told(reports: list[Report]) -> dict[tuple[str, str], Samples]:
    """What each process has told, by its name and role, with what its shards hold; of `reports` the later are the newer."""
    owners = {shard: report.process for report in reports for shard in report.shards}
    return {(report.process, report.role): {**report.samples, **_held(report, owners)} for report in reports}


def _held(report: Report, owners: Mapping[str, str]) -> Samples:
    """What the shards hold together of which this process told last."""
    sums: dict[str, Counter[tuple[str, ...]]] = {}
    for shard, samples in report.shards.items():
        if owners[shard] == report.process:
            for name, some in samples.items():
                for labels, number in some:
                    sums.setdefault(name, Counter())[tuple(labels)] += number
    return {name: [([*labels], number) for labels, number in numbers.items()] for name, numbers in sums.items()}
