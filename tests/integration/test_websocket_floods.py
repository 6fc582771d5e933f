"""Our WebSocket protocol with readers that do not read and senders that flood, and the frames that it is given ready made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from uvicorn.protocols.utils import ClientDisconnected

from tests.support.waiting import eventually_async
from tests.support.web import the_web_process
from tests.support.websockets import ACCEPT, App, Client, Event, connected, fill, masked, serving, stranger
from timers.consumers import TopicConsumer
from timers.process import WebProcess
from timers.protocol import CloseCode
from tomato import frames, outlet, websocket
from tomato.asgi import application
from tomato.identity import COOKIE, signed
from tomato.outlet import FRAMES
from tomato.websocket import WebSocket

pytestmark = pytest.mark.usefixtures("uvloops")


# Too much -------------------------------------------------------------------------------------------------------------


async def test_a_reader_that_does_not_read_suspends_send_until_it_does() -> None:
    app = App()
    async with serving(app) as site, connected(site) as client:
        sending = asyncio.create_task(fill(app, site.connection))
        await eventually_async(lambda: site.connection._is_paused)
        assert not sending.done()
        assert not site.connection.write_frame(frames.text("missed"))
        held = site.connection.transport.get_write_buffer_size()
        for _ in range(1000):
            client.sends(frames.PING, bytes(125))
        client.sends(frames.TEXT, b"and a text")
        await app.is_told("websocket.receive", text="and a text")
        assert site.connection.transport.get_write_buffer_size() == held, "no answers are hoarded"
        heard = await client.hears_until(b"last")
        assert b"missed" not in heard
        await sending


async def test_a_sender_that_floods_is_not_read_until_the_application_reads(protocol: type[Any]) -> None:
    goes_on, numbers = asyncio.Event(), list(range(100_000))
    read: list[int] = []

    async def is_busy(scope: Event, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        await goes_on.wait()
        while (event := await receive())["type"] == "websocket.receive":
            read.append(int(event["text"]))

    async with serving(is_busy, protocol) as site, connected(site) as client:
        client.writer.write(b"".join(masked(frames.TEXT, str(number).encode()) for number in numbers))
        if protocol is WebSocket:
            await eventually_async(lambda: not site.connection._is_reading)
            assert site.connection._events is not None
            assert len(site.connection._events) <= websocket.MOST_UNREAD_BYTES / websocket.EVENT_BYTES + 1
        goes_on.set()
        await eventually_async(lambda: read == numbers)
        client.sends(frames.CLOSE)
        assert await client.hears_close() == 1005


async def test_a_flood_does_not_hide_the_answer_to_a_close() -> None:
    app = App()

    async def is_busy(scope: Event, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        await eventually_async(lambda: not site.connection._is_reading)
        await send({"type": "websocket.close"})

    async with serving(is_busy) as site, connected(site) as client:
        client.writer.write(masked(frames.TEXT) * 10_000 + masked(frames.CLOSE))
        assert await client.hears_close() == 1000
        await client.is_cut_off()
    assert app.told == []


# Ready frames ---------------------------------------------------------------------------------------------------------


async def test_a_ready_frame_is_written_at_once_and_in_order() -> None:
    app = App()
    async with serving(app) as site, connected(site) as client:
        write = app.scope["extensions"][FRAMES]["write"]
        assert write(frames.text("one"))
        await app.send({"type": "websocket.send", "text": "two"})
        assert write(frames.text("three"))
        assert [(await client.hears())[1] for _ in range(3)] == [b"one", b"two", b"three"]
        await app.send({"type": "websocket.close"})
        assert not write(frames.text("too late"))


async def test_a_cut_waits_for_nobody() -> None:
    app = App()
    async with serving(app) as site, connected(site):
        sending = asyncio.create_task(fill(app, site.connection))
        await eventually_async(lambda: site.connection._is_paused)
        app.scope["extensions"][FRAMES]["cut"]()
        await app.is_told(code=1005)
        with pytest.raises(ClientDisconnected):
            await sending
        assert not site.server.server_state.connections


# Readers of a consumer ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def a_tab() -> AsyncIterator[tuple[Client, WebProcess, Any]]:
    cookie = f"{COOKIE}={signed('0123456789ABCDEF')}"
    async with serving(application) as site, stranger(site) as client, the_web_process() as here:
        assert " 101 " in await client.asks("GET /ws/solo HTTP/1.1", Origin="http://localhost", Cookie=cookie)
        await eventually_async(lambda: here.sockets)
        (consumer,) = here.sockets
        yield client, here, consumer


def fall_behind(consumer: TopicConsumer) -> None:
    """More is said than a reader that does not read can take."""
    while consumer.out._draining is None:
        consumer.out.text("x" * 65_000)
    consumer.out.text("held")


@pytest.mark.django_db
@pytest.mark.usefixtures("empty_redis")
async def test_a_consumer_whose_reader_was_too_slow_says_so_when_it_reads_again() -> None:
    async with a_tab() as (client, _, consumer):
        while not consumer.out.closed:
            consumer.out.text("x" * 65_000)
        await asyncio.wait({consumer._task}, timeout=0.3)  # it does not leave before it has said so
        await client.hears_until(frames.close(CloseCode.TOO_SLOW))


@pytest.mark.django_db
@pytest.mark.usefixtures("empty_redis")
async def test_a_reader_that_is_behind_hears_with_which_code_it_is_closed_and_has_left_then() -> None:
    async with a_tab() as (client, here, consumer):
        fall_behind(consumer)
        consumer.close(CloseCode.TOO_MANY)
        heard = await client.hears_until(frames.close(CloseCode.TOO_MANY))
        assert b"held" in heard
        await eventually_async(lambda: not here.sockets and not here.sockets_per_address)
        assert here.figures.closed == {"4429": 1}


@pytest.mark.django_db
@pytest.mark.usefixtures("empty_redis")
async def test_a_reader_that_never_reads_with_which_code_it_is_closed_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "DRAIN_S", 0.05)
    async with a_tab() as (client, here, consumer):
        client.stops_reading()
        fall_behind(consumer)
        consumer.close(CloseCode.NO_SUCH_ROOM)
        await eventually_async(lambda: not here.sockets and not here.sockets_per_address)
        assert here.figures.closed == {"4404": 1}
        client.reads_on()
        await client.is_cut_off()
