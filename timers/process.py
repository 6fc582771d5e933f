"""What the sockets and pages of one web process share: its clients, its clock, its limits, and its word that it lives."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine
from typing import Any
from uuid import uuid4

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from timers import parking, reports, topics
from timers.broadcast import ROLL_CALL
from timers.figures import KINDS, WebFigures
from timers.inbox import Inbox, Looked
from timers.server_clock import ServerClock
from timers.store import Store
from timers.topic import Command, Leave, Recall, Unwatch
from tomato import redis
from tomato.allowances import Allowances
from tomato.limits import TokenBuckets
from tomato.outage import Outage
from tomato.per_loop import PerLoop

log = structlog.get_logger(__name__)

VOUCH_EVERY_S = 5.0
VOUCH_MS = 20_000
MOST_UNSAID = 10_000
"""How many goodbyes are kept while Redis is away."""
ARRIVALS_PER_S, ARRIVALS_AT_ONCE = 1, 20


class WebProcess:
    def __init__(self) -> None:
        environment = settings.TOMATO
        self.redis = redis.connect(environment.redis_url)
        self.store = Store(self.redis, environment.shards)
        self.inbox = Inbox(self.redis, environment.shards)
        self.clock = ServerClock(self.redis)
        self.allowances = Allowances(self.redis)
        self.layer: Any = get_channel_layer()
        self.name: str = self.layer.process
        """The one under which it vouches for its people."""
        self.figures = WebFigures()
        self.sockets: set[Any] = set()
        self.audiences: dict[str, Any] = {}
        """Those who read event streams, by topic."""
        self.sockets_per_address: Counter[str] = Counter()
        self.persons = TokenBuckets(environment.rate_per_s, environment.rate_burst)
        """What each person may still say, by device: one allowance for all the tabs that this process holds."""
        self.arrivals = TokenBuckets(ARRIVALS_PER_S, ARRIVALS_AT_ONCE)
        """How often each address may come before all processes are asked together."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsaid_goodbyes: deque[tuple[str, Leave | Unwatch]] = deque()
        self._saying_goodbyes: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[None] | None = None
        self._vouched_as: str | None = None
        self._vouching: asyncio.Task[None] | None = None
        self._outage = Outage(log, "process.redis")

    async def open(self) -> None:
        """Before the first socket is told of: the clock is set, and the process vouches for its people.

        Raises `RedisError` or `OSError` when Redis is away.
        """
        if self._vouching is not None:
            return
        if self._opening is None:  # many sockets come at once, and the process opens once
            self._opening = asyncio.create_task(self._open())
        await asyncio.shield(self._opening)

    async def _open(self) -> None:
        try:
            await self.clock.sync()
            await self._vouch()
            await self.layer.hear(topics.PROCESSES, self._answer_roll_call)
            self._reporting = asyncio.create_task(reports.tell_when_asked(self.layer.hear, self._report))
            self._vouching = asyncio.create_task(self._keep_vouching())
            self._watching_loop = asyncio.create_task(self.figures.watch_loop())
        finally:
            self._opening = None

    def run(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work of a socket beside its messages. The loop itself would forget a task that nobody holds."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def count_address(self, address: str) -> bool:
        """Counts one socket or stream more, until `forget_address`; False, and nothing counted, where there are too many."""
        most = settings.TOMATO.max_sockets_per_ip
        if most and self.sockets_per_address[address] >= most:
            return False
        self.sockets_per_address[address] += 1
        return True

    def forget_address(self, address: str) -> None:
        self.sockets_per_address[address] -= 1
        if self.sockets_per_address[address] <= 0:
            del self.sockets_per_address[address]

    async def post_awake(self, topic: str, command: Command, maker: str | None, **note: Any) -> str:
        """Posts a command about a topic's shared timer, once the topic knows what the database had put by of it."""
        answer = await self.inbox.post_if_awake(topic, command, **note)
        if isinstance(answer, str):
            return answer
        looked: Looked | None = answer
        while looked is not None:
            parked = await parking.find(topic, {topics.shared_timer(topic)})
            looked = await self.inbox.recall(topic, Recall(parked.timers, parked.policy, maker), looked)
        return await self.inbox.post(topic, command, **note)

    async def say_goodbye(self, topic: str, leave: Leave | Unwatch) -> None:
        """Tells the topic that a socket or an audience is gone; if Redis is away, as soon as it is back."""
        try:
            await self.inbox.post(topic, leave)
        except (RedisError, OSError):
            self._unsaid_goodbyes.append((topic, leave))
            if len(self._unsaid_goodbyes) > MOST_UNSAID:
                self._take_another_name()

    def report(self) -> reports.Report:
        """What it has counted until now."""
        self.figures.sockets = Counter(dict.fromkeys(KINDS, 0))
        self.figures.sockets.update(topics.kind_of(socket.place.topic) for socket in self.sockets)
        self.figures.streams = sum(len(audience) for audience in self.audiences.values())
        self.figures.redis_errors["timers"] = redis.errors_of(self.redis)
        self.figures.redis_errors["layer"] = self.layer.gaps
        return reports.report(self.layer.process, "web", self.figures)

    async def _keep_vouching(self) -> None:
        while True:
            await asyncio.sleep(VOUCH_EVERY_S)
            try:
                await self.clock.sync()
                if not await self._vouch():
                    self._arrive_again()
                self._say_unsaid_goodbyes_soon()
                await self._report()
            except (RedisError, OSError) as error:
                self._outage.goes_on(error)
            else:
                self._outage.is_over()

    def _answer_roll_call(self, call: dict[str, Any]) -> None:
        if call["type"] != ROLL_CALL:
            return
        for topic, listener in self._listeners():
            if topics.shard_of(topic, settings.TOMATO.shards) == call["shard"]:
                listener.resync()

    async def _report(self) -> None:
        await reports.write(self.redis, self.report())

    async def _vouch(self) -> bool:
        """One write for all sockets of the process; whether the last word still stood."""
        name, before = self.name, self._vouched_as
        stood = await self.redis.set(topics.process_key(name), 1, px=VOUCH_MS, get=True)
        self._vouched_as = name
        return bool(stood) and name == before

    def _say_unsaid_goodbyes_soon(self) -> None:
        if self._unsaid_goodbyes and (self._saying_goodbyes is None or self._saying_goodbyes.done()):
            self._saying_goodbyes = self.run(self._say_unsaid_goodbyes())

    async def _say_unsaid_goodbyes(self) -> None:
        """Beside the vouching, which cannot wait for so many."""
        while self._unsaid_goodbyes:
            topic, leave = unsaid = self._unsaid_goodbyes.popleft()
            try:
                await self.inbox.post(topic, leave)
            except (RedisError, OSError):
                self._unsaid_goodbyes.append(unsaid)
                return

    def _take_another_name(self) -> None:
        """Whoever is still here arrives again under it. The old one lapses, and the workers let go of all that it stood for."""
        self.name = uuid4().hex[:12]
        self._unsaid_goodbyes.clear()

    def _arrive_again(self) -> None:
        """Nobody had heard of us for a while: the workers may have let our people go."""
        for _, listener in self._listeners():
            listener.resync()

    def _listeners(self) -> list[tuple[str, Any]]:
        return [(socket.place.topic, socket) for socket in self.sockets] + list(self.audiences.items())


current = PerLoop(WebProcess)
"""The web process of the running event loop."""
