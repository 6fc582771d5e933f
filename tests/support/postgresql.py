"""A real PostgreSQL for the tests: a throwaway cluster in a folder of its own, which nobody outside this machine reaches.

As a command it runs pytest with the arguments given on such a database, and says so when there is no PostgreSQL.
"""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.support.processes import free_port
from tests.support.programs import UNTRIED, postgresql
from tests.support.waiting import eventually

HOST = "127.0.0.1"
NAME = "tomato"
# Nothing of it is to outlive the test.
OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")


def main() -> None:
    if not postgresql():
        print(UNTRIED["postgresql"])
        return
    with cluster() as url:
        command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        status = subprocess.run(command, env={**os.environ, "TEST_DATABASE_URL": url}, check=False).returncode
    sys.exit(status)


@contextmanager
def cluster() -> Iterator[str]:
    """Runs a server while the block lasts and gives the address of an empty database in it."""
    programs = postgresql()
    assert programs, UNTRIED["postgresql"]
    with TemporaryDirectory(prefix="tomato-postgresql-") as name:
        folder, port = Path(name), free_port()
        owner = _owner_of(folder)
        initdb = [
            str(programs / "initdb"),
            "--no-sync",
            "--auth=trust",
            f"--username={NAME}",
            "--encoding=UTF8",
            "--locale=C",
        ]
        subprocess.run([*initdb, str(folder / "data")], cwd=folder, stdout=subprocess.DEVNULL, check=True, **owner)
        settings = (*OPTIONS, f"port={port}", f"listen_addresses={HOST}", f"unix_socket_directories={folder}")
        command = [
            str(programs / "postgres"),
            "-D",
            str(folder / "data"),
            *(word for each in settings for word in ("-c", each)),
        ]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, **owner) as server,
        ):
            try:
                eventually(lambda: _has_database(server, port, folder / "log"), within_s=30)
                yield f"postgres://{NAME}@{HOST}:{port}/{NAME}"
            finally:
                server.send_signal(signal.SIGQUIT)


def _owner_of(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to be run by root: then somebody else owns the folder and runs it."""
    if os.geteuid():
        return {}
    user = next(user for user in pwd.getpwall() if user.pw_name in ("postgres", "nobody"))
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _has_database(server: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    assert server.poll() is None, f"the PostgreSQL server ended:\n{log.read_text()}"
    try:
        with psycopg.connect(host=HOST, port=port, user=NAME, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {NAME}")
    except psycopg.OperationalError:
        return False
    return True


if __name__ == "__main__":
    main()
