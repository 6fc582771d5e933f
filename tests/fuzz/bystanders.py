"""Well-behaved neighbours of the fuzzer: somebody in the attacked room, somebody with a timer of their own, a reader of the room's
event stream. Each knows what it may see, and complains of everything else."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any

import httpx
import websockets
from pydantic import ValidationError

from tests.support.http import async_http_client
from tests.support.people import Browser
from tests.support.processes import Tomato
from timers import told

Message = dict[str, Any]


@dataclass
class Notes:
    """What bystanders write down. `effects` are never theirs to see. `interruptions` are ticks that were long in coming and
    snapshots that nobody asked for; a busy machine brings them about by itself, when the worker loses its leases and takes
    them anew."""

    effects: list[str] = field(default_factory=list)
    interruptions: list[str] = field(default_factory=list)


LENGTH_MS = 86_400_000 // 2
STEP_MS = 60_000
PRESSES_EVERY_S = 0.5
TICKS_WITHIN_MS = 5_000
SILENCE_S = 15.0
"""Nobody waits longer than this for a tick or an answer, however busy the machine is."""


class Topic:
    """What is told of one topic: every version once, in order, in the shapes that are described; the snapshot once."""

    def __init__(self, name: str, notes: Notes) -> None:
        self.joined: Message | None = None
        self.v = -1
        self.heard = 0
        self.is_settled = False
        """From now on a snapshot is one too many. While joining a second one may follow the first."""
        self._notes = notes
        self._name = name

    def complain(self, sentence: str) -> None:
        self._notes.effects.append(f"{self._name}: {sentence}")

    def note(self, interruption: str) -> None:
        self._notes.interruptions.append(f"{self._name}: {interruption}")

    def take(self, text: str | bytes) -> Message:
        message: Message = json.loads(text)
        self.heard += 1
        try:
            told.MESSAGES[message["type"]].model_validate_json(text)
        except (KeyError, ValidationError) as error:
            self.complain(f"{message} has another shape than is described: {error}")
        match message["type"]:
            case "session:joined":
                self._begin(message)
            case "timer:tick" if message["v"] != self.v:
                self.complain(f"a tick at version {message['v']} after {self.v}")
            case kind if kind in told.EVENTS and kind != "timer:tick":
                if message["v"] != self.v + 1:
                    self.complain(f"version {message['v']} after {self.v}: {message}")
                self.v = message["v"]
        return message

    def _begin(self, message: Message) -> None:
        if self.is_settled:
            self.note("a second snapshot that nobody asked for")
        self.joined, self.v = message, message["v"]


@dataclass
class Ticks:
    """When ticks came, on the server's clock."""

    count: int = 0
    last_at: int | None = None
    longest_gap_ms: int = 0

    def add(self, now_at: int) -> int:
        """Returns how long ago the last one was."""
        gap_ms = 0 if self.last_at is None else now_at - self.last_at
        self.longest_gap_ms = max(self.longest_gap_ms, gap_ms)
        self.last_at = now_at
        self.count += 1
        return gap_ms


