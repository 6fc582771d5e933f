"""Readers of event streams, as the server sees them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.support.waiting import eventually_async


class Reader:
    """The other end of one stream, on a connection that it can stop to read from."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = asyncio.Event()
        self.is_cut = False
        self.is_lost = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        if not self.reads.is_set():
            await self.reads.wait()
        self.got.append(message)

    def cut(self) -> None:
        self.is_cut = True
        self.gone.set()

    @property
    def bodies(self) -> list[bytes]:
        return [message["body"] for message in self.got if message["type"] == "http.response.body"]

    @property
    def heard(self) -> list[dict[str, Any]]:
        """The messages, each with the id of its event."""
        return [
            {"id": int(id.removeprefix("id: ")), **json.loads(data.removeprefix("data: "))}
            for body in self.bodies
            if body.startswith(b"id: ")
            for id, data in [body.decode().strip().split("\n")]
        ]

    async def hears(self, count: int) -> list[dict[str, Any]]:
        await eventually_async(lambda: len(self.heard) >= count)
        return self.heard

    async def is_finished(self) -> None:
        await eventually_async(lambda: self.got and self.got[-1].get("more_body") is False)
