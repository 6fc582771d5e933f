"""The one clock of the system, Redis server time, as a process that asks for it now and then knows it."""

from __future__ import annotations

from time import monotonic, time
from typing import Any

from redis.asyncio import Redis

from timers import topics

SAMPLES = 5

# A plain TIME has no key, so in a Redis Cluster any node might answer: all are to go by one node's clock.
TIME = "return redis.call('TIME')"


class ServerClock:
    """Reads this machine's monotonic clock and adds the offset of the sample with the shortest round trip.

    Until the first `sync` it goes by this machine's own clock.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._offset_s = time() - monotonic()
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
        return (monotonic() + self._offset_s) * 1000

    async def _sample(self) -> tuple[float, float]:
        asked = monotonic()
        server_s = await server_time_s(self._redis)
        answered = monotonic()
        return answered - asked, server_s - (asked + answered) / 2


async def server_time_s(redis: Redis) -> float:
    """Epoch seconds on the one clock. Raises `RedisError` or `OSError` when Redis is away."""
    client: Any = redis
    seconds, microseconds = await client.eval(TIME, 1, topics.WORKERS_KEY)
    return int(seconds) + int(microseconds) / 1e6
