"""What is measured, on which sites, and at which size; each measurement gives its figures by name.

CPU is in per cent of a core. Latencies are in milliseconds from the `now_at` that a tick carries to its arrival here; `now_at` is in whole
milliseconds, so up to one of them is rounding.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from time import monotonic, process_time
from typing import Any

import uvloop

from bench.commands import commands
from bench.load import Listener, Tally, close, connect, connect_one, percentile
from bench.running import running_timers
from bench.sites import START, Site, Sites, TomatoSite, a_tomato
from bench.sizes import Figures, Meter, Size, until

ALL = ("tomato", "socket.io", "ws", "tomato without the hub", "stock Channels on Daphne")
WITH_PEERS = ALL[:3]
FIRST_ONES = 100
"""Sockets that come and go before memory is measured, so that what a server makes once is not counted."""
AGAIN_AFTER_S = 0.05


Measurement = Callable[[Sites, str, Size], Figures]
"""What is found out at one of the sites, called by its name."""


@dataclass(frozen=True)
class Scenario:
    """What `measure` finds at each of `sites`. `runs` is at most how often it is worth while."""

    key: str
    title: str
    sites: tuple[str, ...]
    measure: Measurement
    runs: int = 3


def on_site(
    measure: Callable[[Site, Size], Coroutine[Any, Any, Figures]],
    open: Callable[[Sites, str], AbstractContextManager[Site]] = Sites.open,
) -> Measurement:
    """The measurement made on a site that is opened for it."""

    def opened(sites: Sites, name: str, size: Size) -> Figures:
        with open(sites, name) as site:
            if size.pinned:
                site.pin()
            return uvloop.run(measure(site, size))

    return opened


# Ticks ----------------------------------------------------------------------------------------------------------------


async def ticks(site: Site, size: Size, rooms: int, people: int) -> Figures:
    """What a delivered tick costs and how late it comes, with everybody's timer running."""
    listeners, tally = await ticking(site, size, rooms, people)
    tally.reset()
    meter = Meter(site)
    await asyncio.sleep(size.window_s)
    await until(lambda: tally.ticks)
    shares, took_s = meter.shares(), meter.took_s()
    figures = {
        "sockets": len(listeners),
        "ticks_per_s": tally.ticks / took_s,
        "web_us_per_tick": shares["web_cpu"] / 100 * took_s / tally.ticks * 1e6,
        **shares,
        "p50_ms": percentile(tally.latencies_ms, 0.5),
        "p99_ms": percentile(tally.latencies_ms, 0.99),
    }
    close(listeners)
    return figures


async def ticking(site: Site, size: Size, rooms: int, people: int) -> tuple[list[Listener], Tally]:
    """Sockets of which each has heard its timer tick for a while."""
    tally = Tally()
    doors = site.doors(*size.crowd(rooms, people))
    listeners = await connect(site.port, list(chain.from_iterable(doors)), tally, site.listener)
    for first in range(0, len(listeners), len(doors[0])):
        listeners[first].say(START)
    await until(lambda: tally.ticks >= size.ticks_first * len(listeners))
    return listeners, tally


# Sockets --------------------------------------------------------------------------------------------------------------


async def memory(site: Site, size: Size, doors: Callable[[Site, int], list[bytes]], count: int) -> Figures:
    """What a socket that only waits takes of each process."""
    close(await connect(site.port, doors(site, size.of(FIRST_ONES)), Tally(), site.listener))
    await settle(site, size)
    before = {name: site.rss(pid) for name, pid in site.processes().items()}
    listeners = await connect(site.port, doors(site, size.of(count)), Tally(), site.listener)
    await settle(site, size)
    grown = {name: site.rss(pid) - before[name] for name, pid in site.processes().items()}
    close(listeners)
    return {
        "sockets": len(listeners),
        **{f"{name}_kib_per_socket": grew / len(listeners) / 1024 for name, grew in grown.items()},
    }


def alone(site: Site, count: int) -> list[bytes]:
    return site.solo_doors(count)


