"""Bare connections to one Redis server: one that asks and one that listens.

redis-py makes each connection and greets the server (TLS, password); from then on hiredis packs and parses, without a pool,
a lock or a time limit for each command, which together cost several times what Redis and the timers do.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis
import structlog
from redis._parsers import BaseParser
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from tomato.outage import Outage

log = structlog.get_logger(__name__)

RECONNECT_S = 0.25
SILENCE_S = 5.0
LOOKS = 5
TAKEN_AT_ONCE = 32
CONNECTING = "connecting to"

Word = str | bytes | int | float
Connect = Callable[[], AbstractConnection]
"""Makes a connection, not yet connected."""


def pack(words: Sequence[Word]) -> bytes:
    """One command as Redis reads it."""
    return hiredis.pack_command(tuple(words))  # type: ignore[arg-type]  # its stub knows commands of one word


class Line(asyncio.Protocol):
    """An open connection. `on_reply` is called for each reply; `lost` is done when there will be no more."""

    def __init__(self, connection: AbstractConnection, on_reply: Callable[[Any], None]) -> None:
        loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.heard_at = loop.time()
        self._loop = loop
        self._on_reply = on_reply
        self._parser = hiredis.Reader(replyError=BaseParser.parse_error, notEnoughData=NO_MORE)
        self._taking = False
        self._connection = connection  # which would close the transport when nobody held it
        self._transport = cast(asyncio.Transport, connection._writer.transport)  # type: ignore[union-attr]
        self._transport.set_protocol(self)

    @classmethod
    async def open(cls, connect: Connect, on_reply: Callable[[Any], None]) -> Line:
        """Raises a `RedisError` that says "connecting to" when there is no server, or one that lets nobody in or says nothing."""
        connection = connect()
        try:
            async with asyncio.timeout(SILENCE_S):
                await connection.connect()
        except TimeoutError as error:
            raise _not_connected(f"it accepted, but said nothing for {SILENCE_S:g} s.") from error
        except (RedisError, OSError) as error:
            if CONNECTING in str(error):
                raise
            raise _not_connected(error, type(error)) from error
        if connection._writer is None or connection._writer.transport.is_closing():
            connection._close()
            raise _not_connected("it was gone before it was asked anything.")
        return cls(connection, on_reply)

    def write(self, packed: bytes) -> None:
        """What is written on a lost line is lost."""
        if not self.lost.done():
            self._transport.write(packed)

    def close(self) -> None:
        self._transport.abort()
        self.connection_lost(None)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        self._parser.feed(data)
        if not self._taking:
            self._take()

    def connection_lost(self, error: Exception | None) -> None:
        self._connection._close()
        while self._taking:  # what came before the end counts
            self._take()
        if not self.lost.done():
            self.lost.set_result(None)

    def _take(self) -> None:
        """Everybody else has a turn between many replies."""
        self._taking = False
        try:
            for _ in range(TAKEN_AT_ONCE):
                if self.lost.done() or (reply := self._parser.gets()) is NO_MORE:
                    return
                self._on_reply(reply)
        except Exception:
            # Where the next reply begins, or whose it is, is unknown now.
            log.exception("redis.unreadable_reply")
            self.close()
        else:
            self._taking = True
            self._loop.call_soon(self._take)


NO_MORE = object()


def _not_connected(reason: object, kind: type[Exception] = RedisConnectionError) -> Exception:
    return kind(f"Error {CONNECTING} Redis: {reason}")


class Asking:
    """Some commands whose replies are awaited together."""

    __slots__ = ("count", "packed", "replied", "replies")

    def __init__(self, commands: Sequence[Sequence[Word]]) -> None:
        self.packed = b"".join(pack(words) for words in commands)
        self.count = len(commands)
        self.replies: list[Any] = []
        self.replied: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()


class Wire:
    """One connection for everything that a process asks of a server, opened when needed. Not for commands that block.

    Commands are written in the order of the calls; those of one moment leave together. An error while the connection is
    being made says "connecting to": nothing was sent then. After any other it is unknown what was done.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._line: Line | None = None
        self._unsent: list[Asking] = []
        self._asked: deque[Asking] = deque()
        self._opening: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._silent_looks = 0
        self._heard_at = 0.0

    async def ask(self, *words: Word) -> Any:
        """The reply. Raises `RedisError`, also where the reply is an error, or `OSError`."""
        (reply,) = await self.ask_many([words])
        if isinstance(reply, RedisError):
            raise reply
        return reply

    async def ask_many(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """The replies in order, errors among them. Raises `RedisError` or `OSError` when the server is away."""
        if not commands:
            return []
        asking = Asking(commands)
        if self._line is not None:
            self._write(asking)
        else:
            self._unsent.append(asking)
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
        return await asking.replied

    async def close(self) -> None:
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        self._fail(self._pass_unsent(), _not_connected("nobody needs it any more."))
        self._hang_up()

    async def _open(self) -> None:
        try:
            line = await Line.open(self._connect, self._take)
        except Exception as error:  # noqa: BLE001 who asked is told, whatever it is
            self._opening = None
            self._fail(self._pass_unsent(), error)
            return
        self._opening = None
        line.lost.add_done_callback(lambda _: self._lose(line))
        self._line = line
        for asking in self._pass_unsent():
            if not asking.replied.done():
                self._write(asking)

    def _pass_unsent(self) -> list[Asking]:
        unsent, self._unsent = self._unsent, []
        return unsent

    def _write(self, asking: Asking) -> None:
        assert self._line is not None
        if not self._asked:
            self._silent_looks, self._heard_at = 0, self._line.heard_at
        self._asked.append(asking)
        self._line.write(asking.packed)
        if self._patience is None:
            self._look_later()

    def _take(self, reply: Any) -> None:
        asking = self._asked[0]
        asking.replies.append(reply)
        if len(asking.replies) == asking.count:
            self._asked.popleft()
            if not asking.replied.done():
                asking.replied.set_result(asking.replies)

    def _look_later(self) -> None:
        self._patience = asyncio.get_running_loop().call_later(SILENCE_S / LOOKS, self._look)

    def _look(self) -> None:
        """A server that does not answer for long is given up. Looks are counted and not seconds: while this process itself was
        stopped, nobody was silent."""
        self._patience = None
        if self._line is None or not self._asked:
            return
        self._silent_looks = self._silent_looks + 1 if self._line.heard_at == self._heard_at else 0
        self._heard_at = self._line.heard_at
        if self._silent_looks > LOOKS:
            self._hang_up()
        else:
            self._look_later()

    def _hang_up(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if self._line is not None:
            self._line.close()
            self._lose(self._line)

    def _lose(self, line: Line) -> None:
        if self._line is line:
            self._line = None
            asked, self._asked = self._asked, deque()
            self._fail(asked, RedisConnectionError("The connection to Redis was lost before its answer came."))

    def _fail(self, askings: Sequence[Asking] | deque[Asking], error: Exception) -> None:
        for asking in askings:
            if not asking.replied.done():
                asking.replied.set_exception(error)


class Subscriber:
    """Keeps every wanted channel subscribed, through losses of the connection. `on_gap` is called when it stands again."""

    def __init__(self, connect: Connect, on_message: Callable[[str, bytes], None], on_gap: Callable[[], None]) -> None:
        self._connect = connect
        self._on_message = on_message
        self._on_gap = on_gap
        self._confirmed: dict[str, asyncio.Future[None]] = {}
        self._leaving: Counter[str] = Counter()
        self._awaited: set[str] = set()
        self._all_there: asyncio.Future[None] | None = None
        self._line: Line | None = None
        self._listening: asyncio.Task[None] | None = None

    async def subscribe(self, channel: str) -> None:
        """Returns once confirmed; waits while Redis is away."""
        confirmed = self._confirmed.get(channel)
        if confirmed is None:
            confirmed = self._confirmed[channel] = asyncio.get_running_loop().create_future()
            self._tell("SUBSCRIBE", channel)
            if self._listening is None:
                self._listening = asyncio.create_task(self._listen())
        if not confirmed.done():
            await asyncio.shield(confirmed)

    async def unsubscribe(self, channel: str) -> None:
        confirmed = self._confirmed.pop(channel, None)
        if confirmed is not None:
            confirmed.cancel()
            self._leaving[channel] += 1
            self._tell("UNSUBSCRIBE", channel)

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self._listening = None
        for confirmed in self._confirmed.values():
            confirmed.cancel()
        self._confirmed.clear()

    def _tell(self, *words: str) -> None:
        """Says it on the line there is; a new one subscribes to all that is wanted anyway."""
        if self._line is not None:
            self._line.write(pack(words))

    async def _listen(self) -> None:
        outage = Outage(log, "layer.redis")
        while True:
            line = None
            try:
                line = await Line.open(self._connect, self._take)
                await self._subscribe_all(line)
                if outage.lasts:
                    self._on_gap()
                outage.is_over()
                await self._watch(line)
                outage.goes_on("The connection was lost.")
            except (RedisError, OSError) as error:
                outage.goes_on(error)
            finally:
                self._line = None
                if line is not None:
                    line.close()
            await asyncio.sleep(RECONNECT_S)

    async def _subscribe_all(self, line: Line) -> None:
        self._line = line
        self._leaving.clear()
        self._awaited = set(self._confirmed)
        if not self._awaited:
            return
        self._all_there = asyncio.get_running_loop().create_future()
        self._tell("SUBSCRIBE", *self._awaited)
        await asyncio.wait({self._all_there, line.lost}, timeout=SILENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if not self._all_there.done():
            raise RedisConnectionError("Redis did not confirm all subscriptions.")

    async def _watch(self, line: Line) -> None:
        """Until the line is lost. One that is half open says nothing: it is asked now and then, and given up when silent."""
        loop = asyncio.get_running_loop()
        while not line.lost.done():
            await asyncio.wait({line.lost}, timeout=SILENCE_S)
            silent_s = loop.time() - line.heard_at
            if silent_s > 3 * SILENCE_S:
                return
            if silent_s > SILENCE_S:
                self._tell("PING")

    def _take(self, reply: Any) -> None:
        match reply:
            case [b"message", channel, data]:
                self._on_message(channel.decode(), data)
            case [b"subscribe", channel, _]:
                self._confirm(channel.decode())
            case [b"unsubscribe", channel, _]:
                self._leaving -= Counter([channel.decode()])
            case RedisError() if self._line is not None:
                log.warning("layer.refused", reason=str(reply))
                self._line.close()

    def _confirm(self, channel: str) -> None:
        """One that is still to be ended was confirmed for whoever was there before."""
        confirmed = self._confirmed.get(channel)
        if confirmed is not None and not confirmed.done() and channel not in self._leaving:
            confirmed.set_result(None)
        self._awaited.discard(channel)
        if not self._awaited and self._all_there is not None and not self._all_there.done():
            self._all_there.set_result(None)
