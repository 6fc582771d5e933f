"""What makes tomato fast, counted and never timed: how often anything is said, written, encoded and looked up.

A worker and one web process share the event loop of the test; its sockets are called as an ASGI server calls them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db.backends.utils import CursorWrapper

from rooms.models import Room
from tests.support.guests import Guest, come, device
from tests.support.sockets import process_on
from tests.support.waiting import eventually_async
from tests.support.web import the_web_process
from timers import parking, process, topics
from timers.broadcast import Broadcaster
from timers.inbox import Inbox
from timers.process import WebProcess
from timers.server_clock import ServerClock
from timers.shard import Tools
from timers.store import Store
from timers.topic import Rules
from timers.worker import Worker
from tomato.redis import connect
from tomato.wire import Wire

pytestmark = [pytest.mark.usefixtures("empty_redis"), pytest.mark.django_db]

# What is counted ------------------------------------------------------------------------------------------------------


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every SQL statement, whichever thread sends it."""
    sent: list[str] = []
    for name in ("execute", "executemany"):
        original = getattr(CursorWrapper, name)

        def count(cursor: Any, sql: str, *args: Any, original: Any = original) -> Any:
            sent.append(sql)
            return original(cursor, sql, *args)

        monkeypatch.setattr(CursorWrapper, name, count)
    return sent


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Wire, tuple[Any, ...]]]:
    """Every command to Redis and the wire on which it went."""
    sent: list[tuple[Wire, tuple[Any, ...]]] = []
    original = Wire.ask_many

    async def count(wire: Wire, commands: Any) -> list[Any]:
        sent.extend((wire, tuple(words)) for words in commands)
        return await original(wire, commands)

    monkeypatch.setattr(Wire, "ask_many", count)
    return sent


class Tally:
    """What a web process or a worker asks of Redis, from now on."""

    def __init__(self, asked: list[tuple[Wire, tuple[Any, ...]]], wire: Wire) -> None:
        self._asked, self._wire, self._start = asked, wire, len(asked)

    def commands(self) -> list[str]:
        return [words[0] for wire, words in self._asked[self._start :] if wire is self._wire]

    def published(self) -> Counter[str]:
        """How many times each channel was told of."""
        told = (words[1] for wire, words in self._asked[self._start :] if wire is self._wire and words[0] == "PUBLISH")
        return Counter(told)


def wire_of(here: WebProcess) -> Wire:
    client: Any = here.redis
    wire: Wire = client.wire
    return wire


# The stage ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def a_worker() -> AsyncIterator[Wire]:
    """Runs beside; gives the wire on which it tells."""
    shards, stop = settings.TOMATO.shards, asyncio.Event()
    async with process_on() as layer, connect(settings.TOMATO.redis_url) as client:
        tools = Tools(
            store=Store(client, shards),
            inbox=Inbox(client, shards),
            broadcaster=Broadcaster(layer),
            clock=ServerClock(client),
            rules=Rules(),
            park=parking.park,
        )
        await tools.clock.sync()
        worker = Worker(client, shards, tools)
        working = asyncio.create_task(worker.run(stop))
        try:
            await eventually_async(lambda: len(worker._runs) == shards)
            yield layer._get_shard("any")._wire
        finally:
            stop.set()
            await working


async def a_room() -> str:
    """The path of a new room's sockets."""
    return f"/ws/room/{(await Room.objects.make()).code}"


def group(path: str) -> str:
    return f"tomato__group__{topics.room(path[-6:])}"


async def ticks(guest: Guest, more: int) -> None:
    """Waits for some more of them."""
    enough = len(guest.heard("timer:tick")) + more
    await eventually_async(lambda: len(guest.heard("timer:tick")) >= enough, within_s=more + 10)


# Ticks ----------------------------------------------------------------------------------------------------------------


async def test_a_tick_is_said_once_for_all_people_and_timers_of_a_topic(asked: Any, queries: list[str]) -> None:
    full, small = await a_room(), await a_room()
    async with the_web_process(), a_worker() as wire:
        crowd = await come(*[full] * 30, small)
        *people, loner = crowd
        for person in (*people[:5], loner):
            await person.does("timer:start", timer="me")
            await person.does("timer:start", timer="room")
        await ticks(people[0], 1)
        tally, before = Tally(asked, wire), len(people[0].heard("timer:tick"))
        queries.clear()
        await ticks(people[0], 3)
        said = tally.published()
        assert said[group(full)] == len(people[0].heard("timer:tick")) - before == 3
        assert 2 <= said[group(small)] <= 4
        assert said.keys() == {group(full), group(small)}
        await eventually_async(lambda: len({len(person.heard("timer:tick")) for person in people}) == 1)
        assert len(people[0].heard("timer:tick")[-1]["remaining_ms"]) == 6
        assert queries == []


