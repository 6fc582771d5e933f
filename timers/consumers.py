"""One socket and the topic it watches: arrive, relay what the worker says, pass on what the person asks.

The consumer decides nothing about timers. It speaks with Redis and the socket only, never with the database once admitted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from time import monotonic
from typing import Any

import structlog
from channels.consumer import AsyncConsumer
from channels.exceptions import StopConsumer
from django.conf import settings
from django.db import DatabaseError
from redis.exceptions import RedisError

from timers import arrivals, parking, process, protocol, topics
from timers.broadcast import EVENT, REPLY
from timers.course import with_arrival
from timers.place import Place
from timers.protocol import CloseCode
from timers.requests import Requests
from timers.topic import Arrive, Leave
from tomato import origin
from tomato.identity import device_of, member_for
from tomato.limits import client_address
from tomato.outlet import FRAMES, Broadcast, Outlet
from tomato.redis import was_not_sent

log = structlog.get_logger(__name__)

SNAPSHOT_WITHIN_S = 1.5
"""How long a socket waits for the worker's word before it reads for itself what Redis holds."""
JOIN_RETRY_S = 1.0
MOST_EARLY = 256


class TopicConsumer(AsyncConsumer):
    """A socket on one topic. Subclasses say which, by `locate`."""

    async def locate(self, device: str) -> Place | CloseCode:
        raise NotImplementedError

    # The consumer's own loop: broadcasts come by a call, so there is no queue to wait on beside the socket.

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope: Any = scope
        self.base_send = send
        self.place: Place | None = None
        self.address: str | None = None
        del scope  # a socket lives long, and of this it needs only what _admit looks at
        self.process = process.current()
        self.channel_layer = self.process.layer
        self._task = asyncio.current_task()
        self._code: int | None = None
        self._given_up = False
        try:
            while True:
                await self.dispatch(await receive())
        except StopConsumer:
            pass
        except asyncio.CancelledError:
            if not self._given_up:
                raise
            await self._say_why()
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
                if not self.out.closed:
                    self.process.figures.count_end(message.get("code"))
                raise StopConsumer

    # Coming and going

    async def _connect(self) -> None:
        extension = self.scope.get("extensions", {}).get(FRAMES, {})
        self._cut: Callable[[], None] | None = extension.get("cut")
        self.out = Outlet(self.base_send, self._give_up, extension.get("write"), self.process.figures)
        if not origin.is_allowed(self.scope):
            self.out.message({"type": "websocket.close"})  # before it is accepted: HTTP 403
            self.process.figures.closed["403"] += 1
            raise StopConsumer
        self.out.message({"type": "websocket.accept"})
        self._accepted_at: float | None = monotonic()
        place = await self._admit()
        self.scope = None
        if isinstance(place, CloseCode):
            self.close(place)
        else:
            await self._watch(place)

    async def _watch(self, place: Place) -> None:
        self.place = place
        self.channel_name = await self.channel_layer.new_channel()
        self.refs: Iterator[int] = count(1)
        self._requests = Requests(self, place)
        self._arrival_ref = 0
        self._has_arrived = False
        self._may_be_known = False
        self._arrival_awaited: asyncio.Future[None] | None = None
        self._arrives_by = asyncio.get_running_loop().time() + SNAPSHOT_WITHIN_S
        self.away = False
        self._v: int | None = None
        self._early: list[dict[str, Any]] = []
        self._joining: asyncio.Task[None] | None = None
        self._arriving: asyncio.Task[None] | None = None
        self._fallback: asyncio.TimerHandle | None = None
        self._reading: asyncio.Task[None] | None = None
        self.channel_layer.attach(self.channel_name, self)
        self.process.sockets.add(self)
        self.resync()

    async def _admit(self) -> Place | CloseCode:
        device = device_of(self.scope)
        if device is None:
            return CloseCode.NO_IDENTITY
        address = client_address(self.scope, settings.TOMATO.proxies)
        if not await arrivals.may_come(address, device):
            return CloseCode.TOO_MANY
        try:
            place = await self.locate(device)
        except DatabaseError as error:
            # Nothing can be said of the room now: the browser comes again.
            log.warning("socket.database_is_away", path=self.scope["path"], device=device, reason=str(error))
            raise StopConsumer from error
        if isinstance(place, Place) and not self._count_address(address):
            return CloseCode.TOO_MANY
        return place

    def _count_address(self, address: str) -> bool:
        if not self.process.count_address(address):
            return False
        self.address = address
        return True

    async def _leave(self) -> None:
        if self.address is not None:
            self.process.forget_address(self.address)
        if self.place is None:
            return
        self.out.close()
        self.process.sockets.discard(self)
        self.channel_layer.detach(self.channel_name)
        self._requests.end()
        self._stop_reading()
        if self._fallback is not None:
            self._fallback.cancel()
        if self._joining is not None:
            self._joining.cancel()
        if self._arriving is not None:  # whose leaving must come after it
            await asyncio.wait({self._arriving})
        await self.channel_layer.group_discard(self.place.topic, self.channel_name)
        if self._may_be_known:
            await self.process.say_goodbye(self.place.topic, Leave(self.place.member, self.channel_name))

    def close(self, code: int) -> None:
        if not self.out.closed:
            self._count_close(code)
            self.out.end({"type": "websocket.close", "code": self._code})

    def _give_up(self) -> None:
        """The reader is too slow, perhaps even for the code with which it was closed: say so if it can still be said, and end."""
        if self._code is None:
            place = self.place
            log.info("socket.too_slow", topic=place and place.topic, device=place and place.device)
            self._count_close(CloseCode.TOO_SLOW)
        self._given_up = True
        if self._task is not None:
            self._task.cancel()

    def _count_close(self, code: int) -> None:
        self._code = int(code)
        self.process.figures.closed[str(self._code)] += 1

    async def _say_why(self) -> None:
        try:
            async with asyncio.timeout(1):
                await self.base_send({"type": "websocket.close", "code": self._code})
        except (TimeoutError, OSError):
            if self._cut is not None:
                self._cut()

    # Joining: subscribe, arrive, get the snapshot, then relay

    def resync(self) -> None:
        """Asks for a fresh snapshot; what comes before it is held back."""
        self._v = None
        self._stop_reading()
        if self._joining is None:
            self._joining = self.process.run(self._join())

    on_gap = resync

    async def _join(self) -> None:
        while True:
            try:
                await self.process.open()
                await self.channel_layer.group_add(self._topic, self.channel_name)
                self._arriving = self.process.run(self._arrive())
                await asyncio.shield(self._arriving)
                break
            except (RedisError, OSError, DatabaseError) as error:
                log.debug("socket.cannot_join", reason=str(error))
                await asyncio.sleep(JOIN_RETRY_S)
        self._arriving = self._joining = None
        if self._v is None:
            self._await_snapshot()

    def _await_snapshot(self) -> None:
        if self._fallback is None:  # whoever asks again and again is not put off
            self._fallback = asyncio.get_running_loop().call_later(SNAPSHOT_WITHIN_S, self._read_snapshot_soon)

    async def _arrive(self) -> None:
        try:
            await self._knock()
        except (RedisError, OSError) as error:
            self._may_be_known |= not was_not_sent(error)
            raise
        self._has_arrived = self._may_be_known = True
        if self._arrival_awaited is not None and not self._arrival_awaited.done():
            self._arrival_awaited.set_result(None)

    async def _knock(self) -> None:
        assert self.place is not None
        own_timer, arrival = self.place.own_timer, self._arrival(self.place)
        self._arrival_ref = next(self.refs)
        post = {"reply_to": self.channel_name, "ref": self._arrival_ref}
        looked = await self.process.inbox.knock(self._topic, arrival, own_timer, **post)
        while looked is not None:
            arrival = await self._with_parked(arrival)
            looked = await self.process.inbox.knock(self._topic, arrival, own_timer, looked, **post)

    async def arrival_is_known(self) -> bool:
        """Nobody commands a topic that does not yet know what the database had put by of it, who may command it among that."""
        if not self._has_arrived:
            self._arrival_awaited = asyncio.get_running_loop().create_future()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._arrives_by):
                    await self._arrival_awaited
        return self._has_arrived

    def _arrival(self, place: Place) -> Arrive:
        return Arrive(place.member, self.channel_name, self.process.name, away=self.away, maker=place.maker)

    async def _with_parked(self, arrival: Arrive) -> Arrive:
        """With what the database remembers of timers that the topic may have forgotten, and of the room."""
        assert self.place is not None
        parked = await parking.find(self._topic, {self.place.own_timer, topics.shared_timer(self._topic)})
        return replace(arrival, parked=parked.timers, policy=parked.policy)

    def _read_snapshot_soon(self) -> None:
        self._fallback = None
        self._reading = self.process.run(self._read_snapshot())

    async def _read_snapshot(self) -> None:
        """No worker lives at the moment; what Redis holds is the truth all the same, but for our own arrival and what that
        brings back from the database."""
        assert self.place is not None
        arrival = self._arrival(self.place)
        try:
            topic = await self.process.store.read(self._topic)
            with suppress(DatabaseError):
                arrival = await self._with_parked(arrival)
        except (RedisError, OSError) as error:
            log.debug("socket.redis_is_away", reason=str(error))
            self._reading = None
            self.resync()
            return
        self._reading = None
        now = self.process.clock.now()
        arrived = with_arrival(topic, arrival, now)
        fields = protocol.snapshot(arrived, self.place.member, now)
        self._begin(topic.v, protocol.encode(fields))

    def _stop_reading(self) -> None:
        """Another snapshot is on its way."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _begin(self, v: int, fields: str) -> None:
        assert self.place is not None
        self._stop_reading()
        if self._fallback is not None:
            self._fallback.cancel()
            self._fallback = None
        if self._v is not None and v < self._v:  # a late answer, overtaken by what was told since
            self.resync()
            return
        self._v = v
        self.out.text(protocol.joined(self.place.room, fields.encode()))
        if self._accepted_at is not None:
            self.process.figures.joins.add((monotonic() - self._accepted_at) * 1000)
            self._accepted_at = None
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
                self.out.broadcast(_broadcast(message), may_be_missed=True)
        elif v > self._v:
            self._v = v
            self._tell(message)

    def _tell(self, message: dict[str, Any]) -> None:
        assert self.place is not None
        if self.place.member not in message["newcomers"]:
            self.out.broadcast(_broadcast(message))
        elif text := protocol.without_newcomer(message["text"], self.place.member):
            self.out.text(text)
        else:  # our arrival, after a snapshot from before it: what follows waits for the one that counts it
            self._v = None
            self._await_snapshot()

    def _take_reply(self, reply: dict[str, Any]) -> None:
        if "fields" in reply:
            if reply["ref"] == self._arrival_ref:  # not what a new owner says again of an earlier one
                self._begin(reply["v"], reply["fields"])
        elif "close" in reply:
            self.close(reply["close"])
        else:
            self._requests.pass_on(reply)

    # From the person

    async def _receive(self, text: str | None, data: bytes | None) -> None:
        if self.place is None or self.out.closed:
            return
        self.process.figures.received += 1
        if len(text.encode() if text is not None else data or b"") > protocol.MAX_FRAME_BYTES:
            self.close(CloseCode.FRAME_TOO_LARGE)
            return
        message = protocol.binary() if text is None else protocol.parse(text, room=self.place.room is not None)
        await self._requests.take(message)

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
