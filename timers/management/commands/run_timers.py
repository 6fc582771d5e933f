"""One timer worker, from its first lease until SIGTERM. Any number may run at once."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import structlog
import uvloop
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from timers import parking, topics
from timers.broadcast import Broadcaster
from timers.inbox import Inbox
from timers.server_clock import ServerClock
from timers.shard import Tools
from timers.store import Store
from timers.topic import Rules
from timers.worker import Worker
from tomato import redis

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Runs one timer worker until SIGTERM or Ctrl-C. Any number may run at once, on any number of machines."

    def handle(self, *args: Any, **options: Any) -> None:
        uvloop.run(_work())


async def _work() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop_gracefully_then_at_once, stop)
    environment = settings.TOMATO
    client = redis.connect(environment.redis_url)
    layer = get_channel_layer()
    try:
        await _agree_on_shards(client, environment.shards)
        await _name_risks(client)
        tools = Tools(
            store=Store(client, environment.shards),
            inbox=Inbox(client, environment.shards),
            broadcaster=Broadcaster(layer),
            clock=ServerClock(client),
            rules=Rules(environment.idle_ttl_s * 1000, environment.max_members),
            park=parking.park,
            reach=_dies_at(environment.crash_at),
        )
        await Worker(client, environment.shards, tools).run(stop)
    finally:
        await layer.flush()
        await client.aclose()


def _stop_gracefully_then_at_once(stop: asyncio.Event) -> None:
    if stop.is_set():
        os._exit(1)
    stop.set()


async def _agree_on_shards(client: Any, shards: int) -> None:
    """Topics are found by their shard: with another number of shards every timer would seem to be gone."""
    while True:
        try:
            await client.set(topics.SHARDS_KEY, shards, nx=True)
            stored = int(await client.get(topics.SHARDS_KEY))
            break
        except (RedisError, OSError):
            await asyncio.sleep(0.25)
    if stored != shards:
        raise CommandError(
            f"TOMATO_SHARDS is {shards}, but the timers in this Redis are kept in {stored} shards: set TOMATO_SHARDS={stored}."
        )


async def _name_risks(client: Any) -> None:
    try:
        for risk in await redis.risks(client):
            log.warning("worker.redis_is_risky", risk=risk)
    except (RedisError, OSError) as error:
        log.warning("worker.redis_not_examined", reason=str(error))


def _dies_at(crash_point: str) -> Any:
    """For the fault tests: the process dies as by `kill -9` when it first comes to the crash point."""

    def reach(point: str) -> None:
        if point == crash_point:
            os.kill(os.getpid(), signal.SIGKILL)

    return reach
