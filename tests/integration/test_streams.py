"""Event streams of one process: what a reader is told, what all share, and what becomes of one that falls behind or comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest
import redis
from django.conf import settings
from django.test import AsyncClient
from redis.exceptions import ConnectionError as RedisIsAway

from rooms import entering
from rooms.models import Room
from tests.support.readers import Reader
from tests.support.sockets import process_on
from tests.support.topics import room_with
from tests.support.waiting import eventually_async
from timers import inbox, process, protocol, streams, topics
from timers.broadcast import Broadcaster
from timers.streams import OPENING, EventStreams, Opening
from timers.timer import Add, Start
from timers.topic import Topic, Unwatch, Watch
from tomato import outlet
from tomato.asgi import answers
from tomato.identity import COOKIE
from tomato.layer import HubLayer
from tomato.outlet import CONNECTION

pytestmark = pytest.mark.usefixtures("empty_redis", "no_worker_to_wait_for")

ROOM = topics.room("ABC234")
HEADERS = [(b"content-type", b"text/event-stream"), (b"content-length", b"0")]


@pytest.fixture
def no_worker_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "WATCHED_WITHIN_S", 0.01)


class Stage:
    """A room, its readers in this process, and a worker's voice."""

    def __init__(self, worker: Any) -> None:
        self.scene = room_with("ana")
        self.broadcaster = Broadcaster(worker)
        self.looks = 0
        self._running: list[tuple[Reader, asyncio.Task[None]]] = []

    async def reader(self, seen: int | None = None, address: str = "192.0.2.1", *, can_cut: bool = True) -> Reader:
        reader = Reader()
        opening = Opening(ROOM, None, self.look, address, seen, 60)
        scope: dict[str, Any] = {"type": "http", "extensions": {}}
        if can_cut:
            scope["extensions"][CONNECTION] = {"cut": reader.cut, "is_cut": lambda: reader.is_lost}

        async def pages(scope: Any, receive: Any, send: Any) -> None:
            scope[OPENING] = opening
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            await send({"type": "http.response.body", "body": b""})

        running = asyncio.create_task(EventStreams(pages)(scope, reader.receive, reader.send))
        self._running.append((reader, running))
        return reader

    async def look(self) -> dict[str, Any]:
        self.looks += 1
        return {"protocol": 1, "room": None, **protocol.snapshot(self.scene.topic, None, self.scene.now)}

    async def happens(self, *, told: bool = True) -> None:
        """A second more on the timer."""
        change = self.scene.press("ana", Add(1_000))
        if told:
            await self.broadcaster.say(self.broadcaster.event(ROOM, event, self.scene.now) for event in change.events)

    async def ticks(self, topic: Topic | None = None) -> None:
        await self.broadcaster.say([self.broadcaster.tick(topic or self.scene.topic, self.scene.now)])

    async def end(self) -> None:
        for reader, running in self._running:
            reader.gone.set()
            reader.reads.set()
            await running
        await asyncio.gather(*process.current()._tasks)


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    async with process_on() as worker:
        on = Stage(worker)
        try:
            yield on
        finally:
            await on.end()


def commands(client: redis.Redis) -> list[Any]:
    shard = topics.shard_of(ROOM, settings.TOMATO.shards)
    entries: Any = client.xrange(topics.commands_key(shard))
    return [inbox._entry(id, fields).command for id, fields in entries]


# What is told ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
async def test_a_stream_begins_with_the_snapshot_and_goes_on_with_what_happens(empty_redis: redis.Redis) -> None:
    async with stage() as on:
        on.scene.press("ana", Start())
        reader = await on.reader()
        [snapshot] = await reader.hears(1)
        assert (snapshot["type"], snapshot["you"], snapshot["id"], snapshot["v"]) == ("session:joined", None, 2, 2)
        await on.happens()
        await on.ticks()
        _, state, tick = await reader.hears(3)
    assert [(each["type"], each["id"], each["v"]) for each in (state, tick)] == [
        ("timer:state", 3, 3),
        ("timer:tick", 3, 3),
    ]
    assert reader.got[0] == {"type": "http.response.start", "status": 200, "headers": HEADERS[:1]}
    assert reader.bodies[0].startswith(b"retry: ")
    [watch, unwatch] = [command for command in commands(empty_redis) if isinstance(command, Watch | Unwatch)]
    assert (watch.watcher, isinstance(watch, Watch), isinstance(unwatch, Unwatch)) == (unwatch.watcher, True, True)


@pytest.mark.django_db
async def test_readers_of_one_room_share_a_watcher_and_each_message(empty_redis: redis.Redis) -> None:
    async with stage() as on:
        readers = [await on.reader() for _ in range(3)]
        for reader in readers:
            await reader.hears(1)
        await on.happens()
        for reader in readers:
            await reader.hears(2)
        assert len({id(reader.got[-1]) for reader in readers}) == 1
        assert process.current().report().samples
        assert process.current().figures.streams == 3
        assert len([command for command in commands(empty_redis) if isinstance(command, Watch)]) == 1
        readers[0].gone.set()
        await readers[0].is_finished()
        await on.happens()
        await readers[1].hears(3)
        assert ROOM in process.current().audiences
        assert not [command for command in commands(empty_redis) if isinstance(command, Unwatch)]
    assert [command for command in commands(empty_redis) if isinstance(command, Unwatch)]


