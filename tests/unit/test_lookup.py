"""Looking up together: who shares a query, and who does not share another's trouble."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Collection

import pytest
from asgiref.sync import async_to_sync

from tests.support.waiting import eventually_async
from tomato.lookup import Lookup


class Shelf:
    """Where things are looked up, one query after another. Everything is there but what begins with "no"."""

    def __init__(self) -> None:
        self.queries: list[set[str]] = []
        self.at_once = 0
        self.is_open = asyncio.Event()
        self.lookup: Lookup[str] = Lookup(self._look_up)

    async def _look_up(self, keys: Collection[str]) -> dict[str, str]:
        assert self.at_once == 0, "one query after another"
        self.at_once += 1
        self.queries.append(set(keys))
        try:
            await self.is_open.wait()
        finally:
            self.at_once -= 1
        if "broken" in keys:
            raise LookupError("broken")
        return {key: key.upper() for key in keys if not key.startswith("no")}

    def asks(self, *keys: str) -> asyncio.Task[dict[str, str]]:
        return asyncio.create_task(self.lookup.find(keys))

    async def is_asked(self, times: int) -> None:
        await eventually_async(lambda: len(self.queries) == times)


async def test_what_is_asked_at_once_is_one_query() -> None:
    shelf = Shelf()
    shelf.is_open.set()
    askings = [shelf.asks(f"key {number}", "shared", "nothing") for number in range(100)]
    for number, found in enumerate(await asyncio.gather(*askings)):
        assert found == {f"key {number}": f"KEY {number}", "shared": "SHARED"}
    assert len(shelf.queries) == 1


async def test_what_is_asked_while_a_query_runs_is_the_next() -> None:
    shelf = Shelf()
    first = shelf.asks("a")
    await shelf.is_asked(1)
    later = []
    for key in "bcd":
        later.append(shelf.asks(key))
        await asyncio.sleep(0)
    assert shelf.queries == [{"a"}]
    shelf.is_open.set()
    assert await first == {"a": "A"}
    assert await asyncio.gather(*later) == [{"b": "B"}, {"c": "C"}, {"d": "D"}]
    assert shelf.queries == [{"a"}, {"b", "c", "d"}]


async def test_one_after_another_are_queries_of_their_own() -> None:
    shelf = Shelf()
    shelf.is_open.set()
    assert [await shelf.lookup.find([key]) for key in ("a", "a", "no")] == [{"a": "A"}, {"a": "A"}, {}]
    assert shelf.queries == [{"a"}, {"a"}, {"no"}]


async def test_nothing_is_found_without_a_query() -> None:
    shelf = Shelf()
    assert await shelf.lookup.find([]) == {}
    assert shelf.queries == []


async def test_an_error_reaches_all_who_asked_and_nobody_else() -> None:
    shelf = Shelf()
    before = shelf.asks("before")
    await shelf.is_asked(1)
    unlucky = [shelf.asks("broken"), shelf.asks("beside")]
    await asyncio.sleep(0)
    shelf.is_open.set()
    await before
    for asking in unlucky:
        with pytest.raises(LookupError):
            await asking
    assert await shelf.lookup.find(["after"]) == {"after": "AFTER"}


async def test_who_stops_waiting_hurts_nobody() -> None:
    """Not even the first, on whose behalf the query is made."""
    shelf = Shelf()
    running, waiting = [shelf.asks("a") for _ in range(3)], []
    await shelf.is_asked(1)
    waiting = [shelf.asks("b") for _ in range(3)]
    await asyncio.sleep(0)
    running[0].cancel()
    waiting[0].cancel()
    await asyncio.sleep(0)
    shelf.is_open.set()
    assert await asyncio.gather(*running[1:], *waiting[1:]) == [{"a": "A"}] * 2 + [{"b": "B"}] * 2


async def test_an_error_that_nobody_waits_for_is_nobodys(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    asking = shelf.asks("broken")
    await shelf.is_asked(1)
    asking.cancel()
    shelf.is_open.set()
    assert await shelf.lookup.find(["after"]) == {"after": "AFTER"}
    gc.collect()
    assert "never retrieved" not in caplog.text


def test_each_loop_looks_up_for_itself_and_none_is_kept() -> None:
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def look_up(keys: Collection[str]) -> dict[str, str]:
        await asyncio.sleep(0)
        return {key: key.upper() for key in keys}

    lookup: Lookup[str] = Lookup(look_up)

    async def ask() -> list[dict[str, str]]:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        return await asyncio.gather(*(lookup.find([key]) for key in "ab"))

    for _ in range(3):
        assert async_to_sync(ask)() == [{"a": "A"}, {"b": "B"}]
    gc.collect()
    assert [loop() for loop in loops] == [None] * 3
