"""Operators at work: a worker to ask, staff with and without rights, and people in rooms to look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.test import AsyncClient

from tests.support.sockets import Socket, a_socket, process_on
from tests.support.waiting import eventually_async
from timers import parking
from timers.broadcast import Broadcaster
from timers.inbox import Inbox
from timers.server_clock import ServerClock
from timers.shard import Tools
from timers.store import Store
from timers.timer import Command
from timers.topic import Arrive, Leave, Rename, Rules, Steer
from timers.worker import Worker
from tomato.redis import connect

LOOK, STEER = "view_live", "steer_live"


class Town:
    """All shards under one worker, and a web process through which people come."""

    def __init__(self, inbox: Inbox, store: Store, web: Any) -> None:
        self.inbox = inbox
        self.store = store
        self.web = web
        self._refs = count(1)

    async def comes(self, topic: str, member: str, name: str | None = None) -> Socket:
        socket = await a_socket(self.web, topic)
        await self.inbox.post(topic, Arrive(member, socket.channel, "web"), reply_to=socket.channel)
        if name:
            await self.inbox.post(topic, Rename(member, name))
        return socket

    async def presses(self, topic: str, *commands: Command, timer: str = "room") -> None:
        """Returns once Redis holds what comes of it."""
        for command in commands:
            await self.inbox.post(topic, Steer(None, timer, command))
        await self.settles(topic)

    async def settles(self, topic: str) -> None:
        """Returns once everything that was posted is done."""
        ref = next(self._refs)
        socket = await a_socket(self.web)
        await self.inbox.post(topic, Leave("nobody", "none"), reply_to=socket.channel, ref=ref)
        await eventually_async(lambda: any(reply.get("ref") == ref for reply in socket.heard), 10)

    async def status(self, topic: str, timer: str = "room") -> str:
        held = await self.store.read(topic)
        return held.timer(timer).timer.status.value if timer in held.timers else "none"


@asynccontextmanager
async def a_town() -> AsyncIterator[Town]:
    shards, stop = settings.TOMATO.shards, asyncio.Event()
    async with connect(settings.TOMATO.redis_url) as client, process_on() as web, process_on() as layer:
        inbox, store = Inbox(client, shards), Store(client, shards)
        tools = Tools(store, inbox, Broadcaster(layer), ServerClock(client), Rules(), parking.park)
        await tools.clock.sync()
        worker = Worker(client, shards, tools)
        working = asyncio.create_task(worker.run(stop))
        try:
            await eventually_async(lambda: len(worker._loaded()) == shards and layer.groups, 10)
            yield Town(inbox, store, web)
        finally:
            stop.set()
            await working


async def staff(*rights: str, name: str = "olga") -> User:
    user = await User.objects.acreate(username=name, is_staff=True)
    async for permission in Permission.objects.filter(codename__in=rights):
        await user.user_permissions.aadd(permission)
    return user


async def browser_of(user: User, **options: Any) -> AsyncClient:
    """One in which they are logged in."""
    browser = AsyncClient(**options)
    await browser.aforce_login(user)
    return browser


async def whole(response: Any) -> str:
    """What is sent bit by bit, once all of it has come."""
    return b"".join([part async for part in response]).decode()
