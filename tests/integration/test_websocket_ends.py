"""How our WebSocket protocol ends, by whomever, and how it notices that the other end is gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import websockets
from uvicorn.protocols.utils import ClientDisconnected

from tests.support.waiting import eventually_async
from tests.support.websockets import ACCEPT, MAX_BYTES, App, Event, connected, fill, masked, serving, stranger
from tomato import frames, websocket

pytestmark = pytest.mark.usefixtures("uvloops")


# Ends -----------------------------------------------------------------------------------------------------------------

FOUL = [
    (masked(frames.TEXT, b"\xff"), 1007),
    (masked(frames.TEXT, b"a", is_last=False) + masked(frames.CONTINUATION, b"\xff"), 1007),
    (masked(0x3), 1002),
    (frames.text("not masked"), 1002),
    (masked(frames.CONTINUATION, b"a"), 1002),
    (masked(frames.TEXT, b"a", is_last=False) + masked(frames.TEXT, b"b"), 1002),
    (masked(frames.CLOSE, b"\x03\xed"), 1002),
    (masked(frames.TEXT, b"x" * (MAX_BYTES + 1)), 1009),
    (masked(frames.TEXT, b"x" * MAX_BYTES, is_last=False) + masked(frames.CONTINUATION, b"x"), 1009),
]


@pytest.mark.parametrize(("foul", "code"), FOUL)
async def test_who_breaks_the_protocol_is_told_why(foul: bytes, code: int) -> None:
    app = App()
    async with serving(app) as site, connected(site) as client:
        client.writer.write(masked(frames.PING) + foul + masked(frames.TEXT, b"unheard"))
        assert await client.hears() == (frames.PONG, b"")
        assert await client.hears_close() == code
        await client.is_cut_off()
    await app.is_told(code=code)
    assert len(app.told) == 1


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (4001, "enough"), (None, "")])
async def test_the_client_closes(code: int | None, reason: str, protocol: type[Any]) -> None:
    app = App()
    async with serving(app, protocol) as site, connected(site) as client:
        client.sends(frames.CLOSE, b"" if code is None else code.to_bytes(2) + reason.encode())
        assert await client.hears_close() == (code or 1005)
        await client.is_cut_off()
        await app.is_told(code=code or 1005, reason=reason)


async def test_the_application_closes(protocol: type[Any]) -> None:
    app = App()
    async with serving(app, protocol) as site, websockets.connect(site.url) as client:
        await app.send({"type": "websocket.close", "code": 4404, "reason": "no such room"})
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd == websockets.frames.Close(4404, "no such room")
        assert closed.value.rcvd_then_sent
        await app.is_told(code=4404, reason="no such room")
        with pytest.raises((ClientDisconnected, RuntimeError)):
            await app.send({"type": "websocket.send", "text": "unheard"})


async def test_a_close_that_is_not_answered_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CLOSING_MAX_S", 0.1)
    app = App()
    async with serving(app) as site, connected(site) as client:
        await app.send({"type": "websocket.close"})
        await client.is_cut_off()
        await eventually_async(lambda: not site.server.server_state.connections)


@pytest.mark.parametrize("ends", ["close", "shutdown"])
async def test_who_reads_nothing_does_not_hold_up_the_end(ends: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "CLOSING_MAX_S", 0.1)
    app = App()
    async with serving(app) as site, connected(site):
        sending = asyncio.create_task(fill(app, site.connection))
        await eventually_async(lambda: site.connection._is_paused)
        if ends == "close":
            site.connection._close(1000, "")
        else:
            site.connection.shutdown()
        await eventually_async(lambda: not site.server.server_state.connections)
        with pytest.raises(ClientDisconnected):
            await sending


async def test_the_client_is_lost(protocol: type[Any]) -> None:
    app = App()
    async with serving(app, protocol) as site, connected(site) as client:
        client.goes()
        await app.is_told(code=1005)
        with pytest.raises(ClientDisconnected):
            await app.send({"type": "websocket.send", "text": "unheard"})


async def test_the_client_is_lost_before_it_is_accepted(protocol: type[Any]) -> None:
    told: list[Event] = []

    async def listens(scope: Event, receive: Any, send: Any) -> None:
        told.extend([await receive(), await receive()])
        await send(ACCEPT)

    async with serving(listens, protocol) as site, stranger(site) as client:
        asking = asyncio.create_task(client.asks())
        await eventually_async(lambda: len(site.server.server_state.tasks) == 1)
        client.goes()
        await eventually_async(
            lambda: told == [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}]
        )
        with pytest.raises((OSError, EOFError)):
            await asking


@pytest.mark.parametrize("breaks", [False, True])
async def test_the_application_ends_without_a_word(breaks: bool, protocol: type[Any]) -> None:
    async def ends(scope: Event, receive: Any, send: Any) -> None:
        await receive()
        await send(ACCEPT)
        assert not breaks

    async with serving(ends, protocol) as site, connected(site) as client:
        assert await client.reader.read() == b""


@pytest.mark.parametrize("accepts", [False, True])
async def test_the_server_stops(accepts: bool) -> None:
    told: list[Event] = []

    async def listens(scope: Event, receive: Any, send: Any) -> None:
        told.append(await receive())
        if accepts:
            await send(ACCEPT)
        told.append(await receive())

    async with serving(listens) as site, stranger(site) as client:
        asking = asyncio.create_task(client.asks())
        await eventually_async(lambda: site.server.server_state.tasks and told)
        stopping = asyncio.create_task(site.server.shutdown())
        assert (" 101 " if accepts else " 503 ") in await asking
        if accepts:
            assert await client.hears_close() == 1012
        await client.is_cut_off()
        await stopping
    assert told[-1]["code"] == (1012 if accepts else 1006)


# Signs of life --------------------------------------------------------------------------------------------------------


async def test_a_ping_is_answered() -> None:
    async with serving(App()) as site, websockets.connect(site.url) as client:
        await (await client.ping("?"))


async def test_who_is_silent_is_asked_and_given_up() -> None:
    app = App()
    async with serving(app, ws_ping_interval=0.2) as site, connected(site) as client:
        assert await client.hears() == (frames.PING, b"")
        assert await client.hears_close() == 4408
        await client.is_cut_off()
        await app.is_told(code=4408)


async def test_who_answers_is_kept() -> None:
    async with serving(App(), ws_ping_interval=0.1) as site, connected(site) as client:
        for _ in range(5):
            assert await client.hears() == (frames.PING, b"")
            client.sends(frames.PONG)
        assert len(site.server.server_state.connections) == 1


async def test_one_timer_asks_all_of_them() -> None:
    async with serving(App(), ws_ping_interval=60) as site:
        async with connected(site), connected(site), connected(site):
            sockets: set[Any] = set(site.server.server_state.connections)
            beating = websocket.heartbeat(asyncio.get_running_loop(), site.server.config)
            assert set().union(*beating._turns) == sockets
        await eventually_async(lambda: not any(beating._turns))
