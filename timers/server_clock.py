"""The one clock of the system, Redis server time, as a process that asks for it now and then knows it."""

from __future__ import annotations

from time import monotonic

from redis.asyncio import Redis

SAMPLES = 5


class ServerClock:
    """Reads this machine's monotonic clock and adds the offset of the sample with the shortest round trip."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._offset_s: float | None = None

    async def sync(self) -> None:
        """Raises `RedisError` or `OSError` when Redis is away; the last offset stands then."""
        samples = [await self._sample() for _ in range(SAMPLES)]
        self._offset_s = min(samples)[1]

    def now(self) -> int:
        """Epoch milliseconds. Call `sync` first, once at least."""
        assert self._offset_s is not None, "the clock was never set"
        return int((monotonic() + self._offset_s) * 1000)

    @property
    def is_set(self) -> bool:
        return self._offset_s is not None

    async def _sample(self) -> tuple[float, float]:
        asked = monotonic()
        seconds, microseconds = await self._redis.time()
        answered = monotonic()
        return answered - asked, seconds + microseconds / 1e6 - (asked + answered) / 2
