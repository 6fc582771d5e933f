"""The web server: `python -m tomato.serve`, under uvicorn or Daphne, in one process or in several that share a socket.

Listens where the environment says, or, with `--fd`, serves in this process from a socket that the caller has opened.
"""

import argparse
import asyncio
import gc
import os
import socket
import sys
from collections.abc import Mapping, Sequence

from tomato import CannotStart
from tomato.environment import Environment
from tomato.parts import Part, Stage, say, until_signalled

APPLICATION = "tomato.asgi:application"
BACKLOG = 8192  # the kernel may hold it lower
FRAME_MAX_BYTES = 1024 * 1024  # the consumers refuse from 8 KiB on, with a close code that a browser can read
PING_EVERY_S = PING_TIMEOUT_S = 20
STOPPING_MAX_S = 3
COLLECT_AFTER = 10_000
ALL_STOP_WITHIN_S = 4.5


class PortTaken(CannotStart):
    """Somebody else listens there."""


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tomato.serve", description="Runs one web process of tomato.")
    arguments.add_argument("--fd", type=int, help="the number of an open listening socket to serve from")
    fd = arguments.parse_args().fd
    try:
        environment = Environment.read(os.environ)
        listener = listening_at(environment.host, environment.port) if fd is None else socket.socket(fileno=fd)
    except CannotStart as reason:
        sys.exit(str(reason))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tomato.settings")
    if fd is None:
        say_warnings(environment)
    if fd is None and environment.web_processes > 1:
        asyncio.run(serve_with_several(environment.web_processes, listener))
    elif environment.server == "daphne":
        serve_with_daphne(listener)
    else:
        serve_with_uvicorn(listener)


def say_warnings(environment: Environment) -> None:
    for warning in environment.warnings():
        say(warning)


def listening_at(host: str, port: int) -> socket.socket:
    """A socket that is listening already, so that nobody else can take the port and early visitors wait instead of failing."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise PortTaken(
            f"Cannot listen on port {port} of {host} ({why}): stop what uses it, or choose another with TOMATO_PORT and TOMATO_HOST."
        ) from error
    return listener


async def serve_with_several(count: int, listener: socket.socket) -> None:
    parts = web_servers(count, listener, os.environ)

    async def start() -> None:
        for part in parts:
            part.start()

    await until_signalled(start(), [Stage(parts, ALL_STOP_WITHIN_S)])


def web_servers(
    count: int, listener: socket.socket, variables: Mapping[str, str], inherited_fds: Sequence[int] = ()
) -> list[Part]:
    """Web processes that share the listening socket."""
    command = (sys.executable, "-m", "tomato.serve", "--fd", str(listener.fileno()))
    names = ["The web server"] if count == 1 else [f"Web server {number}" for number in range(1, count + 1)]
    return [Part(name, command, variables, (listener.fileno(), *inherited_fds)) for name in names]


def serve_with_uvicorn(listener: socket.socket) -> None:
    import uvicorn

    from tomato.connection import Connection, Server
    from tomato.websocket import WebSocket

    config = uvicorn.Config(
        APPLICATION,
        interface="asgi3",
        loop="uvloop",
        http=Connection,
        ws=WebSocket,
        ws_max_size=FRAME_MAX_BYTES,
        ws_ping_interval=PING_EVERY_S,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who is trusted is decided by TOMATO_PROXIES, in one place for both servers
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=STOPPING_MAX_S,
        workers=1,
    )
    config.load()
    _settle()
    Server(config).run(sockets=[listener])


def _settle() -> None:
    """What is loaded by now stays: the garbage collector need not look through it again and again while sockets come and go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 20, 20)


def serve_with_daphne(listener: socket.socket) -> None:
    import daphne.server  # installs Twisted's asyncio reactor, so it comes before anything else of Twisted's
    from django.utils.module_loading import import_string

    daphne.server.Server(
        application=import_string(APPLICATION.replace(":", ".")),
        endpoints=[f"fd:fileno={listener.fileno()}"],
        ping_interval=PING_EVERY_S,
        ping_timeout=PING_TIMEOUT_S,
        websocket_max_message_size=FRAME_MAX_BYTES,
        websocket_max_frame_size=FRAME_MAX_BYTES,
        application_close_timeout=STOPPING_MAX_S,
        verbosity=0,
        server_name="",
    ).run()


if __name__ == "__main__":
    main()
