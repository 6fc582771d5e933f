"""One shard under one owner after another: what is committed, told and counted, whatever happens to the owner in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
import redis
from django.conf import settings

from tests.support.sockets import Message, Socket, a_socket, process_on
from tests.support.topics import DAY_MS, Scene, minutes, room_with, seconds, solo_of
from tests.support.waiting import eventually_async
from timers import leases as leases_module
from timers import parking, records, topics
from timers import shard as shard_module
from timers.broadcast import Broadcaster
from timers.inbox import PATIENCE_MS, Inbox
from timers.leases import Leases
from timers.models import ParkedTimer
from timers.server_clock import ServerClock
from timers.shard import MOST_AT_ONCE, LeaseLost, Park, Shard, Tools
from timers.store import Store, Verdict
from timers.timer import Add, Pause, Phase, Settings, Start, Status, Timer, fresh
from timers.topic import Arrive, Command, Rules, Steer, Topic
from tomato.redis import connect

pytestmark = pytest.mark.usefixtures("empty_redis", "long_leases")

SHARDS, SHARD = 1, 0
SOLO, ROOM = topics.solo("0123456789ABCDEF"), topics.room("ABC234")


@pytest.fixture
def long_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is so slow that a lease runs out by itself."""
    monkeypatch.setattr(leases_module, "LEASE_MS", minutes(1))


# The stage ------------------------------------------------------------------------------------------------------------


class Crash(Exception):
    """What `kill -9` is to a process."""


class WatchedStore(Store):
    """Notes how many phases each commit completed."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.completed: list[int] = []

    async def commit(self, *args: Any, **words: Any) -> Verdict:
        self.completed.append(len(words.get("completions", ())))
        return await super().commit(*args, **words)


@dataclass
class Stage:
    """A Redis with one shard, a web process and the workers that come and go. `empty_redis` is the way behind the scenes."""

    client: Any
    back_door: redis.Redis
    web: Any
    worker: Any
    store: WatchedStore
    inbox: Inbox
    clock: ServerClock

    # The past

    async def begins_with(self, *scenes: Scene) -> None:
        """What an earlier owner left in Redis."""
        self.back_door.set(topics.lease_key(SHARD), "earlier:1")
        changes = [(Topic(scene.topic.name), scene.topic) for scene in scenes]
        assert await self.store.commit(SHARD, "earlier:1", "0-0", changes) is Verdict.DONE
        self.lease_runs_out()
        self.store.completed.clear()

    def received(self, ago_ms: int, topic: str, command: Command, **note: Any) -> int:
        """A command that came some time ago; returns when that was."""
        at = self.now() - ago_ms
        fields: Any = {"topic": topic, "command": records.write_command(command), "note": records.write(note)}
        self.back_door.xadd(topics.commands_key(SHARD), fields, id=f"{at}-0")
        return at

    def lease_runs_out(self) -> None:
        self.back_door.delete(topics.lease_key(SHARD))

    # Owners

    @asynccontextmanager
    async def owner(self, **tools: Any) -> AsyncIterator[Owner]:
        """A worker that takes the shard and runs it; at the end of the block it is gone, however it went."""
        leases = Leases(self.client, SHARDS)
        assert await leases.take(SHARDS) == [SHARD], "the shard has an owner"
        shard = Shard(SHARD, leases.owned[SHARD], self.tools(**tools))
        owner = Owner(shard, asyncio.create_task(shard.run()))
        try:
            yield owner
        finally:
            shard.stop()
            with suppress(Crash, LeaseLost):
                await owner.run
            await leases.give_back(SHARD)

    def tools(
        self,
        rules: Rules | None = None,
        park: Park | None = None,
        reach: Callable[[str], None] = lambda point: None,
        clock: ServerClock | None = None,
    ) -> Tools:
        broadcaster = Broadcaster(self.worker)
        rules = rules or Rules(idle_ttl_ms=100 * DAY_MS)
        return Tools(self.store, self.inbox, broadcaster, clock or self.clock, rules, park or forbidden, reach)

    # What is to be seen

    def now(self) -> int:
        now_s, microseconds = self.back_door.time()
        return now_s * 1000 + microseconds // 1000

    async def timer(self, topic: str = SOLO, timer_id: str = topics.SOLO) -> Timer:
        return (await self.store.read(topic)).timer(timer_id).timer

    def completions(self) -> list[Message]:
        entries: Any = self.back_door.xrange(topics.completions_key(SHARD))
        return [orjson.loads(fields[b"completion"]) for _, fields in entries]

    def cursor(self) -> bytes | None:
        return self.back_door.get(topics.cursor_key(SHARD))  # type: ignore[return-value]

    def places_that_name(self, topic: str) -> list[bytes]:
        """Every key, but streams, with the topic's name in it, in its fields, members or values."""
        keys: Any = self.back_door.keys()
        kept = [key for key in keys if self.back_door.type(key) != b"stream"]
        return [key for key in kept if topic.encode() in key + self._content(key)]

    def _content(self, key: bytes) -> bytes:
        read: dict[bytes, Callable[[bytes], Any]] = {
            b"string": self.back_door.get,
            b"hash": self.back_door.hgetall,
            b"set": self.back_door.smembers,
            b"zset": lambda key: self.back_door.zrange(key, 0, -1),
        }
        return repr(read[self.back_door.type(key)](key)).encode()  # type: ignore[index]


