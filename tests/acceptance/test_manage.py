"""Django's own commands, on this site."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.surroundings import surroundings
from tomato.environment import CHECKOUT


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


def make_admin(data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "admin"],
        cwd=CHECKOUT,
        env=surroundings() | {"TOMATO_DATA_DIR": str(data_dir), **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )


def test_an_operator_is_made_of_what_the_environment_says(data_dir: Path) -> None:
    said = {"DJANGO_SUPERUSER_USERNAME": "olga", "DJANGO_SUPERUSER_PASSWORD": "a long word that few know"}
    made = make_admin(data_dir, **said)
    assert made.returncode == 0, made.stderr
    names = "from django.contrib.auth.models import User; print(*User.objects.values_list('username', 'is_superuser'))"
    assert manage(data_dir, "shell", "--no-imports", "-c", names).strip() == "('olga', True)"


def test_without_a_terminal_or_a_word_in_the_environment_nobody_is_made(data_dir: Path) -> None:
    made = make_admin(data_dir, DJANGO_SUPERUSER_USERNAME="olga")
    assert made.returncode != 0
    assert "set DJANGO_SUPERUSER_USERNAME and DJANGO_SUPERUSER_PASSWORD" in made.stderr
