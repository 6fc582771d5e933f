"""What the sockets and pages of one web process share: its clients, its clock, its limits, and its word that it lives."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from timers import topics
from timers.inbox import Inbox
from timers.server_clock import ServerClock
from timers.store import Store
from timers.topic import Leave
from tomato import redis
from tomato.layer import Sink
from tomato.limits import TokenBucket
from tomato.logs import Outage

log = structlog.get_logger(__name__)

VOUCH_EVERY_S = 5.0
VOUCH_MS = 20_000
BUCKETS_KEPT = 10_000


class WebProcess:
    def __init__(self) -> None:
        environment = settings.TOMATO
        self.redis = redis.connect(environment.redis_url)
        self.store = Store(self.redis, environment.shards)
        self.inbox = Inbox(self.redis, environment.shards)
        self.clock = ServerClock(self.redis)
        self.layer: Any = get_channel_layer()
        self.sockets: set[Any] = set()
        self.sockets_per_address: Counter[str] = Counter()
        self._buckets: dict[str, TokenBucket] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsaid_goodbyes: list[tuple[str, Leave]] = []
        self._vouching: asyncio.Task[None] | None = None
        self._outage = Outage(log, "process.redis")

    @property
    def name(self) -> str:
        return self.layer.process

    async def open(self) -> None:
        """Before the first socket is told of: the clock is set, and the process vouches for its people.

        Raises `RedisError` or `OSError` when Redis is away.
        """
        if self._vouching is None:
            await self.clock.sync()
            await self._vouch()
            await self._hear_roll_calls()
            self._vouching = asyncio.create_task(self._keep_vouching())

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work of a socket beside its messages. The loop itself would forget a task that nobody holds."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def bucket(self, person: str) -> TokenBucket:
        """The allowance of one person, shared by all the tabs that this process holds."""
        if person not in self._buckets:
            if len(self._buckets) >= BUCKETS_KEPT:
                self._drop_full_buckets()
            self._buckets[person] = TokenBucket(settings.TOMATO.rate_per_s, settings.TOMATO.rate_burst)
        return self._buckets[person]

    def forget_address(self, address: str) -> None:
        self.sockets_per_address[address] -= 1
        if self.sockets_per_address[address] <= 0:
            del self.sockets_per_address[address]

    async def say_goodbye(self, topic: str, leave: Leave) -> None:
        """Tells the topic that a socket is gone; if Redis is away, as soon as it is back."""
        try:
            await self.inbox.post(topic, leave)
        except (RedisError, OSError):
            self._unsaid_goodbyes.append((topic, leave))

    def _drop_full_buckets(self) -> None:
        now = monotonic()
        self._buckets = {person: bucket for person, bucket in self._buckets.items() if not bucket.is_full(now)}

    async def _keep_vouching(self) -> None:
        while True:
            await asyncio.sleep(VOUCH_EVERY_S)
            try:
                await self.clock.sync()
                if not await self._vouch():
                    self._arrive_again()
                await self._say_unsaid_goodbyes()
            except (RedisError, OSError) as error:
                self._outage.goes_on(error)
            else:
                self._outage.is_over()

    async def _hear_roll_calls(self) -> None:
        channel = await self.layer.new_channel()
        self.layer.attach(channel, Sink(self._answer_roll_call, lambda: None))
        await self.layer.group_add(topics.PROCESSES, channel)

    def _answer_roll_call(self, call: dict[str, Any]) -> None:
        for socket in tuple(self.sockets):
            if topics.shard_of(socket.place.topic, settings.TOMATO.shards) == call["shard"]:
                socket.resync()

    async def _vouch(self) -> bool:
        """One write for all sockets of the process; whether the last word still stood."""
        return bool(await self.redis.set(topics.process_key(self.name), 1, px=VOUCH_MS, get=True))

    async def _say_unsaid_goodbyes(self) -> None:
        unsaid, self._unsaid_goodbyes = self._unsaid_goodbyes, []
        for topic, leave in unsaid:
            await self.say_goodbye(topic, leave)

    def _arrive_again(self) -> None:
        """Nobody had heard of us for a while: the workers may have let our people go."""
        for socket in tuple(self.sockets):
            socket.resync()


_processes: WeakKeyDictionary[asyncio.AbstractEventLoop, WebProcess] = WeakKeyDictionary()


def current() -> WebProcess:
    """The web process of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _processes:
        _processes[loop] = WebProcess()
    return _processes[loop]