@pytest.mark.django_db
async def test_who_comes_later_gets_a_snapshot_and_nobody_else_does() -> None:
    async with stage() as on:
        first = await on.reader()
        await first.hears(1)
        await on.happens()
        await first.hears(2)
        second = await on.reader()
        [snapshot] = await second.hears(1)
        assert snapshot["v"] == 2
        await on.happens()
        assert [each["type"] for each in await first.hears(3)] == ["session:joined", "timer:state", "timer:state"]
        assert [each["type"] for each in await second.hears(2)] == ["session:joined", "timer:state"]


@pytest.mark.django_db
async def test_what_was_missed_on_the_way_is_made_up_for_by_a_snapshot() -> None:
    async with stage() as on:
        reader = await on.reader()
        await reader.hears(1)
        await on.happens(told=False)
        await on.happens()
        assert [(each["type"], each["v"]) for each in await reader.hears(2)] == [
            ("session:joined", 1),
            ("session:joined", 3),
        ]
        await on.happens()
        assert (await reader.hears(3))[2]["v"] == 4
        on.scene.press("ana", Start())
        await on.ticks()
        assert (await reader.hears(4))[3]["type"] == "session:joined"


@pytest.mark.django_db
async def test_what_is_said_again_is_told_once() -> None:
    async with stage() as on:
        reader = await on.reader()
        await reader.hears(1)
        change = on.scene.press("ana", Add(1_000))
        for _ in range(2):
            await on.broadcaster.say(on.broadcaster.event(ROOM, event, on.scene.now) for event in change.events)
        await on.happens()
        assert [each["v"] for each in await reader.hears(3)] == [1, 2, 3]


@pytest.mark.django_db
async def test_after_a_gap_everybody_gets_a_fresh_snapshot(empty_redis: redis.Redis) -> None:
    async with stage() as on:
        reader = await on.reader()
        await reader.hears(1)
        process.current().audiences[ROOM].on_gap()
        assert [each["type"] for each in await reader.hears(2)] == ["session:joined"] * 2
        assert len([command for command in commands(empty_redis) if isinstance(command, Watch)]) == 2


@pytest.mark.django_db
async def test_every_now_and_then_a_comment_shows_that_the_stream_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BEAT_EVERY_S", 0.02)
    async with stage() as on:
        reader = await on.reader()
        await eventually_async(lambda: reader.bodies.count(b":\n\n") >= 3)


# Who comes again ------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
async def test_who_comes_again_and_has_missed_nothing_goes_on() -> None:
    async with stage() as on:
        first = await on.reader()
        await first.hears(1)
        first.gone.set()
        await first.is_finished()
        again = await on.reader(seen=1)
        await eventually_async(lambda: b":\n\n" in again.bodies)
        await on.happens()
        assert [each["type"] for each in await again.hears(1)] == ["timer:state"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seen", "address"), [(1, "192.0.2.1"), (3, "192.0.2.1"), (2, "192.0.2.9")], ids=["older", "newer", "a stranger"]
)
async def test_of_anybody_else_it_is_not_known_what_they_have_seen(seen: int, address: str) -> None:
    async with stage() as on:
        first = await on.reader()
        await first.hears(1)
        await on.happens()
        await first.hears(2)
        first.gone.set()
        await first.is_finished()
        again = await on.reader(seen, address)
        assert [(each["type"], each["v"]) for each in await again.hears(1)] == [("session:joined", 2)]


# Who falls behind, and the end ----------------------------------------------------------------------------------------


@pytest.mark.django_db
async def test_a_reader_that_falls_behind_misses_ticks_and_no_change() -> None:
    async with stage() as on:
        on.scene.press("ana", Start())
        slow, quick = await on.reader(), await on.reader()
        await slow.hears(1), await quick.hears(1)
        slow.reads.clear()
        for _ in range(5):
            await on.happens()
            await on.ticks()
        await quick.hears(11)
        slow.reads.set()
        await slow.hears(6)
        assert [each["v"] for each in slow.heard if each["type"] == "timer:state"] == [3, 4, 5, 6, 7]
        assert len([each for each in slow.heard if each["type"] == "timer:tick"]) == 0


@pytest.mark.django_db
async def test_one_that_reads_no_more_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "MOST_HELD", 3)
    async with stage() as on:
        slow, quick = await on.reader(), await on.reader()
        await slow.hears(1), await quick.hears(1)
        slow.reads.clear()
        for number in range(6):
            await on.happens()
            await quick.hears(number + 2)
        assert slow.is_cut
        await on.happens()
        await quick.hears(8)


@pytest.mark.django_db
async def test_where_a_server_cannot_cut_a_stream_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "DRAIN_S", 0.05)
    monkeypatch.setattr(streams, "FINISHED_WITHIN_S", 0.05)
    async with stage() as on:
        slow = await on.reader(can_cut=False)
        await slow.hears(1)
        slow.reads.clear()
        await on.happens()
        await eventually_async(lambda: ROOM not in process.current().audiences)