def in_rooms_of_5(site: Site, count: int) -> list[bytes]:
    return list(chain.from_iterable(site.doors(max(1, count // 5), 5)))


async def handshakes(site: Site, size: Size, count: int) -> Figures:
    """How many come in a second, a hundred at a time, each until its first message; then the same people again."""
    doors = site.solo_doors(size.of(count))
    figures: Figures = {"sockets": len(doors)}
    for kind in ("new", "known"):
        meter = Meter(site)
        listeners = await connect(site.port, doors, Tally(), site.listener)
        took_s, shares = meter.took_s(), meter.shares()
        figures |= {
            f"{kind}_per_s": len(doors) / took_s,
            f"{kind}_per_core_s": len(doors) / (took_s * shares["web_cpu"] / 100),
            **{f"{kind}_{name}": share for name, share in shares.items()},
        }
        close(listeners)
        await settle(site, size)
    return figures


async def revival(site: Site, size: Size, rooms: int, people: int) -> Figures:
    """The web process is killed and everybody comes back at the same instant, which no crowd of browsers does: ours spread it out."""
    assert isinstance(site, TomatoSite)
    if size.pinned:
        site.pin_successors()
    listeners, tally = await ticking(site, size, rooms, people)
    began, back_s, returned, tries = 0.0, [], [], 0

    async def come_back(request: bytes) -> None:
        nonlocal tries
        while True:
            tries += 1
            try:
                returned.append(await connect_one(site.port, request, tally, site.listener))
            except OSError:
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                back_s.append(monotonic() - began)
                return

    async with asyncio.TaskGroup() as group:
        for listener in listeners:
            listener.lost = partial(group.create_task, come_back(listener.request))
        own_s, began = process_time(), monotonic()
        os.kill(site.pid, signal.SIGKILL)
        await until(lambda: len(back_s) == len(listeners), within_s=120)
    took_s = monotonic() - began
    generator_cpu = 100 * (process_time() - own_s) / took_s
    tally.reset()
    await until(lambda: tally.ticks >= len(listeners))
    close(returned)
    return {
        "sockets": len(listeners),
        "p50_s": percentile(back_s, 0.5),
        "p99_s": percentile(back_s, 0.99),
        "last_s": max(back_s),
        "tries_per_socket": tries / len(listeners),
        "all_ticking_s": monotonic() - began,
        "generator_cpu": generator_cpu,
    }


async def settle(site: Site, size: Size) -> None:
    site.settle()
    await asyncio.sleep(size.settle_s)


def to_be_killed(_: Sites, __: str) -> AbstractContextManager[TomatoSite]:
    """One of its own, since nobody else has any use for it afterwards."""
    return a_tomato()


SCENARIOS = (
    Scenario(
        "generator",
        "The generator alone: 5,000 sockets, four ticks a second",
        ("bare uvloop",),
        on_site(partial(ticks, rooms=1000, people=5)),
        runs=1,
    ),
    Scenario("rooms-of-5", "1,000 sockets in 200 rooms of 5", ALL, on_site(partial(ticks, rooms=200, people=5))),
    Scenario("one-room", "1,000 sockets in one room", ALL, on_site(partial(ticks, rooms=1, people=1000))),
    Scenario(
        "many-rooms", "5,000 sockets in 1,000 rooms", WITH_PEERS, on_site(partial(ticks, rooms=1000, people=5)), runs=2
    ),
    Scenario(
        "memory",
        "Memory of 5,000 idle sockets in rooms of 5",
        WITH_PEERS,
        on_site(partial(memory, doors=in_rooms_of_5, count=5000)),
        runs=1,
    ),
    Scenario(
        "memory-solo",
        "Memory of 5,000 idle sockets of people alone",
        ("tomato",),
        on_site(partial(memory, doors=alone, count=5000)),
        runs=1,
    ),
    Scenario(
        "handshakes",
        "3,000 handshakes, a hundred at a time",
        WITH_PEERS,
        on_site(partial(handshakes, count=3000)),
        runs=1,
    ),
    Scenario(
        "timers-10000",
        "10,000 running timers, a tenth of them watched",
        ("tomato",),
        partial(running_timers, count=10_000),
        runs=1,
    ),
    Scenario(
        "timers-50000",
        "50,000 running timers, a tenth of them watched",
        ("tomato",),
        partial(running_timers, count=50_000),
        runs=1,
    ),
    Scenario(
        "commands-200",
        "200 commands a second in 200 rooms of 5",
        WITH_PEERS,
        on_site(partial(commands, per_s=200)),
        runs=1,
    ),
    Scenario(
        "commands-1000",
        "1,000 commands a second in 200 rooms of 5",
        WITH_PEERS,
        on_site(partial(commands, per_s=1000)),
        runs=1,
    ),
    Scenario(
        "revival",
        "5,000 sockets in 1,000 rooms after the web process was killed",
        ("tomato",),
        on_site(partial(revival, rooms=1000, people=5), to_be_killed),
        runs=1,
    ),
)
