"""The channel layer: the groups and the wire of the Redis pub/sub layer, with a short path for broadcasts.

A process holds one Redis subscription per group and one mailbox for all its own channels, however many sockets it has. A
channel whose consumer attached a *sink* gets each message by a plain call; a channel without one has the usual queue,
bounded. When a Redis server was away, `on_gap` of every attached sink is called once its subscriptions stand again, since
messages may have been missed. Knows nothing of timers.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close, decode_hosts
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from tomato.logs import Outage
from tomato.redis import open_connection

log = structlog.get_logger(__name__)

QUEUE_CAPACITY = 100
RECONNECT_S = 0.25
SILENCE_S = 5.0
YIELD_EVERY = 32
CHANNEL_FIELD = "__asgi_channel__"

Publication = tuple[str, bytes]
"""The name of a Redis channel and what to publish on it."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Where a channel's messages go: `deliver` each, `on_gap` when some may have been missed. Neither may block."""

    deliver: Callable[[dict[str, Any]], None]
    on_gap: Callable[[], None]


class TomatoChannelLayer(RedisPubSubChannelLayer):
    """What `CHANNEL_LAYERS` names. Its work is done by one `HubLayer` per event loop."""

    def _get_layer(self) -> HubLayer:
        loop = asyncio.get_running_loop()
        if loop not in self._layers:
            self._layers[loop] = HubLayer(*self._args, **self._kwargs, channel_layer=self)
            _wrap_close(self, loop)
        return self._layers[loop]


class HubLayer(RedisPubSubLoopLayer):
    def __init__(self, hosts: list[str] | None = None, prefix: str = "asgi", **kwargs: Any) -> None:
        super().__init__(hosts=hosts, prefix=prefix, **kwargs)
        self.process = uuid4().hex[:12]
        self.sinks: dict[str, Sink] = {}
        self._mailbox = f"{prefix}.{self.process}"
        self._numbers = itertools.count(1)
        self._opening: asyncio.Task[None] | None = None
        self._shards = [HubConnection(host["address"], self) for host in decode_hosts(hosts)]

    # Channels

    async def new_channel(self, prefix: str = "specific.") -> str:
        """Does not wait for Redis: messages to the channel come once the process' mailbox is subscribed."""
        channel = f"{self._mailbox}!{next(self._numbers)}"
        self.channels[channel] = asyncio.Queue(QUEUE_CAPACITY)
        if self._opening is None:
            self._opening = asyncio.create_task(self._get_shard(self._mailbox).subscribe(self._mailbox))
        return channel

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self.publish_many([self.addressed(channel, message)])

    def attach(self, channel: str, sink: Sink) -> None:
        """From now on `sink` gets the channel's messages, by a call, in place of its queue."""
        self.sinks[channel] = sink

    def detach(self, channel: str) -> None:
        """The channel is no more."""
        self.sinks.pop(channel, None)
        self.channels.pop(channel, None)

    async def flush(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        self.sinks.clear()
        await super().flush()

    # Groups

    async def group_add(self, group: str, channel: str) -> None:
        """Returns once Redis has confirmed the subscription: nothing published from then on is missed."""
        if self._opening is not None:
            await asyncio.shield(self._opening)
        name = self._get_group_channel_name(group)
        self.groups.setdefault(name, set()).add(channel)
        await self._get_shard(name).subscribe(name)

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await self.publish_many([self.grouped(group, message)])

    # Many at once

    def addressed(self, channel: str, message: dict[str, Any]) -> Publication:
        """`message` to one channel, ready for `publish_many`."""
        mailbox, _, _ = channel.partition("!")
        return mailbox, self.channel_layer.serialize({**message, CHANNEL_FIELD: channel})

    def grouped(self, group: str, message: dict[str, Any]) -> Publication:
        """`message` to a group, ready for `publish_many`."""
        return self._get_group_channel_name(group), self.channel_layer.serialize(message)

    async def publish_many(self, publications: Iterable[Publication]) -> list[int]:
        """How many processes heard each, in order. One pipeline per Redis server; calls are written in their order."""
        publications = list(publications)
        if len(self._shards) == 1:
            return await self._shards[0].publish_many(publications)
        batches: dict[Any, list[int]] = {}
        for place, (name, _) in enumerate(publications):
            batches.setdefault(self._get_shard(name), []).append(place)
        sent = (shard.publish_many([publications[place] for place in places]) for shard, places in batches.items())
        heard = [0] * len(publications)
        for places, counts in zip(batches.values(), await asyncio.gather(*sent), strict=True):
            for place, count in zip(places, counts, strict=True):
                heard[place] = count
        return heard

    async def ping(self) -> None:
        """Raises when a Redis server of the layer does not answer."""
        await asyncio.gather(*(shard.publish_many([(f"{self.prefix}.ping", b"")]) for shard in self._shards))

    # What comes in

    def dispatch(self, name: str, data: bytes) -> None:
        try:
            message = self.channel_layer.deserialize(data)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            log.warning("layer.unreadable", channel=name, length=len(data))
            return
        if name == self._mailbox:
            self._hand(message.pop(CHANNEL_FIELD, ""), message)
        for channel in tuple(self.groups.get(name, ())):
            self._hand(channel, message)

    def gap(self) -> None:
        for sink in tuple(self.sinks.values()):
            try:
                sink.on_gap()
            except Exception:
                log.exception("layer.sink_failed")

    def _hand(self, channel: str, message: dict[str, Any]) -> None:
        """One broken sink never touches another."""
        sink = self.sinks.get(channel)
        if sink is not None:
            try:
                sink.deliver(message)
            except Exception:
                log.exception("layer.sink_failed", channel=channel)
        elif channel in self.channels:
            try:
                self.channels[channel].put_nowait(self.channel_layer.serialize(message))
            except asyncio.QueueFull:
                log.warning("layer.queue_full", channel=channel, capacity=QUEUE_CAPACITY)


class HubConnection:
    """The two connections to one Redis server: one listens, one publishes."""

    def __init__(self, url: str, layer: HubLayer) -> None:
        self._subscriber = Subscriber(url, layer.dispatch, layer.gap)
        self._publisher = Publisher(url)
        self.subscribe = self._subscriber.subscribe
        self.unsubscribe = self._subscriber.unsubscribe
        self.publish_many = self._publisher.publish_many

    async def flush(self) -> None:
        await self._subscriber.close()
        await self._publisher.close()


class Subscriber:
    """Keeps every wanted channel subscribed, through losses of the connection."""

    def __init__(self, url: str, on_message: Callable[[str, bytes], None], on_gap: Callable[[], None]) -> None:
        self._url = url
        self._on_message = on_message
        self._on_gap = on_gap
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._connection: AbstractConnection | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._heard_at = 0.0
        self._sending = asyncio.Lock()

    async def subscribe(self, channel: str) -> None:
        """Returns once confirmed; waits while Redis is away."""
        confirmed = self._confirmed.get(channel)
        if confirmed is None:
            confirmed = self._confirmed[channel] = asyncio.get_running_loop().create_future()
            self._ensure_tasks()
            await self._tell("SUBSCRIBE", channel)
        await asyncio.shield(confirmed)

    async def unsubscribe(self, channel: str) -> None:
        confirmed = self._confirmed.pop(channel, None)
        if confirmed is not None:
            confirmed.cancel()
            await self._tell("UNSUBSCRIBE", channel)

    async def close(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._confirmed.clear()

    def _ensure_tasks(self) -> None:
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._watch())]

    async def _tell(self, *words: str) -> None:
        """Says it on the connection there is; a new connection subscribes to all that is wanted anyway."""
        connection = self._connection
        if connection is None:
            return
        try:
            async with self._sending:
                await connection.send_command(*words, check_health=False)
        except (RedisError, OSError):
            pass

    async def _listen(self) -> None:
        outage = Outage(log, "layer.redis")
        while True:
            connection = open_connection(self._url)
            try:
                await _connect(connection)
                await self._subscribe_all(connection)
                if outage.lasts:
                    self._on_gap()
                outage.is_over()
                await self._hear(connection)
            except (RedisError, OSError) as error:
                outage.goes_on(error)
                await asyncio.sleep(RECONNECT_S)
            finally:
                self._connection = None
                await connection.disconnect(nowait=True)

    async def _subscribe_all(self, connection: AbstractConnection) -> None:
        self._connection = connection
        awaited = set(self._confirmed)
        if awaited:
            async with self._sending:
                await connection.send_command("SUBSCRIBE", *awaited, check_health=False)
        while awaited:
            self._take(await connection.read_response(timeout=SILENCE_S), awaited)

    async def _hear(self, connection: AbstractConnection) -> None:
        for count in itertools.count(1):
            self._take(await connection.read_response(timeout=math.inf))
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)

    def _take(self, response: Any, awaited: set[str] | None = None) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        match response:
            case [b"message", channel, data]:
                self._on_message(channel.decode(), data)
            case [b"subscribe", channel, _]:
                self._confirm(channel.decode())
                if awaited is not None:
                    awaited.discard(channel.decode())

    def _confirm(self, channel: str) -> None:
        confirmed = self._confirmed.get(channel)
        if confirmed is not None and not confirmed.done():
            confirmed.set_result(None)

    async def _watch(self) -> None:
        """A connection that is half open says nothing: ask it now and then, and give it up when it stays silent."""
        while True:
            await asyncio.sleep(SILENCE_S)
            silent_s = asyncio.get_running_loop().time() - self._heard_at
            if self._connection is not None and silent_s > 3 * SILENCE_S:
                await self._connection.disconnect(nowait=True)
            elif silent_s > SILENCE_S:
                await self._tell("PING")