@pytest.mark.django_db
async def test_a_server_that_stops_ends_its_streams_at_once() -> None:
    async with stage() as on:
        readers = [await on.reader() for _ in range(2)]
        for reader in readers:
            await reader.hears(1)
        streams.end_all()
        for reader in readers:
            await reader.is_finished()


@pytest.mark.django_db
async def test_a_stream_whose_connection_is_gone_unheard_ends_with_the_next_beat(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "BEAT_EVERY_S", 0.02)
    async with stage() as on:
        reader = await on.reader()
        await reader.hears(1)
        reader.is_lost = True
        await reader.is_finished()


# Who may read ---------------------------------------------------------------------------------------------------------


async def asked(code: str, method: str = "GET", **extra: Any) -> Any:
    return await AsyncClient().generic(method, f"/room/{code}/events", **extra)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["ABC", "ZZZZZZ", "%00"])
async def test_there_is_no_stream_where_there_is_no_room(code: str) -> None:
    response = await asked(code)
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
    assert not response.cookies


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_a_stream_is_only_read(method: str) -> None:
    response = await asked((await Room.objects.make()).code, method)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response.json()["code"] == "method-not-allowed"


@pytest.mark.django_db
async def test_the_head_of_a_stream_can_be_asked_for() -> None:
    response = await asked((await Room.objects.make()).code.lower(), "HEAD")
    assert (response.status_code, response["Content-Type"]) == (200, "text/event-stream")
    assert response["Cache-Control"] == "no-store"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert not response.cookies


@pytest.mark.django_db
async def test_a_locked_room_wants_its_passcode_or_a_grant() -> None:
    room = await Room.objects.make(passcode=await entering.hashed("open sesame"))
    refusal = await asked(room.code)
    assert (refusal.status_code, "X-Room-Passcode" in refusal.json()["message"]) == (403, True)
    assert (await asked(room.code, headers={"X-Room-Passcode": "open barley"})).status_code == 403
    assert (await asked(room.code, headers={"X-Room-Passcode": "open sesame"})).status_code == 200
    browser = AsyncClient()
    await browser.post(f"/room/{room.code}/enter", {"passcode": "open sesame"})
    assert COOKIE in browser.cookies
    assert (await browser.get(f"/room/{room.code}/events")).status_code == 200


async def test_an_audience_that_never_watched_says_no_goodbye(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def lose(layer: HubLayer, group: str, channel: str) -> None:
        asked.append(group)
        raise RedisIsAway("gone")

    async with stage() as on:
        await process.current().open()
        monkeypatch.setattr(HubLayer, "group_add", lose)
        await on.reader()
        await eventually_async(lambda: asked)
    assert commands(empty_redis) == []


@pytest.mark.django_db
async def test_streams_count_as_sockets_of_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    room = await Room.objects.make()
    monkeypatch.setitem(settings.TOMATO.__dict__, "max_sockets_per_ip", 1)
    process.current().sockets_per_address["127.0.0.1"] = 1
    for method in ("GET", "HEAD"):
        assert (await asked(room.code, method)).status_code == 429
    assert (await asked(room.code)).json()["code"] == "rate-limited"


@pytest.mark.django_db
async def test_of_streams_that_are_opened_at_once_no_more_are_let_in_than_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each counts before it is answered, and so before the next is asked about."""
    room = await Room.objects.make()
    monkeypatch.setitem(settings.TOMATO.__dict__, "max_sockets_per_ip", 2)
    assert [(await asked(room.code)).status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_address_has_its_place_until_its_request_is_over(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.TOMATO.__dict__, "max_sockets_per_ip", 1)
    room, counted = await Room.objects.make(), process.current().sockets_per_address
    for _ in range(2):
        reader = Reader()
        reading = asyncio.create_task(answers(request(method, room), body_of(reader), reader.send))
        await eventually_async(partial(len, reader.got))
        assert reader.got[0]["status"] == 200
        assert counted == ({"127.0.0.1": 1} if method == "GET" else {})
        reader.gone.set()
        await reading
        assert not counted
    await asyncio.gather(*process.current()._tasks)


class Broken(Exception):
    """Of whatever comes between a view and its reader."""


@pytest.mark.parametrize("fate", ["refused", "broken", "left"])
async def test_who_was_let_in_and_got_no_stream_has_no_place(fate: str) -> None:
    here = process.current()

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        assert streams.take_place(scope, "192.0.2.1")
        assert here.sockets_per_address == {"192.0.2.1": 1}
        if fate == "refused":
            await send({"type": "http.response.start", "status": 500, "headers": []})
        elif fate == "broken":
            raise Broken

    with suppress(Broken):
        await EventStreams(pages)({"type": "http"}, Reader().receive, Reader().send)
    assert not here.sockets_per_address


def request(method: str, room: Room) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": f"/room/{room.code}/events",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 40_000),
    }


def body_of(reader: Reader) -> Any:
    """What the server is told: that the request has no body, and at the end that the reader has gone."""
    told = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        return next(told, None) or await reader.receive()

    return receive
