"""How much one person may ask: a token bucket, and when refusals have become too many. Time is an argument, in seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

MOST_REFUSALS = 100
REFUSALS_WINDOW_S = 10.0


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


@dataclass
class Refusals:
    """The instants of the latest refusals of one socket."""

    at: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_REFUSALS))

    def add(self, now: float) -> bool:
        """Counts one more; whether there have been too many lately."""
        self.at.append(now)
        return len(self.at) == MOST_REFUSALS and now - self.at[0] <= REFUSALS_WINDOW_S


def client_address(scope: dict[str, Any], proxies: int) -> str:
    """The address of the browser behind a known number of proxies, each of which adds the one it was asked from."""
    asked_from = (scope.get("client") or ("unknown",))[0]
    if not proxies:
        return asked_from
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    return hops[-proxies] if len(hops) >= proxies else asked_from
