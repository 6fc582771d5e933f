"""How much one person may ask: a token bucket, and when refusals have become too many. Time is an argument, in seconds."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import islice
from typing import Any

BUCKETS_KEPT = 10_000
BUCKETS_LOOKED_AT = 8
MOST_REFUSALS = 100
REFUSALS_WINDOW_S = 10.0
LINE_BITS = 64
"""How much of an IPv6 address tells one line from another; whoever has a line has all the rest."""


@dataclass
class TokenBucket:
    """`rate_per_s` tokens flow in, up to `burst`."""

    rate_per_s: float
    burst: float
    tokens: float = field(init=False)
    counted_at: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> bool:
        """Whether there was a token."""
        self.tokens = min(self.burst, self.tokens + max(0.0, now - self.counted_at) * self.rate_per_s)
        self.counted_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def is_full(self, now: float) -> bool:
        return self.tokens + (now - self.counted_at) * self.rate_per_s >= self.burst


class TokenBuckets:
    """One for each name. When there are very many, each new one takes the place of another."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_s, self._burst = rate_per_s, burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def of(self, name: str, now: float) -> TokenBucket:
        if name not in self._buckets:
            if len(self._buckets) >= BUCKETS_KEPT:
                self._forget_one(now)
            self._buckets[name] = TokenBucket(self._rate_per_s, self._burst)
        return self._buckets[name]

    def _forget_one(self, now: float) -> None:
        """One that is full again, so that nothing is forgotten with it, if there is one among the first few; else the next."""
        for name in tuple(islice(self._buckets, BUCKETS_LOOKED_AT)):
            if self._buckets[name].is_full(now):
                del self._buckets[name]
                return
            self._buckets.move_to_end(name)
        self._buckets.popitem(last=False)


@dataclass
class Refusals:
    """The instants of the latest refusals of one socket."""

    at: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_REFUSALS))

    def add(self, now: float) -> bool:
        """Counts one more; whether there have been too many lately."""
        self.at.append(now)
        return len(self.at) == MOST_REFUSALS and now - self.at[0] <= REFUSALS_WINDOW_S


def client_address(scope: dict[str, Any], proxies: int) -> str:
    """The address of the browser behind a known number of proxies, each of which adds the one it was asked from. Of IPv6 it is the
    network that a line is given."""
    asked_from = (scope.get("client") or ("unknown",))[0]
    if not proxies:
        return _line(asked_from)
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    return _line(hops[-proxies] if len(hops) >= proxies else asked_from)


def _line(address: str) -> str:
    try:
        parsed = ip_address(address)
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        if isinstance(parsed, IPv4Address) or parsed.is_loopback:
            return str(parsed)
        return str(ip_network((parsed, LINE_BITS), strict=False).network_address)
    except ValueError:
        return address
