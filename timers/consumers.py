"""One socket and the topic it watches: arrive, relay what the worker says, pass on what the person asks.

The consumer decides nothing about timers. It speaks with Redis and the socket only, never with the database once admitted.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Any

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from timers import names, parking, process, protocol, topics
from timers.broadcast import EVENT, REPLY
from timers.inbox import PATIENCE_MS
from timers.protocol import CloseCode, Junk, Message
from timers.topic import Answer, Arrive, Command, Leave, Rename, Steer, with_arrival
from tomato.identity import device_of, member_for
from tomato.layer import Sink
from tomato.limits import Refusals, client_address
from tomato.outlet import FRAMES, Broadcast, Outlet
from tomato.redis import was_not_sent

log = structlog.get_logger(__name__)

SNAPSHOT_WITHIN_S = 1.5
"""How long a socket waits for the worker's word before it reads for itself what Redis holds."""
LAPSE_S = PATIENCE_MS / 1000 + 0.25
LAST_LOOK_S = 0.5
JOIN_RETRY_S = 1.0
MOST_EARLY = 256

UNAVAILABLE = "The timer service does not answer at the moment, so nothing was changed; try again."
TOO_LATE = "This came too late to count, so nothing was changed; try again."
RATE_LIMITED = "Too many messages at once; wait a second and send it again."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a socket belongs: whose it is, its topic, who it is there, the id of its own timer, and the room as a client
    sees it."""

    device: str
    topic: str
    member: str
    own_timer: str
    room: dict[str, Any] | None


@dataclass(slots=True)
class Pending:
    """A command that waits for its answer: the client's `id`, when it lapses, and its place in the inbox once received."""

    id: str | None
    timer: asyncio.TimerHandle
    entry: str | None = None


