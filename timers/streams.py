"""Event streams: the messages of a topic for readers who are no people in it, as `text/event-stream` over HTTP.

All streams of a process on one topic are one *audience*: one watcher of the topic, one subscription, and each message made
once. A stream lives beside Django: a view only says who may read which topic, and Django is done with the request before the
stream begins, since each of its requests holds tasks and a thread.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any

import structlog
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError
from django.http import HttpResponse
from redis.exceptions import RedisError

from timers import process, protocol
from timers.broadcast import EVENT, REPLY
from timers.process import WebProcess
from timers.snapshots import Snapshot
from timers.topic import Unwatch, Watch
from tomato.outlet import CONNECTION, Outlet
from tomato.recent import Recent

log = structlog.get_logger(__name__)

Asgi = Any
Look = Callable[[], Awaitable[Snapshot]]

MEDIA_TYPE = "text/event-stream"
OPENING = "tomato.opening"
"""Where in the scope of its request a view leaves what is to be read."""
PLACE = "tomato.place"
"""Where in that scope it stands from which address the request is counted."""

BEAT_EVERY_S = 15.0
WATCHED_WITHIN_S = 1.5
"""How long the first reader waits for a worker to know of it; then what Redis holds is shown all the same."""
RETRY_S = 1.0
MOST_EARLY = 256
FINISHED_WITHIN_S = 1.0
COME_BACK_MS = (1_000, 4_000)
"""When a reader that lost the stream comes again: not all at once."""
RESUMED_WITHIN_S = 60
REMEMBERED_READERS = 10_000


@dataclass(frozen=True)
class Opening:
    """What a view lets a reader have: the topic with who made its room, a look at it as it is now, and where it is read from.
    `seen` is the version that the reader says it has."""

    topic: str
    maker: str | None
    look: Look
    address: str
    seen: int | None
    resumed_within_s: float


def take_place(scope: Asgi, address: str) -> bool:
    """Counts a request among the streams and sockets of its address until it is over; False where those are too many."""
    has_place = process.current().count_address(address)
    if has_place:
        scope[PLACE] = address
    return has_place


def opened(request: ASGIRequest, opening: Opening) -> HttpResponse:
    """The answer of a view that lets a reader in. Its headers are those of the stream."""
    response = HttpResponse(content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    if request.method == "GET":
        scope: Asgi = request.scope
        scope[OPENING] = opening
    return response


class EventStreams:
    """The ASGI application `pages`, and the streams that its views have opened."""

    def __init__(self, pages: Asgi) -> None:
        self._pages = pages

    async def __call__(self, scope: Asgi, receive: Asgi, send: Asgi) -> None:
        start: dict[str, Any] | None = None

        async def hold_back(message: dict[str, Any]) -> None:
            nonlocal start
            if OPENING in scope and message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
                start = message
            elif start is None:  # the body that Django sends after it is empty
                await send(message)

        try:
            await self._pages(scope, receive, hold_back)
            if start is not None:
                await _read(scope, receive, send, start)
        finally:
            if PLACE in scope:
                process.current().forget_address(scope[PLACE])


async def _read(scope: Asgi, receive: Asgi, send: Asgi, start: dict[str, Any]) -> None:
    headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
    opening: Opening = scope.pop(OPENING)
    stream = Stream(send, opening, scope.get("extensions", {}).get(CONNECTION))
    stream.open({**start, "headers": headers})
    audience = audience_of(opening.topic)
    audience.join(stream)
    try:
        await stream.run(receive)
    finally:
        audience.leave(stream)
        await stream.finish()


# One reader -----------------------------------------------------------------------------------------------------------


class Stream:
    """One reader. It is told of everything from the version of its snapshot on, or said to have missed something."""

    def __init__(self, send: Asgi, opening: Opening, connection: dict[str, Callable[[], Any]] | None) -> None:
        self.opening = opening
        self._send = send
        self._connection = connection
        self._out = Outlet(send, self._give_up)
        self._v: int | None = None
        self._ended = False
        self._task = asyncio.current_task()

    def open(self, start: dict[str, Any]) -> None:
        self._out.message(start)
        self._out.message(_piece(f"retry: {random.randint(*COME_BACK_MS)}\n\n"))  # noqa: S311 nothing depends on its being hard to guess

    async def run(self, receive: Asgi) -> None:
        """Returns when the reader has gone, or was sent away by `end`."""
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        except asyncio.CancelledError:
            if not self._ended:
                raise

    def begin(self, v: int, snapshot: dict[str, Any]) -> None:
        """A reader that is back and has missed nothing needs no snapshot."""
        if self._v is None and self._has_seen(v):
            self._out.message(BEAT)
        else:
            self._out.message(snapshot)
        self._v = v

    def relay(self, message: dict[str, Any]) -> bool:
        """Tells what is new to this reader; False when something before it has been missed."""
        if self._v is None:
            return False
        v, ticks = message["v"], message["ticks"]
        if v > self._v + (not ticks):
            return False
        if v > self._v or (ticks and v == self._v):
            self._v = v
            self._out.message(_told(message), may_be_missed=ticks)
        return True

    def beat(self) -> None:
        if self._connection is not None and self._connection["is_cut"]():
            self.end()
        self._out.message(BEAT, may_be_missed=True)

    def end(self) -> None:
        self._ended = True
        if self._task is not None:
            self._task.cancel()

    async def finish(self) -> None:
        """The reader may come again, and then is where it was."""
        if self._v is not None:
            until_s = monotonic() + self.opening.resumed_within_s
            _readers.keep(_reader(self.opening), self._v, until_s)
        self._out.close()
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(FINISHED_WITHIN_S):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _has_seen(self, v: int) -> bool:
        """Versions begin anew when a topic was forgotten, so a reader's word is not enough: it was here just now."""
        return v == self.opening.seen and _readers.recall(_reader(self.opening), monotonic()) == (v,)

    def _give_up(self) -> None:
        log.info("stream.too_slow", topic=self.opening.topic)
        if self._connection is None:
            self.end()
        else:
            self._connection["cut"]()


