"""Who decides for which shard: leases in Redis, on Redis' clock, shared fairly among the workers that live.

A lease is a key that holds its owner's token and dies with it. Every commit checks the token, so a lease that was lost
without its owner knowing does no harm.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from math import ceil
from random import sample
from socket import gethostname
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.exceptions import RedisError

from timers import topics
from timers.server_clock import server_time_s, uptime_s
from timers.store import BEGINNING
from tomato import CannotStart

LEASE_MS = 3_000
RENEW_EVERY_S = 0.5
WITHIN_S = 0.5
"""How long Redis is waited for. In a cluster one node may be away while the shards of the others go on."""

# A worker says it lives, and learns how many others do.
GREET = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
return redis.call('ZCARD', KEYS[1])
"""

RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

GIVE_BACK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


async def agree_on_shards(redis: Any, shards: int) -> None:
    """Topics are found by their shard: with another number of shards every timer would seem to be gone. Raises `CannotStart`."""
    await redis.set(topics.SHARDS_KEY, shards, nx=True)
    stored = int(await redis.get(topics.SHARDS_KEY))
    if stored != shards:
        raise CannotStart(
            f"TOMATO_SHARDS is {shards}, but the timers in this Redis are kept in {stored} shards: set TOMATO_SHARDS={stored}."
        )


@dataclass
class Lease:
    """The right to decide for one shard, renewed last at `renewed_at` of this machine's uptime."""

    token: str
    renewed_at: float

    def stands(self) -> bool:
        """Whether it surely has not run out. A worker that was paused or cut off finds that it has."""
        return uptime_s() - self.renewed_at < LEASE_MS / 1000


@dataclass
class Leases:
    """The shards of one worker."""

    redis: Redis
    shards: int
    worker: str = field(default_factory=lambda: f"{gethostname()}/{uuid4().hex[:12]}")
    owned: dict[int, Lease] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._greet = self.redis.register_script(GREET)
        self._renew = self.redis.register_script(RENEW)
        self._give_back = self.redis.register_script(GIVE_BACK)
        self._numbers = count(1)

    async def fair_share(self) -> int:
        """How many shards each living worker may own; tells the others that this one lives."""
        async with asyncio.timeout(WITHIN_S):
            living = await self._greet(keys=[topics.WORKERS_KEY], args=[self.worker, LEASE_MS])
        return ceil(self.shards / max(1, living))

    async def renew(self) -> None:
        """Holds on to what is owned; a shard whose lease was lost is owned no more.

        Raises the first error once every other shard was seen to.
        """
        renewals = [self._renew_one(shard, lease) for shard, lease in self.owned.items()]
        for outcome in await asyncio.gather(*renewals, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _renew_one(self, shard: int, lease: Lease) -> None:
        asked_at = uptime_s()
        async with asyncio.timeout(WITHIN_S):
            stands = await self._renew(keys=[topics.lease_key(shard)], args=[lease.token, LEASE_MS])
        if stands:
            lease.renewed_at = asked_at
        else:
            self.owned.pop(shard, None)

    async def take(self, most: int) -> None:
        """Takes free shards until `most` are owned. Raises the last error once the others were tried.

        In no order, so that those of a node that does not answer keep nobody from the rest.
        """
        error: Exception | None = None
        async with asyncio.timeout(WITHIN_S):
            for shard in sample(range(self.shards), self.shards):
                if shard in self.owned or len(self.owned) >= most:
                    continue
                try:
                    await self._take_one(shard)
                except (RedisError, OSError) as away:
                    error = away
        if error is not None:
            raise error

    async def _take_one(self, shard: int) -> None:
        lease = Lease(f"{self.worker}:{next(self._numbers)}", uptime_s())
        if await self.redis.set(topics.lease_key(shard), lease.token, nx=True, px=LEASE_MS):
            self.owned[shard] = lease

    async def give_back(self, shard: int) -> None:
        lease = self.owned.pop(shard, None)
        if lease is not None:
            await self._give_back(keys=[topics.lease_key(shard)], args=[lease.token])

    async def leave(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            await self.redis.zrem(topics.WORKERS_KEY, self.worker)


async def living(redis: Redis) -> list[str]:
    """The workers that have lately told of themselves. Raises `RedisError` or `OSError` when Redis is away."""
    now = int(await server_time_s(redis) * 1000)
    names: Any = await redis.zrangebyscore(topics.WORKERS_KEY, now - LEASE_MS, "+inf")
    return [name.decode() for name in names]


def home_of(worker: str) -> str:
    """The machine, or container, that a worker runs on."""
    return worker.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Census:
    """The workers as Redis sees them. `max_lag_ms`: how long the oldest command has been waiting."""

    live: int
    shards_owned: int
    shards_total: int
    max_lag_ms: int


async def census(redis: Redis, shards: int) -> Census:
    """Raises `RedisError` or `OSError` when Redis is away."""
    now = int(await server_time_s(redis) * 1000)
    live = await redis.zcount(topics.WORKERS_KEY, now - LEASE_MS, "+inf")
    async with redis.pipeline(transaction=False) as pipeline:
        for shard in range(shards):
            pipeline.exists(topics.lease_key(shard))
            pipeline.get(topics.cursor_key(shard))
        facts = await pipeline.execute()
    cursors = [(cursor or BEGINNING.encode()).decode() for cursor in facts[1::2]]
    async with redis.pipeline(transaction=False) as pipeline:
        for shard, cursor in enumerate(cursors):
            pipeline.xrange(topics.commands_key(shard), f"({cursor}", "+", 1)
        waiting = await pipeline.execute()
    oldest = min((int(entries[0][0].partition(b"-")[0]) for entries in waiting if entries), default=now)
    return Census(live, sum(facts[0::2]), shards, max(0, now - oldest))
