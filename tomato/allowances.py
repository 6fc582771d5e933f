"""How much may be asked of all processes together: token buckets in Redis, on its clock.

A bucket is one key that holds the instant at which the bucket is full again, and is gone from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s
from math import ceil
from typing import Any

from django.utils.functional import Promise
from redis.asyncio import Redis

TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait, full_at = 0, {}
for number, key in ipairs(KEYS) do
  local at_once, every = tonumber(ARGV[2 * number - 1]), tonumber(ARGV[2 * number])
  full_at[number] = math.max(now, tonumber(redis.call('GET', key) or now)) + every
  wait = math.max(wait, full_at[number] - now - at_once * every)
end
if wait > 0 then return wait end
for number, key in ipairs(KEYS) do redis.call('SET', key, full_at[number], 'PX', full_at[number] - now) end
return 0
"""

GIVE_BACK = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for number, key in ipairs(KEYS) do
  local full_at = tonumber(redis.call('GET', key) or now) - tonumber(ARGV[2 * number])
  if full_at > now then redis.call('SET', key, full_at, 'PX', full_at - now) else redis.call('DEL', key) end
end
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """`at_once`, and after that one more every `every_ms`."""

    at_once: int
    every_ms: int


class Spent(Exception):
    """An allowance was used up. What it is an allowance of, and what to do, the subclass `says` in a sentence."""

    says: str | Promise

    def __init__(self, wait_ms: int) -> None:
        super().__init__(wait_ms)
        self.retry_after_s = ceil(wait_ms / 1000)

    def __str__(self) -> str:
        return str(self.says)


class Allowances:
    """All methods raise `RedisError` or `OSError` when Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._take = redis.register_script(TAKE)
        self._give_back = redis.register_script(GIVE_BACK)

    async def take(self, buckets: Mapping[str, Allowance]) -> int:
        """Takes a token out of every bucket and returns 0; or, when one has none, takes nothing and returns how many
        milliseconds until all have. Buckets that are taken from together are those of one address."""
        return int(await self._take(keys=list(buckets), args=_numbers(buckets)))

    async def give_back(self, buckets: Mapping[str, Allowance]) -> None:
        """As if they had not been taken."""
        await self._give_back(keys=list(buckets), args=_numbers(buckets))


def bucket_of(address: str, *what: str) -> str:
    """The name of an address' bucket for something. The address itself is not written down."""
    digest = blake2s(address.encode(errors="replace"), digest_size=8).hexdigest()
    return ":".join(["tomato:allowance", f"{{{digest}}}", *what])


def _numbers(buckets: Mapping[str, Allowance]) -> list[Any]:
    return [number for bucket in buckets.values() for number in (bucket.at_once, bucket.every_ms)]