@dataclass
class Owner:
    shard: Shard
    run: asyncio.Task[None]

    async def dies(self, error: type[Exception]) -> None:
        await eventually_async(self.run.done)
        with pytest.raises(error):
            self.run.result()


async def forbidden(topic: str, timers: Mapping[str, Timer]) -> None:
    raise AssertionError(f"{topic} is not to be parked")


@asynccontextmanager
async def stage(back_door: redis.Redis) -> AsyncIterator[Stage]:
    async with connect(settings.TOMATO.redis_url) as client, process_on() as web, process_on() as worker:
        clock = ServerClock(client)
        await clock.sync()
        yield Stage(client, back_door, web, worker, WatchedStore(client, SHARDS), Inbox(client, SHARDS), clock)


class Fuse:
    """Dies at a crash point when it is reached for the so many-th time."""

    def __init__(self, point: str, time: int = 1) -> None:
        self.point = point
        self.time = time
        self.reached: Counter[str] = Counter()

    def __call__(self, point: str) -> None:
        self.reached[point] += 1
        if point == self.point and self.reached[point] == self.time:
            raise Crash(point)


def running_since(ago_ms: int, now: int, length_ms: int, **options: Any) -> Scene:
    """ana's own timer, started some time ago at a focus of some length; her tab is open since."""
    scene = solo_of("ana")
    scene.topic, scene.now = Topic(SOLO), now - ago_ms
    changes = {"focus_ms": length_ms, **options}
    scene.arrive("ana", parked={"solo": fresh(Settings(**changes))})
    scene.press("ana", Start())
    return scene


def by_v(messages: Iterable[Message]) -> dict[int, Message]:
    """The messages by their version; fails when two of one version tell different things."""
    found: dict[int, Message] = {}
    for message in messages:
        told = {**message, "now_at": None}
        if "timer" in told and isinstance(told["timer"], dict):
            told["timer"] = {**told["timer"], "remaining_ms": None}
        assert found.setdefault(message["v"], told) == told
    return found


def arrival(socket: Socket, member: str = "ana") -> Arrive:
    return Arrive(member, socket.channel, "web-1")


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


# Crashes --------------------------------------------------------------------------------------------------------------

POINTS = ["before-commit", "after-commit", "before-publish", "after-publish"]


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


# Time -----------------------------------------------------------------------------------------------------------------


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
            await eventually_async(lambda: len(ana.told("timer:completed")) >= absence_s, within_s=10)
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


# Parking --------------------------------------------------------------------------------------------------------------


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
        self.parked: dict[str, Mapping[str, Timer]] = {}
        self.asked = 0
        self.opened = asyncio.Event()
        self.opened.set()
        self._failures = failures

    async def park(self, topic: str, timers: Mapping[str, Timer]) -> None:
        self.asked += 1
        await self.opened.wait()
        if self.asked <= self._failures:
            raise OSError("the database is away")
        self.parked[topic] = timers


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
            assert owner.shard.topics == {}
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
            assert await on.inbox.knock(SOLO, arrival(ana), "solo", reply_to=ana.channel, ref=0)
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
async def test_a_paused_timer_goes_to_the_database_and_comes_back(empty_redis: redis.Redis) -> None:
    async with stage(empty_redis) as on:
        scene = paused_long_ago(on.now())
        await on.begins_with(scene)
        async with on.owner(rules=IDLE, park=parking.park):
            await gone(on)
            assert await ParkedTimer.objects.acount() == 1

            ana = await a_socket(on.web, SOLO)
            assert not await on.inbox.knock(SOLO, arrival(ana), "solo", reply_to=ana.channel, ref=0)
            parked = await parking.find(SOLO, ["solo"])
            await on.inbox.post(SOLO, replace(arrival(ana), parked=parked), reply_to=ana.channel)
            await eventually_async(ana.snapshots)
        assert (await on.timer()) == scene.timer()
    [timer] = ana.snapshots()[0]["timers"]
    assert (timer["status"], timer["remaining_ms"]) == ("paused", minutes(10))


@pytest.mark.django_db
async def test_a_stopped_timer_comes_back_fresh_with_its_settings(empty_redis: redis.Redis) -> None:
    stopped = fresh(Settings(focus_ms=minutes(50), rounds=2))
    await parking.park(SOLO, {"solo": replace(stopped, phase=Phase.LONG_BREAK, round=2)})
    assert await parking.find(SOLO, ["solo", "other"]) == {"solo": stopped}
    await parking.park(SOLO, {"solo": fresh()})
    assert await parking.find(SOLO, ["solo"]) == {}
    assert await ParkedTimer.objects.acount() == 0
