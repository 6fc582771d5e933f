"""Whether the web server or the worker of this machine lives: `python -m tomato.pulse web` or `worker`, for whoever watches containers.

Ends with 0 if it does; else says what is wrong and ends with 1. A web server must answer, whatever else is away; a worker
must have told Redis of itself in the last seconds.
"""

import argparse
import asyncio
import json
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass

import redis
from redis.exceptions import RedisClusterException

from tomato import CannotStart
from tomato.environment import Environment, without_password
from tomato.redis import connect

ANSWERS_WITHIN_S = 2.0


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tomato.pulse", description="Feels the pulse of tomato.")
    arguments.add_argument("role", choices=("web", "worker"), help="of what runs here")
    role = arguments.parse_args().role
    try:
        environment = Environment.read(os.environ)
    except CannotStart as reason:
        sys.exit(str(reason))
    look = web_lives if role == "web" else worker_lives
    sys.exit(asyncio.run(look(environment)))


async def web_lives(environment: Environment) -> str | None:
    """What is wrong with the web server; None when it lives."""
    answer = await ask(environment, "/healthz")
    return None if answer.is_ok else f"No web server lives here: {answer.told}."


async def worker_lives(environment: Environment) -> str | None:
    """What is wrong with the worker; None when it lives."""
    from timers.leases import home_of, living  # here, since `timers` may not be needed

    client = connect(environment.redis_url)
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            workers = await living(client)
    except (redis.RedisError, RedisClusterException, OSError) as error:
        return f"Redis at {without_password(environment.redis_url)} does not say whether the worker lives ({error})."
    finally:
        await client.aclose()
    return None if socket.gethostname() in map(home_of, workers) else "No worker of this machine has been heard of."


@dataclass(frozen=True)
class Answer:
    is_ok: bool
    told: str


async def ask(environment: Environment, path: str) -> Answer:
    """What the web server here answers at this moment."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            reader, writer = await asyncio.open_connection(*connectable(environment))
            try:
                host = environment.allowed_hosts[0].removeprefix(".")
                writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
                head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        return Answer(False, f"the web server does not answer ({error or 'timed out'})")
    status = head.split(" ", 2)[1] if " " in head else "nothing"
    with suppress(ValueError):
        body = json.dumps(json.loads(body))
    return Answer(status == "200", f"{path} answers {status} {body[:500]}".strip())


def connectable(environment: Environment) -> tuple[str, int]:
    """Where this machine reaches the server; listening everywhere includes the loopback address."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 recognised here, not listened on
    return everywhere.get(environment.host, environment.host), environment.port


if __name__ == "__main__":
    main()
