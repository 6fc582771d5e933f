"""One shard and time: what ends at its instant, and what ended while nobody owned the shard."""

from __future__ import annotations

import pytest
import redis

from tests.support.shards import ROOM, SOLO, by_v, running_since, stage
from tests.support.sockets import a_socket
from tests.support.topics import room_with, seconds
from tests.support.waiting import eventually_async
from timers.shard import MOST_AT_ONCE
from timers.timer import Phase, Start
from timers.topic import Steer

pytestmark = pytest.mark.usefixtures("empty_redis", "long_leases")


async def test_phases_that_ended_without_an_owner_are_completed_in_order(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        scene = running_since(
            seconds(27), on.now(), length_ms=seconds(10), short_break_ms=seconds(5), auto_start_focus=True
        )
        await on.begins_with(scene)
        began = scene.now
        ana = await a_socket(on.web, SOLO)
        async with on.owner():
            await eventually_async(lambda: len(ana.told()) == 6)
        timer, completions = await on.timer(), on.completions()
    ends = [began + seconds(10), began + seconds(15), began + seconds(25)]
    assert [(done["phase"], done["round"], done["at"]) for done in completions] == [
        ("focus", 1, ends[0]),
        ("short_break", 1, ends[1]),
        ("focus", 2, ends[2]),
    ]
    assert [message["type"] for message in ana.told()] == ["timer:completed", "timer:state"] * 3
    assert [message["at"] for message in ana.told("timer:completed")] == ends
    assert (timer.phase, timer.started_at, timer.ends_at) == (Phase.SHORT_BREAK, ends[2], ends[2] + seconds(5))
    assert timer.completed_focus == 2


async def test_a_phase_ends_at_its_instant(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on, on.owner():
        ana = await a_socket(on.web, SOLO)
        await on.inbox.post(SOLO, Steer("ana", "solo", Start(250)))
        await eventually_async(lambda: ana.told("timer:completed"))
    [completed] = ana.told("timer:completed")
    [started, _] = ana.told("timer:state")
    assert completed["at"] == started["timer"]["ends_at"]
    assert 0 <= completed["now_at"] - completed["at"] < 200, "50 ms are promised, on a quiet machine"


async def test_a_long_absence_is_caught_up_with_in_steps(empty_redis: redis.Redis) -> None:
    absence_s = 1_000
    lengths = {"short_break_ms": 1_000, "long_break_ms": 1_000, "auto_start_focus": True}
    async with stage(empty_redis) as on:
        others = room_with("jun")
        scene = running_since(seconds(absence_s), on.now(), length_ms=1_000, **lengths)
        began = scene.now
        await on.begins_with(scene, others)
        ana = await a_socket(on.web, SOLO)
        async with on.owner():
            await eventually_async(lambda: len(ana.told("timer:completed")) >= absence_s)
        completions, topic = on.completions(), await on.store.read(SOLO)
    assert [done["at"] for done in completions] == [began + seconds(n) for n in range(1, len(completions) + 1)]
    assert len({done["completion"] for done in completions}) == len(completions) >= absence_s
    assert max(on.store.completed) == MOST_AT_ONCE
    assert list(by_v(ana.told())) == list(range(scene.topic.v + 1, topic.v + 1))


async def test_who_left_without_an_owner_is_gone_when_there_is_one(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        room = room_with("ana", "jun")
        room.leave("ana")
        await on.begins_with(room)
        jun = await a_socket(on.web, ROOM)
        async with on.owner():
            await eventually_async(lambda: jun.told("session:user-left"))
    assert [left["member"] for left in jun.told("session:user-left")] == ["ana"]
