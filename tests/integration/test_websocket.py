"""Our WebSocket protocol under a real uvicorn, on the loop of production: the handshake, and messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
import websockets
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tests.support.websockets import ACCEPT, MAX_BYTES, App, Application, Event, connected, masked, serving, stranger
from tomato import frames
from tomato.websocket import WebSocket

pytestmark = pytest.mark.usefixtures("uvloops")
KEY_ACCEPTED = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


# The handshake --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("GET / HTTP/1.1", {"Sec_WebSocket_Version": "8"}, 426),
        ("GET / HTTP/1.1", {"Sec_WebSocket_Version": None}, 426),
        ("GET / HTTP/1.1", {"Sec_WebSocket_Key": None}, 400),
        ("GET / HTTP/1.1", {"Sec_WebSocket_Key": "c2hvcnQ="}, 400),
        ("GET / HTTP/1.1", {"Sec_WebSocket_Key": "not base64 at all, no!!!"}, 400),
        ("POST / HTTP/1.1", {}, 400),
        ("GET /\xff HTTP/1.1", {}, 400),
    ],
)
async def test_a_handshake_that_is_none_is_refused(
    request_line: str, headers: dict[str, str | None], status: int
) -> None:
    app = App()
    async with serving(app) as site, stranger(site) as client:
        answer = await client.asks(request_line, **headers)
        assert f" {status} " in answer
        assert ("sec-websocket-version: 13" in answer) is (status == 426)
        await client.is_cut_off()
    assert app.scope == {}, "the application was not asked"


async def refuses(scope: Event, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})
    assert await receive() == {"type": "websocket.disconnect", "code": 1006}


async def breaks(scope: Event, receive: Any, send: Any) -> None:
    raise RuntimeError("broken")


async def says_nothing(scope: Event, receive: Any, send: Any) -> None:
    await receive()


def breaks_at_once(scope: Event, receive: Any, send: Any) -> Awaitable[None]:
    raise RuntimeError("broken")


@pytest.mark.parametrize(("app", "status"), [(refuses, 403), (breaks, 500), (breaks_at_once, 500), (says_nothing, 500)])
async def test_an_application_that_does_not_accept(app: Application, status: int, protocol: type[Any]) -> None:
    async with serving(app, protocol) as site, stranger(site) as client:
        assert f" {status} " in await client.asks()
        await client.is_cut_off()


async def test_what_is_accepted_is_answered_as_the_standard_says() -> None:
    app = App(accept={**ACCEPT, "subprotocol": "b", "headers": [(b"x-more", b"1")]})
    async with serving(app, headers=[("x-default", "2")]) as site, stranger(site) as client:
        await site.server.on_tick(0)
        answer = await client.asks(Sec_WebSocket_Protocol="a, b")
    assert answer.startswith("http/1.1 101 ")
    for line in (
        f"sec-websocket-accept: {KEY_ACCEPTED.lower()}",
        "sec-websocket-protocol: b",
        "x-more: 1",
        "x-default: 2",
    ):
        assert line in answer
    assert app.scope["subprotocols"] == ["a", "b"]


async def test_the_scope_is_that_of_uvicorn() -> None:
    scopes = []
    for ws in (WebSocket, WebSocketsSansIOProtocol):
        app = App()
        async with serving(app, ws, root_path="/below") as site, stranger(site) as client:
            await client.asks(
                "GET /a%20b%C3%BC/?q=1&r=%20 HTTP/1.1", Cookie="\xfc=1", X_Empty="", Sec_WebSocket_Protocol="x,y"
            )
        scopes.append(
            {**app.scope, "client": app.scope["client"][0], "server": app.scope["server"][0], "extensions": None}
        )
    assert scopes[0] == scopes[1]


async def test_compression_is_not_negotiated() -> None:
    async with serving(App()) as site, websockets.connect(site.url, compression="deflate") as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers
        await client.send("x" * 5000)
        assert await client.recv() == "x" * 5000


async def test_who_speaks_before_the_answer_is_refused() -> None:
    speaks = asyncio.Event()

    async def waits(scope: Event, receive: Any, send: Any) -> None:
        await receive()
        speaks.set()
        assert await receive() == {"type": "websocket.disconnect", "code": 1006}

    async with serving(waits) as site, stranger(site) as client:
        asking = asyncio.create_task(client.asks())
        await speaks.wait()
        client.sends(frames.PING)
        assert " 400 " in await asking


# Messages -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["", "ü", b"", b"\xff", "x" * 126, b"x" * 65_536, "x" * MAX_BYTES])
async def test_messages_come_and_go_whole(message: str | bytes) -> None:
    async with serving(App()) as site, websockets.connect(site.url, compression=None) as client:
        for _ in range(3):
            await client.send(message)
            assert await client.recv() == message


async def test_a_message_in_parts_with_others_between() -> None:
    app = App()
    async with serving(app) as site, connected(site) as client:
        parts = [
            masked(frames.TEXT, b"on\xc3", is_last=False),
            masked(frames.PING, b"?"),
            masked(frames.CONTINUATION, b"", is_last=False),
            masked(frames.PONG),
            masked(frames.CONTINUATION, b"\xbce"),
            masked(frames.BINARY, b"two"),
        ]
        for byte in b"".join(parts):
            client.writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert [await client.hears() for _ in range(3)] == [
            (frames.PONG, b"?"),
            (frames.TEXT, "onüe".encode()),
            (frames.BINARY, b"two"),
        ]


async def test_parts_that_hold_nothing_cost_nothing() -> None:
    async with serving(App()) as site, connected(site) as client:
        client.sends(frames.TEXT, b"a", is_last=False)
        for _ in range(20_000):
            client.sends(frames.CONTINUATION, b"", is_last=False)
        client.sends(frames.PING)
        assert await client.hears() == (frames.PONG, b"")
        assert site.connection._message == (frames.TEXT, bytearray(b"a"))
