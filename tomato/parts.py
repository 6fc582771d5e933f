"""Processes that are kept alive: started, started again when they die, stopped in order.

Knows nothing of what the processes do.
"""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from tomato.bound import bound_to_me

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
STEADY_AFTER_S = 10.0
SAME_PRESS_S = 0.25


@dataclass
class Part:
    """One process that is kept alive, from `start` until `stop`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    inherited_fds: Sequence[int] = ()
    endings: int = field(default=0, init=False)
    """How often it has ended, or could not be started."""
    _process: Process | None = field(default=None, init=False)
    _keeping: asyncio.Task[None] | None = field(default=None, init=False)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def start(self) -> None:
        self._keeping = asyncio.create_task(self._keep_alive())

    async def stop(self, within_s: float) -> None:
        """Asks the process to end, and kills it when it has not within the time."""
        if not self._keeping:
            return
        self._stopping.set()
        self._signal(signal.SIGTERM)
        done, _ = await asyncio.wait({self._keeping}, timeout=within_s)
        if not done:
            self.kill()
        await self._keeping

    def kill(self) -> None:
        self._stopping.set()
        self._signal(signal.SIGKILL)

    async def _keep_alive(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopping.is_set():
            started_at = monotonic()
            what_happened = await self._run_once()
            self.endings += 1
            if self._stopping.is_set():
                return
            if monotonic() - started_at > STEADY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            say(f"{self.name} {what_happened}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _run_once(self) -> str:
        """Returns the rest of the sentence about it."""
        try:
            self._process = await start_bound(self.command, self.environment, self.inherited_fds)
        except (OSError, RuntimeError) as error:  # there is no memory, process or, as a RuntimeError, thread to be had
            return f"could not be started ({error}); trying again."
        if self._stopping.is_set():
            self._signal(signal.SIGTERM)
        return f"stopped ({how_it_ended(await self._process.wait())}); starting it again."

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


@dataclass
class Stage:
    """Parts that are stopped together, and how long they may take before they are killed."""

    parts: Sequence[Part]
    stop_within_s: float

    async def stop(self) -> None:
        await asyncio.gather(*(part.stop(self.stop_within_s) for part in self.parts))


async def until_signalled(starting: Coroutine[None, None, None], stages: Sequence[Stage]) -> None:
    """Starts the parts by running `starting`, and stops them, stage by stage, at the first signal; at once at a second.

    What `starting` raises stops them too.
    """
    signals = Signals()
    signals.listen()
    started = asyncio.create_task(starting)
    stop_asked = asyncio.create_task(signals.first.wait())
    try:
        await asyncio.wait({started, stop_asked}, return_when=asyncio.FIRST_COMPLETED)
        if started.done():
            started.result()
            await stop_asked
        say("Stopping.")
    finally:
        started.cancel()
        await _stop(stages, signals)


async def _stop(stages: Sequence[Stage], signals: "Signals") -> None:
    stopping = asyncio.create_task(_stop_in_order(stages))
    at_once = asyncio.create_task(signals.second.wait())
    await asyncio.wait({stopping, at_once}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        for stage in stages:
            for part in stage.parts:
                part.kill()
    await stopping


async def _stop_in_order(stages: Sequence[Stage]) -> None:
    for stage in stages:
        await stage.stop()


@dataclass
class Signals:
    """The first request to stop, and a second one."""

    first: asyncio.Event = field(default_factory=asyncio.Event)
    second: asyncio.Event = field(default_factory=asyncio.Event)
    first_at: float = 0

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._arrived)

    def _arrived(self) -> None:
        if not self.first.is_set():
            self.first_at = monotonic()
            self.first.set()
        # A signal to the whole process group reaches us twice, once through make.
        elif monotonic() - self.first_at > SAME_PRESS_S:
            self.second.set()


async def start_bound(
    command: Sequence[str],
    environment: Mapping[str, str],
    inherited_fds: Sequence[int] = (),
    output: int | None = None,
) -> Process:
    """Starts a process that dies with this one; its output goes where ours goes, or into the `output` given.

    It has a session of its own, so that a Ctrl-C in the terminal does not reach it past us.
    """
    return await asyncio.create_subprocess_exec(
        *bound_to_me(command),
        env=environment,
        pass_fds=inherited_fds,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output and asyncio.subprocess.STDOUT,
        start_new_session=True,
    )


def how_it_ended(status: int) -> str:
    return f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"


def say(sentence: str) -> None:
    """One write, so that no part's log line comes between a sentence and its end."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