def _reader(opening: Opening) -> str:
    return f"{opening.topic} {opening.address}"


_readers: Recent[int] = Recent(REMEMBERED_READERS)


# Everybody in this process who reads one topic ------------------------------------------------------------------------


def audience_of(topic: str) -> Audience:
    audiences = process.current().audiences
    if topic not in audiences:
        audiences[topic] = Audience(topic, process.current())
    audience: Audience = audiences[topic]
    return audience


def end_all() -> None:
    """The server stops: readers come back to another."""
    for audience in tuple(process.current().audiences.values()):
        audience.end()


class Audience:
    """Those who wait for a snapshot and those who are told. What comes meanwhile is kept for the former."""

    def __init__(self, topic: str, here: WebProcess) -> None:
        self.topic = topic
        self._here = here
        self._channel: str | None = None
        self._waiting: set[Stream] = set()
        self._told: set[Stream] = set()
        self._early: list[dict[str, Any]] = []
        self._gaps = 0
        self._watches_since = -1
        self._may_be_known = False
        self._is_known: asyncio.Future[None] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._beating = asyncio.get_running_loop().call_later(BEAT_EVERY_S, self._beat)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._told)

    def join(self, stream: Stream) -> None:
        self._opening = stream.opening
        self._wait({stream})

    def leave(self, stream: Stream) -> None:
        self._waiting.discard(stream)
        self._told.discard(stream)
        if not len(self):
            del self._here.audiences[self.topic]
            self._beating.cancel()
            self._here.run(self._close())

    def end(self) -> None:
        for stream in (*self._waiting, *self._told):
            stream.end()

    def resync(self) -> None:
        """Something may have been missed, or the topic may not know of us: everybody gets a fresh snapshot."""
        self._gaps += 1
        self._early.clear()
        self._wait(self._told)

    on_gap = resync

    def deliver(self, message: dict[str, Any]) -> None:
        if message["type"] == EVENT:
            if self._waiting and not message["ticks"]:
                self._early = [*self._early[1 - MOST_EARLY :], message]
            self._relay(message, self._told)
        elif message["type"] == REPLY:
            self._take_reply(message)

    def _take_reply(self, reply: dict[str, Any]) -> None:
        if "close" in reply:
            self.end()
        elif self._is_known is not None and not self._is_known.done():
            self._is_known.set_result(None)

    def _relay(self, message: dict[str, Any], streams: set[Stream]) -> None:
        missed = {stream for stream in tuple(streams) if not stream.relay(message)}
        if missed:
            self._wait(missed)

    def _wait(self, streams: set[Stream]) -> None:
        self._waiting, self._told = self._waiting | streams, self._told - streams
        if self._waiting and self._preparing is None:
            self._preparing = self._here.run(self._prepare())

    async def _prepare(self) -> None:
        try:
            while self._waiting:
                await self._show()
        finally:
            self._preparing = None

    async def _show(self) -> None:
        gaps = self._gaps
        try:
            if self._watches_since != gaps:
                await self._watch()
                self._watches_since = gaps
            snapshot = await self._opening.look()
        except (RedisError, OSError, DatabaseError) as error:
            log.debug("stream.unavailable", topic=self.topic, reason=str(error))
            await asyncio.sleep(RETRY_S)
            return
        if gaps == self._gaps:
            self._begin(snapshot)

    async def _watch(self) -> None:
        await self._here.open()
        if self._channel is None:
            self._channel = await self._here.layer.new_channel()
            self._here.layer.attach(self._channel, self)
        await self._here.layer.group_add(self.topic, self._channel)
        self._is_known = asyncio.get_running_loop().create_future()
        watch = Watch(self._channel, self._here.name)
        self._may_be_known = True
        await self._here.post_awake(self.topic, watch, self._opening.maker, reply_to=self._channel, ref=0)
        with suppress(TimeoutError):
            async with asyncio.timeout(WATCHED_WITHIN_S):
                await self._is_known

    def _begin(self, snapshot: Snapshot) -> None:
        v = snapshot["v"]
        message = _piece(_event(v, protocol.encode({"type": "session:joined", **snapshot, "you": None})))
        begun, self._waiting = self._waiting, set()
        early, self._early = self._early, []
        for stream in begun:
            stream.begin(v, message)
        self._told |= begun
        for known in early:
            self._relay(known, begun & self._told)

    async def _close(self) -> None:
        if self._preparing is not None:  # whose watching must end after it began
            await asyncio.wait({self._preparing})
        if self._channel is not None:
            self._here.layer.detach(self._channel)
            await self._here.layer.group_discard(self.topic, self._channel)
            if self._may_be_known:
                await self._here.say_goodbye(self.topic, Unwatch(self._channel))

    def _beat(self) -> None:
        self._beating = asyncio.get_running_loop().call_later(BEAT_EVERY_S, self._beat)
        for stream in (*self._waiting, *self._told):
            stream.beat()


# As it is sent --------------------------------------------------------------------------------------------------------


def _piece(text: str) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


def _event(v: int, text: str) -> str:
    return f"id: {v}\ndata: {text}\n\n"


def _told(message: dict[str, Any]) -> dict[str, Any]:
    """What all streams of this process that get `message` share."""
    piece: dict[str, Any] | None = message.get("piece")
    if piece is None:
        piece = message["piece"] = _piece(_event(message["v"], message["text"]))
    return piece


BEAT = _piece(":\n\n")
