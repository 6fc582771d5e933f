"""One shard and the database: idle timers are put by, let go of, and come back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import redis

from tests.support.shards import ROOM, SHARD, SOLO, Stage, arrival, forbidden, running_since, stage
from tests.support.sockets import a_socket
from tests.support.topics import Scene, minutes, room_with, seconds, timer_after
from tests.support.waiting import eventually_async
from timers import parking
from timers import shard as shard_module
from timers.models import ParkedTimer
from timers.parking import Parked
from timers.timer import Add, Pause, Phase, Settings, Start, fresh
from timers.topic import Control, PutBy, Rules, Steer

pytestmark = pytest.mark.usefixtures("empty_redis", "long_leases")


@pytest.mark.django_db
@pytest.mark.postgresql
async def test_the_rules_of_a_room_go_to_the_database_and_come_back(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        room = room_with()
        room.now = on.now() - minutes(20)
        room.arrive("ana", maker="ana")
        room.configure("ana", control=Control.NAMED, controllers=("jun",))
        room.press("ana", Start(), Pause())
        room.leave("ana")
        await on.begins_with(room)
        async with on.owner(rules=IDLE, park=parking.park):
            await gone(on, ROOM)
            parked = await parking.find(ROOM, ["room", "ana"])
            assert parked == Parked({"room": room.timer()}, room.topic.policy)
            kim = await a_socket(on.web, ROOM)
            assert await on.inbox.knock(ROOM, arrival(kim, "kim"), "kim", reply_to=kim.channel, ref=0) == ()
            back = replace(arrival(kim, "kim"), parked=parked.timers, policy=parked.policy, maker="lea")
            await on.inbox.post(ROOM, back, reply_to=kim.channel)
            await eventually_async(kim.snapshots)
    settings = {"maker": "ana", "control": "named", "controllers": ["jun"], "pause_allowed": True}
    assert kim.snapshots()[0]["settings"] == settings
    assert kim.snapshots()[0]["timers"][0]["status"] == "paused"


def paused_long_ago(now: int) -> Scene:
    """ana's timer, paused with ten minutes left; her tab was closed an hour ago."""
    scene = running_since(minutes(65), now, length_ms=minutes(15))
    scene.wait(minutes(5))
    scene.press("ana", Pause())
    scene.leave("ana")
    scene.wait(seconds(10))
    return scene


class Database:
    """Where timers are put by; each time waits for `opened`, and for the first few times it fails."""

    def __init__(self, failures: int = 0) -> None:
        self.parked: dict[str, Mapping[str, PutBy]] = {}
        self.asked = 0
        self.opened = asyncio.Event()
        self.opened.set()
        self._failures = failures

    async def park(self, topic: str, timers: Mapping[str, PutBy], is_ours: Callable[[], bool]) -> bool:
        self.asked += 1
        self.is_ours = is_ours
        await self.opened.wait()
        if self.asked <= self._failures:
            raise OSError("the database is away")
        self.parked[topic] = timers
        return True


IDLE = Rules(idle_ttl_ms=minutes(5))


async def gone(on: Stage, topic: str = SOLO) -> None:
    await eventually_async(lambda: not on.places_that_name(topic))


