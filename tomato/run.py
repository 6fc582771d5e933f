"""`make run`: Redis, the web server and the timer worker of one data directory, kept alive together.

Refuses with one sentence before anything starts; stops everything within five seconds of the first signal, at once on a second.
"""

import asyncio
import fcntl
import hashlib
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import IO

import redis
from redis.exceptions import RedisClusterException

from timers.leases import agree_on_shards
from tomato import CannotStart
from tomato.appendonly import keep_on_disk
from tomato.environment import CHECKOUT, Environment, without_password
from tomato.parts import Part, Stage, say, start_bound, until_signalled
from tomato.pulse import ask, connectable
from tomato.redis import command_line, connect, files_path, log_path, tidy_up
from tomato.serve import listening_at, say_warnings, web_servers

SERVERS_STOP_WITHIN_S = 3.6
REDIS_STOPS_WITHIN_S = 0.9
REDIS_ANSWERS_WITHIN_S = 3.0
REDIS_LOADS_WITHIN_S = 60.0
REDIS_TRIES = 4
LOOK_AGAIN_AFTER_S = 0.1
SAY_WHAT_IS_MISSING_AFTER_S = 20.0
LAST_RUN_ENDS_WITHIN_S = 1.0
EXCEPTION = re.compile(r"^[\w.]+(Error|Exception): ")
MADE_FROM = "static.made-from"
APPS = ("timers", "rooms", "operators")


def main() -> None:
    os.umask(0o077)
    try:
        environment = Environment.read(os.environ)
        with alone_in(environment.data_dir) as lock, listening_at(environment.host, environment.port) as listener:
            say_warnings(environment)
            asyncio.run(Run(environment, lock, listener).until_stopped())
    except CannotStart as reason:
        sys.exit(str(reason))


