"""What Redis holds of a topic, for pages and the API: read only, and nobody counts as watching by it."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

import structlog
from redis.exceptions import RedisError

from timers import parking, process, protocol, topics
from timers.parking import Parked
from timers.timer import History
from timers.topic import Held, Policy, Topic
from tomato.identity import member_for

log = structlog.get_logger(__name__)

Snapshot = dict[str, Any]
"""The fields of `session:joined`."""


async def solo(device: str) -> Snapshot:
    topic = topics.solo(device)
    return await _snapshot(topic, member_for(device, topics.SOLO), topics.SOLO, None)


async def room(
    code: str,
    name: str,
    member: str | None = None,
    *,
    locked: bool = False,
    maker: str | None = None,
    strict: bool = False,
) -> Snapshot:
    """For `member` when given, with `you`; else as a stranger sees it. `maker` is who made the room.

    With `strict` a Redis that is away raises `RedisError` or `OSError`; else there is a new timer then.
    """
    place = {"code": code, "name": name, "locked": locked}
    return await _snapshot(topics.room(code), member, member, place, maker=maker, strict=strict)


async def _snapshot(
    name: str,
    member: str | None,
    own_timer: str | None,
    room: Snapshot | None,
    *,
    maker: str | None = None,
    strict: bool = False,
) -> Snapshot:
    try:
        topic, now = await _read(name)
    except (RedisError, OSError) as error:
        if strict:
            raise
        # A page is shown all the same; its socket says what is the matter.
        log.warning("snapshots.redis_is_away", topic=name, reason=str(error))
        topic, now = Topic(name), int(time() * 1000)
    topic = await _with_parked(topic, {topics.shared_timer(name), own_timer} - {None}, maker)
    return protocol.joined_fields(room, protocol.snapshot(topic, member, now))


async def _read(name: str) -> tuple[Topic, int]:
    here = process.current()
    topic = await here.store.read(name)
    if not here.clock.is_set:
        await here.clock.sync()
    return topic, here.clock.now()


async def _with_parked(topic: Topic, timer_ids: set[Any], maker: str | None) -> Topic:
    """With what the database remembers and Redis has forgotten, as it would come back."""
    forgotten = timer_ids - topic.timers.keys()
    parked: Parked = await parking.find(topic.name, forgotten) if forgotten else Parked()
    held = {timer_id: Held(History(timer), topic.v, 0) for timer_id, timer in parked.timers.items()}
    policy = topic.policy or parked.policy or Policy(maker)
    return replace(topic, timers={**held, **topic.timers}, policy=policy)
