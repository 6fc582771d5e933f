"""A worker answers what operators ask about its timers, from its mirror of them, and never from Redis.

It looks for two milliseconds at a time and pauses as long, so that no tick or command waits for more, and at one question
after another. Each answer names the shards it speaks for: whoever asks knows from them when all have answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from time import monotonic
from typing import Any

import structlog

from timers import overview, topics
from timers.broadcast import Broadcaster
from timers.overview import Question, Search
from timers.server_clock import ServerClock
from timers.shard import Shard
from timers.topic import Topic
from tomato.identity import hash_of

log = structlog.get_logger(__name__)

MOST_WAITING = 32
LOOKS_FOR_S = 0.002
PAUSES_FOR_S = 0.002


class Inquiries:
    def __init__(self, broadcaster: Broadcaster, clock: ServerClock, shards: Callable[[], Collection[Shard]]) -> None:
        self._broadcaster = broadcaster
        self._clock = clock
        self._shards = shards
        self._asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MOST_WAITING)

    async def answer(self) -> None:
        """Without end."""
        await self._broadcaster.hear(topics.WORKERS, self._take)
        while True:
            asked = await self._asked.get()
            try:
                found = await self._find(asked)
            except (KeyError, TypeError, ValueError):
                log.exception("inquiries.unreadable")  # an older or a newer release asks
            else:
                await self._broadcaster.say([self._broadcaster.found(asked["reply_to"], **found)])

    def _take(self, asked: dict[str, Any]) -> None:
        """What cannot be answered soon need not be: who still looks asks again."""
        if not self._asked.full():
            self._asked.put_nowait(asked)

    async def _find(self, asked: dict[str, Any]) -> dict[str, Any]:
        shards = tuple(self._shards())
        found: dict[str, Any] = {"shards": [shard.number for shard in shards]}
        if "where" in asked:
            return {**found, "topic": await self._detail(shards, asked["where"])}
        search = Search(Question.read(asked["question"]), self._clock.now(), where)
        async for _, topic in _little_by_little(shards):
            search.look_at(topic)
        return {**found, "found": search.found, "rows": search.rows()}

    async def _detail(self, shards: Collection[Shard], wanted: str) -> dict[str, Any] | None:
        for shard, topic in await _named(shards, wanted):
            seen = overview.detail(topic, wanted, self._clock.now(), shard.journal.of(topic.name))
            return {**seen, "name": topic.name, "shard": shard.number}
        return None


async def _named(shards: Collection[Shard], wanted: str) -> list[tuple[Shard, Topic]]:
    """A room is known by its name; a device only by looking whose hash that is."""
    if topics.is_room(wanted):
        return [(shard, shard.topics[wanted]) for shard in shards if wanted in shard.topics]
    return [(shard, topic) async for shard, topic in _little_by_little(shards) if where(topic.name) == wanted]


async def _little_by_little(shards: Collection[Shard]) -> AsyncIterator[tuple[Shard, Topic]]:
    """All topics, with pauses."""
    until = monotonic() + LOOKS_FOR_S
    for shard in shards:
        for topic in tuple(shard.topics.values()):
            yield shard, topic
            if monotonic() >= until:
                await asyncio.sleep(PAUSES_FOR_S)
                until = monotonic() + LOOKS_FOR_S


def where(topic: str) -> str:
    """What a topic is called outside."""
    return topic if topics.is_room(topic) else topics.solo(hash_of(topics.device_of(topic)))
