"""One shard and its commands: each is committed, told and answered, and counts from when it was received."""

from __future__ import annotations

import pytest
import redis

from tests.support.shards import ROOM, SHARD, SOLO, arrival, running_since, stage
from tests.support.sockets import a_socket
from tests.support.topics import DAY_MS, minutes, room_with, seconds
from tests.support.waiting import eventually_async
from timers import topics
from timers.inbox import PATIENCE_MS
from timers.server_clock import ServerClock
from timers.timer import Add, Pause, Start, Status
from timers.topic import Rules, Steer

pytestmark = pytest.mark.usefixtures("empty_redis", "long_leases")

# Commands -------------------------------------------------------------------------------------------------------------


async def test_a_command_is_committed_told_and_answered(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on, on.owner():
        ana, jun = await a_socket(on.web, ROOM), await a_socket(on.web, ROOM)
        await on.inbox.post(ROOM, arrival(ana), reply_to=ana.channel)
        await eventually_async(ana.snapshots)
        assert ana.snapshots()[0]["you"]["member"] == "ana"

        order = Steer("ana", "room", Start(60_000), "id-1")
        await on.inbox.post(ROOM, order, reply_to=ana.channel, ref=7, patience_ms=PATIENCE_MS)
        await eventually_async(lambda: ana.acks() and jun.told("timer:state"))
        assert (await on.timer(ROOM, "room")).running
        assert on.cursor() is not None
    assert ana.acks() == [{"type": "ack", "id": "id-1", "v": 2, "changed": True}]
    assert [reply["ref"] for reply in ana.heard if "ack" in reply] == [7]
    [state] = jun.told("timer:state")
    assert (state["v"], state["action"], state["by"], state["timer"]["duration_ms"]) == (2, "start", "ana", 60_000)
    assert [message["v"] for message in jun.told()] == [1, 2]
    assert jun.acks() == []


async def test_an_id_that_comes_again_is_answered_again_and_applied_once(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on, on.owner():
        ana = await a_socket(on.web, ROOM)
        for _ in range(2):
            await on.inbox.post(ROOM, Steer("ana", "room", Add(60_000), "id-1"), reply_to=ana.channel)
        await eventually_async(lambda: len(ana.acks()) == 2)
        assert (await on.timer(ROOM, "room")).duration_ms == minutes(26)
    assert ana.acks()[0] == ana.acks()[1]
    assert len(ana.told("timer:state")) == 1


async def test_a_full_room_is_told_to_who_arrives(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        await on.begins_with(room_with("jun"))
        async with on.owner(rules=Rules(max_members=1, idle_ttl_ms=100 * DAY_MS)):
            ana = await a_socket(on.web, ROOM)
            await on.inbox.post(ROOM, arrival(ana), reply_to=ana.channel)
            await eventually_async(lambda: [reply for reply in ana.heard if reply.get("close") == 4429])
    assert ana.told() == []


async def test_an_unreadable_entry_is_passed_over(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on, on.owner():
        ana = await a_socket(on.web, ROOM)
        empty_redis.xadd(topics.commands_key(SHARD), {"junk": b"\xff"})
        await on.inbox.post(ROOM, Steer("ana", "room", Start(), "1"), reply_to=ana.channel)
        await eventually_async(ana.acks)


# Late commands --------------------------------------------------------------------------------------------------------


async def test_a_command_counts_from_when_it_was_received(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        scene = running_since(seconds(20), on.now(), length_ms=seconds(60))
        await on.begins_with(scene)
        at = on.received(seconds(8), SOLO, Steer("ana", "solo", Pause(), "1"), patience_ms=PATIENCE_MS)
        async with on.owner():
            await eventually_async(on.cursor)
        timer = await on.timer()
    ends_at = scene.timer().ends_at
    assert ends_at is not None
    assert (timer.status, timer.left_ms, timer.paused_at) == (Status.PAUSED, ends_at - at, at)


async def test_a_pause_in_time_stops_a_phase_that_would_have_ended_since(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        await on.begins_with(running_since(seconds(20), on.now(), length_ms=seconds(15)))
        on.received(seconds(8), SOLO, Steer("ana", "solo", Pause(), "1"), patience_ms=PATIENCE_MS)
        async with on.owner():
            await eventually_async(on.cursor)
        assert (await on.timer()).status is Status.PAUSED
        assert on.completions() == []


async def test_a_command_that_waited_too_long_is_dropped_and_its_neighbours_are_not(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        ana = await a_socket(on.web, SOLO)
        await on.begins_with(running_since(seconds(60), on.now(), length_ms=minutes(10)))
        late, patient = Steer("ana", "solo", Add(1_000), "late"), Steer("ana", "solo", Add(20_000), "patient")
        on.received(seconds(11), SOLO, late, reply_to=ana.channel, patience_ms=PATIENCE_MS)
        on.received(seconds(10.5), SOLO, patient, reply_to=ana.channel)
        async with on.owner():
            await eventually_async(ana.acks)
        assert (await on.timer()).duration_ms == minutes(10) + 20_000
    assert [ack["id"] for ack in ana.acks()] == ["patient"]
    assert len(ana.told()) == 1


async def test_lateness_is_judged_by_redis_and_not_by_the_owners_clock(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        await on.begins_with(running_since(seconds(60), on.now(), length_ms=minutes(10)))
        slow = ServerClock(on.client)
        await slow.sync()
        slow._offset_s -= 30
        on.received(seconds(11), SOLO, Steer("ana", "solo", Add(1_000), "late"), patience_ms=PATIENCE_MS)
        async with on.owner(clock=slow):
            await eventually_async(on.cursor)
        assert (await on.timer()).duration_ms == minutes(10)
    assert abs(slow.now() - on.now()) < seconds(1), "and the owner has set its clock"


# After too much waited ------------------------------------------------------------------------------------------------


async def test_after_commands_were_dropped_everybody_is_asked_who_is_there(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        await on.begins_with(room_with("ana", "jun"))
        empty_redis.set(topics.overrun_key(SHARD), 1)
        web = await a_socket(on.web, topics.PROCESSES)
        async with on.owner():
            await eventually_async(lambda: web.heard)
            await eventually_async(lambda: not empty_redis.exists(topics.overrun_key(SHARD)))

            async def nobody_is_connected() -> bool:
                return [person.sockets for person in (await on.store.read(ROOM)).people.values()] == [{}, {}]

            await eventually_async(nobody_is_connected)
    assert web.heard[0]["shard"] == SHARD


async def test_after_commands_were_dropped_the_rest_still_counts_from_its_receipt(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        await on.begins_with(running_since(seconds(20), on.now(), length_ms=seconds(15)))
        empty_redis.set(topics.overrun_key(SHARD), 1)
        at = on.received(seconds(8), SOLO, Steer("ana", "solo", Pause(), "1"), patience_ms=PATIENCE_MS)
        async with on.owner():
            await eventually_async(on.cursor)
            await eventually_async(lambda: on.cursor() != b"0-0")
        timer = await on.timer()
    assert (timer.status, timer.paused_at) == (Status.PAUSED, at)
