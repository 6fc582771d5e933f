"""What the worker says: events to a topic, ticks, and answers to the socket that asked. Each is encoded once.

A broadcast carries its `v` beside its text, so that a socket relays each version once, and whether it is a tick, which a
slow reader may miss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any

import orjson
import structlog
from redis.exceptions import RedisError

from timers import protocol, topics
from timers.figures import WorkerFigures
from timers.topic import Answer, Event, Refused, Topic, UserJoined, Users
from tomato.layer import CHANNEL_FIELD
from tomato.outage import Outage

log = structlog.get_logger(__name__)

EVENT = "topic.event"
REPLY = "topic.reply"
ROLL_CALL = "roll.call"
INQUIRY = "inquiry"


class Broadcaster:
    """Says things through the channel layer, in the order of the calls."""

    def __init__(self, layer: Any, figures: WorkerFigures | None = None) -> None:
        self._layer = layer
        self._figures = figures or WorkerFigures()
        self._outage = Outage(log, "broadcast.redis")

    async def say(self, publications: Iterable[tuple[str, bytes]]) -> list[int] | None:
        """How many processes heard each; None when it could not be said, and nobody knows who heard any of it."""
        publications = list(publications)
        asked_at = monotonic()
        try:
            heard: list[int] = await self._layer.publish_many(publications)
        except (RedisError, OSError) as error:
            self._figures.redis_errors["layer"] += 1
            self._outage.goes_on(error)
            return None
        self._figures.publishing.add((monotonic() - asked_at) * 1000)
        self._outage.is_over()
        return heard

    def event(self, topic: str, event: Event, now: int) -> tuple[str, bytes]:
        text = protocol.encode(protocol.event(event, now))
        return self._to_all(topic, event.v, text, ticks=False, newcomers=_newcomers(event))

    def tick(self, topic: Topic, now: int) -> tuple[str, bytes]:
        return self._to_all(topic.name, topic.v, protocol.encode(protocol.tick(topic, now)), ticks=True)

    def answer(self, channel: str, ref: int, id: str | None, answer: Answer) -> tuple[str, bytes]:
        if id is None:
            return self.done(channel, ref)
        return self._reply(channel, ref, ack=protocol.encode(protocol.ack(id, answer)))

    def done(self, channel: str, ref: int) -> tuple[str, bytes]:
        """To somebody who waits until it is, and has nothing to be told."""
        return self._reply(channel, ref, ack=None)

    def result(
        self, channel: str, ref: int, topic: Topic, timer_id: str, answer: Answer, now: int
    ) -> tuple[str, bytes]:
        """The timer after a command that has no `id` to be acknowledged by."""
        return self._reply(
            channel, ref, ack=None, result=protocol.encode(protocol.result(topic, timer_id, answer, now))
        )

    def refusal(self, channel: str, ref: int, id: str | None, refused: Refused) -> tuple[str, bytes]:
        return self._reply(channel, ref, ack=protocol.encode(protocol.error("forbidden", refused.why, id)))

    def full(self, channel: str, ref: int) -> tuple[str, bytes]:
        return self._reply(channel, ref, close=protocol.CloseCode.TOO_MANY)

    def snapshot(self, channel: str, ref: int, topic: Topic, member: str, now: int) -> tuple[str, bytes]:
        fields = protocol.encode(protocol.snapshot(topic, member, now))
        return self._reply(channel, ref, v=topic.v, fields=fields)

    def roll_call(self, shard: int) -> tuple[str, bytes]:
        """Every web process is to say again who watches the shard's topics."""
        return self._layer.grouped(topics.PROCESSES, {"type": ROLL_CALL, "shard": shard})

    def found(self, channel: str, **what: Any) -> tuple[str, bytes]:
        """What a worker knows of what an operator asked."""
        return self._layer.addressed(channel, {"type": INQUIRY, **what})

    async def hear(self, group: str, deliver: Callable[[dict[str, Any]], None]) -> None:
        """From now on `deliver` gets what is said to the group. Waits while Redis is away."""
        await self._layer.hear(group, deliver)

    def kept(self, publications: list[tuple[str, bytes]]) -> bytes:
        """The publications as one value, to be committed with what they tell of."""
        return self._layer.channel_layer.serialize(publications) if publications else b""

    def again(self, kept: bytes, now: int) -> list[tuple[str, bytes]]:
        """Kept publications, to be sent at `now`."""
        serializer = self._layer.channel_layer
        return [
            (name, serializer.serialize(_as_of(serializer.deserialize(data), now)))
            for name, data in (serializer.deserialize(kept) if kept else ())
        ]

    def _to_all(
        self, topic: str, v: int, text: str, *, ticks: bool, newcomers: Sequence[str] = ()
    ) -> tuple[str, bytes]:
        message = {"type": EVENT, "v": v, "text": text, "ticks": ticks, "newcomers": newcomers}
        return self._layer.grouped(topic, message)

    def _reply(self, channel: str, ref: int, **answer: Any) -> tuple[str, bytes]:
        return self._layer.addressed(channel, {"type": REPLY, "ref": ref, **answer})


def kept_reply(layer: Any, kept: bytes, channel: str, ref: int) -> dict[str, Any] | None:
    """The reply to what a process asked under `ref`, if it is among kept publications."""
    serializer = layer.channel_layer
    messages = (serializer.deserialize(data) for _, data in (serializer.deserialize(kept) if kept else ()))
    asked = (message for message in messages if message.get(CHANNEL_FIELD) == channel and message.get("ref") == ref)
    return next(asked, None)


def _newcomers(event: Event) -> list[str]:
    match event:
        case UserJoined():
            return [event.member]
        case Users():
            return [member for member, _ in event.joined]
        case _:
            return []


def _as_of(message: dict[str, Any], now: int) -> dict[str, Any]:
    """The message with the time in its text brought up to `now`."""
    body = next((body for body in ("text", "fields") if body in message), None)
    if body is None:
        return message
    fields = orjson.loads(message[body])
    if "now_at" in fields:
        fields["now_at"] = now
    for timer in (*fields.get("timers", ()), fields.get("timer")):
        if isinstance(timer, dict) and timer["ends_at"] is not None:
            timer["remaining_ms"] = max(0, timer["ends_at"] - now)
    return {**message, body: protocol.encode(fields)}
