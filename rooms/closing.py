"""Closes rooms for good, whatever goes on in them: everybody is sent out, and no web process lets anybody in again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from channels.db import database_sync_to_async

from rooms import changes
from rooms.models import Room
from timers import forgetting, topics


async def close(code: str) -> None:
    """First of all it is removed, so that nobody comes in again. Raises what `send_out` raises, and `DatabaseError`."""
    await _remove(code)
    await send_out([code])


async def send_out(codes: Collection[str]) -> None:
    """Everybody who is in rooms that are no more. Raises what `forgetting.close` raises, of one of them; the others are closed all
    the same."""
    await changes.tell_closed(codes)
    closings = (forgetting.close(topics.room(code)) for code in codes)
    for outcome in await asyncio.gather(*closings, return_exceptions=True):
        if outcome is not None:
            raise outcome


@database_sync_to_async
def _remove(code: str) -> None:
    Room.objects.filter(code=code).delete()
