"""uvicorn's connections, so far as event streams need more of them: a real one is cut by the application that answers on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from tests.support.waiting import eventually_async
from tomato.connection import Connection
from tomato.outlet import CONNECTION
from tomato.websocket import WebSocket

REQUEST = b"GET / HTTP/1.1\r\nhost: tomato.example\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nhost: tomato.example\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@asynccontextmanager
async def connected(application: Any) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    config = uvicorn.Config(application, http=Connection, ws=WebSocket, lifespan="off", log_config=None)
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(config, ServerState(), {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()


async def test_an_application_cuts_its_reader_off_and_hears_of_it() -> None:
    heard: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        connection = scope["extensions"][CONNECTION]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()
        heard.append(connection["is_cut"]())
        connection["cut"]()
        heard.append(connection["is_cut"]())
        heard.append((await receive())["type"])

    async with connected(application) as (_, writer):
        writer.write(REQUEST)
        await eventually_async(lambda: len(heard) == 3)
    assert heard == [False, True, "http.disconnect"]


@pytest.mark.parametrize("next", [REQUEST, UPGRADE])
async def test_every_unanswered_request_of_a_lost_connection_hears_of_it(next: bytes) -> None:
    """Also the first of two that were sent at once, which is still being answered, and one before a socket is opened."""
    heard: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        heard.append("asked")
        while (await receive())["type"] != "http.disconnect":
            pass
        heard.append("lost")
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async with connected(application) as (_, writer):
        writer.write(REQUEST + next)
        await eventually_async(lambda: heard)
        if next == REQUEST:
            writer.close()
        await eventually_async(lambda: "lost" in heard)
