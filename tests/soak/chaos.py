"""What goes wrong during the soak, and when: the same for the same seed."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from random import Random
from time import time

import psutil

from tests.support.processes import Tomato

KINDS = {"worker killed": 4, "worker stopped": 3, "worker paused": 3, "web killed": 2, "redis killed": 2}
RESTART_AFTER_S = 0.5
CALM_AT_END_S = 5.0


@dataclass(frozen=True)
class Blow:
    """At `at_s` seconds something happens to the process `victim` of its kind; a paused one sleeps `for_s`."""

    at_s: float
    kind: str
    victim: int
    for_s: float


@dataclass
class Struck:
    """A blow as it fell, at `at` (epoch seconds)."""

    kind: str
    at: float
    pid: int
    until: float


def plan(seed: int, seconds: float) -> Iterator[Blow]:
    random = Random(f"{seed}:chaos")
    at_s = 5.0
    while at_s < seconds - CALM_AT_END_S:
        kind = random.choices(*zip(*KINDS.items(), strict=True))[0]
        yield Blow(at_s, kind, random.randrange(1000), random.uniform(1, 6))
        at_s += random.uniform(1, 16)


@dataclass
class Chaos:
    """Strikes the parts of one tomato, and keeps the workers beside it alive."""

    site: Tomato
    struck: list[Struck] = field(default_factory=list)
    _beside: list[psutil.Popen] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _paused: set[asyncio.Task[None]] = field(default_factory=set)

    def __enter__(self) -> Chaos:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def counts(self) -> Counter[str]:
        return Counter(blow.kind for blow in self.struck)

    def workers(self) -> list[psutil.Process]:
        return [*self.site.parts("worker"), *(worker for worker in self._beside if worker.poll() is None)]

    def add_worker(self) -> None:
        self._beside.append(self._stack.enter_context(self.site.beside(sys.executable, "manage.py", "run_timers")))

    async def keep_workers(self, many: int) -> None:
        """What a service manager does on another machine: a worker that ended is started again."""
        while True:
            self._beside = [worker for worker in self._beside if worker.poll() is None]
            for _ in range(many - len(self._beside)):
                self.add_worker()
            await asyncio.sleep(RESTART_AFTER_S)

    async def strike(self, blows: Iterator[Blow], elapsed_s: Callable[[], float]) -> None:
        for blow in blows:
            await asyncio.sleep(max(0, blow.at_s - elapsed_s()))
            self._hit(blow)
        if self._paused:
            await asyncio.wait(self._paused)

    def _hit(self, blow: Blow) -> None:
        part, _, how = blow.kind.partition(" ")
        alive = self.workers() if part == "worker" else self.site.parts(part)
        if not alive:
            return
        victim = sorted(alive, key=lambda process: process.pid)[blow.victim % len(alive)]
        number = {"killed": signal.SIGKILL, "stopped": signal.SIGTERM, "paused": signal.SIGSTOP}[how]
        with suppress(psutil.NoSuchProcess):
            victim.send_signal(number)
            for_s = blow.for_s if how == "paused" else 0.0
            self.struck.append(Struck(blow.kind, time(), victim.pid, time() + for_s))
            if how == "paused":
                waking = asyncio.create_task(self._wake(victim, blow.for_s))
                self._paused.add(waking)
                waking.add_done_callback(self._paused.discard)

    async def _wake(self, victim: psutil.Process, after_s: float) -> None:
        try:
            await asyncio.sleep(after_s)
        finally:
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGCONT)
