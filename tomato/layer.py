"""The channel layer: the groups and the wire of the Redis pub/sub layer, with a short path for broadcasts.

A process holds one Redis subscription per group and one mailbox for all its own channels, however many sockets it has. A
channel whose consumer attached a *sink* gets each message by a plain call; a channel without one has the usual queue,
bounded. When a Redis server was away, `on_gap` of every attached sink is called once its subscriptions stand again, since
messages may have been missed. Knows nothing of timers.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from uuid import uuid4

import structlog
from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer
from channels_redis.utils import _wrap_close, decode_hosts
from redis.exceptions import RedisError

from tomato.redis import open_connection
from tomato.wire import Subscriber, Wire

log = structlog.get_logger(__name__)

QUEUE_CAPACITY = 100
CHANNEL_FIELD = "__asgi_channel__"

Publication = tuple[str, bytes]
"""The name of a Redis channel and what to publish on it."""


class Hearer(Protocol):
    """Where a channel's messages go: `deliver` gets each, `on_gap` is called when some may have been missed. Neither may block."""

    def deliver(self, message: dict[str, Any], /) -> None: ...

    def on_gap(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Sink:
    """A hearer made of two functions."""

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
        self.sinks: dict[str, Hearer] = {}
        self.gaps = 0
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

    def attach(self, channel: str, sink: Hearer) -> None:
        """From now on `sink` gets the channel's messages, by a call, in place of its queue."""
        self.sinks[channel] = sink
        self.channels.pop(channel, None)

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

    async def hear(self, group: str, deliver: Callable[[dict[str, Any]], None]) -> None:
        """From now on `deliver` gets what is said to the group. Waits while Redis is away."""
        channel = await self.new_channel()
        self.attach(channel, Sink(deliver, lambda: None))
        await self.group_add(group, channel)

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
        self.gaps += 1
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
        connect = partial(open_connection, url)
        self._wire = Wire(connect)
        self._subscriber = Subscriber(connect, layer.dispatch, layer.gap)
        self.subscribe = self._subscriber.subscribe
        self.unsubscribe = self._subscriber.unsubscribe

    async def publish_many(self, publications: Sequence[Publication]) -> list[int]:
        """How many heard each. Raises `RedisError` or `OSError` when Redis is away; it then is unknown who heard."""
        heard = await self._wire.ask_many([("PUBLISH", name, data) for name, data in publications])
        for refusal in heard:
            if isinstance(refusal, RedisError):
                raise refusal
        return heard

    async def flush(self) -> None:
        await self._subscriber.close()
        await self._wire.close()
