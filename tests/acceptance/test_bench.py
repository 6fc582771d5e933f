"""`make bench` in small: every scenario gives its figures. How good they are is not looked at here."""

import json
import subprocess
import sys
from math import isfinite
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.report import GOALS, RATIO
from bench.scenarios import SCENARIOS
from bench.sites import NEED_NODE, why_no_peers
from tests.support.surroundings import surroundings
from tomato.environment import CHECKOUT

SVG = "{http://www.w3.org/2000/svg}"
SOCKETS = {
    "generator": 100,
    "rooms-of-5": 20,
    "one-room": 20,
    "many-rooms": 100,
    "memory": 100,
    "memory-solo": 100,
    "handshakes": 60,
    "timers-10000": 20,
    "timers-50000": 100,
    "commands-200": 20,
    "commands-1000": 20,
    "revival": 100,
}
"""Of each scenario in small."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("bench")
    command = [sys.executable, "-m", "bench", "--quick", "--into", str(into)]
    subprocess.run(command, cwd=CHECKOUT, env=surroundings(), check=True, stdout=subprocess.DEVNULL)
    return into


@pytest.fixture(scope="module")
def rows(results: Path) -> dict[tuple[str, str], dict[str, float]]:
    found = json.loads((results / "latest.json").read_text())["rows"]
    return {(row["scenario"], row["site"]): row["median"] for row in found}


def test_every_site_was_measured_in_every_scenario(rows: dict[tuple[str, str], dict[str, float]]) -> None:
    assert set(rows) == {
        (scenario.key, site)
        for scenario in SCENARIOS
        for site in scenario.sites
        if site not in NEED_NODE or not why_no_peers()
    }


def test_every_figure_is_a_number(rows: dict[tuple[str, str], dict[str, float]]) -> None:
    assert [
        (*row, name) for row, figures in rows.items() for name, value in figures.items() if not isfinite(value)
    ] == []


def test_as_many_sockets_were_open_as_asked_for(rows: dict[tuple[str, str], dict[str, float]]) -> None:
    assert {scenario: figures["sockets"] for (scenario, _), figures in rows.items()} == SOCKETS


def test_every_command_was_answered(rows: dict[tuple[str, str], dict[str, float]]) -> None:
    assert {figures["lost"] for figures in rows.values() if "lost" in figures} == {0}


def test_the_picture_tells_every_site_in_words_too(
    results: Path, rows: dict[tuple[str, str], dict[str, float]]
) -> None:
    picture = ElementTree.parse(results / "latest.svg").getroot()  # noqa: S314 our own
    told = picture.findtext(f"{SVG}desc") or ""
    assert picture.findtext(f"{SVG}title")
    assert [site for scenario, site in rows if scenario == "one-room" and site not in told] == []


def test_the_table_judges_every_goal(results: Path) -> None:
    text = (results / "latest.md").read_text()
    goals = [goal for goal in GOALS if goal.figure != RATIO or not why_no_peers()]
    assert text.count("| met |") + text.count("| missed by ") == len(goals)