@dataclass
class Person:
    """Somebody whose own timer runs, and who adds a minute to it and takes it away again, over and over."""

    name: str
    browser: Browser
    path: str
    notes: Notes
    ticks: Ticks = field(default_factory=Ticks)
    acked: int = 0
    _asked: dict[str, int] = field(default_factory=dict)
    _ends_at: int | None = None

    async def live(self, is_ready: asyncio.Event) -> None:
        self._topic = Topic(self.name, self.notes)
        try:
            async with self.browser.socket(self.path, max_queue=None, ping_interval=None) as self._socket:
                await self._hear()
                await self._ask("timer:start", duration_ms=LENGTH_MS)
                while not self.ticks.count or self._asked:
                    await self._hear()
                self._topic.is_settled = True
                is_ready.set()
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._press())
                    both.create_task(self._listen())
        except* (OSError, websockets.WebSocketException, TimeoutError) as errors:
            self._topic.complain(f"the socket ended: {errors.exceptions}")
        finally:
            is_ready.set()

    @property
    def _me(self) -> str:
        assert self._topic.joined is not None
        return self._topic.joined["you"]["member"]

    @property
    def _own_timer(self) -> str:
        return self._me if "/room/" in self.path else "solo"

    async def _press(self) -> None:
        for number in count():
            await asyncio.sleep(PRESSES_EVERY_S)
            if not self._asked:
                await self._ask("timer:add", ms=-STEP_MS if number % 2 else STEP_MS)

    async def _ask(self, kind: str, **fields: Any) -> None:
        id = f"{self.name} {self.acked}"
        self._asked[id] = self._topic.v
        self._asked_at = monotonic()
        await self._socket.send(json.dumps({"type": kind, "timer": "me", "id": id, **fields}))

    async def _listen(self) -> None:
        while True:
            await self._hear()
            if self._asked and monotonic() - self._asked_at > SILENCE_S:
                raise TimeoutError("a command was not answered")

    async def _hear(self) -> None:
        async with asyncio.timeout(SILENCE_S):
            text = await self._socket.recv()
        message = self._topic.take(text)
        match message["type"]:
            case "timer:tick":
                self._check_tick(message)
            case "timer:state" if message["timer"]["id"] == self._own_timer:
                self._check_state(message)
            case "ack":
                self._check_ack(message)
            case "error":
                self._topic.complain(f"{message}")
            case "session:joined":
                own = next(timer for timer in message["timers"] if timer["id"] == self._own_timer)
                self._ends_at = own["ends_at"]
            case _:
                self._check_others(message)

    def _check_tick(self, tick: Message) -> None:
        if (gap_ms := self.ticks.add(tick["now_at"])) > TICKS_WITHIN_MS:
            self._topic.note(f"no tick for {gap_ms} ms")
        left = tick["remaining_ms"].get(self._own_timer)
        ends_at = None if left is None else tick["now_at"] + left
        if ends_at != self._ends_at:
            self._topic.complain(f"{tick} of a timer that ends at {self._ends_at}")

    def _check_state(self, state: Message) -> None:
        before, self._ends_at = self._ends_at, state["timer"]["ends_at"]
        if state["by"] != self._me or not self._asked or state["timer"]["status"] != "running":
            self._topic.complain(f"{state}, which nobody asked for")
        elif before is not None and abs(state["timer"]["ends_at"] - before) != STEP_MS:
            self._topic.complain(f"{state} is not a minute from {before}")

    def _check_ack(self, ack: Message) -> None:
        if self._asked.pop(ack["id"], None) is None or not ack["changed"]:
            self._topic.complain(f"{ack}, which is not what was asked for")
        self.acked += 1

    def _check_others(self, message: Message) -> None:
        """Others come and go in a room, and command the shared timer and their own; nobody does to a person what is theirs."""
        about = message.get("member")
        mine = self._me in (about.get("id") if isinstance(about, dict) else about, message.get("timer"))
        if self._own_timer == "solo" or (mine and message["type"] != "session:knocked"):
            self._topic.complain(f"{message}, which is none of theirs")


@dataclass
class Reader:
    """Somebody who reads the room's event stream."""

    site: Tomato
    code: str
    notes: Notes
    heard: int = 0

    async def live(self, is_ready: asyncio.Event) -> None:
        topic = Topic("the reader", self.notes)
        try:
            async with (
                async_http_client(base_url=self.site.url, timeout=SILENCE_S) as http,
                http.stream("GET", f"/room/{self.code}/events") as stream,
            ):
                version = ""
                async for line in stream.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        version = value
                    elif name == "data":
                        message = topic.take(value)
                        self.heard += 1
                        topic.is_settled = True
                        is_ready.set()
                        if version != str(message["v"]):
                            topic.complain(f"the id {version} of {message}")
            topic.complain("the stream ended")
        except httpx.HTTPError as error:
            topic.complain(f"the stream ended: {error!r}")
        finally:
            is_ready.set()
