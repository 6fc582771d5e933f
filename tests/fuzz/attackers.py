"""Who says and writes what the fuzzer made up, and judges what comes back. Whatever the contract does not allow is an
AssertionError."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import websockets
from websockets.frames import Frame as ServerFrame
from websockets.frames import Opcode
from websockets.streams import StreamReader

from tests.fuzz import requests, wires
from tests.fuzz.messages import ACK, BAD, ID, JOINED, NOTHING, PONG, Said
from tests.fuzz.requests import COOKIE, PLACE, SITE, Request
from tests.fuzz.wires import ALIVE, ENDS, Frames
from tests.support.people import Browser
from tests.support.processes import Tomato
from timers import told
from tomato.frames import TEXT

Message = dict[str, Any]

PATIENCE_S = 15.0
"""Above the ten seconds in which the contract has an answer to everything."""
NO_CODE = 1005
CUT = "the end"
STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3})", re.MULTILINE)

_numbers = count(1)


@dataclass(frozen=True)
class Seat:
    """Where an attacker sits: a browser, and the socket that it opens."""

    browser: Browser
    path: str

    @property
    def is_room(self) -> bool:
        return "/room/" in self.path


# Messages -------------------------------------------------------------------------------------------------------------


@dataclass
class _Asked:
    """A message that was sent, and what came back."""

    said: Said
    number: int
    answers: list[str] = field(default_factory=list)
    saw_snapshot: bool = False
    """Since it was sent: one snapshot answers all who asked for one."""

    @property
    def id(self) -> str:
        return f"{self.number:0{len(ID)}d}"

    @property
    def text(self) -> str | bytes:
        return self.said.text.replace(ID, self.id) if isinstance(self.said.text, str) else self.said.text

    @property
    def has_id(self) -> bool:
        return isinstance(self.said.text, str) and ID in self.said.text

    def take(self, message: Message) -> None:
        """An answer, which names the id of the message unless that could not be understood."""
        answer = message["code"] if message["type"] == "error" else message["type"]
        assert answer == PONG or ("id" in message) == (self.has_id and answer != BAD), f"{self.said}: {message}"
        self.answers.append(answer)

    def is_answered(self) -> bool:
        """Once its ping was: what needs no answer had its time for an error."""
        return bool(self.answers) or NOTHING in self.said.answers or (self.saw_snapshot and JOINED in self.said.answers)

    def outcome(self) -> str:
        answers = self.answers or [JOINED if self.saw_snapshot and JOINED in self.said.answers else NOTHING]
        assert len(answers) == 1, f"{self.said}: answered {answers}"
        assert answers[0] in self.said.answers, f"{self.said}: answered {answers[0]}"
        return answers[0]


class Speaker:
    """One socket of an attacker, which stays open from one example to the next."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self._socket: websockets.ClientConnection | None = None

    async def says(self, batch: Sequence[Said], again: bool) -> list[str]:
        """Says it all at once and returns what came of each. What was acked is said `again`, and gets the same ack."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                socket = self._socket or await self._open()
                asked, acks = await self._ask(socket, [_Asked(said, next(_numbers)) for said in batch])
                outcomes = [one.outcome() for one in asked]
                if again and acks:
                    _, repeated = await self._ask(socket, [one for one in asked if one.id in acks])
                    assert repeated == acks, f"said again, {acks} became {repeated}"
        except TimeoutError:
            await self.leaves()
            raise AssertionError(f"{self.seat.path}: no answer within {PATIENCE_S} s to one of {batch}") from None
        except websockets.ConnectionClosed as closed:
            await self.leaves()
            raise AssertionError(f"{self.seat.path}: closed with {closed} by one of {batch}") from closed
        except AssertionError:
            await self.leaves()
            raise
        return outcomes

    async def leaves(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def _open(self) -> websockets.ClientConnection:
        self._socket = await self.seat.browser.socket(self.seat.path, max_queue=None, ping_interval=None)
        while json.loads(await self._socket.recv())["type"] != JOINED:
            pass
        return self._socket

    async def _ask(self, socket: Any, asked: list[_Asked]) -> tuple[list[_Asked], dict[str, Message]]:
        """A ping follows each message: its pong parts what was answered to one from what was answered to the next."""
        for one in asked:
            one.answers.clear()
            await socket.send(one.text)
            await socket.send(json.dumps({"type": "ping", "t": _mark(one.number)}))
        acks: dict[str, Message] = {}
        named, marks = {one.id: one for one in asked}, [_mark(one.number) for one in asked]
        past = 0
        while past < len(asked) or not all(one.is_answered() for one in asked):
            message = json.loads(await socket.recv())
            match message["type"]:
                case "pong" if past < len(marks) and message["t"] == marks[past]:
                    past += 1
                case "session:joined":
                    for one in asked:
                        one.saw_snapshot = True
                case "ack" | "error" if "id" in message:
                    assert message["id"] in named, f"{self.seat.path}: an answer to nothing that was asked: {message}"
                    named[message["id"]].take(message)
                    if message["type"] == ACK:
                        acks[message["id"]] = message
                case "pong" | "error":
                    assert past < len(asked), f"{self.seat.path}: an answer to nothing that was asked: {message}"
                    asked[past].take(message)
                case kind:
                    assert kind in told.EVENTS, f"{self.seat.path}: {message}"
        return asked, acks


def _mark(number: int) -> float:
    """The `t` of a ping of ours, which no other ping has."""
    return -number - 0.125


# Frames ---------------------------------------------------------------------------------------------------------------


class Line:
    """A connection on which any bytes are written and read. What was sent to us can be read after the other side has cut it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._read = StreamReader()

    async def writes(self, data: bytes) -> None:
        with suppress(ConnectionError):  # who is past talking to may be gone before we have said it all
            await asyncio.get_running_loop().sock_sendall(self._connection, data)

    def ends(self) -> None:
        """Says that nothing more comes."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    async def head(self) -> bytes:
        """The head of an HTTP answer, or what there is of it where the connection ends."""
        while (end := self._read.buffer.find(b"\r\n\r\n")) < 0:
            if not await self._fill():
                return bytes(self._read.buffer)
        return bytes(await self._parsed(self._read.read_exact(end + 4)))

    async def frame(self) -> ServerFrame | None:
        return await self._parsed(ServerFrame.parse(self._read.read_exact, mask=False))

    async def message(self) -> Message | int:
        """The next text, or the code of the close."""
        while True:
            frame = await self.frame()
            if frame is None:
                return 0
            if frame.opcode is Opcode.TEXT:
                return json.loads(bytes(frame.data))
            if frame.opcode is Opcode.CLOSE:
                return int.from_bytes(bytes(frame.data[:2])) or NO_CODE

    async def rest(self) -> bytes:
        while await self._fill():
            pass
        return bytes(self._read.buffer)

    async def _parsed(self, reading: Any) -> Any:
        """What `reading` makes of the bytes that come; None where they end before."""
        while True:
            try:
                next(reading)
            except StopIteration as done:
                return done.value
            except EOFError:
                return None
            if not await self._fill():
                self._read.feed_eof()

    async def _fill(self) -> bool:
        try:
            data = await asyncio.get_running_loop().sock_recv(self._connection, 65_536)
        except ConnectionError:
            return False
        self._read.feed_data(data)
        return bool(data)


@asynccontextmanager
async def line_to(site: Tomato) -> AsyncIterator[Line]:
    with socket.socket() as connection:
        connection.setblocking(False)
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", site.port))
        yield Line(connection)


async def write_frames(site: Tomato, seat: Seat, wire: Frames) -> str:
    """Opens a socket, writes the frames, and returns what came of them."""
    async with line_to(site) as line:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await _open(line, site, seat)
                for piece in wire.pieces():
                    await line.writes(piece)
                return await _what_came(line, wire)
        except TimeoutError:
            raise AssertionError(f"{wire}: nothing came of it within {PATIENCE_S} s") from None


async def _open(line: Line, site: Tomato, seat: Seat) -> None:
    handshake = requests.written(f"GET {seat.path} HTTP/1.1", requests.HANDSHAKE)
    await line.writes(_addressed(handshake, site, seat.browser.cookie, ""))
    head = await line.head()
    assert head.startswith(b"HTTP/1.1 101 "), head
    joined = await line.message()
    assert isinstance(joined, dict), f"closed with {joined}"
    assert joined["type"] == JOINED, joined


async def _what_came(line: Line, wire: Frames) -> str:
    if ALIVE in wire.ends:
        await line.writes(wires.frame(TEXT, json.dumps({"type": "ping", "t": _mark(0)}).encode()))
    elif not wire.ends:
        line.ends()
    while not isinstance(message := await line.message(), int):
        if message["type"] == "pong" and message["t"] == _mark(0):
            assert ALIVE in wire.ends, f"{wire}: it answers on"
            return ALIVE
    if wire.ends:
        assert message in wire.ends, f"{wire}: closed with {message}"
        return str(message)
    assert message in {0, *ENDS} or 1000 <= message <= 4999, f"{wire}: closed with {message}"
    return str(message) if message else CUT


# Requests -------------------------------------------------------------------------------------------------------------


async def send_request(site: Tomato, cookie: str, code: str, request: Request) -> str:
    """Writes a request to a site in which there is a room `code`, and returns what came of it."""
    async with line_to(site) as line:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await line.writes(_addressed(request.data, site, cookie, code))
                if request.is_whole:
                    return await _answer_to(request, line)
                line.ends()
                return _status_of(request, await line.rest())
        except TimeoutError:
            raise AssertionError(f"{request}: neither answered nor ended within {PATIENCE_S} s") from None


async def _answer_to(request: Request, line: Line) -> str:
    status = _status_of(request, head := await line.head())
    assert status != CUT, f"{request}: no answer"
    assert not request.statuses or int(status) in request.statuses, f"{request}: {head!r}"
    if status != "101" or request.ends is None:
        return status
    while isinstance(message := await line.message(), dict):
        pass
    assert message == request.ends, f"{request}: closed with {message}"
    return str(message)


def _status_of(request: Request, answer: bytes) -> str:
    statuses = [int(status) for status in STATUS.findall(answer)]
    assert all(status < 500 or status == 503 for status in statuses), f"{request}: {answer[:500]!r}"
    assert statuses or not answer, f"{request}: {answer[:500]!r}"
    return str(statuses[-1]) if statuses else CUT


def _addressed(data: bytes, site: Tomato, cookie: str, code: str) -> bytes:
    known = {SITE: f"127.0.0.1:{site.port}", PLACE: code, COOKIE: cookie}
    for word, meant in known.items():
        data = data.replace(word.encode(), meant.encode())
    return data
