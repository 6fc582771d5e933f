"""What is measured: tomato as `make run` starts it, tomato with the hub switched off, and servers of others that do the same work.

Each is a `Site`: a server process, a port, rooms to listen in and what a client says. The server runs alone on one core, everything else on
the others.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import Any

import httpx
import psutil

from bench.load import EngineListener, Listener, handshake
from bench.machine import CORES, OTHER_CORES, SERVER_CORES, cpu_s, pin_to
from tests.support.processes import Tomato, free_port, tomato
from tests.support.redis import redis_in
from tests.support.surroundings import surroundings
from tests.support.waiting import eventually
from tomato.environment import CHECKOUT

PEERS = Path(__file__).parent / "peers"
RAISED = {"TOMATO_RATE_PER_S": "10000", "TOMATO_RATE_BURST": "10000", "TOMATO_MAX_MEMBERS": "5000"}
START = b'{"type":"timer:start","timer":"room"}'
ROOMS, DEVICES = 1_200, 6_000
"""As many as any measurement needs."""
ANSWERS_WITHIN_S = 45


@dataclass
class Site:
    """`helpers` are the processes that work for the server, by name."""

    port: int
    pid: int
    listener: type[Listener] = Listener
    helpers: dict[str, int] = field(default_factory=dict)
    collects_garbage: bool = False

    def doors(self, rooms: int, people: int) -> list[list[bytes]]:
        """The handshakes of so many people in each of so many new rooms."""
        raise NotImplementedError

    def solo_doors(self, count: int) -> list[bytes]:
        """The handshakes of people who are by themselves."""
        return [people[0] for people in self.doors(count, 1)]

    def settle(self) -> None:
        """Gives memory back that is not needed, where that can be asked for."""
        if self.collects_garbage:
            os.kill(self.pid, signal.SIGUSR2)

    def rss(self, pid: int) -> int:
        return int(psutil.Process(pid).memory_info().rss)

    def pin(self) -> None:
        """The server alone on one core; everything else, this process too, on the others."""
        pin_to(OTHER_CORES, os.getpid())
        for pid in self.helpers.values():
            pin_to(OTHER_CORES, pid)
        pin_to(SERVER_CORES, self.pid)

    def processes(self) -> dict[str, int]:
        return {"web": self.pid, **self.helpers}

    def cpu_s(self) -> dict[str, float]:
        return {name: cpu_s(pid) for name, pid in self.processes().items()}


class TomatoSite(Site):
    """Its rooms and browsers were made beforehand."""

    def __init__(self, running: Tomato, seeded: dict[str, Any]) -> None:
        web, worker, redis = (eventually(partial(running.part, name)) for name in ("web", "worker", "redis"))
        super().__init__(running.port, web.pid, helpers={"worker": worker.pid, "redis": redis.pid})
        self.running = running
        self._codes, self._cookies = iter(seeded["rooms"]), iter(seeded["cookies"])

    def doors(self, rooms: int, people: int) -> list[list[bytes]]:
        codes = islice(self._codes, rooms)
        return [[self._door(f"/ws/room/{code}") for _ in range(people)] for code in codes]

    def solo_doors(self, count: int) -> list[bytes]:
        return [self._door("/ws/solo") for _ in range(count)]

    def with_server(self, port: int, pid: int) -> TomatoSite:
        """The same with another web server."""
        other = copy(self)
        other.port, other.pid = port, pid
        return other

    def pin_successors(self) -> None:
        """A web server that is started in place of this one has the same core."""
        pin_to(SERVER_CORES, self.running.launcher.pid)

    def _door(self, path: str) -> bytes:
        return handshake(self.port, path, next(self._cookies))


class PeerSite(Site):
    path = "/?room={}"
    _rooms = 0

    def doors(self, rooms: int, people: int) -> list[list[bytes]]:
        self._rooms += rooms
        names = range(self._rooms - rooms, self._rooms)
        return [[handshake(self.port, self.path.format(name)) for _ in range(people)] for name in names]


class SocketIoSite(PeerSite):
    path = "/socket.io/?EIO=4&transport=websocket&room={}"


# Opening them ---------------------------------------------------------------------------------------------------------


class Sites(ExitStack):
    """Opens a site for each measurement anew; or, where they are kept, one of a kind for all of them until the end."""

    def __init__(self, *, kept: bool) -> None:
        super().__init__()
        self._is_kept = kept
        self._kept: dict[str, Site] = {}
        self._opening = RLock()

    @contextmanager
    def open(self, name: str) -> Iterator[Site]:
        pin_to(CORES, os.getpid())  # so that it is quickly there
        if not self._is_kept:
            with SITES[name](self) as site:
                yield site
            return
        with self._opening:
            if name not in self._kept:
                self._kept[name] = self.enter_context(SITES[name](self))
        yield self._kept[name]


@contextmanager
def a_tomato(data_dir: Path | None = None, seeded: dict[str, Any] | None = None) -> Iterator[TomatoSite]:
    with tomato(data_dir, **RAISED) as running:
        yield TomatoSite(running, seeded or seed(running.settings, rooms=ROOMS, devices=DEVICES))


@contextmanager
def a_tomato_with(running_timers: int) -> Iterator[tuple[TomatoSite, dict[str, Any]]]:
    """One that finds so many running timers in its Redis; with it the devices and their cookies."""
    with TemporaryDirectory(prefix="tomato-") as folder:
        data_dir = Path(folder, "var")
        data_dir.mkdir(mode=0o700)
        with redis_in(data_dir):
            seeded = seed({"TOMATO_DATA_DIR": str(data_dir)}, devices=running_timers, running=True)
        with a_tomato(data_dir, seeded) as site:
            yield site, seeded


@contextmanager
def stock(sites: Sites, server: str) -> Iterator[TomatoSite]:
    """A second web server beside a tomato, with the hub switched off."""
    with sites.open("tomato") as hub:
        assert isinstance(hub, TomatoSite)
        port = free_port()
        settings = {"TOMATO_PORT": str(port), "TOMATO_SERVER": server}
        with hub.running.beside(sys.executable, "-m", "bench.stock", **settings) as process:
            eventually(lambda: _answers(port), ANSWERS_WITHIN_S)
            yield hub.with_server(port, process.pid)


@contextmanager
def peer(script: str, kind: type[PeerSite], listener: type[Listener] = Listener) -> Iterator[PeerSite]:
    command = ["node", "--expose-gc", str(PEERS / script)]
    with _listening(command, NODE_ENV="production") as (port, pid):
        yield kind(port, pid, listener, collects_garbage=True)


@contextmanager
def fountain(times_a_second: int) -> Iterator[PeerSite]:
    with _listening([sys.executable, "-m", "bench.fountain", str(times_a_second)]) as (port, pid):
        yield PeerSite(port, pid)


SITES: dict[str, Callable[[Sites], AbstractContextManager[Site]]] = {
    "tomato": lambda _: a_tomato(),
    "socket.io": lambda _: peer("socketio.mjs", SocketIoSite, EngineListener),
    "ws": lambda _: peer("ws.mjs", PeerSite),
    "tomato without the hub": lambda sites: stock(sites, "uvicorn"),
    "stock Channels on Daphne": lambda sites: stock(sites, "daphne"),
    "bare uvloop": lambda _: fountain(times_a_second=4),
}
NEED_NODE = {"socket.io", "ws"}
UNMEASURED = "socket.io and ws were not measured and there is nothing to compare with"


@cache
def why_no_peers() -> str:
    """Why socket.io and ws cannot be measured, as a sentence; empty when they can. Installs them, as their lock file says, the first time.

    The index is the one that npm is set up with.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return f"Node.js with npm is not on the PATH, so {UNMEASURED}."
    installed, lock = PEERS / "node_modules" / ".package-lock.json", PEERS / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        arguments = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(arguments, cwd=PEERS, stdout=subprocess.DEVNULL, stderr=sys.stderr, check=False)
        if done.returncode:
            return f"npm could not install the peers, so {UNMEASURED}."
    return ""


def seed(settings: dict[str, str], rooms: int = 0, devices: int = 0, *, running: bool = False) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.seed", "--rooms", str(rooms), "--devices", str(devices)]
    environment = {**surroundings(), **settings}
    done = subprocess.run(
        command + ["--running"] * running, cwd=CHECKOUT, env=environment, check=True, stdout=subprocess.PIPE
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@contextmanager
def _listening(command: list[str], **settings: str) -> Iterator[tuple[int, int]]:
    """A server that prints its port; gives that and its process id."""
    environment = {**surroundings(), **settings}
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            yield port, process.pid
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
