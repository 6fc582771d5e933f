"""Who decides for which shard: leases in Redis, on Redis' clock, shared fairly among the workers that live.

A lease is a key that holds its owner's token and dies with it. Every commit checks the token, so a lease that was lost
without its owner knowing does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from math import ceil
from time import monotonic
from uuid import uuid4

from redis.asyncio import Redis

from timers import topics
from timers.server_clock import server_time_s
from timers.store import BEGINNING

LEASE_MS = 3_000
RENEW_EVERY_S = 0.7

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


@dataclass
class Lease:
    """The right to decide for one shard, renewed last at `renewed_at` on this process' monotonic clock."""

    token: str
    renewed_at: float

    def stands(self) -> bool:
        """Whether it surely has not run out. A worker that was paused or cut off finds that it has."""
        return monotonic() - self.renewed_at < LEASE_MS / 1000


@dataclass
class Leases:
    """The shards of one worker."""

    redis: Redis
    shards: int
    worker: str = field(default_factory=lambda: uuid4().hex[:12])
    owned: dict[int, Lease] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._greet = self.redis.register_script(GREET)
        self._renew = self.redis.register_script(RENEW)
        self._give_back = self.redis.register_script(GIVE_BACK)
        self._numbers = count(1)

    async def fair_share(self) -> int:
        """How many shards each living worker may own; tells the others that this one lives."""
        living = await self._greet(keys=[topics.WORKERS_KEY], args=[self.worker, LEASE_MS])
        return ceil(self.shards / max(1, living))

    async def renew(self) -> set[int]:
        """Holds on to what is owned; returns the shards whose lease was lost."""
        lost = set()
        for shard, lease in tuple(self.owned.items()):
            asked_at = monotonic()
            if await self._renew(keys=[topics.lease_key(shard)], args=[lease.token, LEASE_MS]):
                lease.renewed_at = asked_at
            else:
                self.owned.pop(shard, None)
                lost.add(shard)
        return lost

    async def take(self, most: int) -> list[int]:
        """Takes free shards until `most` are owned; returns the new ones."""
        taken = []
        for shard in range(self.shards):
            if len(self.owned) >= most:
                break
            if shard in self.owned:
                continue
            lease = Lease(f"{self.worker}:{next(self._numbers)}", monotonic())
            if await self.redis.set(topics.lease_key(shard), lease.token, nx=True, px=LEASE_MS):
                self.owned[shard] = lease
                taken.append(shard)
        return taken

    async def give_back(self, shard: int) -> None:
        lease = self.owned.pop(shard, None)
        if lease is not None:
            await self._give_back(keys=[topics.lease_key(shard)], args=[lease.token])

    async def leave(self) -> None:
        await self.redis.zrem(topics.WORKERS_KEY, self.worker)


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
