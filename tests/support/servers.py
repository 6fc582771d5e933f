"""Redis servers as operators run them: on a port, with a password, badly set up, or three of them as a cluster."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.support.processes import free_port
from tests.support.waiting import eventually
from tomato.redis import connect_sync, find_server

HOST = "127.0.0.1"
SLOTS = 16_384
PERSISTENT = {"appendonly": "yes", "appendfsync": "always"}


@contextmanager
def server(folder: Path, **options: str) -> Iterator[int]:
    """A server on a port of its own, with these options (`maxmemory_policy` is `maxmemory-policy`); gives the port."""
    port, folder = _port_with_a_bus(), folder / f"redis-{len(list(folder.iterdir()))}"
    folder.mkdir()
    settings = {"port": str(port), "bind": HOST, "dir": str(folder), "save": "", **PERSISTENT, **options}
    words = [word for name, value in settings.items() for word in (f"--{name.replace('_', '-')}", value)]
    with subprocess.Popen([str(find_server()), *words], stdout=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: _answers(port))
            yield port
        finally:
            process.terminate()


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[list[int]]:
    """Three servers that share the slots among them; gives their ports."""
    options = {"cluster_enabled": "yes", "cluster_node_timeout": "2000", **settings}
    with server(folder, **options) as one, server(folder, **options) as two, server(folder, **options) as three:
        ports = [one, two, three]
        nodes = [connect_sync(f"redis://{HOST}:{port}", decode_responses=True) for port in ports]
        try:
            bounds = [SLOTS * number // 3 for number in range(4)]
            for node, first, end in zip(nodes, bounds, bounds[1:], strict=False):
                node.execute_command("CLUSTER", "ADDSLOTS", *range(first, end))
            for port in ports[1:]:
                nodes[0].execute_command("CLUSTER", "MEET", HOST, port)
            eventually(lambda: all(_is_whole(node) for node in nodes))
            yield ports
        finally:
            for node in nodes:
                node.close()


def _port_with_a_bus() -> int:
    """A server in a cluster also listens 10,000 ports further up."""
    return next(port for port in iter(free_port, None) if port < 55_000)


def _answers(port: int) -> bool:
    client = connect_sync(f"redis://{HOST}:{port}")
    try:
        return bool(client.ping())
    except redis.AuthenticationError:
        return True
    except redis.ConnectionError:
        return False
    finally:
        client.close()


def _is_whole(node: redis.Redis) -> bool:
    info = node.execute_command("CLUSTER", "INFO")
    facts = info if isinstance(info, dict) else dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    return facts["cluster_state"] == "ok" and facts["cluster_known_nodes"] == "3"
