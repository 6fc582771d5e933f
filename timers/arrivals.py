"""How often people may come, counted over all processes for each address and each device.

Who comes now and then is counted in no more than this process, so that it costs Redis no word.
"""

from __future__ import annotations

from time import monotonic

import structlog
from redis.exceptions import RedisError

from timers import process
from tomato.allowances import Allowance, Spent, bucket_of
from tomato.identity import member_for

log = structlog.get_logger(__name__)

OF_AN_ADDRESS = Allowance(at_once=20_000, every_ms=50)
"""A school or an office may be one, and comes at once when a server has been renewed."""
OF_A_DEVICE = Allowance(at_once=2_000, every_ms=200)


class TooManyArrivals(Spent):
    says = "Too many came from this address just now: wait a moment, then try again."


async def count(address: str, device: str | None = None) -> None:
    """Raises `TooManyArrivals`, and `RedisError` or `OSError` where Redis is away when it should be asked."""
    here = process.current()
    if here.arrivals.of(address, now := monotonic()).take(now):
        return
    buckets = {bucket_of(address, "arrivals"): OF_AN_ADDRESS}
    if device:
        buckets[bucket_of(address, "arrivals", member_for(device, "arrivals"))] = OF_A_DEVICE
    if wait_ms := await here.allowances.take(buckets):
        raise TooManyArrivals(wait_ms)


async def may_come(address: str, device: str | None) -> bool:
    """Whether a socket is let in. While Redis is away all are: nobody comes far before it is back."""
    try:
        await count(address, device)
    except TooManyArrivals:
        return False
    except (RedisError, OSError) as error:
        log.debug("arrivals.redis_is_away", reason=str(error))
    return True
