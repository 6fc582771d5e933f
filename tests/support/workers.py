"""A whole worker at work on a real Redis, in the event loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from tests.support.metrics import Scrape
from tests.support.sockets import Socket, a_socket, process_on
from tests.support.waiting import eventually_async
from timers import reports, topics
from timers.broadcast import Broadcaster
from timers.figures import SiteFigures, WorkerFigures
from timers.inbox import Inbox
from timers.server_clock import ServerClock
from timers.shard import Tools
from timers.store import Store
from timers.timer import Pause, Start
from timers.topic import Arrive, PutBy, Rules, Steer
from timers.worker import Worker
from tomato.redis import connect

SHARDS, SHARD = 1, 0
ROOM = topics.room("ABC234")


@dataclass
class Desk:
    """A worker at work, and a web process of which it has people."""

    client: Any
    web: Any
    layer: Any
    inbox: Inbox
    clock: ServerClock
    figures: WorkerFigures
    stop: asyncio.Event

    async def comes(self, member: str, *groups: str) -> Socket:
        socket = await a_socket(self.web, *groups)
        await self.inbox.post(ROOM, Arrive(member, socket.channel, "web"), reply_to=socket.channel)
        return socket

    async def presses(self, *commands: Start | Pause) -> None:
        for command in commands:
            await self.inbox.post(ROOM, Steer("ana", topics.ROOM, command), reply_to="web!1")

    async def told(self) -> Scrape:
        return Scrape(reports.exposition(SiteFigures(1, 1, 0, 0.0), await reports.read(self.client)).decode())


@asynccontextmanager
async def a_worker(*layer_urls: str) -> AsyncIterator[Desk]:
    """With the channel layer on the Redis of the tests unless others are named."""
    figures, stop = WorkerFigures(), asyncio.Event()
    async with (
        connect(settings.TOMATO.redis_url) as client,
        process_on(*layer_urls) as web,
        process_on(*layer_urls) as layer,
    ):
        inbox = Inbox(client, SHARDS)
        tools = Tools(
            Store(client, SHARDS),
            inbox,
            Broadcaster(layer, figures),
            ServerClock(client),
            Rules(),
            parks_nothing,
            figures=figures,
        )
        await tools.clock.sync()
        working = asyncio.create_task(Worker(client, SHARDS, tools).run(stop))
        try:
            await eventually_async(lambda: figures.leases["taken"])
            yield Desk(client, web, layer, inbox, tools.clock, figures, stop)
        finally:
            stop.set()
            await working


async def parks_nothing(topic: str, put_by: Mapping[str, PutBy], is_ours: Callable[[], bool]) -> bool:
    raise AssertionError("nothing is idle for so short a time")
