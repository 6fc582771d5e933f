"""Looking up many keys together: what is asked for while one query runs is asked in the next, in one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

Found = TypeVar("Found")


@dataclass
class Batch(Generic[Found]):
    keys: set[str] = field(default_factory=set)
    query: asyncio.Task[Mapping[str, Found]] | None = None


class Lookup(Generic[Found]):
    """A thousand sockets that come at once cost a few queries. `look_up` is given keys and returns what it found by key."""

    def __init__(self, look_up: Callable[[Collection[str]], Awaitable[Mapping[str, Found]]]) -> None:
        self._look_up = look_up
        self._gathering: WeakKeyDictionary[asyncio.AbstractEventLoop, Batch[Found]] = WeakKeyDictionary()
        self._running: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[Mapping[str, Found]]]
        self._running = WeakKeyDictionary()

    async def find(self, keys: Iterable[str]) -> dict[str, Found]:
        """What was found of `keys`. Raises what the query raises."""
        wanted = set(keys)
        if not wanted:
            return {}
        loop = asyncio.get_running_loop()
        batch = self._gathering.get(loop)
        if batch is None:
            batch = self._gathering[loop] = Batch()
            batch.query = loop.create_task(self._query(loop, batch, self._running.get(loop)))
        batch.keys |= wanted
        assert batch.query is not None
        found = await asyncio.shield(batch.query)
        return {key: found[key] for key in wanted if key in found}

    async def _query(
        self, loop: asyncio.AbstractEventLoop, batch: Batch[Found], before: asyncio.Task[Mapping[str, Found]] | None
    ) -> Mapping[str, Found]:
        if before is not None:
            await asyncio.wait({before})
        del self._gathering[loop]
        assert batch.query is not None
        self._running[loop] = batch.query
        try:
            return await self._look_up(batch.keys)
        finally:
            del self._running[loop]
