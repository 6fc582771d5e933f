"""What the soak looks at from the side: who holds the leases, what the processes use, and whether the machine kept up."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep, time
from typing import Any

import psutil
from redis.exceptions import RedisError

from timers import topics
from tomato.redis import connect

LEASES_EVERY_S = 0.05
USE_EVERY_S = 1.0
NAP_S = 0.005


@dataclass
class Leases:
    """Which token held each shard, and since when (epoch seconds). A token that was replaced must never come back."""

    url: str
    shards: int
    complain: Callable[[str], None]
    held: dict[int, list[tuple[float, bytes | None]]] = field(default_factory=dict)
    greeted_at: dict[bytes, float] = field(default_factory=dict)
    asked_at: list[float] = field(default_factory=list)

    async def watch(self) -> None:
        client: Any = connect(self.url)
        try:
            while True:
                with suppress(RedisError, OSError):
                    tokens = await client.mget([topics.lease_key(shard) for shard in range(self.shards)])
                    self._note(time(), tokens)
                    greetings = await client.zrange(topics.WORKERS_KEY, 0, -1, withscores=True)
                    self.greeted_at |= {worker: at_ms / 1000 for worker, at_ms in greetings}
                await asyncio.sleep(LEASES_EVERY_S)
        finally:
            await client.aclose()

    def _note(self, now: float, tokens: list[bytes | None]) -> None:
        self.asked_at.append(now)
        for shard, token in enumerate(tokens):
            held = self.held.setdefault(shard, [])
            if held and held[-1][1] == token:
                continue
            if (
                token is not None
                and any(token == former for _, former in held[:-1] if former is not None)
                and held[-1][1]
            ):
                self.complain(f"shard {shard}: {token!r} came back after {held[-1][1]!r}")
            held.append((now, token))

    def taken_over(self, at: float) -> dict[int, float]:
        """For each shard of the worker that was never heard of again after that instant: when the next one held it."""
        gone = {worker for worker, greeted_at in self.greeted_at.items() if at - 1 < greeted_at < at + 0.3}
        firsts = {shard: _first(held, at) for shard, held in self.held.items() if _worker(_at(held, at)) in gone}
        return {shard: since - at for shard, since in firsts.items() if since is not None}

    def steady(self, shard: int, since: float, until: float) -> bool:
        """Whether one owner held the shard all the time, as far as was looked."""
        held = self.held.get(shard, [])
        at = bisect_right(held, since, key=lambda change: change[0])
        first, last = bisect_left(self.asked_at, since), bisect_right(self.asked_at, until)
        looked = self.asked_at[max(0, first - 1) : last + 1]
        close = all(after - before < 0.5 for before, after in pairwise(looked))
        return bool(close and looked and at and held[at - 1][1] and (at == len(held) or held[at][0] > until))


def _worker(token: bytes | None) -> bytes:
    return (token or b"").partition(b":")[0]


def _at(held: list[tuple[float, bytes | None]], at: float) -> bytes | None:
    place = bisect_right(held, at, key=lambda change: change[0])
    return held[place - 1][1] if place else None


def _first(held: list[tuple[float, bytes | None]], after: float) -> float | None:
    return next((since for since, token in held if since > after and token is not None), None)


@dataclass
class Use:
    """Memory and open files of each process over its life."""

    processes: Callable[[], dict[str, list[psutil.Process]]]
    seen: dict[tuple[str, int], list[tuple[int, int]]] = field(default_factory=dict)

    async def watch(self) -> None:
        while True:
            for kind, processes in self.processes().items():
                for process in processes:
                    with suppress(psutil.Error):
                        self.seen.setdefault((kind, process.pid), []).append(
                            (process.num_fds(), process.memory_info().rss)
                        )
            await asyncio.sleep(USE_EVERY_S)

    def most(self, kind: str) -> dict[str, float]:
        samples = [sample for (of, _), samples in self.seen.items() if of == kind for sample in samples]
        if not samples:
            return {}
        return {"fds": max(fds for fds, _ in samples), "rss_mb": round(max(rss for _, rss in samples) / 2**20, 1)}


class Stalls:
    """When this machine was too busy to wake a thread in time: nobody can be blamed for being late then."""

    def __init__(self) -> None:
        self.at: list[float] = []
        self.late_s: list[float] = []
        self._stop = Event()
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.is_set():
            asked = monotonic()
            sleep(NAP_S)
            late_s = monotonic() - asked - NAP_S
            if late_s > NAP_S:
                self.at.append(time())
                self.late_s.append(late_s)

    def within(self, since: float, until: float) -> float:
        """The longest stall in that time, in seconds."""
        first, last = bisect_left(self.at, since), bisect_right(self.at, until)
        return max(self.late_s[first:last], default=0.0)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def errors_logged(log: Path) -> list[str]:
    """The lines in which a process says that something went wrong that it does not know how to live with."""
    found = []
    lines = log.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("{"):
            with suppress(ValueError):
                entry: dict[str, Any] = json.loads(line)
                if entry.get("level") in ("error", "critical"):
                    found.append(line)
        elif line.startswith("Traceback"):
            found.append("\n".join(lines[number : number + 60]))
    return found
