"""The WebSocket protocol under uvicorn, made for many quiet sockets: no library object, queue, event or timer for each.

uvicorn's own keeps some 15 kB more for each socket and spends several times as long on its handshake. To the application it
is the same ASGI, with the extension `tomato.frames`: a frame that was built once is written to everyone who hears a
broadcast.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections import deque
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from tomato import frames
from tomato.frames import BadFrame, Frame
from tomato.outlet import FRAMES

log = logging.getLogger("uvicorn.error")

KEY_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
GOING_AWAY, ABNORMAL, TOO_SLOW = 1012, 1006, 4408
CLOSING_MAX_S = 10.0
MOST_UNREAD_BYTES = 65_536
EVENT_BYTES = 512  # what an unread message costs beside its text
BEATS = 20

Event = dict[str, Any]


class WebSocket(asyncio.Protocol):
    __slots__ = (
        "_accept_key",
        "_buffer",
        "_closing",
        "_config",
        "_drained",
        "_events",
        "_is_paused",
        "_is_reading",
        "_lost",
        "_message",
        "_state",
        "_unread_bytes",
        "_waiter",
        "accepted",
        "alive",
        "closed",
        "loop",
        "transport",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.loop = _loop or asyncio.get_event_loop()
        self.transport: asyncio.Transport
        self.alive = True
        self.accepted = False
        self.closed = False
        """A close frame or a refusal was sent, or the connection is gone: nothing more can be said."""
        self._config = config
        self._state = server_state
        self._accept_key: bytes | None = None
        self._lost = False
        self._buffer: bytearray | None = None
        self._message: tuple[int, bytearray] | None = None
        self._events: deque[Event] | None = None
        self._unread_bytes = 0
        self._is_reading = True
        self._waiter: asyncio.Future[Event] | None = None
        self._is_paused = False
        self._drained: asyncio.Future[None] | None = None
        self._closing: asyncio.TimerHandle | None = None

    # What uvicorn calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._state.connections.add(self)  # type: ignore[arg-type]

    def connection_lost(self, error: Exception | None) -> None:
        self._state.connections.discard(self)
        heartbeat(self.loop, self._config).discard(self)
        self.closed = self._lost = True
        self._tell({"type": "websocket.disconnect", "code": frames.NO_CODE if self.accepted else ABNORMAL})
        self.resume_writing()
        if self._closing is not None:
            self._closing.cancel()

    def data_received(self, data: bytes) -> None:
        self.alive = True
        if self._accept_key is None:
            self._read_request(data)
        elif not self.accepted:  # nothing may be said before the answer
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif self._buffer is None:
            self._read(data)
        else:
            self._buffer += data
            self._read(self._buffer)

    def eof_received(self) -> None:
        pass

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def shutdown(self) -> None:
        """The server stops: browsers are told to come back."""
        if self.accepted:
            self._end(GOING_AWAY, "")
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    # The handshake. uvicorn has read the request and hands it over in one piece.

    def _read_request(self, data: bytes) -> None:
        request, *lines = data.rstrip(b"\r\n").split(b"\r\n")
        _, target, _ = request.split(b" ", 2)
        headers = [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]
        named = dict(headers)
        key = named.get(b"sec-websocket-key", b"")
        self._accept_key = base64.b64encode(hashlib.sha1(key + KEY_SUFFIX, usedforsecurity=False).digest())
        if named.get(b"sec-websocket-version") != b"13":
            self._refuse(HTTPStatus.UPGRADE_REQUIRED, b"sec-websocket-version: 13\r\n")
        elif not _is_key(key) or not request.startswith(b"GET "):
            self._refuse(HTTPStatus.BAD_REQUEST)
        else:
            self._tell({"type": "websocket.connect"})
            task = self.loop.create_task(self._run(self._scope(target, headers)))
            self._state.tasks.add(task)
            task.add_done_callback(self._state.tasks.discard)

    def _scope(self, target: bytes, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
        path, _, query = target.partition(b"?")
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self.transport) else "ws",
            "server": get_local_addr(self.transport),
            "client": get_remote_addr(self.transport),
            "root_path": self._config.root_path,
            "path": self._config.root_path + unquote(path.decode("ascii")),
            "raw_path": self._config.root_path.encode("ascii") + path,
            "query_string": query,
            "headers": headers,
            "subprotocols": [
                word.strip() for word in _all(headers, b"sec-websocket-protocol").split(",") if word.strip()
            ],
            "state": {},
            "extensions": {FRAMES: {"write": self.write_frame, "cut": self.cut}},
        }

    def _accept(self, message: dict[str, Any]) -> None:
        headers = [*self._state.default_headers, *message.get("headers", ())]
        if message.get("subprotocol"):
            headers.append((b"sec-websocket-protocol", message["subprotocol"].encode("ascii")))
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: "
            + cast(bytes, self._accept_key)
            + b"\r\n"
            + b"".join(b"%s: %s\r\n" % header for header in headers)
            + b"\r\n"
        )
        self.accepted = True
        self._accept_key = b""
        heartbeat(self.loop, self._config).add(self)

    def _refuse(self, status: HTTPStatus, more_headers: bytes = b"") -> None:
        if self.closed:
            return
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nconnection: close\r\ncontent-length: 0\r\n".encode("ascii")
        self.transport.write(head + more_headers + b"\r\n")
        self.closed = True
        self._tell({"type": "websocket.disconnect", "code": ABNORMAL})
        self._hang_up()

    # The application's side

    async def _run(self, scope: dict[str, Any]) -> None:
        # The scope is passed on and not kept: what only the handshake needs is most of a quiet socket's memory.
        try:
            running = self._config.loaded_app(scope, self.receive, self.send)
            del scope
            await running
        except ClientDisconnected:
            pass
        except Exception:
            log.exception("socket.application_failed")
        finally:
            if not self.accepted:
                self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
            if self._closing is None:
                self._hang_up()

    def receive(self) -> Awaitable[Event]:
        waiter: asyncio.Future[Event] = self.loop.create_future()
        if self._events:
            waiter.set_result(self._events.popleft())
            if not self._events:
                self._events = None
                self._unread_bytes = 0
                if not self._is_reading and not self._lost:
                    self._read_on()
        else:
            self._waiter = waiter
        return waiter

    async def send(self, message: dict[str, Any]) -> None:
        while self._is_paused:
            if self._drained is None:
                self._drained = self.loop.create_future()
            await asyncio.shield(self._drained)
        if self.closed:
            raise ClientDisconnected
        match message["type"]:
            case "websocket.accept" if not self.accepted:
                self._accept(message)
            case "websocket.send" if self.accepted:
                words = message.get("text")
                self.transport.write(
                    frames.made(frames.BINARY, message["bytes"]) if words is None else frames.text(words)
                )
            case "websocket.close" if self.accepted:
                self._close(message.get("code", 1000), message.get("reason") or "")
            case "websocket.close":
                self._refuse(HTTPStatus.FORBIDDEN)
            case kind:
                raise RuntimeError(f"{kind} at a moment when it means nothing.")

    def write_frame(self, frame: bytes) -> bool:
        """Writes a whole frame at once. False, and nothing written, when the reader is behind or the socket is closing."""
        if self._is_paused or self.closed:
            return False
        self.transport.write(frame)
        return True

    def cut(self) -> None:
        """Ends the connection without waiting for a reader that does not read."""
        self.transport.abort()

    def beat(self) -> None:
        """Asks a silent other end whether it is there, and gives up one that was asked before."""
        if self.closed:
            return
        if not self.alive:
            self._end(TOO_SLOW, "it was asked whether it is there, and did not answer")
            return
        self.alive = False
        self.transport.write(frames.made(frames.PING, b""))

    def _tell(self, event: Event) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(event)
            self._waiter = None
            return
        if self._events is None:
            self._events = deque()
        self._events.append(event)

    # What comes in

    def _read(self, data: bytes | bytearray) -> None:
        """Takes the frames in `data` until too much is unread, and keeps the rest."""
        end = 0
        try:
            for frame in frames.read(data, self._config.ws_max_size):
                end = frame.end
                self._take(frame)
                if not self._is_reading:
                    break
        except BadFrame as error:
            self._buffer = None
            self._end(error.code, error.reason)
            return
        if end == len(data):
            self._buffer = None
        elif isinstance(data, bytearray):
            del data[:end]
        else:
            self._buffer = bytearray(data[end:])

    def _read_on(self) -> None:
        self._is_reading = True
        self.transport.resume_reading()
        if self._buffer is not None:
            self._read(self._buffer)

    def _take(self, frame: Frame) -> None:
        match frame.opcode:
            case frames.PING:
                # Who asks and asks and reads no answers would fill the memory.
                if not self.closed and not self._is_paused:
                    self.transport.write(frames.made(frames.PONG, frame.payload))
            case frames.PONG:
                pass
            case frames.CLOSE:
                self._end(*frames.read_close(frame.payload))
            case _:
                self._take_part(frame)

    def _take_part(self, frame: Frame) -> None:
        if (frame.opcode == frames.CONTINUATION) is (self._message is None):
            raise BadFrame(frames.PROTOCOL_ERROR, "continuation at the wrong place")
        if frame.is_last and self._message is None:
            self._take_message(frame.opcode, frame.payload)
            return
        opcode, parts = self._message = self._message or (frame.opcode, bytearray())
        if len(parts) + len(frame.payload) > self._config.ws_max_size:
            raise BadFrame(frames.TOO_LARGE, "message too large")
        parts += frame.payload
        if frame.is_last:
            self._message = None
            self._take_message(opcode, bytes(parts))

    def _take_message(self, opcode: int, payload: bytes) -> None:
        if self.closed:
            return
        if opcode == frames.BINARY:
            self._tell({"type": "websocket.receive", "bytes": payload})
        else:
            try:
                self._tell({"type": "websocket.receive", "text": payload.decode()})
            except UnicodeDecodeError as error:
                raise BadFrame(frames.NOT_TEXT, "invalid UTF-8") from error
        if self._events:
            self._unread_bytes += len(payload) + EVENT_BYTES
            if self._unread_bytes > MOST_UNREAD_BYTES and self._is_reading:
                self._is_reading = False
                self.transport.pause_reading()

    # Ends

    def _close(self, code: int, reason: str) -> None:
        """The application closes: the other end is given time to answer."""
        self._say_goodbye(code, reason)
        self._closing = self.loop.call_later(CLOSING_MAX_S, self.transport.abort)
        if not self._is_reading:
            self._read_on()

    def _end(self, code: int, reason: str) -> None:
        """The other end closes, or is past talking to."""
        if not self.closed:
            self._say_goodbye(code, reason)
        self._hang_up()

    def _say_goodbye(self, code: int, reason: str) -> None:
        self.transport.write(frames.close(code, reason))
        self.closed = True
        self._tell({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _hang_up(self) -> None:
        """What was written may leave yet, but who does not read is not waited for for ever."""
        self.transport.close()
        if self._closing is None and not self._lost:
            self._closing = self.loop.call_later(CLOSING_MAX_S, self.transport.abort)


class Heartbeat:
    """One timer for all sockets of a process: each is asked once in `every_s`, and they take turns."""

    def __init__(self, loop: asyncio.AbstractEventLoop, every_s: float) -> None:
        self._loop = loop
        self._every_s = every_s
        self._turns: list[set[WebSocket]] = [set() for _ in range(BEATS)]
        self._turn = 0
        loop.call_later(every_s / BEATS, self._beat)

    def add(self, socket: WebSocket) -> None:
        self._turns[id(socket) // 16 % BEATS].add(socket)

    def discard(self, socket: WebSocket) -> None:
        self._turns[id(socket) // 16 % BEATS].discard(socket)

    def _beat(self) -> None:
        self._loop.call_later(self._every_s / BEATS, self._beat)
        self._turn = (self._turn + 1) % BEATS
        for socket in tuple(self._turns[self._turn]):
            socket.beat()


def heartbeat(loop: asyncio.AbstractEventLoop, config: Config) -> Heartbeat:
    if loop not in _heartbeats:
        _heartbeats[loop] = Heartbeat(loop, config.ws_ping_interval or 20.0)
    return _heartbeats[loop]


_heartbeats: WeakKeyDictionary[asyncio.AbstractEventLoop, Heartbeat] = WeakKeyDictionary()


def _is_key(key: bytes) -> bool:
    """Whether it is sixteen bytes in base64."""
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except ValueError:
        return False


def _all(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str:
    return ",".join(value.decode("latin-1") for name, value in headers if name == wanted)
