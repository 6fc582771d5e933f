"""Tomato as a user starts it: real processes, real signals, a port and a data directory of its own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import psutil

from tests.support.prepared import prepared
from tests.support.surroundings import surroundings
from tests.support.waiting import WITHIN_S, eventually
from tomato.environment import CHECKOUT

READY_WITHIN_S = 45
STOPPED_WITHIN_S = 10
MARKS = {"web": "tomato.serve", "worker": "run_timers", "redis": "redis-server", "valkey": "valkey-server"}


class Tomato:
    """One `python -m tomato.run` and what it started."""

    def __init__(self, data_dir: Path, log: Path, **settings: str) -> None:
        self.data_dir = data_dir
        self.settings = {"TOMATO_PORT": str(free_port()), "TOMATO_DATA_DIR": str(data_dir), **settings}
        self._log = log.open("wb")
        self.launcher = psutil.Popen(
            [sys.executable, "-m", "tomato.run"],
            cwd=CHECKOUT,
            env={**surroundings(), **self.settings},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def port(self) -> int:
        return int(self.settings["TOMATO_PORT"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def output(self) -> str:
        """Everything the launcher and its parts have written so far."""
        return Path(self._log.name).read_text()

    def said(self, words: str, within_s: float = WITHIN_S, times: int = 1) -> None:
        """Waits until the output contains `words`."""

        def told() -> bool:
            assert self.output().count(words) >= times, (
                f"{words!r} was not said {times} times. The output:\n{self.output()}"
            )
            return True

        eventually(told, within_s)

    def ready(self) -> "Tomato":
        """Waits for the ready line; fails at once when the launcher ends before."""

        def is_ready() -> bool:
            assert f"Tomato is ready at {self.url}\n" in self.output() or self.launcher.poll() is not None, (
                self.output()
            )
            return True

        eventually(is_ready, READY_WITHIN_S)
        assert self.launcher.poll() is None, f"tomato ended with {self.launcher.poll()}:\n{self.output()}"
        return self

    def part(self, name: str) -> psutil.Process | None:
        """The running process of `web`, `worker` or `redis`, once it is itself and no longer being started."""
        return next(iter(self.parts(name)), None)

    def parts(self, name: str) -> list[psutil.Process]:
        marks = (MARKS[name], MARKS["valkey"]) if name == "redis" else (MARKS[name],)
        return [
            child
            for child in self.family()
            if (words := _words(child)) and "bound.py" not in words and any(mark in words for mark in marks)
        ]

    def family(self) -> list[psutil.Process]:
        return _children(self.launcher)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> psutil.Process:
        """Sends a signal to one part and returns what was hit."""
        part = eventually(lambda: self.part(name))
        part.send_signal(number)
        return part

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Asks the launcher to end; returns after how many seconds it and all its parts were gone."""
        family, asked_at = [self.launcher, *self.family()], monotonic()
        self.launcher.send_signal(number)
        try:
            assert_gone(family, within_s=STOPPED_WITHIN_S)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output()}") from error
        self.launcher.wait()
        return monotonic() - asked_at

    @contextmanager
    def beside(self, *command: str, **settings: str) -> Iterator[psutil.Popen]:
        """Another process with the same settings but for those given, while the block lasts."""
        variables = {**surroundings(), **self.settings, **settings}
        process = psutil.Popen(command, cwd=CHECKOUT, env=variables, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            for one in (*_children(process), process):
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            process.wait()

    def signal_group(self, number: signal.Signals) -> None:
        """Sends a signal to the launcher's process group, as a terminal does."""
        os.killpg(self.launcher.pid, number)

    def end(self) -> None:
        """Leaves nothing behind, whatever state the test left it in."""
        family = [self.launcher, *self.family()]
        if self.launcher.poll() is None:
            self.launcher.terminate()
            psutil.wait_procs(family, timeout=STOPPED_WITHIN_S)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.launcher.wait()
        self._log.close()


@contextmanager
def tomato(data_dir: Path | None = None, **settings: str) -> Iterator[Tomato]:
    """A tomato that is ready, for as long as the block lasts."""
    with tomato_starting(data_dir, **settings) as started:
        started.ready()
        yield started


@contextmanager
def tomato_starting(data_dir: Path | None = None, **settings: str) -> Iterator[Tomato]:
    """The same before it is ready, for those that are not meant to become so."""
    with TemporaryDirectory(prefix="tomato-") as folder:
        started = Tomato(data_dir or prepared(Path(folder, "var")), Path(folder, "output"), **settings)
        try:
            yield started
        finally:
            started.end()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def assert_gone(processes: list[psutil.Process], within_s: float) -> None:
    """None of them runs any more. An orphan that ended counts as gone, though its new parent may take its time to bury it."""

    def gone() -> bool:
        left = [_words(process) for process in processes if _runs(process)]
        assert not left, f"still there after {within_s} s: {left}"
        return True

    eventually(gone, within_s)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return process.children(recursive=True)
    return []


def _words(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
