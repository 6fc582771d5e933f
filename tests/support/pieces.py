"""Tomato in pieces: each process is started, signalled and ended by the test itself, and nothing restarts it.

with pieces(TOMATO_SHARDS="1") as site:
    site.start("redis"), site.start("web")
    worker = site.start("worker", TOMATO_DEBUG="1", TOMATO_CRASH_AT="after-commit")
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psutil
import redis

from tests.support.http import http_get
from tests.support.prepared import prepared
from tests.support.processes import free_port
from tests.support.surroundings import surroundings
from tests.support.waiting import WITHIN_S, eventually
from timers import topics
from tomato.environment import CHECKOUT, Environment
from tomato.redis import command_line, connect_sync

COMMANDS = {
    "web": (sys.executable, "-m", "tomato.serve"),
    "worker": (sys.executable, "manage.py", "run_timers"),
}


class Pieces:
    def __init__(self, data_dir: Path, log: Path, **settings: str) -> None:
        self.settings = {"TOMATO_PORT": str(free_port()), "TOMATO_DATA_DIR": str(data_dir), **settings}
        self.environment = Environment.read(self.settings)
        self._log = log.open("wb")
        self._processes: list[tuple[str, psutil.Popen]] = []
        self._clients: list[redis.Redis] = []

    # Processes

    def start(self, part: str, **settings: str) -> psutil.Popen:
        """Starts a `redis`, `web` or `worker`; a redis and a web answer when this returns."""
        command = command_line(self.environment.data_dir) if part == "redis" else COMMANDS[part]
        process = self.run(part, command, **settings)
        if part == "redis":
            eventually(self._redis_answers)
        if part == "web":
            port = settings.get("TOMATO_PORT", self.settings["TOMATO_PORT"])
            eventually(lambda: _web_answers(process, port))
        return process

    def run(self, part: str, command: Sequence[str], **settings: str) -> psutil.Popen:
        process = psutil.Popen(
            command, cwd=CHECKOUT, env=self._variables(**settings), stdout=self._log, stderr=subprocess.STDOUT
        )
        self._processes.append((part, process))
        return process

    def running(self, part: str) -> list[psutil.Popen]:
        return [process for kind, process in self._processes if kind == part and process.poll() is None]

    def end(self) -> None:
        for _, process in self._processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(WITHIN_S)
        for client in self._clients:
            client.close()
        self._log.close()

    def output(self) -> str:
        return Path(self._log.name).read_text(errors="replace")

    # Where it is

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings['TOMATO_PORT']}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.settings['TOMATO_PORT']}"

    # What Redis holds

    def client(self) -> redis.Redis:
        """A blocking client of the timers' Redis."""
        if not self._clients:
            self._clients.append(connect_sync(self.environment.redis_url))
        return self._clients[0]

    def owners(self) -> Counter[str]:
        """How many shards each worker owns."""
        keys = [topics.lease_key(shard) for shard in range(self.environment.shards)]
        tokens = (self.client().get(key) for key in keys)
        return Counter(token.decode().partition(":")[0] for token in tokens if token)  # type: ignore[union-attr]

    def is_owned(self) -> bool:
        return self.owners().total() == self.environment.shards

    def waiting(self) -> int:
        """How many entries the streams of commands hold."""
        return sum(self.client().xlen(topics.commands_key(shard)) for shard in range(self.environment.shards))

    def _redis_answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.ConnectionError:
            return False

    def _variables(self, **settings: str) -> dict[str, str]:
        return {**surroundings(), **self.settings, **settings}


@contextmanager
def pieces(**settings: str) -> Iterator[Pieces]:
    """Prepared, with nothing running yet; whatever runs at the end of the block is killed."""
    with TemporaryDirectory(prefix="tomato-") as folder:
        site = Pieces(prepared(Path(folder, "var")), Path(folder, "output"), **settings)
        try:
            yield site
        finally:
            site.end()


def _web_answers(process: psutil.Popen, port: str) -> bool:
    assert process.is_running(), "the web server ended"
    try:
        return http_get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
