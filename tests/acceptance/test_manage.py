"""Django's own commands, on this site."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import surroundings


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def manage(data_dir: Path, *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, env=surroundings() | {"TOMATO_DATA_DIR": str(data_dir)}, capture_output=True, check=True, text=True
    ).stdout


def test_runserver_speaks_asgi(data_dir: Path) -> None:
    assert "--noasgi" in manage(data_dir, "help", "runserver")


def test_no_other_process_carries_twisted_s_reactor(data_dir: Path) -> None:
    carried = "import sys; print({'daphne', 'twisted.internet.reactor'} & sys.modules.keys())"
    assert manage(data_dir, "shell", "--no-imports", "-c", carried).strip() == "set()"
