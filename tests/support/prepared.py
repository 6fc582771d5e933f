"""A data directory in which the longest of a first start is done: the static files are collected, the tables are made."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.surroundings import surroundings
from tomato.environment import CHECKOUT
from tomato.run import MADE_FROM, fingerprint

PLACE = "PREPARED_FOR_TESTS"
"""The variable that tells the processes of a test run where it lies, so that it is made once for all of them."""

if PLACE not in os.environ:
    _kept = TemporaryDirectory(prefix="tomato-prepared-")
    os.environ[PLACE] = _kept.name


def prepared(data_dir: Path) -> Path:
    """A copy of it, there."""
    place = Path(os.environ[PLACE])
    with open(place / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made := place / "made").exists():
            _make(place / "making").rename(made)
    return Path(shutil.copytree(made, data_dir))


def _make(data_dir: Path) -> Path:
    data_dir.mkdir(mode=0o700)
    for command in ("migrate", "collectstatic"):
        arguments = [sys.executable, "manage.py", command, "--no-input", "--verbosity", "0"]
        subprocess.run(arguments, cwd=CHECKOUT, env={**surroundings(), "TOMATO_DATA_DIR": str(data_dir)}, check=True)
    (data_dir / MADE_FROM).write_text(fingerprint())
    (data_dir / "secret-key").unlink()
    return data_dir