async def test_an_idle_timer_is_put_by_and_then_forgotten(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        scene, database = paused_long_ago(on.now()), Database()
        await on.begins_with(scene)
        database.opened.clear()
        async with on.owner(rules=IDLE, park=database.park) as owner:
            await eventually_async(lambda: database.asked)
            assert (await on.timer()) == scene.timer(), "it is not dropped before it is parked"
            database.opened.set()
            await gone(on)
            await eventually_async(lambda: owner.shard.topics == {})
    assert database.parked == {SOLO: {"solo": scene.timer()}}


async def test_a_timer_that_cannot_be_put_by_is_kept_and_tried_again(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_module, "PARKING_RETRY_MS", 50)
    async with stage(empty_redis) as on:
        scene, database = paused_long_ago(on.now()), Database(failures=2)
        await on.begins_with(scene)
        async with on.owner(rules=IDLE, park=database.park):
            await eventually_async(lambda: database.asked == 2)
            assert (await on.timer()) == scene.timer()
            await gone(on)
    assert database.parked == {SOLO: {"solo": scene.timer()}}


async def test_a_database_that_takes_its_time_is_asked_once_and_holds_up_nobody(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_module, "PARKING_RETRY_MS", 1)
    async with stage(empty_redis) as on:
        database, turns = Database(), Counter[str]()
        await on.begins_with(paused_long_ago(on.now()))
        database.opened.clear()
        async with on.owner(rules=IDLE, park=database.park) as owner:
            put_by_soon = owner.shard._put_by_soon
            monkeypatch.setattr(owner.shard, "_put_by_soon", lambda *idle: turns.update("!") or put_by_soon(*idle))
            await eventually_async(lambda: turns["!"] > 3)
            assert database.asked == 1
            assert database.is_ours()
            owner.shard.stop()
            await eventually_async(owner.run.done)
            assert not database.is_ours()


async def test_while_a_timer_is_put_by_another_ends_at_its_instant(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        room, database = room_with(), Database()
        room.now = on.now() - minutes(20)
        room.arrive("ana")
        room.press("lea", Add(minutes(1)), timer="lea")
        room.now = on.now()
        room.press("ana", Start(500))
        await on.begins_with(room)
        database.opened.clear()
        ana = await a_socket(on.web, ROOM)
        async with on.owner(rules=IDLE, park=database.park):
            await eventually_async(lambda: database.asked)
            await eventually_async(lambda: ana.told("timer:completed"))
    [completed] = ana.told("timer:completed")
    assert completed["now_at"] - completed["at"] < shard_module.PARKING_RETRY_MS / 2, "50 ms on a quiet machine"


async def test_what_has_changed_since_it_was_put_by_is_kept(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that takes longer than the idle time is told of the later state before that is forgotten."""
    monkeypatch.setattr(shard_module, "PARKING_RETRY_MS", 50)
    asked: list[PutBy] = []
    done = asyncio.Semaphore(0)

    async def park(topic: str, timers: Mapping[str, PutBy], is_ours: Callable[[], bool]) -> bool:
        asked.append(timers["solo"])
        return await done.acquire()

    async with stage(empty_redis) as on:
        scene = paused_long_ago(on.now())
        await on.begins_with(scene)
        async with on.owner(rules=Rules(idle_ttl_ms=1), park=park):
            await eventually_async(lambda: asked)
            ana = await a_socket(on.web)
            await on.inbox.post(SOLO, Steer("ana", "solo", Add(seconds(1)), "1"), reply_to=ana.channel)
            await eventually_async(ana.acks)
            later = await on.timer()
            done.release()
            await eventually_async(lambda: len(asked) == 2)
            assert (await on.timer()) == later
            done.release()
            await gone(on)
    assert asked[:2] == [scene.timer(), later]


async def test_an_owner_that_slept_through_its_lease_puts_nothing_by(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        database = Database()
        await on.begins_with(paused_long_ago(on.now()))
        database.opened.clear()
        async with on.owner(rules=IDLE, park=database.park) as owner:
            await eventually_async(lambda: database.asked)
            owner.shard.lease.renewed_at -= minutes(1) / 1000
            assert not database.is_ours()


@pytest.mark.django_db
async def test_what_another_worker_may_have_put_by_since_is_not_written_over() -> None:
    later, earlier = timer_after(Start(), Pause()), timer_after(Start())
    await parking.park(SOLO, {"solo": later})
    assert not await parking.park(SOLO, {"solo": earlier}, lambda: False)
    assert (await parking.find(SOLO, ["solo"])).timers == {"solo": later}


async def test_a_running_or_watched_timer_is_not_put_by(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        alone, watched = running_since(minutes(60), on.now(), length_ms=minutes(120)), room_with("jun")
        alone.leave("ana")
        watched.press("jun", Start(), Pause())
        await on.begins_with(alone, watched)
        ana = await a_socket(on.web, SOLO)
        async with on.owner(rules=IDLE, park=forbidden):
            await on.inbox.post(SOLO, Steer("ana", "solo", Add(1), "last"), reply_to=ana.channel)
            await eventually_async(ana.acks)
        assert set((await on.store.load(SHARD)).topics) == {SOLO, ROOM}


async def test_who_arrives_while_a_timer_is_put_by_finds_it_as_it_was(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        scene, database = paused_long_ago(on.now()), Database()
        await on.begins_with(scene)
        database.opened.clear()
        async with on.owner(rules=IDLE, park=database.park) as owner:
            await eventually_async(lambda: database.asked)
            ana = await a_socket(on.web, SOLO)
            assert await on.inbox.knock(SOLO, arrival(ana), "solo", reply_to=ana.channel, ref=0) is None
            await eventually_async(ana.snapshots)
            database.opened.set()
            await eventually_async(lambda: database.parked)
            await eventually_async(lambda: not owner.shard._put_by)
        assert (await on.timer()) == scene.timer()
    assert ana.snapshots()[0]["timers"][0]["remaining_ms"] == minutes(10)


async def test_who_arrives_at_the_very_last_moment_finds_it_too(empty_redis: redis.Redis) -> None:
    """The arrival is received after the owner has looked into the inbox and before it forgets the timer."""
    async with stage(empty_redis) as on:
        scene, database = paused_long_ago(on.now()), Database()
        await on.begins_with(scene)
        ana = await a_socket(on.web, SOLO)

        def arrive_just_before_it_is_forgotten(point: str) -> None:
            if point == "before-commit" and database.parked and not ana.heard and not on.cursor():
                on.received(0, SOLO, arrival(ana), reply_to=ana.channel)

        async with on.owner(rules=IDLE, park=database.park, reach=arrive_just_before_it_is_forgotten) as owner:
            await eventually_async(ana.snapshots)
            await eventually_async(lambda: not owner.shard._put_by)
            assert SOLO in owner.shard.topics
        assert (await on.timer()) == scene.timer()
    assert ana.snapshots()[0]["timers"][0]["remaining_ms"] == minutes(10)


@pytest.mark.django_db
@pytest.mark.postgresql
async def test_a_paused_timer_goes_to_the_database_and_comes_back(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        scene = paused_long_ago(on.now())
        await on.begins_with(scene)
        async with on.owner(rules=IDLE, park=parking.park):
            await gone(on)
            assert await ParkedTimer.objects.acount() == 1

            ana = await a_socket(on.web, SOLO)
            assert await on.inbox.knock(SOLO, arrival(ana), "solo", reply_to=ana.channel, ref=0) == ()
            parked = (await parking.find(SOLO, ["solo"])).timers
            await on.inbox.post(SOLO, replace(arrival(ana), parked=parked), reply_to=ana.channel)
            await eventually_async(ana.snapshots)
        assert (await on.timer()) == scene.timer()
    [timer] = ana.snapshots()[0]["timers"]
    assert (timer["status"], timer["remaining_ms"]) == ("paused", minutes(10))


@pytest.mark.django_db
@pytest.mark.postgresql
async def test_a_stopped_timer_comes_back_fresh_with_its_settings(empty_redis: redis.Redis) -> None:
    stopped = fresh(Settings(focus_ms=minutes(50), rounds=2))
    await parking.park(SOLO, {"solo": replace(stopped, phase=Phase.LONG_BREAK, round=2)})
    assert await parking.find(SOLO, ["solo", "other"]) == Parked({"solo": stopped})
    await parking.park(SOLO, {"solo": fresh()})
    assert await parking.find(SOLO, ["solo"]) == Parked()
    assert await ParkedTimer.objects.acount() == 0
