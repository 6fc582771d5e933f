"""Schemathesis over what the site says of its own API, as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.processes import Tomato
from tests.support.surroundings import surroundings
from tomato.environment import CHECKOUT

CONFIG = Path(__file__).with_name("schemathesis.toml")
COMMAND = ("-m", "schemathesis.cli", "run", "--no-color")
ONE_RUN_MAX_S = 300


@dataclass(frozen=True)
class Tried:
    """How many requests were made up, and what was wrong with the answers, in schemathesis' words."""

    cases: int
    complaint: str


def try_api(site: Tomato, seed: int, examples: int, room: str = "") -> Tried:
    """Every operation and every check. Where a `room` is named, in that room; else in rooms that are made or are not there."""
    with TemporaryDirectory(prefix="tomato-fuzz-") as folder:
        config, report = Path(folder, CONFIG.name), Path(folder, "report.json")
        config.write_text(CONFIG.read_text() + (f'\n[parameters]\n"path.code" = "{room}"\n' if room else ""))
        options = {"--seed": str(seed), "--max-examples": str(examples), "--report-json-path": str(report)}
        ran = subprocess.run(
            [sys.executable, *COMMAND, f"{site.url}/api/openapi.json", *_words(options)],
            cwd=folder,
            env={**surroundings(), "PYTHONPATH": str(CHECKOUT)},
            capture_output=True,
            text=True,
            timeout=ONE_RUN_MAX_S,
            check=False,
        )
        if not report.exists():
            return Tried(0, ran.stdout + ran.stderr)
        cases = json.loads(report.read_text())["test_cases"]["generated"]
        return Tried(cases, ran.stdout + ran.stderr if ran.returncode else "")


def _words(options: dict[str, str]) -> list[str]:
    return [word for option in options.items() for word in option]
