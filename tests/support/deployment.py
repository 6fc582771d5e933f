"""The files of a deployment as data, and the deployment that they describe: the very same commands, as processes of this machine."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import yaml

from tests.support.processes import free_port
from tests.support.surroundings import surroundings
from tests.support.waiting import eventually
from tomato.environment import CHECKOUT
from tomato.redis import find_server

HOST = "127.0.0.1"
HEALTHY_WITHIN_S = 120.0
SECONDS = {"s": 1, "m": 60}


# The files ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """One `FROM` of the Dockerfile, and what follows it."""

    instructions: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        return [value for instruction, value in self.instructions if instruction == name]

    @property
    def env(self) -> dict[str, str]:
        pairs = (word.partition("=") for value in self.all("ENV") for word in shlex.split(value))
        return {name: value for name, _, value in pairs}


def dockerfile() -> list[Stage]:
    lines = (line for line in (CHECKOUT / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    instructions = [(name, value) for line in joined.splitlines() if line for name, _, value in [line.partition(" ")]]
    starts = [number for number, (name, _) in enumerate(instructions) if name == "FROM"]
    return [Stage(tuple(instructions[start:end])) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """`docker-compose.yml` with the variables filled in."""

    def filled(match: re.Match[str]) -> str:
        value = variables.get(match["name"], "") or (match["default"] if match["kind"] == ":-" else "")
        assert value, f"{match['name']} {match['default']}"
        return value

    text = (CHECKOUT / "docker-compose.yml").read_text()
    text = re.sub(r"\$\{(?P<name>\w+)(?:(?P<kind>:[-?])(?P<default>[^}]*))?\}", filled, text)
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def example_env() -> dict[str, str]:
    """`deploy/example.env` as an operator fills it in."""
    lines = (CHECKOUT / "deploy" / "example.env").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return given | {"SITE": HOST, "TOMATO_SECRET_KEY": "k" * 48, "POSTGRES_PASSWORD": "tomato"}


def seconds(text: str) -> int:
    return int(text[:-1]) * SECONDS[text[-1]]


# The deployment -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class At:
    """A site at a port."""

    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://{HOST}:{self.port}"


@dataclass
class Deployment:
    """The services of `docker-compose.yml`, where a path, a name or a port of a container stands for one in `folder`, or a free one.

    One thing is otherwise: no proxy speaks HTTPS with the browsers.
    """

    folder: Path
    database_url: str
    settings: Mapping[str, str]
    ports: dict[str, int] = field(default_factory=dict)
    _processes: dict[str, psutil.Popen] = field(default_factory=dict)

    @cached_property
    def image(self) -> Stage:
        return dockerfile()[-1]

    @cached_property
    def services(self) -> dict[str, Any]:
        services: dict[str, Any] = compose(example_env())["services"]
        return services

    def at(self, service: str) -> At:
        return At(self._port(service))

    # Commands

    def build(self) -> None:
        """What the image is built with, but for the packages, which are those of the tests."""
        build = dockerfile()[0]
        (command,) = [run for run in build.all("RUN") if "manage.py" in run]
        self._run(["sh", "-c", command], build.env)

    def run(self, service: str) -> None:
        """Runs a service that ends by itself."""
        self._run(self.services[service]["command"], self.environment(service))

    def start(self, service: str, *more: str) -> None:
        """`more` is what the command needs besides where it is not alone in a container."""
        command = [*(self.services[service].get("command") or self._image_list("CMD")), *more]
        with (self.folder / f"{service}.log").open("ab") as log:
            self._processes[service] = psutil.Popen(
                [self._here(word) for word in command],
                cwd=CHECKOUT,
                env=self._variables(self.environment(service), service),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def health(self, service: str) -> subprocess.CompletedProcess[str]:
        """The outcome of its health check."""
        test = self.services[service].get("healthcheck", {}).get("test", ["CMD", *self._image_list("HEALTHCHECK")])
        variables = self._variables(self.environment(service), service)
        return subprocess.run(test[1:], cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=False)

    def healthy(self, service: str) -> None:
        """Waits until it is."""

        def is_healthy() -> bool:
            if self._processes[service].poll() is not None:
                return False
            outcome = self.health(service)
            assert outcome.returncode == 0, outcome.stderr + self.log(service)
            return True

        eventually(is_healthy, HEALTHY_WITHIN_S)

    def stop(self, service: str) -> float:
        """Stops a service as its container would be; returns after how many seconds it was gone."""
        process, asked_at = self._processes[service], monotonic()
        process.send_signal(signal.Signals[self.image.all("STOPSIGNAL")[0]])
        process.wait(seconds(self.services[service]["stop_grace_period"]))
        return monotonic() - asked_at

    def end(self) -> None:
        for process in self._processes.values():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for process in self._processes.values():
            process.wait()

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text(errors="replace")

    # Here, and not in a container

    def environment(self, service: str) -> dict[str, str]:
        return {**self.image.env, **example_env(), **self.services[service].get("environment", {}), **self.settings}

    def _run(self, command: list[str], environment: Mapping[str, str]) -> None:
        words = [self._here(word) for word in command]
        variables = self._variables(environment)
        ran = subprocess.run(words, cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}"

    def _variables(self, environment: Mapping[str, str], service: str = "") -> dict[str, str]:
        variables = surroundings() | {name: self._here(value) for name, value in environment.items()}
        if service:
            variables["TOMATO_PORT"] = str(self._port(service))
        return variables | {"TOMATO_HTTPS": "0"}

    def _here(self, text: str) -> str:
        for there, here in {
            "$PATH": os.environ["PATH"],
            "/srv/tomato": str(CHECKOUT),
            "/srv/static": str(self.folder / "static"),
            "/var/lib/tomato": str(self.folder / "data"),
            "postgres://tomato:tomato@postgres/tomato": self.database_url,
            "redis://redis": f"redis://{HOST}:{self._port('redis')}",
            "redis-server": str(find_server()),
            "0.0.0.0": HOST,  # noqa: S104 replaced here, not listened on
        }.items():
            text = text.replace(there, here)
        return text

    def _port(self, service: str) -> int:
        if service not in self.ports:
            self.ports[service] = free_port()
        return self.ports[service]

    def _image_list(self, instruction: str) -> list[str]:
        value = self.image.all(instruction)[-1]
        words: list[str] = yaml.safe_load(value[value.index("[") :])
        return words


@contextmanager
def deployment(folder: Path, database_url: str, **settings: str) -> Iterator[Deployment]:
    here = Deployment(folder, database_url, settings)
    try:
        yield here
    finally:
        here.end()
