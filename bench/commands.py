"""Commands at a steady pace, whatever the server makes of them, and how long each takes to reach everybody else in its room."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, count, cycle
from time import monotonic

from bench.load import HEAD, Listener, Tally, close, connect, percentile
from bench.sites import START, Site
from bench.sizes import Figures, Meter, Size, until

ROOMS, PEOPLE = 200, 5
STATE = b"timer:state"
ACK = b'"type":"ack"'
HEARD_WITHIN_S = 10.0


@dataclass
class Room:
    """The first of its people commands. There is one command at a time, given at `given_at` until all have heard and it is answered."""

    people: list[Listener]
    latencies_ms: list[float]
    given_at: float | None = None
    heard: int = 0
    is_answered: bool = False
    signs: cycle[str] = field(default_factory=lambda: cycle(("", "-")))

    def listen(self) -> None:
        for place, listener in enumerate(self.people):
            listener.heard = partial(self._hear, others=place > 0)

    @property
    def is_free(self) -> bool:
        return self.given_at is None

    def command(self, number: int, due: float) -> None:
        self.given_at, self.heard, self.is_answered = due, 0, False
        self.people[0].say(
            b'{"type":"timer:add","timer":"room","ms":%b60000,"id":"%d"}' % (next(self.signs).encode(), number)
        )

    def _hear(self, text: bytes, *, others: bool) -> None:
        head = text[:HEAD]
        if STATE in head and self.given_at is not None:
            self.heard += 1
            if others:
                self.latencies_ms.append((monotonic() - self.given_at) * 1000)
        elif ACK in head:
            self.is_answered = True
        if self.is_answered and self.heard == len(self.people):
            self.given_at = None


async def commands(site: Site, size: Size, per_s: int) -> Figures:
    latencies_ms: list[float] = []
    doors = site.doors(size.of(ROOMS), PEOPLE)
    listeners = await connect(site.port, list(chain.from_iterable(doors)), Tally(), site.listener)
    rooms = [Room(listeners[at : at + PEOPLE], latencies_ms) for at in range(0, len(listeners), PEOPLE)]
    for room in rooms:
        room.people[0].say(START)
    await asyncio.sleep(size.settle_s)
    for room in rooms:
        room.listen()
    await _give(rooms, size.of(per_s), 0.2 * size.window_s)
    latencies_ms.clear()
    meter = Meter(site)
    given = await _give(rooms, size.of(per_s), size.window_s)
    figures = {"sockets": len(listeners), "commands_per_s": given / meter.took_s(), **meter.shares()}
    close(listeners)
    return figures | {
        "p50_ms": percentile(latencies_ms, 0.5),
        "p99_ms": percentile(latencies_ms, 0.99),
        "p999_ms": percentile(latencies_ms, 0.999),
        "lost": sum(not room.is_free for room in rooms),
    }


async def _give(rooms: list[Room], per_s: int, for_s: float) -> int:
    """Evenly spaced commands, each counted from when it was due; returns how many, once they were heard or time is up."""
    turn, began = cycle(rooms), monotonic()
    for number in count():
        due = began + number / per_s
        if due > began + for_s:
            break
        await asyncio.sleep(max(0.0, due - monotonic()))
        await until(lambda: any(room.is_free for room in rooms))
        next(room for room in turn if room.is_free).command(next(_numbers), due)
    with suppress(TimeoutError):
        await until(lambda: all(room.is_free for room in rooms), HEARD_WITHIN_S)
    return number


_numbers = count(1)
