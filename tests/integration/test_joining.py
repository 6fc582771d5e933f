"""How a socket comes to its topic and goes from it while no worker lives or Redis is away."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import redis
from django.conf import settings
from redis.exceptions import ConnectionError as RedisIsAway

from rooms.models import Room
from tests.support.guests import Guest, device
from tests.support.waiting import eventually_async
from tests.support.web import the_web_process
from tests.support.workers import SHARDS, a_worker
from timers import consumers, inbox, process, topics
from timers import worker as worker_module
from timers.inbox import Inbox
from timers.process import WebProcess
from timers.store import Store
from timers.topic import Arrive, Leave, Topic

pytestmark = [pytest.mark.usefixtures("empty_redis"), pytest.mark.django_db]

SOLO = topics.solo(device(0))
NOT_SENT, PERHAPS_SENT = "Error 111 connecting to Redis: refused.", "The connection to Redis was lost."


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


async def test_whoever_asks_again_and_again_is_not_put_off(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, reads: Reads
) -> None:
    monkeypatch.setattr(consumers, "SNAPSHOT_WITHIN_S", 0.3)
    reads.goes_on.set()
    async with the_web_process() as here:
        ana = Guest("/ws/solo", device(0))
        await eventually_async(lambda: here.sockets)
        (socket,) = here.sockets
        while not reads.begun:
            came = len(received(empty_redis, Arrive))
            socket.resync()
            await eventually_async(lambda came=came: len(received(empty_redis, Arrive)) > came)  # type: ignore[misc]
            assert came < 200
        await ana.is_in()


async def test_what_is_told_after_a_snapshot_from_before_ones_arrival_has_no_gap(
    monkeypatch: pytest.MonkeyPatch, reads: Reads
) -> None:
    """One's own arrival is told to nobody but the others, and there is a worker again."""
    monkeypatch.setitem(settings.TOMATO.__dict__, "shards", SHARDS)
    reads.goes_on.set()
    path = f"/ws/room/{(await Room.objects.make()).code}"
    async with the_web_process():
        ana = Guest(path, device(0))
        await ana.is_in()
        starting = asyncio.create_task(ana.does("timer:start", timer="room"))
        async with a_worker():
            await starting
            await ana.does("timer:pause", timer="room")
            await eventually_async(lambda: any(state["action"] == "pause" for state in ana.heard("timer:state")))
    v = 0
    for message in (message for message in ana.told if message["type"].startswith(("session:", "timer:"))):
        assert message["type"] in ("session:joined", "timer:tick") or message["v"] == v + 1, ana.told
        v = message["v"]


# Goodbyes -------------------------------------------------------------------------------------------------------------


def lose(monkeypatch: pytest.MonkeyPatch, method: str, kind: type, why: str = NOT_SENT) -> list[Any]:
    """From now on commands of this kind do not come back from Redis; returns those as they come."""
    lost: list[Any] = []
    original = getattr(Inbox, method)

    async def fail(self: Inbox, topic: str, command: Any, *args: Any, **note: Any) -> Any:
        if not isinstance(command, kind):
            return await original(self, topic, command, *args, **note)
        lost.append(command)
        raise RedisIsAway(why)

    monkeypatch.setattr(Inbox, method, fail)
    return lost


@pytest.mark.parametrize(("why", "goodbyes"), [(NOT_SENT, 0), (PERHAPS_SENT, 1)])
async def test_only_who_may_have_arrived_says_goodbye(
    why: str, goodbyes: int, empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    knocks = lose(monkeypatch, "knock", Arrive, why)
    async with the_web_process():
        ana = Guest("/ws/solo", device(0))
        await eventually_async(lambda: knocks)
        await ana.leave()
    assert len(received(empty_redis, Leave)) == goodbyes


async def test_the_vouching_does_not_wait_for_goodbyes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "VOUCH_EVERY_S", 0.02)
    async with the_web_process() as here:
        await here.open()
        with monkeypatch.context() as away:
            lost = lose(away, "post", Leave)
            for number in range(3):
                await here.say_goodbye(SOLO, Leave("ana", f"web!{number}"))
        said: list[Any] = []
        goes_on = asyncio.Event()

        async def post_slowly(self: Inbox, topic: str, command: Any, **note: Any) -> None:
            said.append(command)
            await goes_on.wait()

        monkeypatch.setattr(Inbox, "post", post_slowly)
        await eventually_async(lambda: said)
        await vouches(here, 5)
        assert said == lost[:1], "one after another, and each once"
        goes_on.set()
        await eventually_async(lambda: said == lost)


async def test_goodbyes_that_cannot_be_said_yet_are_tried_again(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "VOUCH_EVERY_S", 0.02)
    async with the_web_process() as here:
        await here.open()
        with monkeypatch.context() as away:
            lost = lose(away, "post", Leave)
            for socket in ("web!1", "web!2"):
                await here.say_goodbye(SOLO, Leave("ana", socket))
            await eventually_async(lambda: len(lost) > 3)
        await eventually_async(lambda: len(received(empty_redis, Leave)) == 2)
        await vouches(here, 2)
    assert {leave.socket for leave in received(empty_redis, Leave)} == {"web!1", "web!2"}


async def test_of_a_process_with_too_many_goodbyes_to_keep_those_who_are_there_stay_and_the_others_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody vouches any more for the name under which those have come who are gone."""
    monkeypatch.setattr(process, "MOST_UNSAID", 1)
    monkeypatch.setattr(process, "VOUCH_EVERY_S", 0.05)
    monkeypatch.setattr(process, "VOUCH_MS", 500)
    monkeypatch.setattr(worker_module, "ROLL_CALL_EVERY_S", 0.3)
    monkeypatch.setitem(settings.TOMATO.__dict__, "shards", SHARDS)
    async with the_web_process() as here, a_worker():
        guests = [Guest("/ws/solo", device(0)) for _ in range(3)]
        await asyncio.gather(*(guest.is_in() for guest in guests))
        with monkeypatch.context() as away:
            lost = lose(away, "post", Leave)
            await asyncio.gather(*(guest.leave() for guest in guests[1:]))
            assert len(lost) == 2
        assert not here._unsaid_goodbyes
        (socket,) = here.sockets

        async def only_one_is_there() -> bool:
            (ana,) = (await here.store.read(SOLO)).people.values()
            return ana.sockets == {socket.channel_name: here.name}

        await eventually_async(only_one_is_there)


async def test_under_another_name_everybody_arrives_even_if_it_was_vouched_for_unheard() -> None:
    async with the_web_process() as here:
        await here.open()
        assert await here._vouch()
        here._take_another_name()
        await here.redis.set(topics.process_key(here.name), 1)
        assert not await here._vouch()
        assert await here._vouch()


async def vouches(here: WebProcess, times: int) -> None:
    """Waits until it has done so again and again."""
    key = topics.process_key(here.name)
    for _ in range(times):
        await here.redis.delete(key)
        await eventually_async(lambda: here.redis.exists(key))