class TopicConsumer(AsyncConsumer):
    """A socket on one topic. Subclasses say which, by `locate`."""

    async def locate(self, device: str) -> Place | CloseCode:
        raise NotImplementedError

    # The consumer's own loop: broadcasts come by a call, so there is no queue to wait on beside the socket.

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.base_send = scope, send
        self.place: Place | None = None
        self.address: str | None = None
        self._frames = scope.get("extensions", {}).get(FRAMES, {})
        self.process = process.current()
        self.channel_layer = self.process.layer
        self._task = asyncio.current_task()
        self._given_up = False
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        except asyncio.CancelledError:
            if not self._given_up:
                raise
        finally:
            await self._leave()

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Without the database clean-up of the stock consumer: handlers touch none, and it costs a thread hop each."""
        match message["type"]:
            case "websocket.connect":
                await self._connect()
            case "websocket.receive":
                await self._receive(message.get("text"), message.get("bytes"))
            case "websocket.disconnect":
                raise StopConsumer

    # Coming and going

    async def _connect(self) -> None:
        self._out = Outlet(self.base_send, self._give_up, self._frames.get("write"))
        self._out.message({"type": "websocket.accept"})
        place = await self._admit()
        if isinstance(place, CloseCode):
            self._close(place)
        else:
            await self._watch(place)

    async def _watch(self, place: Place) -> None:
        self.place = place
        self.channel_name = await self.channel_layer.new_channel()
        self._refs = count(1)
        self._pending: dict[int, Pending] = {}
        self._refusals = Refusals()
        self._bucket = self.process.bucket(place.device)
        self._v: int | None = None
        self._early: list[dict[str, Any]] = []
        self._joining: asyncio.Task[None] | None = None
        self._arriving: asyncio.Task[None] | None = None
        self._fallback: asyncio.TimerHandle | None = None
        self.channel_layer.attach(self.channel_name, Sink(self.deliver, self.resync))
        self.process.sockets.add(self)
        self.resync()

    async def _admit(self) -> Place | CloseCode:
        device = device_of(self.scope)
        if device is None:
            return CloseCode.NO_IDENTITY
        try:
            place = await self.locate(device)
        except DatabaseError as error:
            # Nothing can be said of the room now: the browser comes again.
            log.warning("socket.database_is_away", reason=str(error))
            raise StopConsumer from error
        if isinstance(place, Place) and not self._count_address():
            return CloseCode.TOO_MANY
        return place

    def _count_address(self) -> bool:
        address, most = client_address(self.scope, settings.TOMATO.proxies), settings.TOMATO.max_sockets_per_ip
        if most and self.process.sockets_per_address[address] >= most:
            return False
        self.process.sockets_per_address[address] += 1
        self.address = address
        return True

    async def _leave(self) -> None:
        if self.address is not None:
            self.process.forget_address(self.address)
        if self.place is None:
            return
        self._out.close()
        self.process.sockets.discard(self)
        self.channel_layer.detach(self.channel_name)
        for timer in (self._fallback, *(pending.timer for pending in self._pending.values())):
            if timer is not None:
                timer.cancel()
        if self._joining is not None:
            self._joining.cancel()
        if self._arriving is not None:  # whose leaving must come after it
            await asyncio.wait({self._arriving})
        await self.channel_layer.group_discard(self.place.topic, self.channel_name)
        await self.process.say_goodbye(self.place.topic, Leave(self.place.member, self.channel_name))

    def _close(self, code: CloseCode) -> None:
        self._out.message({"type": "websocket.close", "code": int(code)})
        self._out.close()

    def _give_up(self) -> None:
        """The reader is too slow: say so if it can still be said, and end."""
        log.info("socket.too_slow", topic=self._topic)
        self._given_up = True
        self.process.run(self._say_too_slow())
        if self._task is not None:
            self._task.cancel()

    async def _say_too_slow(self) -> None:
        try:
            async with asyncio.timeout(1):
                await self.base_send({"type": "websocket.close", "code": int(CloseCode.TOO_SLOW)})
        except (TimeoutError, OSError):
            if "cut" in self._frames:
                self._frames["cut"]()

    # Joining: subscribe, arrive, get the snapshot, then relay

    def resync(self) -> None:
        """Asks for a fresh snapshot; what comes before it is held back."""
        self._v = None
        if self._joining is None or self._joining.done():
            self._joining = self.process.run(self._join())

    async def _join(self) -> None:
        while True:
            try:
                await self.process.open()
                await self.channel_layer.group_add(self._topic, self.channel_name)
                self._arriving = self.process.run(self._arrive())
                await asyncio.shield(self._arriving)
                break
            except (RedisError, OSError) as error:
                log.debug("socket.redis_is_away", reason=str(error))
                await asyncio.sleep(JOIN_RETRY_S)
        if self._v is None:
            if self._fallback is not None:
                self._fallback.cancel()
            self._fallback = asyncio.get_running_loop().call_later(SNAPSHOT_WITHIN_S, self._read_snapshot_soon)

    async def _arrive(self) -> None:
        assert self.place is not None
        own_timer, member = self.place.own_timer, self.place.member
        arrival = Arrive(member, self.channel_name, self.process.name)
        post = {"reply_to": self.channel_name, "ref": 0}
        if not await self.process.inbox.knock(self._topic, arrival, own_timer, **post):
            parked = await parking.find(self._topic, {own_timer, topics.shared_timer(self._topic)})
            arrival = Arrive(member, self.channel_name, self.process.name, parked)
            await self.process.inbox.post(self._topic, arrival, **post)

    def _read_snapshot_soon(self) -> None:
        self._joining = self.process.run(self._read_snapshot())

    async def _read_snapshot(self) -> None:
        """No worker lives at the moment; what Redis holds is the truth all the same, but for our own arrival."""
        assert self.place is not None
        try:
            topic = await self.process.store.read(self._topic)
        except (RedisError, OSError) as error:
            log.debug("socket.redis_is_away", reason=str(error))
            return
        now = self.process.clock.now()
        arrived = with_arrival(topic, Arrive(self.place.member, self.channel_name, self.process.name), now)
        fields = protocol.snapshot(arrived, self.place.member, now)
        self._begin(topic.v, protocol.encode(fields))

    def _begin(self, v: int, fields: str) -> None:
        assert self.place is not None
        if self._fallback is not None:
            self._fallback.cancel()
        if self._v is not None and v < self._v:  # a late answer, overtaken by what was told since
            self.resync()
            return
        self._v = v
        self._out.text(protocol.joined(self.place.room, fields.encode()))
        early, self._early = self._early, []
        for message in early:
            self._relay(message)

    # From the worker

    def deliver(self, message: dict[str, Any]) -> None:
        if message["type"] == EVENT:
            self._relay(message)
        elif message["type"] == REPLY:
            self._take_reply(message)

    def _relay(self, message: dict[str, Any]) -> None:
        v, ticks = message["v"], message["ticks"]
        if self._v is None:
            if not ticks and len(self._early) < MOST_EARLY:
                self._early.append(message)
        elif ticks:
            if v >= self._v:
                self._out.broadcast(_broadcast(message), may_be_missed=True)
        elif v > self._v:
            self._v = v
            self._tell(message)

    def _tell(self, message: dict[str, Any]) -> None:
        assert self.place is not None
        if self.place.member not in message["newcomers"]:
            self._out.broadcast(_broadcast(message))
        elif text := protocol.without_newcomer(message["text"], self.place.member):
            self._out.text(text)

    def _take_reply(self, reply: dict[str, Any]) -> None:
        if "fields" in reply:
            self._begin(reply["v"], reply["fields"])
        elif "close" in reply:
            self._close(CloseCode(reply["close"]))
        else:
            pending = self._pending.pop(reply["ref"], None)
            if pending is not None:
                pending.timer.cancel()
                if reply["ack"] is not None:
                    self._out.text(reply["ack"])

    # From the person

    async def _receive(self, text: str | None, data: bytes | None) -> None:
        if self.place is None or self._out.closed:
            return
        if len(text.encode() if text is not None else data or b"") > protocol.MAX_FRAME_BYTES:
            self._close(CloseCode.FRAME_TOO_LARGE)
            return
        message = protocol.binary() if text is None else protocol.parse(text, room=self.place.room is not None)
        if self._bucket.take(monotonic()):
            await self._heed(message, self.place)
        else:
            self._refuse(message.id)

    async def _heed(self, message: Message | Junk, place: Place) -> None:
        match message:
            case Junk():
                await self._answer_junk(message)
            case protocol.Ping(t=t):
                self._say(protocol.pong(t, self.process.clock.now()))
            case protocol.SessionSync():
                self.resync()
            case protocol.SessionRename(name=name, id=id):
                await self._ask(id, Rename(place.member, names.clean(name), id))
            case protocol.TimerMessage(timer=timer, id=id, lapses_at=lapses_at):
                timer_id = topics.ROOM if timer == "room" else place.own_timer
                await self._ask(id, Steer(place.member, timer_id, message.command(), id), lapses_at)

    async def _answer_junk(self, junk: Junk) -> None:
        """An `id` that was answered before gets that answer again, whatever comes with it."""
        answer = await self._answered(junk.id)
        if junk.id is not None and answer is not None:
            self._say(protocol.ack(junk.id, answer))
        else:
            self._say(protocol.error(junk.code, junk.message, junk.id))

    async def _answered(self, id: str | None) -> Answer | None:
        assert self.place is not None
        if id is not None:
            with suppress(RedisError, OSError):
                return await self.process.store.answer(self._topic, self.place.member, id)
        return None

    async def _ask(self, id: str | None, command: Command, lapses_at: int | None = None) -> None:
        """Sends a command on its way; it is answered by the worker, or after ten seconds by us."""
        now = self.process.clock.now()
        given_at = now if lapses_at is None else min(now, lapses_at - PATIENCE_MS)
        if given_at + PATIENCE_MS <= now:
            self._say(protocol.error("unavailable", TOO_LATE, id))
            return
        ref = next(self._refs)
        pending = Pending(id, asyncio.get_running_loop().call_later(LAPSE_S, self._lapse, ref))
        self._pending[ref] = pending
        try:
            pending.entry = await self.process.inbox.post(
                self._topic,
                command,
                reply_to=self.channel_name,
                ref=ref,
                patience_ms=PATIENCE_MS,
                given_at=given_at,
            )
        except (RedisError, OSError) as error:
            log.debug("socket.redis_is_away", reason=str(error))
            # A command that Redis may have received may yet be obeyed: what became of it is told when it has lapsed.
            if was_not_sent(error) and ref in self._pending:
                del self._pending[ref]
                pending.timer.cancel()
                self._say(protocol.error("unavailable", UNAVAILABLE, id))

    def _lapse(self, ref: int) -> None:
        self.process.run(self._answer_late(self._pending.pop(ref)))

    async def _answer_late(self, pending: Pending) -> None:
        """No answer came. Either no worker obeyed in time, or one did and its answer was lost: Redis knows which."""
        assert self.place is not None
        answer = None
        with suppress(RedisError, OSError):
            async with asyncio.timeout(LAST_LOOK_S):
                if pending.entry is not None:
                    await self.process.inbox.withdraw(self._topic, pending.entry)
                if pending.id is not None:
                    answer = await self.process.store.answer(self._topic, self.place.member, pending.id)
        if pending.id is not None and answer is not None:
            self._say(protocol.ack(pending.id, answer))
        else:
            self._say(protocol.error("unavailable", UNAVAILABLE, pending.id))

    def _refuse(self, id: str | None) -> None:
        self._say(protocol.error("rate-limited", RATE_LIMITED, id))
        if self._refusals.add(monotonic()):
            self._close(CloseCode.TOO_MANY)

    def _say(self, message: dict[str, Any]) -> None:
        self._out.text(protocol.encode(message))

    @property
    def _topic(self) -> str:
        assert self.place is not None
        return self.place.topic


def _broadcast(message: dict[str, Any]) -> Broadcast:
    """What all sockets of this process that get `message` share."""
    shared: Broadcast | None = message.get("broadcast")
    if shared is None:
        shared = message["broadcast"] = Broadcast(message["text"])
    return shared


class SoloConsumer(TopicConsumer):
    """`/ws/solo`: the device's own timer."""

    async def locate(self, device: str) -> Place | CloseCode:
        return Place(device, topics.solo(device), member_for(device, topics.SOLO), topics.SOLO, None)


class NowhereConsumer(TopicConsumer):
    """Every other path: told so in a way a browser can read."""

    async def _admit(self) -> Place | CloseCode:
        return CloseCode.NO_SUCH_ROOM
