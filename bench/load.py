"""Many sockets that read, count and time what comes, light enough not to be what is measured.

Each is a bare asyncio protocol under uvloop: the handshake is one write, a frame is found by its header, and of a tick only the digits of
`now_at` are read. Nothing is decoded.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from time import time
from typing import cast

NOW_AT = b'"now_at":'
TICK = b"timer:tick"
HEAD = 40
"""Within how many bytes the type of a message stands, whatever envelope it comes in."""
FIRST_MESSAGE_WITHIN_S = 60.0


@dataclass
class Tally:
    """What all sockets of a run have heard. Latencies are in milliseconds from the worker's `now_at` to the arrival."""

    ticks: int = 0
    opened: int = 0
    closed: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    def reset(self) -> None:
        self.ticks = 0
        self.latencies_ms.clear()

    def hear(self, text: bytes) -> None:
        if TICK in text[:HEAD]:
            self.ticks += 1
            self.latencies_ms.append(time() * 1000 - now_at(text))


class Listener(asyncio.Protocol):
    """A socket that speaks JSON, as tomato's and those of a bare server do. `first` is done when the first message is there."""

    def __init__(self, request: bytes, tally: Tally) -> None:
        self.request = request
        self.tally = tally
        self.heard: Callable[[bytes], None] = tally.hear
        self.lost: Callable[[], object] = lambda: None
        self.first = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self._buffer = b""
        self._upgraded = False

    def say(self, text: bytes) -> None:
        """Sends a text frame of less than 126 bytes."""
        self._write(0x81, text)

    def close(self) -> None:
        self.lost = lambda: None
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        if not self._upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._settle(ConnectionError(head.split(b"\r\n", 1)[0].decode()))
                return
            self._upgraded = True
            self.tally.opened += 1
        self._buffer = self._take_frames(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.tally.closed += self._upgraded
        self._settle(ConnectionError("closed before the first message"))
        self.lost()

    def take(self, text: bytes) -> None:
        self._settle(None)
        self.heard(text)

    def _take_frames(self, data: bytes) -> bytes:
        at, end = 0, len(data)
        while end - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                length, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif length == 127:
                length, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if end < start + length:
                break
            if data[at] == 0x81:
                self.take(data[start : start + length])
            elif data[at] == 0x89:
                self._write(0x8A, data[start : start + length])
            at = start + length
        return data[at:]

    def _write(self, opcode: int, payload: bytes) -> None:
        """Masked with zeros, so that the payload is sent as it is."""
        self.transport.write(bytes((opcode, 0x80 | len(payload))) + b"\0\0\0\0" + payload)

    def _settle(self, error: Exception | None) -> None:
        if not self.first.done():
            if error:
                self.first.set_exception(error)
            else:
                self.first.set_result(None)


class EngineListener(Listener):
    """The same through socket.io: as much of its protocol as a client needs that uses nothing but the websocket transport."""

    _numbers = count()

    def say(self, text: bytes) -> None:
        super().say(b'42%d["say",%b]' % (next(self._numbers), text))

    def take(self, text: bytes) -> None:
        if text.startswith(b"4"):
            super().take(text)
        elif text == b"2":
            super().say(b"3")
        elif text.startswith(b"0"):
            super().say(b"40")


def now_at(text: bytes) -> int:
    begin = text.find(NOW_AT) + len(NOW_AT)
    return int(text[begin : begin + 13])


def handshake(port: int, path: str, cookie: str = "") -> bytes:
    host, key = f"127.0.0.1:{port}", base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://{host}\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: tomato_device={cookie}\r\n\r\n"
    ).encode()


async def connect_one(port: int, request: bytes, tally: Tally, kind: type[Listener] = Listener) -> Listener:
    """A socket that has heard its first message. Raises `OSError` when it was refused or lost before."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(FIRST_MESSAGE_WITHIN_S):
        _, listener = await loop.create_connection(lambda: kind(request, tally), "127.0.0.1", port)
        await listener.first
    return listener


async def connect(
    port: int, requests: list[bytes], tally: Tally, kind: type[Listener] = Listener, at_once: int = 100
) -> list[Listener]:
    """Opens one socket per request, `at_once` at a time, and returns when each has heard its first message."""
    gate = asyncio.Semaphore(at_once)

    async def one(request: bytes) -> Listener:
        async with gate:
            return await connect_one(port, request, tally, kind)

    return await asyncio.gather(*(one(request) for request in requests))


def close(listeners: list[Listener]) -> None:
    for listener in listeners:
        listener.close()


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