class Publisher:
    """Writes publications in the order of the calls; what came together goes in one pipeline."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: list[tuple[list[Publication], asyncio.Future[list[int]]]] = []
        self._task: asyncio.Task[None] | None = None
        self._connection: AbstractConnection | None = None

    async def publish_many(self, publications: list[Publication]) -> list[int]:
        """How many heard each. Raises `RedisError` or `OSError` when Redis is away; it then is unknown who heard."""
        if not publications:
            return []
        heard: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        self._waiting.append((publications, heard))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())
        return await heard

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._hang_up()

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            futures = [heard for _, heard in batch]
            try:
                counts = iter(await self._publish([publication for some, _ in batch for publication in some]))
                outcomes = [[next(counts) for _ in some] for some, _ in batch]
            except (RedisError, OSError) as error:
                await self._hang_up()
                for heard in futures:
                    if not heard.done():
                        heard.set_exception(error)
            else:
                for heard, outcome in zip(futures, outcomes, strict=True):
                    if not heard.done():
                        heard.set_result(outcome)

    async def _publish(self, publications: list[Publication]) -> list[int]:
        if self._connection is None:
            self._connection = open_connection(self._url)
            await _connect(self._connection)
        connection = self._connection
        packed = connection.pack_commands(("PUBLISH", name, data) for name, data in publications)
        await connection.send_packed_command(packed, check_health=False)
        return [await connection.read_response(timeout=SILENCE_S) for _ in publications]

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)


async def _connect(connection: AbstractConnection) -> None:
    """The greeting has no time limit of its own, and a server may accept and then say nothing."""
    try:
        async with asyncio.timeout(SILENCE_S):
            await connection.connect()
    except TimeoutError as error:
        raise ConnectionError(f"The Redis server accepted, but said nothing for {SILENCE_S:g} s.") from error
