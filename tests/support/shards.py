"""One shard on a real Redis, and owners of it that come and go."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import redis
from django.conf import settings

from tests.support.sockets import Message, Socket, process_on
from tests.support.topics import DAY_MS, Scene, solo_of
from tests.support.waiting import eventually_async
from timers import records, topics
from timers.broadcast import Broadcaster
from timers.inbox import Inbox
from timers.leases import Leases
from timers.server_clock import ServerClock
from timers.shard import LeaseLost, Park, Shard, Tools
from timers.store import Store, Verdict
from timers.timer import Settings, Start, Timer, fresh
from timers.topic import Arrive, Command, PutBy, Rules, Topic
from tomato.redis import connect

SHARDS, SHARD = 1, 0
SOLO, ROOM = topics.solo("0123456789ABCDEF"), topics.room("ABC234")


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
        await leases.take(SHARDS)
        assert SHARD in leases.owned, "the shard has an owner"
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


async def forbidden(topic: str, timers: Mapping[str, PutBy], is_ours: Callable[[], bool]) -> bool:
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


POINTS = ["before-commit", "after-commit", "before-publish", "after-publish"]
