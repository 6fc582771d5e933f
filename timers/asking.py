"""Asks a topic's worker for something on behalf of a page or a script, and waits until it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from timers import process
from timers.process import WebProcess
from timers.topic import Command
from tomato.layer import Sink

DONE_WITHIN_S = 2.0


async def ask(topic: str, command: Command, patience_ms: int | None = None) -> dict[str, Any]:
    """What the worker replies. Raises `TimeoutError` when none did it in time, and `RedisError` or `OSError` when Redis is away;
    what was asked by then is done when a worker is back, unless that is later than `patience_ms`."""
    here, desk = process.current(), await open_desk()
    with desk.awaiting() as (ref, reply):
        await here.inbox.post(topic, command, reply_to=desk.address, ref=ref, patience_ms=patience_ms)
        async with asyncio.timeout(DONE_WITHIN_S):
            return await reply


class Desk:
    """Where the replies to what one process asks come in, at its `address`."""

    def __init__(self, here: WebProcess, address: str) -> None:
        self.address = address
        self._numbers = count(1)
        self._awaited: dict[int, asyncio.Future[dict[str, Any]]] = {}
        here.layer.attach(address, Sink(self._take, lambda: None))

    @contextmanager
    def awaiting(self) -> Iterator[tuple[int, asyncio.Future[dict[str, Any]]]]:
        """A number to ask under, and what is replied to it before the block ends."""
        ref = next(self._numbers)
        reply = self._awaited[ref] = asyncio.get_running_loop().create_future()
        try:
            yield ref, reply
        finally:
            del self._awaited[ref]

    def _take(self, reply: dict[str, Any]) -> None:
        awaited = self._awaited.get(reply["ref"])
        if awaited is not None and not awaited.done():
            awaited.set_result(reply)


async def open_desk() -> Desk:
    """That of the running event loop. Raises `RedisError` or `OSError` when Redis is away."""
    here, loop = process.current(), asyncio.get_running_loop()
    await here.open()
    if loop not in _desks:
        _desks[loop] = Desk(here, await here.layer.new_channel())
    return _desks[loop]


_desks: WeakKeyDictionary[asyncio.AbstractEventLoop, Desk] = WeakKeyDictionary()
