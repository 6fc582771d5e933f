"""The people of the soak: clients that play by the rules of a browser, and press buttons at random.

A client reconnects with a back-off, keeps a command in its outbox until it is answered, sends it again under the same id
after a reconnect for ten seconds, and asks for a snapshot when it sees a gap. What it hears goes to the ledger of its topic.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from random import Random
from time import monotonic
from typing import Any

import websockets

from tests.soak.ledger import Ledger
from tests.support.people import Browser

Message = dict[str, Any]

SEND_AGAIN_FOR_S = 10.0
ANSWERED_WITHIN_S = 25.0
SILENCE_S = 25.0
PONG_WITHIN_S = 8.0
SNAPSHOT_WITHIN_S = 5.0
STEADY_AFTER_S = 5.0
FINAL_CODES = (4401, 4403, 4404)


@dataclass
class Order:
    """A command as its sender sees it: `outcome` is None until it was answered."""

    id: str
    body: Message
    given_at: float
    outcome: Message | None = None
    sockets: list[int] = field(default_factory=list)
    answered_on: list[int] = field(default_factory=list)


@dataclass
class Counts:
    connections: int = 0
    gaps: int = 0
    messages: int = 0
    closed_by: dict[str, int] = field(default_factory=dict)


class Client:
    def __init__(self, number: int, seed: int, browser: Browser, path: str, ledger: Ledger) -> None:
        self.ledger = ledger
        self.orders: dict[str, Order] = {}
        self.counts = Counts()
        self.member: str | None = None
        self.joined: Message | None = None
        self.v: int | None = None
        self._name = f"c{number}"
        self._path = path
        self._browser = browser
        self._buttons = _presses(Random(f"{seed}:buttons:{number}"), room="/room/" in path)
        self._jitter = Random(f"{seed}:jitter:{number}")
        self._numbers = count(1)
        self._socket: websockets.ClientConnection | None = None
        self._highest = 0
        self._synced = asyncio.Event()

    # The socket

    async def stay_connected(self) -> None:
        failures = 0
        while True:
            opened_at = monotonic()
            try:
                async with self._browser.socket(self._path) as socket:
                    await self._listen(socket)
            except (OSError, TimeoutError, websockets.WebSocketException) as error:
                self._note_end(error)
            finally:
                self._socket = None
            failures = 1 if self.v is not None and monotonic() - opened_at > STEADY_AFTER_S else failures + 1
            self.v = None
            await asyncio.sleep(0.1 + self._jitter.random() * min(30.0, 0.5 * 2**failures))

    async def _listen(self, socket: websockets.ClientConnection) -> None:
        self.counts.connections += 1
        while True:
            text = await self._next(socket)
            self.counts.messages += 1
            await self._take(socket, json.loads(text))

    async def _next(self, socket: websockets.ClientConnection) -> str | bytes:
        # Not asyncio.wait_for(), which in Python 3.11 may swallow a cancellation.
        try:
            async with asyncio.timeout(SILENCE_S):
                return await socket.recv()
        except TimeoutError:
            await socket.send('{"type": "ping", "t": 0}')
        async with asyncio.timeout(PONG_WITHIN_S):
            return await socket.recv()

    async def _take(self, socket: websockets.ClientConnection, message: Message) -> None:
        match message["type"]:
            case "session:joined":
                await self._begin(socket, message)
            case "ack":
                self._settle(socket, message)
            case "error":
                self._settle(socket, message)
            case "pong":
                pass
            case _:
                await self._follow(socket, message)

    async def _begin(self, socket: websockets.ClientConnection, joined: Message) -> None:
        if joined["v"] < self._highest:
            self.ledger.complain(f"{self._name} was shown v {joined['v']} after it had seen v {self._highest}")
        self.joined, self.v, self.member = joined, joined["v"], joined["you"]["member"]
        self._highest = max(self._highest, joined["v"])
        self.ledger.see(joined)
        self._synced.set()
        if self._socket is not socket:
            self._socket = socket
            for order in self._waiting():
                if monotonic() - order.given_at < SEND_AGAIN_FOR_S:
                    await self._send(order)

    async def _follow(self, socket: websockets.ClientConnection, message: Message) -> None:
        if self.v is None:
            self.ledger.complain(f"{self._name} heard {message} before its snapshot")
            return
        if message["type"] == "timer:tick":
            self.ledger.tick(message)
            if message["v"] > self.v:
                await self._ask_for_snapshot(socket)
            return
        if message["v"] <= self.v:
            self.ledger.complain(f"{self._name} was at v {self.v} and heard {message}")
            return
        self.ledger.hear(message)
        missed = message["v"] > self.v + 1
        self.v = message["v"]
        self._highest = max(self._highest, message["v"])
        if missed:
            await self._ask_for_snapshot(socket)

    async def _ask_for_snapshot(self, socket: websockets.ClientConnection) -> None:
        self.counts.gaps += 1
        await socket.send('{"type": "session:sync"}')

    def _note_end(self, error: Exception) -> None:
        code = (
            str(error.rcvd.code if error.rcvd else 1006)
            if isinstance(error, websockets.ConnectionClosed)
            else "refused"
        )
        self.counts.closed_by[code] = self.counts.closed_by.get(code, 0) + 1
        if code in map(str, FINAL_CODES):
            self.ledger.complain(f"{self._name} was sent away with {code}")

    # The buttons

    async def press_buttons(self) -> None:
        for pause_s, body, times in self._buttons:
            await asyncio.sleep(pause_s)
            order = Order(f"{self._name}-{next(self._numbers)}", body, monotonic())
            self.orders[order.id] = order
            for _ in range(times):
                if self._socket is not None:
                    with suppress(OSError, websockets.WebSocketException):
                        await self._send(order)

    async def _send(self, order: Order) -> None:
        assert self._socket is not None
        order.sockets.append(id(self._socket))
        await self._socket.send(json.dumps({**order.body, "id": order.id}))

    def _settle(self, socket: websockets.ClientConnection, answer: Message) -> None:
        order = self.orders.get(answer.get("id", ""))
        if order is None:
            self.ledger.complain(f"{self._name} was answered what it never asked: {answer}")
            return
        if order.answered_on.count(id(socket)) >= order.sockets.count(id(socket)):
            self.ledger.complain(f"{self._name} was answered more often than it asked on one socket: {answer}")
        order.answered_on.append(id(socket))
        before = order.outcome
        if before is not None and before["type"] == "ack" and before != answer:
            self.ledger.complain(f"{self._name} was answered {before}, and then {answer}")
        elif answer["type"] == "error" and answer["code"] != "unavailable":
            self.ledger.complain(f"{self._name} was refused {order.body}: {answer}")
        order.outcome = answer

    def _waiting(self) -> list[Order]:
        return [order for order in self.orders.values() if order.outcome is None]

    # At the end

    def is_settled(self) -> bool:
        """Whether nothing is to be expected any more of what was asked."""
        still = (order for order in self._waiting() if order.sockets)
        return self.v is not None and not any(monotonic() - order.given_at < ANSWERED_WITHIN_S for order in still)

    async def look_again(self) -> Message | None:
        """A fresh snapshot, if there is a socket to ask on."""
        if self._socket is None or self.v is None:
            return None
        self._synced.clear()
        with suppress(OSError, TimeoutError, websockets.WebSocketException):
            await self._socket.send('{"type": "session:sync"}')
            async with asyncio.timeout(SNAPSHOT_WITHIN_S):
                await self._synced.wait()
            return self.joined
        return None


def _presses(random: Random, *, room: bool) -> Iterator[tuple[float, Message, int]]:
    """Pauses, the commands after them and how many times each is sent, the same ones for the same seed."""
    while True:
        pause_s, body = 0.5 + random.expovariate(1 / 4), _command(random)
        if room and body["type"] != "session:rename":
            body["timer"] = random.choice(("room", "room", "me"))
        yield pause_s, body, 2 if random.random() < 0.05 else 1


def _command(random: Random) -> Message:
    kind = random.choices(*zip(*COMMANDS.items(), strict=True))[0]
    match kind:
        case "timer:start":
            length = random.choice((None, 1000, 1500, 2500, 4000, 9000, 60_000, 1_500_000))
            return {"type": kind} if length is None else {"type": kind, "duration_ms": length}
        case "timer:add":
            return {"type": kind, "ms": random.choice((-60_000, -2000, -500, 500, 2000, 60_000))}
        case "timer:phase":
            return {"type": kind, "phase": random.choice(("focus", "short_break", "long_break"))}
        case "timer:configure":
            lengths = (1000, 2000, 5000, 600_000)
            return {
                "type": kind,
                "focus_ms": random.choice(lengths),
                "short_break_ms": random.choice(lengths),
                "rounds": random.randint(1, 12),
                "auto_start_focus": random.random() < 0.5,
            }
        case "session:rename":
            return {"type": kind, "name": f"User of {random.randint(1, 9999)}"}
        case _:
            return {"type": kind}


COMMANDS = {
    "timer:start": 10,
    "timer:pause": 4,
    "timer:resume": 4,
    "timer:add": 4,
    "timer:skip": 2,
    "timer:undo": 3,
    "timer:redo": 2,
    "timer:reset": 1,
    "timer:phase": 1,
    "timer:configure": 2,
    "session:rename": 1,
}
