"""A worker and those who listen to it: who is ticked to, and what becomes of what could not be told."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.support.redis import redis_in
from tests.support.sockets import Socket, a_socket
from tests.support.topics import minutes
from tests.support.waiting import eventually_async
from tests.support.workers import ROOM, SHARD, a_worker
from timers import topics
from timers import worker as worker_module
from timers.broadcast import EVENT, ROLL_CALL
from timers.leases import Leases
from timers.timer import Start
from tomato.redis import embedded_url

pytestmark = pytest.mark.usefixtures("empty_redis")


def ticks(socket: Socket) -> int:
    return sum(message["type"] == EVENT and message["ticks"] for message in socket.heard)


async def test_ticks_go_on_when_the_layers_redis_is_back(tmp_path: Path) -> None:
    async with a_worker(embedded_url(tmp_path)) as desk:
        with redis_in(tmp_path) as server:
            ana = await desk.comes("ana", ROOM)
            await desk.presses(Start())
            await eventually_async(lambda: ticks(ana))
            os.kill(server.info("server")["process_id"], signal.SIGKILL)
            await eventually_async(lambda: desk.figures.redis_errors["layer"])
        with redis_in(tmp_path):
            heard = ticks(ana)
            await eventually_async(lambda: ticks(ana) > heard)


async def test_after_a_change_was_not_told_everybody_is_to_look_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the worker's connection is cut, in the middle of telling: nobody else has a gap to notice."""
    monkeypatch.setattr(worker_module, "ROLL_CALL_EVERY_S", 0.1)
    with redis_in(tmp_path) as server:
        async with a_worker(embedded_url(tmp_path)) as desk:
            process = await a_socket(desk.web, topics.PROCESSES)
            ana = await desk.comes("ana", ROOM)
            await eventually_async(ana.snapshots)
            server.client_pause(minutes(1), all=False)
            await desk.presses(Start())
            [held_up] = await eventually_async(lambda: [one for one in server.client_list() if "b" in one["flags"]])
            server.client_kill_filter(_id=held_up["id"])
            server.client_unpause()
            await process.hears({"type": ROLL_CALL, "shard": SHARD})
            assert ana.told("timer:state") == []


async def test_who_comes_while_a_tick_is_counted_hears_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer that nobody heard a tick comes late, after somebody came who was not there to hear it."""
    async with a_worker() as desk:
        counted, known = asyncio.Event(), asyncio.Event()
        publish = desk.layer.publish_many

        async def publish_and_answer_late(publications: Any) -> list[int]:
            publications = list(publications)
            heard: list[int] = await publish(publications)
            if any(b"timer:tick" in data for _, data in publications):
                counted.set()
                await known.wait()
            return heard

        monkeypatch.setattr(desk.layer, "publish_many", publish_and_answer_late)
        await desk.comes("ana")
        await desk.presses(Start())
        await counted.wait()
        jun = await desk.comes("jun", ROOM)
        await eventually_async(jun.snapshots)
        known.set()
        await eventually_async(lambda: ticks(jun))


async def test_ticks_go_on_when_the_clock_of_redis_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_worker() as desk:
        ana = await desk.comes("ana", ROOM)
        await desk.presses(Start())
        await eventually_async(lambda: ticks(ana))
        desk.clock._offset_s -= 3_600
        heard = ticks(ana)
        await eventually_async(lambda: ticks(ana) > heard)


async def test_a_node_that_is_away_does_not_make_the_worker_seem_dead(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of the shards in a cluster cannot be renewed: it says all the same that it lives, and may take others."""

    async def renew_the_others(leases: Leases) -> None:
        await renew(leases)
        raise RedisConnectionError("Error connecting to a node")

    renew = Leases.renew
    async with a_worker():
        monkeypatch.setattr(Leases, "renew", renew_the_others)
        last: Any = empty_redis.zrange(topics.WORKERS_KEY, 0, -1, withscores=True)
        await eventually_async(lambda: empty_redis.zrange(topics.WORKERS_KEY, 0, -1, withscores=True) > last)
