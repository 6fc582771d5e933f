"""Many running timers on one worker, of which a tenth is watched by sockets of their own people; the others tick for nobody.

How late a tick is counts from the instant of its topic's slot in the second, which is known beforehand.
"""

from __future__ import annotations

import asyncio
from functools import partial
from time import time

import uvloop

from bench.load import HEAD, TICK, Tally, close, connect, handshake, percentile
from bench.sites import Sites, TomatoSite, a_tomato_with
from bench.sizes import Figures, Meter, Size, until
from timers import topics
from timers.schedule import SLOT_MS, slot_of
from tomato.redis import connect_sync, embedded_url

WATCHED = 10
SECOND_MS = 1000


def running_timers(_: Sites, __: str, size: Size, count: int) -> Figures:
    with a_tomato_with(size.of(count)) as (site, seeded):
        if size.pinned:
            site.pin()
        watched = list(zip(seeded["devices"], seeded["cookies"], strict=True))[::WATCHED]
        figures = uvloop.run(_watch(site, size, watched))
        return {"timers": len(seeded["devices"]), **figures, "clock_offset_ms": _clock_offset_ms(site)}


async def _watch(site: TomatoSite, size: Size, watched: list[tuple[str, str]]) -> Figures:
    arrived_ms: list[float] = []

    def hear(text: bytes, slot_ms: int) -> None:
        if TICK in text[:HEAD]:
            arrived_ms.append((time() * 1000 - slot_ms) % SECOND_MS)

    requests = [handshake(site.port, "/ws/solo", cookie) for _, cookie in watched]
    listeners = await connect(site.port, requests, Tally())
    for listener, (device, _) in zip(listeners, watched, strict=True):
        listener.heard = partial(hear, slot_ms=slot_of(topics.solo(device)) * SLOT_MS)
    await until(lambda: len(arrived_ms) >= size.ticks_first * len(listeners))
    arrived_ms.clear()
    meter = Meter(site)
    await asyncio.sleep(size.window_s)
    await until(lambda: arrived_ms)
    shares = meter.shares()
    figures = {
        "sockets": len(listeners),
        "ticks_per_s": len(arrived_ms) / meter.took_s(),
        **shares,
        "late_p50_ms": percentile(arrived_ms, 0.5),
        "late_p99_ms": percentile(arrived_ms, 0.99),
        "worker_rss_mb": site.rss(site.helpers["worker"]) / 1e6,
    }
    close(listeners)
    return figures


def _clock_offset_ms(site: TomatoSite) -> float:
    """By how much Redis' clock, which the worker goes by, differs from ours, which arrivals are timed by."""
    with connect_sync(embedded_url(site.running.data_dir)) as client:
        return min((_offset_ms(client) for _ in range(20)), key=abs)


def _offset_ms(client: object) -> float:
    before = time()
    seconds, microseconds = client.time()  # type: ignore[attr-defined]
    return (seconds + microseconds / 1e6 - (before + time()) / 2) * 1000
