"""What a person asks on a socket. Each request is answered once: by the worker that decides, or by us when none does in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

import structlog
from redis.exceptions import RedisError

from timers import names, protocol, topics
from timers.inbox import PATIENCE_MS
from timers.place import Place
from timers.process import WebProcess
from timers.protocol import CloseCode, Junk, Message
from timers.topic import Answer, Command, ConfigureRoom, HandOver, Knock, Rename, SetAway, Steer, TakeBack
from tomato.limits import Refusals
from tomato.outlet import Outlet
from tomato.redis import was_not_sent

log = structlog.get_logger(__name__)

LAPSE_S = PATIENCE_MS / 1000 + 0.25
LAST_LOOK_S = 0.5

UNAVAILABLE = "The timer service does not answer at the moment, so nothing was changed; try again."
TOO_LATE = "This came too late to count, so nothing was changed; try again."
RATE_LIMITED = "Too many messages at once; wait a second and send it again."


class Socket(Protocol):
    """What requests need of the socket that they come on."""

    process: WebProcess
    channel_name: str
    out: Outlet
    refs: Iterator[int]
    away: bool

    async def arrival_is_known(self) -> bool: ...

    def resync(self) -> None: ...

    def close(self, code: int) -> None: ...


@dataclass(slots=True)
class Pending:
    """A command that waits for its answer: the client's `id`, when it came (on this process' monotonic clock) and lapses, and its
    place in the inbox once received."""

    id: str | None
    command: Command
    came_at: float
    timer: asyncio.TimerHandle
    entry: str | None = None


class Requests:
    """Those of one socket."""

    __slots__ = ("_bucket", "_pending", "_place", "_refusals", "_socket")

    def __init__(self, socket: Socket, place: Place) -> None:
        self._socket, self._place = socket, place
        self._bucket = socket.process.persons.of(place.device, monotonic())
        self._refusals: Refusals | None = None
        self._pending: dict[int, Pending] = {}

    async def take(self, message: Message | Junk) -> None:
        if self._bucket.take(monotonic()):
            await self._heed(message)
        else:
            self._refuse(message)

    def pass_on(self, reply: dict[str, Any]) -> None:
        """What a worker has made of one, if that is still waited for."""
        pending = self._pending.pop(reply["ref"], None)
        if pending is not None:
            pending.timer.cancel()
            self._socket.process.figures.commands_took.add((monotonic() - pending.came_at) * 1000)
            if reply["ack"] is not None:
                self._socket.out.text(reply["ack"])

    def end(self) -> None:
        """Nobody waits for answers any more."""
        for pending in self._pending.values():
            pending.timer.cancel()

    async def _heed(self, message: Message | Junk) -> None:
        socket, place = self._socket, self._place
        match message:
            case Junk():
                await self._answer_junk(message)
            case protocol.Ping(t=t):
                self._say(protocol.pong(t, socket.process.clock.now()))
            case protocol.SessionSync():
                socket.resync()
            case protocol.SessionRename(name=name, id=id):
                await self._ask(id, Rename(place.member, names.clean(name), id))
            case protocol.RoomConfigure(id=id):
                await self._ask(id, ConfigureRoom(place.member, **message.changes(), id=id))
            case protocol.RoomHandOver(member=member, id=id):
                await self._ask(id, HandOver(place.member, member, id))
            case protocol.RoomTakeBack(id=id):
                await self._ask(id, TakeBack(place.member, id))
            case protocol.SessionKnock(member=member, id=id):
                await self._ask(id, Knock(place.member, member, id))
            case protocol.SessionAway(away=away, id=id):
                socket.away = away
                await self._ask(id, SetAway(place.member, socket.channel_name, away, id))
            case protocol.TimerMessage(timer=timer, id=id, lapses_at=lapses_at, at=at):
                timer_id = topics.ROOM if timer == "room" else place.own_timer
                await self._ask(id, Steer(place.member, timer_id, message.command(), id, at), lapses_at)

    async def _answer_junk(self, junk: Junk) -> None:
        """An `id` that was answered before gets that answer again, whatever comes with it."""
        answer = await self._answered(junk.id)
        if junk.id is not None and answer is not None:
            self._count(junk, "repeated")
            self._say(protocol.ack(junk.id, answer))
        else:
            self._count(junk, junk.code)
            self._say(protocol.error(junk.code, junk.message, junk.id))

    async def _answered(self, id: str | None) -> Answer | None:
        if id is not None:
            with suppress(RedisError, OSError):
                return await self._socket.process.store.answer(self._place.topic, self._place.member, id)
        return None

    async def _ask(self, id: str | None, command: Command, lapses_at: int | None = None) -> None:
        """Sends a command on its way; it is answered by the worker, or after ten seconds by us."""
        now = self._socket.process.clock.now()
        given_at = now if lapses_at is None else min(now, lapses_at - PATIENCE_MS)
        if given_at + PATIENCE_MS <= now:
            self._count(command, "late")
            self._say(protocol.error("unavailable", TOO_LATE, id))
            return
        if not await self._socket.arrival_is_known():
            self._say_unavailable(id, command)
            return
        ref = next(self._socket.refs)
        lapsing = asyncio.get_running_loop().call_later(LAPSE_S, self._lapse, ref)
        pending = Pending(id, command, monotonic(), lapsing)
        self._pending[ref] = pending
        try:
            pending.entry = await self._socket.process.inbox.post(
                self._place.topic,
                command,
                reply_to=self._socket.channel_name,
                ref=ref,
                patience_ms=PATIENCE_MS,
                given_at=given_at,
            )
        except (RedisError, OSError) as error:
            log.debug("requests.redis_is_away", reason=str(error))
            # A command that Redis may have received may yet be obeyed: what became of it is told when it has lapsed.
            if was_not_sent(error) and ref in self._pending:
                del self._pending[ref]
                pending.timer.cancel()
                self._say_unavailable(id, command)

    def _lapse(self, ref: int) -> None:
        self._socket.process.run(self._answer_late(self._pending.pop(ref)))

    async def _answer_late(self, pending: Pending) -> None:
        """No answer came. Either no worker obeyed in time, or one did and its answer was lost: Redis knows which."""
        answer = None
        with suppress(RedisError, OSError):
            async with asyncio.timeout(LAST_LOOK_S):
                if pending.entry is not None:
                    await self._socket.process.inbox.withdraw(self._place.topic, pending.entry)
                if pending.id is not None:
                    answer = await self._socket.process.store.answer(self._place.topic, self._place.member, pending.id)
        if pending.id is not None and answer is not None:
            self._say(protocol.ack(pending.id, answer))
        else:
            self._say_unavailable(pending.id, pending.command)

    def _say_unavailable(self, id: str | None, command: Command) -> None:
        self._count(command, "unavailable")
        self._say(protocol.error("unavailable", UNAVAILABLE, id))

    def _refuse(self, message: Message | Junk) -> None:
        self._count(message, "rate-limited")
        self._say(protocol.error("rate-limited", RATE_LIMITED, message.id))
        self._refusals = self._refusals or Refusals()
        if self._refusals.add(monotonic()):
            self._socket.close(CloseCode.TOO_MANY)

    def _say(self, message: dict[str, Any]) -> None:
        self._socket.out.text(protocol.encode(message))

    def _count(self, asked: Command | Message | Junk, outcome: str) -> None:
        self._socket.process.figures.count_command(asked, outcome)
