"""Web processes remember for a while which rooms there are and who may enter them, so they tell each other what is no longer so."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rooms.consumers import RoomConsumer
from rooms.models import look_again
from timers import process

CLOSED, LOCKED = "rooms.closed", "rooms.locked"
HEARERS = "rooms"
"""The group of all web processes, as far as rooms are concerned."""


async def tell_closed(codes: Collection[str]) -> None:
    """That these rooms are no more."""
    await process.current().layer.group_send(HEARERS, {"type": CLOSED, "codes": list(codes)})


async def tell_locked(code: str, locked: bool) -> None:
    """That the room has another passcode, or none any more; whoever is in it is told whether it has one."""
    await process.current().layer.group_send(HEARERS, {"type": LOCKED, "codes": [code], "locked": locked})


async def hear() -> None:
    """From now on this process knows of rooms that another has closed or locked. Waits while Redis is away."""
    await process.current().layer.hear(HEARERS, _take)


def _take(told: dict[str, Any]) -> None:
    look_again(told["codes"])
    if told["type"] != LOCKED:
        return
    for socket in process.current().sockets:
        if isinstance(socket, RoomConsumer) and socket.code in told["codes"]:
            socket.show_lock(told["locked"])
