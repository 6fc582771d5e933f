"""One shard under one owner after another: nothing is lost or done twice, wherever an owner dies or sleeps."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from tests.support.shards import POINTS, ROOM, SHARD, SOLO, Crash, Fuse, Owner, arrival, by_v, running_since, stage
from tests.support.sockets import a_socket
from tests.support.topics import minutes, seconds
from tests.support.waiting import eventually_async
from timers import leases as leases_module
from timers import topics
from timers.shard import LeaseLost
from timers.timer import Add, Pause, Phase
from timers.topic import Steer

pytestmark = pytest.mark.usefixtures("empty_redis", "long_leases")

# A Redis that forgets -------------------------------------------------------------------------------------------------


async def test_when_redis_has_lost_its_last_moments_everybody_is_to_look_again(empty_redis: redis.Redis) -> None:
    """The channel layer may be on another server, which has noticed nothing."""
    async with stage(empty_redis) as on:
        await on.begins_with(running_since(seconds(1), on.now(), length_ms=minutes(10)))
        key = topics.state_key(SHARD, SOLO)
        before: Any = empty_redis.dump(key)
        async with on.owner() as owner:
            await eventually_async(lambda: owner.shard.is_loaded)
            await on.inbox.post(SOLO, Steer("ana", "solo", Pause()))
            await eventually_async(lambda: not owner.shard.topics[SOLO].timer("solo").timer.running)
            assert not owner.shard.is_unheard
            empty_redis.restore(key, 0, before, replace=True)
            empty_redis.client_kill_filter(_type="normal")
            await eventually_async(lambda: owner.shard.is_unheard)
            assert owner.shard.topics[SOLO].timer("solo").timer.running


# Crashes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("time", [1, 2], ids=["completion", "command"])
async def test_a_crash_repeats_nothing_and_loses_nothing(empty_redis: redis.Redis, point: str, time: int) -> None:
    """A phase ended while no owner lived; then came an arrival and a command. The first owner dies at either commit."""
    async with stage(empty_redis) as on:
        scene = running_since(seconds(9), on.now(), length_ms=seconds(5))
        await on.begins_with(scene)
        jun, ana = await a_socket(on.web, SOLO), await a_socket(on.web, SOLO)
        await on.inbox.post(SOLO, arrival(ana), reply_to=ana.channel)
        await on.inbox.post(SOLO, Steer("ana", "solo", Add(seconds(60)), "id-1"), reply_to=ana.channel, ref=1)
        fuse = Fuse(point, time)
        async with on.owner(reach=fuse) as first:
            await first.dies(Crash)
        assert fuse.reached[point] == time
        async with on.owner():
            await eventually_async(lambda: ana.acks() and ana.snapshots())
            await on.inbox.post(SOLO, Steer("ana", "solo", Pause(), "last"), reply_to=ana.channel)
            await eventually_async(lambda: [ack for ack in ana.acks() if ack["id"] == "last"])
        topic = await on.store.read(SOLO)
        completions = on.completions()

    timer = topic.timer("solo").timer
    assert (timer.phase, timer.duration_ms, timer.completed_focus) == (Phase.SHORT_BREAK, minutes(5) + seconds(60), 1)
    assert [completion["timer_id"] for completion in completions] == ["solo"]
    told = by_v(jun.told())
    assert list(told) == list(range(scene.topic.v + 1, topic.v + 1)), "each version is told, and first in its order"
    assert {message["completion"] for message in jun.told("timer:completed")} == {completions[0]["completion"]}
    assert {state["action"] for state in jun.told("timer:state")} == {"complete", "add", "pause"}
    add = next(state["v"] for state in told.values() if state.get("action") == "add")
    acks = [ack for ack in ana.acks() if ack["id"] == "id-1"]
    assert acks == [{"type": "ack", "id": "id-1", "v": add, "changed": True}] * len(acks)


async def test_what_was_committed_but_not_told_is_told_with_the_time_it_then_is(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        await on.begins_with(running_since(seconds(1), on.now(), length_ms=minutes(10)))
        jun = await a_socket(on.web, SOLO)
        await on.inbox.post(SOLO, Steer("ana", "solo", Add(1_000)))
        async with on.owner(reach=Fuse("after-commit")) as first:
            await first.dies(Crash)
        assert jun.told() == []
        committed_at = on.now()
        async with on.owner():
            await eventually_async(jun.told)
    [state] = jun.told("timer:state")
    assert state["now_at"] >= committed_at
    assert state["timer"]["remaining_ms"] == state["timer"]["ends_at"] - state["now_at"]


# Owners and leases ----------------------------------------------------------------------------------------------------


async def test_an_owner_that_slept_through_its_lease_changes_nothing(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        scene = running_since(seconds(1), on.now(), length_ms=minutes(10))
        await on.begins_with(scene)
        jun = await a_socket(on.web, SOLO)
        async with on.owner() as paused:
            await eventually_async(lambda: paused.shard.topics)
            on.lease_runs_out()
            empty_redis.set(topics.lease_key(SHARD), "other:1")
            await on.inbox.post(SOLO, Steer("ana", "solo", Pause()))
            await paused.dies(LeaseLost)
        assert await on.store.read(SOLO) == scene.topic
        assert (on.cursor(), jun.told()) == (None, [])
        on.lease_runs_out()
        async with on.owner():
            await eventually_async(jun.told)
        assert [state["action"] for state in jun.told("timer:state")] == ["pause"]


async def test_an_owner_whose_lease_may_have_run_out_says_nothing(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        await on.begins_with(running_since(seconds(1), on.now(), length_ms=minutes(10)))
        jun = await a_socket(on.web, SOLO)
        owners: list[Owner] = []

        def sleep_long(point: str) -> None:
            if point == "after-commit":
                owners[0].shard.lease.renewed_at -= leases_module.LEASE_MS

        async with on.owner(reach=sleep_long) as paused:
            owners.append(paused)
            await on.inbox.post(SOLO, Steer("ana", "solo", Pause()))
            await paused.dies(LeaseLost)
        assert jun.told() == []
        async with on.owner():
            await eventually_async(jun.told)
        assert [state["action"] for state in jun.told("timer:state")] == ["pause"]


async def test_an_owner_that_stops_leaves_nothing_half_done(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        ana = await a_socket(on.web, ROOM)
        ids = [str(number) for number in range(100)]
        for some in (ids[:20], ids[20:40], ids[40:60], ids[60:80], ids[80:]):
            async with on.owner() as owner:
                for id in some:
                    await on.inbox.post(ROOM, Steer("ana", "room", Add(1), id), reply_to=ana.channel)
                owner.shard.stop()
        async with on.owner():
            await eventually_async(lambda: {ack["id"] for ack in ana.acks()} == set(ids))
        assert (await on.timer(ROOM, "room")).duration_ms == minutes(25) + len(ids)
    assert list(by_v(ana.told())) == list(range(1, len(ids) + 1))
