"""Sockets as the channel layer sees them: channels whose messages are kept for the test to look at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from django.conf import settings

from tests.support.waiting import eventually_async
from timers.broadcast import EVENT, REPLY
from tomato.layer import Sink, TomatoChannelLayer

Message = dict[str, Any]


@asynccontextmanager
async def process_on(*urls: str) -> AsyncIterator[Any]:
    """The channel layer of one more process, on the Redis of the tests unless others are named."""
    layer = TomatoChannelLayer(hosts=list(urls) or [settings.TOMATO.redis_url], prefix="tomato")
    try:
        yield layer
    finally:
        await layer.flush()


class Socket:
    """One channel with a sink. `heard` is every message as it came, in order."""

    def __init__(self, layer: Any, channel: str) -> None:
        self.layer = layer
        self.channel = channel
        self.heard: list[Message] = []
        self.gaps = 0
        layer.attach(channel, Sink(self.heard.append, self._on_gap))

    async def hears(self, message: Message, within_s: float = 5.0) -> None:
        await eventually_async(lambda: message in self.heard, within_s)

    # What the worker says, as a client reads it

    def told(self, kind: str | None = None) -> list[Message]:
        """What everyone was told of changes, of one type or of all; not the ticks."""
        events = (message for message in self.heard if message["type"] == EVENT and not message["ticks"])
        messages = [orjson.loads(event["text"]) for event in events]
        return [message for message in messages if kind in (None, message["type"])]

    def acks(self) -> list[Message]:
        return [orjson.loads(reply["ack"]) for reply in self._replies() if reply.get("ack")]

    def snapshots(self) -> list[Message]:
        return [orjson.loads(reply["fields"]) for reply in self._replies() if "fields" in reply]

    def _replies(self) -> list[Message]:
        return [message for message in self.heard if message["type"] == REPLY]

    def _on_gap(self) -> None:
        self.gaps += 1


async def a_channel(layer: Any) -> str:
    """A new channel, once what is sent to it arrives."""
    channel: str = await layer.new_channel()
    await layer._opening
    return channel


async def a_socket(layer: Any, *groups: str) -> Socket:
    socket = Socket(layer, await a_channel(layer))
    for group in groups:
        await layer.group_add(group, socket.channel)
    return socket
