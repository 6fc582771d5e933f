"""People whose sockets are called in the event loop of the test as an ASGI server calls them."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from tests.support.waiting import eventually_async
from tomato.asgi import application
from tomato.identity import COOKIE, signed
from tomato.outlet import FRAMES

Message = dict[str, Any]


class Guest:
    """One socket. `told` is every text, `frames` every ready frame that it was given."""

    def __init__(self, path: str, device: str) -> None:
        headers = [(b"origin", b"http://localhost"), (b"cookie", f"{COOKIE}={signed(device)}".encode())]
        extensions = {FRAMES: {"write": self._write, "cut": lambda: None}}
        self.scope = {"type": "websocket", "path": path, "headers": headers, "extensions": extensions}
        self.told: list[Message] = []
        self.frames: list[bytes] = []
        self._says: asyncio.Queue[Message] = asyncio.Queue()
        self._says.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(self._run())

    async def does(self, kind: str, **fields: Any) -> None:
        """A command that is answered."""
        id = f"{kind} {len(self.told)}"
        text = orjson.dumps({"type": kind, "id": id, **fields}).decode()
        self._says.put_nowait({"type": "websocket.receive", "text": text})
        await eventually_async(lambda: any(message.get("id") == id for message in self.told))

    async def is_in(self) -> None:
        await eventually_async(lambda: self.heard("session:joined"))

    def heard(self, kind: str) -> list[Message]:
        return [message for message in self.told if message["type"] == kind]

    async def leave(self) -> None:
        self._says.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await self.task

    async def _run(self) -> None:
        await application(self.scope, self._says.get, self._send)

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.told.append(orjson.loads(message["text"]))

    def _write(self, frame: bytes) -> bool:
        self.frames.append(frame)
        self.told.append(orjson.loads(frame[frame.index(b"{") :]))
        return True


def device(number: int) -> str:
    return f"{number:016X}"


async def come(*paths: str) -> list[Guest]:
    """A person to each path, all at once."""
    guests = [Guest(path, device(number)) for number, path in enumerate(paths)]
    await asyncio.gather(*(guest.is_in() for guest in guests))
    return guests
