"""A real Redis for the tests: the embedded server of `make run`, in a data directory of its own."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.support.waiting import eventually
from tomato.redis import command_line, connect_sync, embedded_url, log_path


@contextmanager
def redis_in(data_dir: Path) -> Iterator[redis.Redis]:
    """Runs the server while the block lasts and gives a blocking client of it."""
    with subprocess.Popen(command_line(data_dir)) as server:
        client = connect_sync(embedded_url(data_dir))
        try:
            eventually(lambda: _answers(client, server, data_dir))
            yield client
        finally:
            client.close()
            server.terminate()


def _answers(client: redis.Redis, server: subprocess.Popen[bytes], data_dir: Path) -> bool:
    assert server.poll() is None, f"the Redis server ended:\n{log_path(data_dir).read_text()}"
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False