@contextmanager
def alone_in(data_dir: Path) -> Iterator[IO[str]]:
    """Holds the data directory's lock. The parts inherit it, so that it is free only when the last of them is gone."""
    with open(data_dir / "lock", "a+") as lock:
        deadline = monotonic() + LAST_RUN_ENDS_WITHIN_S
        while not _locked(lock):
            if monotonic() > deadline:
                raise CannotStart(
                    f"{data_dir} is in use by another tomato: stop that one, or choose another directory with TOMATO_DATA_DIR."
                )
            sleep(LOOK_AGAIN_AFTER_S)
        yield lock


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Run:
    """The parts of one running tomato."""

    def __init__(self, environment: Environment, lock: IO[str], listener: socket.socket) -> None:
        self.environment = environment
        self.variables = {
            **os.environ,
            "TOMATO_DATA_DIR": str(environment.data_dir),
            "DJANGO_SETTINGS_MODULE": "tomato.settings",
        }
        held = (lock.fileno(),)
        self.redis = []
        if environment.redis_is_embedded:
            self.redis.append(Part("The Redis server", command_line(environment.data_dir), self.variables, held))
        self.servers = [
            *web_servers(environment.web_processes, listener, self.variables, held),
            Part("The worker", manage("run_timers"), self.variables, held),
        ]

    async def until_stopped(self) -> None:
        try:
            # Redis last: what the others still have to say is said to it.
            await until_signalled(
                self._start(), [Stage(self.servers, SERVERS_STOP_WITHIN_S), Stage(self.redis, REDIS_STOPS_WITHIN_S)]
            )
        finally:
            tidy_up(self.environment.data_dir)

    async def _start(self) -> None:
        for part in self.redis:
            part.start()
        if self.redis:
            self._syncing = asyncio.create_task(keep_on_disk(files_path(self.environment.data_dir)))
        await self._redis_answers()
        await self._agree_on_shards()
        await asyncio.gather(
            self._prepare(
                "migrate", "The database could not be brought up to date", "Does it run, and is DATABASE_URL right?"
            ),
            self._collect_static_files(),
        )
        for part in self.servers:
            part.start()
        await self._tell_when_ready()

    async def _redis_answers(self) -> None:
        if self.environment.redis_is_embedded:
            await self._embedded_redis_answers()
        else:
            await answering(
                self.environment.redis_url, REDIS_ANSWERS_WITHIN_S, "start one there, or correct TOMATO_REDIS_URL"
            )
        for url in self.environment.layer_urls:
            await answering(url, REDIS_ANSWERS_WITHIN_S, "start one there, or correct TOMATO_LAYER_URLS")

    async def _embedded_redis_answers(self) -> None:
        """It takes its time to load much, but one that ends again and again will never answer: its files may be damaged."""
        data_dir, (part,) = self.environment.data_dir, self.redis
        answers = asyncio.create_task(
            answering(self.environment.redis_url, REDIS_LOADS_WITHIN_S, f"its log is {log_path(data_dir)}")
        )
        try:
            while not answers.done():
                if part.endings >= REDIS_TRIES:
                    raise CannotStart(
                        f"The Redis server cannot start from {files_path(data_dir)}: {log_path(data_dir)} says why. Put a copy "
                        "of these files back, or repair them with redis-check-aof."
                    )
                await asyncio.wait({answers}, timeout=LOOK_AGAIN_AFTER_S)
            answers.result()
        finally:
            answers.cancel()

    async def _agree_on_shards(self) -> None:
        client = connect(self.environment.redis_url)
        try:
            await agree_on_shards(client, self.environment.shards)
        finally:
            await client.aclose()

    async def _collect_static_files(self) -> None:
        """Unless those that are there were made from the same files."""
        made_from = self.environment.data_dir / MADE_FROM
        sources = fingerprint()
        if not made_from.exists() or made_from.read_text() != sources:
            await self._prepare(
                "collectstatic", "The static files could not be collected", "Is TOMATO_DATA_DIR writable, and not full?"
            )
            made_from.write_text(sources)

    async def _prepare(self, command: str, complaint: str, advice: str) -> None:
        arguments = manage(command, "--no-input", "--skip-checks", "--verbosity", "0")
        process = await start_bound(arguments, self.variables, output=asyncio.subprocess.PIPE)
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            raise
        if process.returncode:
            last_line = output.decode(errors="replace").strip().rpartition("\n")[2]
            reason = EXCEPTION.sub("", last_line) or f"exit status {process.returncode}"
            raise CannotStart(f"{complaint}: {reason.rstrip('.')}. {advice}")

    async def _tell_when_ready(self) -> None:
        say_missing_at = monotonic() + SAY_WHAT_IS_MISSING_AFTER_S
        while not (health := await ask(self.environment, "/readyz")).is_ok:
            if monotonic() > say_missing_at:
                say(f"Not ready yet: {health.told}")
                say_missing_at = monotonic() + SAY_WHAT_IS_MISSING_AFTER_S
            await asyncio.sleep(LOOK_AGAIN_AFTER_S)
        say(f"Tomato is ready at {address(self.environment)}")


def fingerprint() -> str:
    """Of all that static files are made from: our own, how they are stored, and the packages that bring some."""
    files = sorted(file for app in APPS for file in (CHECKOUT / app / "static").rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for file in (*files, CHECKOUT / "requirements" / "base.txt", CHECKOUT / "tomato" / "static.py"):
        digest.update(f"{file.relative_to(CHECKOUT)}:{file.stat().st_size}:".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def manage(*command: str) -> tuple[str, ...]:
    return (sys.executable, str(CHECKOUT / "manage.py"), *command)


async def answering(url: str, within_s: float, advice: str) -> None:
    """Returns once a Redis answers there."""
    deadline = monotonic() + within_s
    client = connect(url)
    try:
        while True:
            try:
                await client.ping()
                return
            except (redis.RedisError, RedisClusterException) as error:
                if monotonic() > deadline or isinstance(error, redis.AuthenticationError):
                    raise CannotStart(f"No Redis answers at {without_password(url)} ({error}): {advice}.") from error
            await asyncio.sleep(LOOK_AGAIN_AFTER_S)
    finally:
        await client.aclose()


def address(environment: Environment) -> str:
    host, port = connectable(environment)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


if __name__ == "__main__":
    main()
