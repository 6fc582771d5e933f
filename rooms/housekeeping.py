"""Removes the rooms that nobody has used for a month, and with them what is kept of their timers; their codes are free then.

One of the web processes looks once a day, `manage.py forget_rooms` at any time. A room that Redis holds is in use, however
long ago anybody entered it: somebody is there, or a timer runs. The process whose day it is removes what is left of log-ins too.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from weakref import WeakSet

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError, transaction
from django.utils import timezone
from redis.exceptions import RedisError

from rooms import changes
from rooms.models import Room, note_use
from timers import process, topics
from timers.store import Store
from tomato import login

log = structlog.get_logger(__name__)

UNUSED_FOR = timedelta(days=30)
LOOK_EVERY_S = 3600
ONCE_IN_MS = 24 * 3600 * 1000
LOOKED_KEY = "tomato:rooms:looked"


def begin() -> None:
    """From now on this process does its part, however often this is called."""
    loop = asyncio.get_running_loop()
    if loop not in _begun:
        _begun.add(loop)
        process.current().run(_keep_house())
        process.current().run(changes.hear())


async def forget_unused(store: Store) -> int:
    """How many rooms were removed. Raises `RedisError`, `OSError` or `DatabaseError`; what is done by then is done."""
    long_ago = timezone.now() - UNUSED_FOR
    forgotten = 0
    for code in await _unused_since(long_ago):
        if await store.holds(topics.room(code)):
            await note_use(code)
        else:
            forgotten += await _forget(code, long_ago)
    return forgotten


async def _keep_house() -> None:
    here = process.current()
    while True:
        try:
            if await here.redis.set(LOOKED_KEY, 1, nx=True, px=ONCE_IN_MS):
                await _clean_up(here.store)
        except (RedisError, OSError, DatabaseError) as error:
            log.warning("rooms.not_forgotten", reason=str(error))
        await asyncio.sleep(LOOK_EVERY_S)


async def _clean_up(store: Store) -> None:
    await login.forget_the_past()
    if forgotten := await forget_unused(store):
        log.info("rooms.forgotten", count=forgotten)


@database_sync_to_async
def _unused_since(long_ago: datetime) -> list[str]:
    return list(Room.objects.filter(last_used_at__lt=long_ago).values_list("code", flat=True))


@database_sync_to_async
def _forget(code: str, long_ago: datetime) -> bool:
    """Unless somebody has entered at this moment."""
    with transaction.atomic():
        room = Room.objects.select_for_update().filter(code=code, last_used_at__lt=long_ago).first()
        if room:
            room.delete()
    return room is not None


_begun: WeakSet[asyncio.AbstractEventLoop] = WeakSet()
