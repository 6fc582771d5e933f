"""The one clock of the system, Redis server time, as a process that asks for it now and then knows it."""

from __future__ import annotations

import time
from typing import Any

from redis.asyncio import Redis

from timers import topics

SAMPLES = 5

# A plain TIME has no key, so in a Redis Cluster any node might answer: all are to go by one node's clock.
TIME = "return redis.call('TIME')"


def uptime_s() -> float:
    """A clock that only goes forward, and, where there is such a one, through the sleep of a suspended machine too."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class ServerClock:
    """Reads this machine's uptime and adds the offset of the sample with the shortest round trip.

    Until the first `sync` it goes by this machine's own clock.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._offset_s = time.time() - uptime_s()
        self.is_set = False

    async def sync(self) -> None:
        """Raises `RedisError` or `OSError` when Redis is away; the last offset stands then."""
        samples = [await self._sample() for _ in range(SAMPLES)]
        self._offset_s = min(samples)[1]
        self.is_set = True

    def now(self) -> int:
        """Epoch milliseconds."""
        return int(self.exactly())

    def exactly(self) -> float:
        """Epoch milliseconds with their fraction."""
        return (uptime_s() + self._offset_s) * 1000

    async def _sample(self) -> tuple[float, float]:
        asked = uptime_s()
        server_s = await server_time_s(self._redis)
        answered = uptime_s()
        return answered - asked, server_s - (asked + answered) / 2


async def server_time_s(redis: Redis) -> float:
    """Epoch seconds on the one clock. Raises `RedisError` or `OSError` when Redis is away."""
    client: Any = redis
    seconds, microseconds = await client.eval(TIME, 1, topics.WORKERS_KEY)
    return int(seconds) + int(microseconds) / 1e6
