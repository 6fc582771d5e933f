"""The programs beside Python that tests use where they are found; as a command, `make test` installs what is missing, if it can.

Without a Chromium nothing is tested; without its shell the tests take longer. Without the others some things are not tested,
and the summary of the tests says which.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.chromium import SHELL, chromium, headless_shell

DEBIANS_POSTGRESQL = Path("/usr/lib/postgresql")
INSTALL = ("apt-get", "install", "-qq", "--yes", "--no-install-recommends")


def postgresql() -> Path | None:
    """The folder of a PostgreSQL server's programs. Debian keeps them off the PATH, each version in a folder of its own."""
    on_the_path = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    debians = sorted(DEBIANS_POSTGRESQL.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return next((folder for folder in (*on_the_path, *debians) if (folder / "postgres").exists()), None)


def caddy() -> Path | None:
    """The proxy of `docker-compose.yml`."""
    return Path(found) if (found := shutil.which("caddy")) else None


PROGRAMS: dict[str, Callable[[], Path | None]] = {
    "chromium": chromium,
    SHELL: headless_shell,
    "postgresql": postgresql,
    "caddy": caddy,
}
"""How each is found, by the name of its Debian package."""

UNTRIED = {
    "postgresql": "PostgreSQL was not tried: there is none on this machine (on Debian: apt install postgresql)",
    "caddy": "The proxy was not tried: there is no Caddy on this machine (on Debian: apt install caddy)",
}
"""What is said where tests go without one of the others."""


def main() -> None:
    missing = [name for name, find in PROGRAMS.items() if not find()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing for the tests: {', '.join(missing)}.", flush=True)
        _install(*missing)
    if not chromium():
        print("Installing a Chromium for the tests.", flush=True)
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    if not chromium():
        sys.exit("The browser tests need a Chromium, and none could be installed: put one on the PATH as chromium.")


def _install(*packages: str) -> None:
    """All at once; where one of them is not to be had, each for itself."""
    if _run(*INSTALL, *packages):
        return
    _run("apt-get", "update", "-qq", "--option=Acquire::http::Timeout=10")
    if not _run(*INSTALL, *packages):
        for package in packages:
            _run(*INSTALL, package)


def _run(*command: str) -> bool:
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, check=False, capture_output=True, env=quietly).returncode == 0


if __name__ == "__main__":
    main()
