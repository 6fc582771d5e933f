"""How large and how long a measurement is, and what all of them share: a meter of CPU, and waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic, process_time

from bench.sites import Site

Figures = dict[str, float]
LOOK_AGAIN_AFTER_S = 0.02


@dataclass(frozen=True)
class Size:
    """`part` is by what every count is divided; `ticks_first` how many ticks each socket has heard before the measurement.

    `pinned` says whether cores are kept apart; otherwise what can be done at once is done at once, and no figure means anything.
    """

    part: int
    runs: int
    window_s: float
    settle_s: float
    ticks_first: int
    pinned: bool

    def of(self, count: int) -> int:
        return max(1, count // self.part)

    def crowd(self, rooms: int, people: int) -> tuple[int, int]:
        return (1, self.of(people)) if rooms == 1 else (self.of(rooms), people)


FULL = Size(part=1, runs=3, window_s=5.0, settle_s=3.0, ticks_first=3, pinned=True)
QUICK = Size(part=50, runs=1, window_s=1.2, settle_s=0.1, ticks_first=1, pinned=False)


class Meter:
    """The CPU that the site and this process, the generator, use from now on."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._before = self._now()
        self._began = monotonic()

    def took_s(self) -> float:
        return monotonic() - self._began

    def shares(self) -> Figures:
        """Per cent of a core, by process."""
        took_s = self.took_s()
        return {f"{name}_cpu": 100 * (used - self._before[name]) / took_s for name, used in self._now().items()}

    def _now(self) -> Figures:
        return {**self._site.cpu_s(), "generator": process_time()}


async def until(done: Callable[[], object], within_s: float = 60.0) -> None:
    deadline = monotonic() + within_s
    while not done():
        if monotonic() > deadline:
            raise TimeoutError(f"What was waited for did not happen within {within_s:g} s.")
        await asyncio.sleep(LOOK_AGAIN_AFTER_S)
