"""One shard and people: who may do what, who knocks, and what was done offline, whoever owns the shard."""

from __future__ import annotations

import pytest
import redis

from tests.support.shards import POINTS, ROOM, SOLO, Crash, Fuse, arrival, by_v, stage
from tests.support.sockets import a_socket
from tests.support.topics import minutes, room_with, seconds
from tests.support.waiting import eventually_async
from timers import steering
from timers.timer import Command as Order
from timers.timer import Pause, Start
from timers.topic import Control, Steer

pytestmark = pytest.mark.usefixtures("empty_redis", "long_leases")


async def test_who_may_not_is_told_so_with_or_without_an_id(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        room = room_with("ana", "jun")
        room.hand_over("ana", "ana")
        room.configure("ana", control=Control.NAMED)
        await on.begins_with(room)
        async with on.owner():
            jun = await a_socket(on.web, ROOM)
            for ref, id in enumerate([None, "id-1"], start=1):
                await on.inbox.post(ROOM, Steer("jun", "room", Start(), id), reply_to=jun.channel, ref=ref)
            await eventually_async(lambda: len(jun.acks()) == 2)
        assert not (await on.timer(ROOM, "room")).running
    assert [(answer["type"], answer["code"], answer.get("id")) for answer in jun.acks()] == [
        ("error", "forbidden", None),
        ("error", "forbidden", "id-1"),
    ]
    assert [reply["ref"] for reply in jun.heard if "ack" in reply] == [1, 2]
    assert jun.told() == []


@pytest.mark.parametrize("point", POINTS)
async def test_a_knock_that_waits_outlives_its_worker_and_is_told_once(empty_redis: redis.Redis, point: str) -> None:
    async with stage(empty_redis) as on:
        room = room_with()
        room.now = on.now() - seconds(9)
        room.arrive("ana")
        room.arrive("jun")
        room.press("jun", Start(seconds(5)), timer="jun")
        room.knock("ana", "jun")
        await on.begins_with(room)
        watcher = await a_socket(on.web, ROOM)
        async with on.owner(reach=Fuse(point)) as first:
            await first.dies(Crash)
        async with on.owner():
            await eventually_async(lambda: watcher.told("session:knocked"))
        topic = await on.store.read(ROOM)
    told = by_v(watcher.told())
    assert [message["type"] for message in told.values()] == ["timer:completed", "timer:state", "session:knocked"]
    assert list(told) == list(range(room.topic.v + 1, topic.v + 1))
    assert topic.people["jun"].knocks == {}


@pytest.mark.parametrize("point", [None, *POINTS])
async def test_what_was_finished_offline_is_completed_once_whoever_dies(
    empty_redis: redis.Redis, point: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "CATCH_UP_MS", 200)
    async with stage(empty_redis) as on:
        ana, now = await a_socket(on.web, SOLO), on.now()
        await on.inbox.post(SOLO, arrival(ana), reply_to=ana.channel)
        queue: list[tuple[int, Order]] = [(60, Start()), (50, Pause()), (40, Start())]
        for minute, command in queue:
            given = Steer("ana", "solo", command, str(minute), now - minutes(minute))
            await on.inbox.post(SOLO, given, reply_to=ana.channel)
        if point:
            async with on.owner(reach=Fuse(point)) as first:
                await first.dies(Crash)
        async with on.owner():
            await eventually_async(lambda: len(by_v(ana.told("timer:completed"))) == 2)
        topic = await on.store.read(SOLO)
    assert [(entry["phase"], entry["at"] - now) for entry in on.completions()] == [
        ("focus", -minutes(25)),
        ("short_break", -minutes(20)),
    ]
    told = by_v(ana.told())
    assert list(told) == list(range(1, topic.v + 1))
    assert {(ack["id"], ack["changed"]) for ack in ana.acks()} == {("60", True), ("50", True), ("40", True)}
    assert topic.timer("solo").timer.round == 2
