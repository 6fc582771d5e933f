"""How a socket comes to its topic while no worker lives or Redis is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis
from django.conf import settings
from redis.exceptions import ConnectionError as RedisIsAway

from tests.support.guests import Guest, device
from tests.support.waiting import eventually_async
from tests.support.web import the_web_process
from timers import consumers, inbox, topics
from timers.store import Store
from timers.topic import Arrive, Topic

pytestmark = [pytest.mark.usefixtures("empty_redis"), pytest.mark.django_db]

SOLO = topics.solo(device(0))
PERHAPS_SENT = "The connection to Redis was lost."


def received(client: redis.Redis, kind: type) -> list[Any]:
    """What of this kind is in the inbox of device 0's own topic."""
    entries: Any = client.xrange(topics.commands_key(topics.shard_of(SOLO, settings.TOMATO.shards)))
    commands = (inbox._entry(id, fields).command for id, fields in entries)
    return [command for command in commands if isinstance(command, kind)]


# The snapshot that a socket reads for itself --------------------------------------------------------------------------


class Reads:
    """Those of Redis, which wait or fail as the test wants."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun = 0
        self.goes_on = asyncio.Event()
        self.error: Exception | None = None
        self._read = Store.read
        monkeypatch.setattr(Store, "read", lambda store, name: self._answer(store, name))

    async def _answer(self, store: Store, name: str) -> Topic:
        self.begun += 1
        await self.goes_on.wait()
        if self.error is not None:
            raise self.error
        return await self._read(store, name)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    monkeypatch.setattr(consumers, "SNAPSHOT_WITHIN_S", 0.05)
    return Reads(monkeypatch)


async def test_a_snapshot_that_cannot_be_read_is_asked_for_again(empty_redis: redis.Redis, reads: Reads) -> None:
    async with the_web_process():
        reads.error = RedisIsAway(PERHAPS_SENT)
        reads.goes_on.set()
        ana = Guest("/ws/solo", device(0))
        await eventually_async(lambda: reads.begun >= 2)
        reads.error = None
        await ana.is_in()
    assert len(received(empty_redis, Arrive)) >= 2, "what Redis has lost since may have been the arrival"


async def test_a_gap_while_a_snapshot_is_read_is_no_less_a_gap(empty_redis: redis.Redis, reads: Reads) -> None:
    async with the_web_process() as here:
        ana = Guest("/ws/solo", device(0))
        await eventually_async(lambda: reads.begun)
        (socket,) = here.sockets
        socket.on_gap()
        await eventually_async(lambda: len(received(empty_redis, Arrive)) == 2)
        reads.goes_on.set()
        await ana.is_in()
        assert len(ana.heard("session:joined")) == 1, "what was read before the gap is not shown"