async def test_one_frame_is_made_for_all_sockets_of_a_process() -> None:
    path = await a_room()
    async with the_web_process(), a_worker():
        people = await come(*[path] * 20)
        await people[0].does("timer:start", timer="room")
        await eventually_async(lambda: all(len(person.heard("timer:tick")) >= 2 for person in people))
        everywhere = [frame for person in people for frame in person.frames if b'"timer:' in frame]
        assert len(everywhere) >= 2 * len(people)
        assert len({id(frame) for frame in everywhere}) == len(set(everywhere)), "the same bytes are the same object"


async def test_a_topic_that_nobody_hears_does_not_tick_until_somebody_comes(asked: Any) -> None:
    """Whether its people left or were lost without a word."""
    left, lost, other = await a_room(), await a_room(), await a_room()
    async with the_web_process() as here, a_worker() as wire:
        guests = await come(left, lost, other)
        for guest in guests:
            await guest.does("timer:start", timer="room")
            await ticks(guest, 1)
        await guests[0].leave()
        (deaf,) = (socket for socket in here.sockets if socket.place.topic == topics.room(lost[-6:]))
        await here.layer.group_discard(deaf.place.topic, deaf.channel_name)
        await ticks(guests[2], 2)
        tally = Tally(asked, wire)
        await ticks(guests[2], 2)
        assert tally.published().keys() == {group(other)}
        for guest in await come(left, lost):
            await ticks(guest, 1)


# Commands and joins ---------------------------------------------------------------------------------------------------


async def test_a_command_costs_one_script_and_no_query(
    asked: Any, queries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "VOUCH_EVERY_S", 3600)
    path = await a_room()
    async with the_web_process() as here, a_worker():
        people = await come(*[path] * 10)
        await people[0].does("timer:start", timer="room")
        tally = Tally(asked, wire_of(here))
        queries.clear()
        for number, kind in enumerate(("timer:pause", "timer:start", "timer:reset", "timer:start")):
            await people[number].does(kind, timer="room")
        assert tally.commands() == ["EVALSHA"] * 4
        assert queries == []


async def test_joining_a_room_that_is_awake_costs_one_script_and_no_query(
    asked: Any, queries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "VOUCH_EVERY_S", 3600)
    path = await a_room()
    async with the_web_process() as here, a_worker():
        (ana,) = await come(path)
        await ana.does("timer:start", timer="me")
        tally = Tally(asked, wire_of(here))
        queries.clear()
        again = Guest(path, device(0))
        await again.is_in()
        assert tally.commands() == ["EVALSHA"]
        assert queries == []


async def test_many_who_come_at_once_to_cold_rooms_are_looked_up_together(queries: list[str]) -> None:
    paths = [await a_room() for _ in range(40)]
    async with the_web_process() as here, a_worker():
        queries.clear()
        await come(*paths * 5)
        assert len(here.sockets) == 200
        assert len(queries) <= 10


# Quiet sockets --------------------------------------------------------------------------------------------------------


async def test_the_people_of_a_process_cost_one_write_each_heartbeat(
    asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await a_room()
    async with the_web_process() as here, a_worker():
        await come(path)
        monkeypatch.setattr(process, "VOUCH_EVERY_S", 0.02)
        costs = []
        for more in (0, 50):
            await come(*[path] * more)
            tally = Tally(asked, wire_of(here))
            await eventually_async(partial(has_written, tally, 5))
            commands = tally.commands()
            first, last = commands.index("SET"), len(commands) - commands[::-1].index("SET")
            costs.append(Counter(commands[first + 1 : last])["SET"] / len(commands[first + 1 : last]))
        assert costs[0] == costs[1], "as much as one alone"


async def test_a_process_to_which_many_come_at_once_opens_once() -> None:
    path = await a_room()
    async with the_web_process() as here, a_worker():
        await come(*[path] * 30)
        await settled(here)
        loops = [task.get_coro().__name__ for task in asyncio.all_tasks()]  # type: ignore[union-attr]
        assert loops.count("_keep_vouching") == 1


async def test_a_quiet_socket_is_one_task_and_no_subscription(empty_redis: redis.Redis) -> None:
    path = await a_room()
    async with the_web_process() as here, a_worker():
        await come(path)
        await settled(here)
        tasks, channels = len(asyncio.all_tasks()), sorted(empty_redis.pubsub_channels())
        connections = len(empty_redis.client_list())
        guests = await come(*[path] * 50)
        await settled(here)
        assert len(asyncio.all_tasks()) == tasks + len(guests)
        assert sorted(empty_redis.pubsub_channels()) == channels
        assert len(empty_redis.client_list()) == connections


def has_written(tally: Tally, times: int) -> bool:
    return tally.commands().count("SET") >= times


async def settled(here: WebProcess) -> None:
    """Nobody is still being let in."""
    await eventually_async(lambda: not any(socket._joining or socket._arriving for socket in here.sockets))
