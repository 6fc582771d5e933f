"""What a worker counts while it works, on a real Redis."""

from __future__ import annotations

import pytest
import redis

from tests.support.waiting import eventually_async
from tests.support.workers import ROOM, SHARD, a_worker
from timers import topics
from timers import worker as worker_module
from timers.leases import Leases
from timers.timer import Pause, Start

pytestmark = pytest.mark.usefixtures("empty_redis")


async def test_ticks_count_once_each_with_how_late_they_were_heard() -> None:
    async with a_worker() as desk:
        await desk.comes("ana", ROOM)
        await desk.presses(Start())
        await eventually_async(lambda: desk.figures.ticks >= 2)
        assert desk.figures.ticks_unheard == 0
        assert sum(desk.figures.lateness.counts) == desk.figures.ticks
        assert 0 < desk.figures.lateness.sum_ms / desk.figures.ticks < 1_000
        assert sum(desk.figures.publishing.counts) > desk.figures.ticks


async def test_a_tick_that_nobody_hears_is_late_for_nobody() -> None:
    async with a_worker() as desk:
        await desk.comes("ana")
        await desk.presses(Start())
        await eventually_async(lambda: desk.figures.ticks_unheard)
        assert desk.figures.ticks == 1
        assert sum(desk.figures.lateness.counts) == 0


async def test_commands_count_once_they_are_committed() -> None:
    async with a_worker() as desk:
        await desk.comes("ana", ROOM)
        await desk.presses(Start(), Start(), Pause())
        await eventually_async(lambda: desk.figures.commands["timer:pause", "applied"])
    assert desk.figures.commands == {
        ("timer:start", "applied"): 1,
        ("timer:start", "unchanged"): 1,
        ("timer:pause", "applied"): 1,
    }


async def test_a_lease_counts_when_it_is_taken_lost_and_handed_over(empty_redis: redis.Redis) -> None:
    async with a_worker() as desk:
        empty_redis.delete(topics.lease_key(SHARD))
        await eventually_async(lambda: desk.figures.leases["taken"] == 2)
        assert desk.figures.leases["lost"] == 1
    assert desk.figures.leases == {"taken": 2, "lost": 1, "handed_over": 1}


async def test_it_tells_of_all_that_with_the_roll_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "ROLL_CALL_EVERY_S", 0.1)
    async with a_worker() as desk:
        await desk.comes("ana", ROOM)
        await desk.presses(Start())

        async def is_told() -> bool:
            scrape = await desk.told()
            return scrape.total("tomato_timers", kind="room", status="running") == 1

        await eventually_async(is_told)
        scrape = await desk.told()
    assert scrape.total("tomato_people", role="worker") == 1
    assert scrape.total("tomato_shards") == 1
    assert scrape.total("tomato_cpu_seconds_total")
    assert scrape.total("tomato_redis_errors_total", server="timers") == 0


async def test_a_worker_that_stops_takes_no_share_of_what_it_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    give_back = Leases.give_back

    async def look_and_give_back(leases: Leases, shard: int) -> None:
        counted.append(await leases.redis.zcard(topics.WORKERS_KEY))
        await give_back(leases, shard)

    monkeypatch.setattr(Leases, "give_back", look_and_give_back)
    async with a_worker():
        pass
    assert counted == [0]
