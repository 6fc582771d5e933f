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
from time import time
from typing import cast

NOW_AT = b'"now_at":'
TICK = b"timer:tick"


@dataclass
class Tally:
    """What all sockets of a run have heard. Latencies are in milliseconds from the worker's `now_at` to the arrival."""

    messages: int = 0
    ticks: int = 0
    opened: int = 0
    closed: int = 0
    latencies_ms: list[float] = field(default_factory=list)

    def reset(self) -> None:
        self.messages = self.ticks = 0
        self.latencies_ms.clear()


class Listener(asyncio.Protocol):
    def __init__(self, request: bytes, tally: Tally) -> None:
        self.request = request
        self.tally = tally
        self.buffer = b""
        self.upgraded = False
        self.first = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        if not self.upgraded:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.buffer = head
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._settle(ConnectionError(head.split(b"\r\n", 1)[0].decode()))
                return
            self.upgraded = True
            self.tally.opened += 1
        self.buffer = self._take_frames(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.tally.closed += 1
        self._settle(ConnectionError("closed before the first message"))

    def say(self, text: bytes) -> None:
        """Sends a text frame of less than 126 bytes, masked with zeros."""
        self.transport.write(bytes((0x81, 0x80 | len(text))) + b"\0\0\0\0" + text)

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
            if data[at] == 0x89:
                self.transport.write(bytes((0x8A, 0x80 | length)) + b"\0\0\0\0" + data[start : start + length])
            elif data[at] == 0x81:
                self._hear(data[start : start + length])
            at = start + length
        return data[at:]

    def _hear(self, text: bytes) -> None:
        self.tally.messages += 1
        if TICK in text[:40]:
            self.tally.ticks += 1
            begin = text.find(NOW_AT) + len(NOW_AT)
            self.tally.latencies_ms.append(time() * 1000 - int(text[begin : begin + 13]))
        self._settle(None)

    def _settle(self, error: Exception | None) -> None:
        if not self.first.done():
            if error:
                self.first.set_exception(error)
            else:
                self.first.set_result(None)


def handshake(host: str, path: str, cookie: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://{host}\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: tomato_device={cookie}\r\n\r\n"
    ).encode()


async def connect(
    port: int, requests: list[bytes], tally: Tally, at_once: int = 100, make: Callable[..., Listener] = Listener
) -> list[Listener]:
    """Opens one socket per request, `at_once` at a time, and returns when each has heard its first message."""
    loop = asyncio.get_running_loop()
    gate = asyncio.Semaphore(at_once)

    async def one(request: bytes) -> Listener:
        async with gate:
            _, listener = await loop.create_connection(lambda: make(request, tally), "127.0.0.1", port)
            await listener.first
            return listener

    return await asyncio.gather(*(one(request) for request in requests))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
