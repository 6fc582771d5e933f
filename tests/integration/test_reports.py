"""What the processes tell each other of what they have counted, through a real Redis."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import orjson
import pytest
import redis
from django.conf import settings

from tests.support.metrics import Scrape
from timers import reports, topics
from timers.figures import ProcessFigures, ShardFigures, SiteFigures, WebFigures, WorkerFigures
from tomato.redis import connect

pytestmark = pytest.mark.usefixtures("empty_redis")

SITE = SiteFigures(1, 2, 0, 0.0)


@asynccontextmanager
async def told() -> AsyncIterator[Any]:
    """A way for processes to tell; call it with nothing to read what all have told."""
    async with connect(settings.TOMATO.redis_url) as client:

        async def tell(process: str | None = None, figures: ProcessFigures | None = None, **shards: int) -> Scrape:
            if process is not None and figures is not None:
                held = {int(name.removeprefix("shard")): holding(people) for name, people in shards.items()}
                role = "worker" if isinstance(figures, WorkerFigures) else "web"
                await reports.write(client, reports.report(process, role, figures, held))
            return Scrape(reports.exposition(SITE, await reports.read(client)).decode())

        yield tell


def holding(people: int) -> ShardFigures:
    return ShardFigures(1, people, Counter(room=people), Counter({("room", "running"): people}))


async def test_the_figures_of_several_web_processes_add_up() -> None:
    async with told() as tell:
        await tell("one", WebFigures(sent=3, sockets=Counter(room=2), closed=Counter({"1001": 1})))
        scrape = await tell("two", WebFigures(sent=4, sockets=Counter(room=1, solo=5)))
    assert scrape.total("tomato_messages_sent_total") == 7
    assert scrape.total("tomato_messages_sent_total", process="two", role="web") == 4
    assert scrape.total("tomato_sockets", kind="room") == 3
    assert scrape.total("tomato_sockets_closed_total", code="1001") == 1


async def test_a_process_is_read_as_it_was_last() -> None:
    async with told() as tell:
        figures = WebFigures(received=1)
        await tell("one", figures)
        figures.received += 1
        figures.joins.add(3)
        scrape = await tell("one", figures)
    assert scrape.total("tomato_messages_received_total") == 2
    assert scrape.total("tomato_join_seconds_count") == 1


async def test_lateness_and_outcomes_come_through_as_they_were_counted() -> None:
    async with told() as tell:
        figures = WorkerFigures(ticks=5, ticks_unheard=1)
        figures.lateness.add(4.2, times=4)
        figures.commands["timer:start", "applied"] += 2
        scrape = await tell("worker", figures)
    assert scrape.total("tomato_tick_lateness_seconds_bucket", le="0.002") == 0
    assert scrape.total("tomato_tick_lateness_seconds_bucket", le="0.005") == 4
    assert scrape.total("tomato_commands_total", type="timer:start", outcome="applied", role="worker") == 2


async def test_every_worker_tells_of_its_own_shards() -> None:
    async with told() as tell:
        await tell("one", WorkerFigures(), shard0=10, shard1=20)
        scrape = await tell("two", WorkerFigures(), shard2=5)
    assert scrape.total("tomato_people", kind="room") == 35
    assert scrape.total("tomato_people", process="one") == 30
    assert scrape.total("tomato_shards") == 3


async def test_a_shard_that_was_handed_over_counts_once_where_it_is_now() -> None:
    async with told() as tell:
        await tell("one", WorkerFigures(), shard0=10, shard1=20)
        scrape = await tell("two", WorkerFigures(), shard1=21)
        assert scrape.total("tomato_people") == 31
        assert scrape.total("tomato_timers", status="running") == 31
        assert scrape.total("tomato_shards", process="one") == 1
        scrape = await tell("one", WorkerFigures(), shard0=11)
    assert scrape.total("tomato_people") == 32


async def test_a_shard_of_a_worker_that_died_counts_until_another_tells_of_it() -> None:
    async with told() as tell:
        scrape = await tell("dead", WorkerFigures(), shard0=10)
        assert scrape.total("tomato_people") == 10
        scrape = await tell("heir", WorkerFigures(), shard0=9)
    assert scrape.total("tomato_people") == 9


async def test_who_is_silent_is_told_of_no_more(empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    async with told() as tell:
        await tell("one", WebFigures(sent=3))
        assert 0 < empty_redis.pttl(topics.report_key("one")) <= reports.KEPT_MS
        monkeypatch.setattr(reports, "KEPT_MS", 1)
        empty_redis.pexpire(topics.report_key("one"), 0)
        scrape = await tell()
        assert scrape.total("tomato_messages_sent_total") is None
        await tell("two", WebFigures())
    names = empty_redis.zrange(topics.REPORTS_KEY, 0, -1)
    assert names == [b"two"], "the list of processes is cut by whoever writes"


async def test_nobody_has_told_anything_yet() -> None:
    async with told() as tell:
        scrape = await tell()
    assert scrape.total("tomato_workers") == 2
    assert scrape.total("tomato_sockets") is None


async def test_what_a_newer_release_tells_besides_is_left_out() -> None:
    async with connect(settings.TOMATO.redis_url) as client:
        newer = asdict(reports.report("one", "web", WebFigures(sent=3)))
        newer["samples"]["tomato_from_the_future"] = [[[], 1]]
        async with told() as tell:
            await tell("one", WebFigures())
            await client.set(topics.report_key("one"), orjson.dumps({**newer, "from_the_future": 1}))
            scrape = await tell("two", WebFigures(sent=4))
    assert scrape.total("tomato_messages_sent_total") == 7
