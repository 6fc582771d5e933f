"""Our WebSocket protocol under a real uvicorn, with clients that keep the protocol and some that do not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import uvicorn
from websockets.utils import apply_mask

from tests.support.waiting import WITHIN_S, eventually_async
from tomato import frames
from tomato.websocket import WebSocket

Application = Callable[[Any, Any, Any], Awaitable[None]]
Event = dict[str, Any]
ACCEPT = {"type": "websocket.accept"}
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x01\x02\x03\x04"
MAX_BYTES = 100_000


@dataclass
class Site:
    server: uvicorn.Server
    port: int

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def connection(self) -> WebSocket:
        """The only one there is."""
        (only,) = self.server.server_state.connections
        return only  # type: ignore[return-value]


@asynccontextmanager
async def serving(app: Application, ws: type[Any] = WebSocket, **options: Any) -> AsyncIterator[Site]:
    settings = {
        "ws_max_size": MAX_BYTES,
        "lifespan": "off",
        "log_config": None,
        "timeout_graceful_shutdown": 1,
        **options,
    }
    config = uvicorn.Config(app, interface="asgi3", http="httptools", ws=ws, ws_per_message_deflate=False, **settings)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    listener = socket.create_server(("127.0.0.1", 0))
    await server.startup(sockets=[listener])
    try:
        yield Site(server, listener.getsockname()[1])
    finally:
        await server.shutdown(sockets=[listener])


@dataclass
class App:
    """Accepts and reads to the end; texts are answered by themselves. `told` is every event as it came."""

    told: list[Event] = field(default_factory=list)
    accept: Event = field(default_factory=lambda: ACCEPT)
    scope: Event = field(default_factory=dict)
    send: Any = None

    async def __call__(self, scope: Event, receive: Any, send: Any) -> None:
        self.scope, self.send = scope, send
        await receive()
        await send(self.accept)
        while not self.told or self.told[-1]["type"] != "websocket.disconnect":
            event = await receive()
            self.told.append(event)
            if event["type"] == "websocket.receive":
                await send({**event, "type": "websocket.send"})

    async def is_told(self, kind: str = "websocket.disconnect", **fields: Any) -> None:
        await eventually_async(lambda: self.told and self.told[-1]["type"] == kind)
        assert {name: self.told[-1].get(name) for name in fields} == fields


class Client:
    """Bytes on a connection, for what no library would send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def asks(self, request: str = "GET / HTTP/1.1", **headers: str | None) -> str:
        """The head of the answer to a handshake with these headers changed, or left out where None."""
        usual = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade"}
        fields = {**usual, "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": KEY, **headers}
        lines = [
            request,
            *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None),
        ]
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        return await self.answer()

    async def answer(self) -> str:
        async with asyncio.timeout(WITHIN_S):
            return (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()

    def sends(self, opcode: int, payload: bytes = b"", *, is_last: bool = True) -> None:
        self.writer.write(masked(opcode, payload, is_last=is_last))

    async def hears(self) -> tuple[int, bytes]:
        """Opcode and payload of the next short frame."""
        async with asyncio.timeout(WITHIN_S):
            first, length = await self.reader.readexactly(2)
            return first & 0x0F, await self.reader.readexactly(length)

    async def hears_close(self) -> int:
        while (heard := await self.hears())[0] != frames.CLOSE:
            pass
        return frames.read_close(heard[1])[0]

    async def hears_until(self, words: bytes) -> bytes:
        heard = bytearray()
        async with asyncio.timeout(WITHIN_S):
            while words not in heard[-100_000:]:
                more = await self.reader.read(50_000)
                assert more, f"it ended without {words!r}"
                heard += more
        return bytes(heard)

    async def is_cut_off(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            with suppress(ConnectionResetError):
                while await self.reader.read(100_000):
                    pass

    def stops_reading(self) -> None:
        cast(asyncio.Transport, self.writer.transport).pause_reading()

    def reads_on(self) -> None:
        cast(asyncio.Transport, self.writer.transport).resume_reading()

    def goes(self) -> None:
        """Without a word."""
        self.writer.transport.abort()


def masked(opcode: int, payload: bytes = b"", *, is_last: bool = True) -> bytes:
    whole = frames.made(opcode, payload)
    head = whole[: len(whole) - len(payload)]
    return bytes((head[0] if is_last else opcode, head[1] | 0x80)) + head[2:] + MASK + apply_mask(payload, MASK)


@asynccontextmanager
async def stranger(site: Site) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection("127.0.0.1", site.port))
    try:
        yield client
    finally:
        client.writer.close()
        with suppress(OSError):
            await client.writer.wait_closed()


@asynccontextmanager
async def connected(site: Site) -> AsyncIterator[Client]:
    async with stranger(site) as client:
        assert " 101 " in await client.asks()
        yield client


async def fill(app: App, connection: WebSocket) -> None:
    """Sends until it has to wait, and once more when it need not."""
    while not connection._is_paused:
        await app.send({"type": "websocket.send", "bytes": bytes(65_000)})
    await app.send({"type": "websocket.send", "text": "last"})
