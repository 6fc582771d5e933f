"""One timer worker, from its first lease until SIGTERM. Any number may run at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

import structlog
import uvloop
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from timers import parking
from timers.broadcast import Broadcaster
from timers.figures import WorkerFigures
from timers.inbox import Inbox
from timers.leases import agree_on_shards
from timers.server_clock import ServerClock
from timers.shard import Tools
from timers.store import Store
from timers.topic import Rules
from timers.worker import Worker
from tomato import CannotStart, redis
from tomato.outage import Outage

log = structlog.get_logger(__name__)

REDIS_RETRY_S = 0.25


class Command(BaseCommand):
    help = "Runs one timer worker until SIGTERM or Ctrl-C. Any number may run at once, on any number of machines."
    requires_system_checks = ()  # They load every page, and a take-over waits for it.

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            uvloop.run(_work())
        except CannotStart as reason:
            raise CommandError(str(reason)) from reason


async def _work() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _stop_gracefully_then_at_once, stop)
    environment = settings.TOMATO
    client = redis.connect(environment.redis_url)
    layer = get_channel_layer()
    figures = WorkerFigures()
    tools = Tools(
        store=Store(client, environment.shards),
        inbox=Inbox(client, environment.shards),
        broadcaster=Broadcaster(layer, figures),
        clock=ServerClock(client),
        rules=Rules(environment.idle_ttl_s * 1000, environment.max_members),
        park=parking.park,
        reach=_dies_at(environment.crash_at),
        figures=figures,
    )
    try:
        if await _done_before(stop, _begin(client, tools.clock, environment.shards)):
            await Worker(client, environment.shards, tools).run(stop)
    finally:
        await layer.flush()
        await client.aclose()


def _stop_gracefully_then_at_once(stop: asyncio.Event) -> None:
    if stop.is_set():
        os._exit(1)
    stop.set()


async def _done_before(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Whether `work` could be done; it is given up when `stop` is set."""
    tasks = working, _ = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    if working.cancelled():
        return False
    working.result()
    return True


async def _begin(client: Any, clock: ServerClock, shards: int) -> None:
    """Returns once Redis has told what a worker must know before its first lease."""
    outage = Outage(log, "worker.redis")
    while True:
        try:
            await agree_on_shards(client, shards)
            await clock.sync()
            break
        except (RedisError, OSError) as error:
            outage.goes_on(error)
            await asyncio.sleep(REDIS_RETRY_S)
    outage.is_over()
    await _name_risks(client)


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
