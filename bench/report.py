"""What came of it: medians, ratios, goals; written as JSON for whoever compares, as Markdown for whoever reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Any

from bench.sizes import Figures

AGAINST = "socket.io"
COST, RATIO = "web_us_per_tick", "times_socket_io"

NOTES = (
    "CPU is in per cent of one core, and counts everything a process does; `web` is the server itself.",
    "Latency is from the `now_at` that a tick carries to its arrival in the generator. `now_at` is in whole milliseconds, so up to one of "
    "them is rounding. Worker, Redis and generator share one machine and its clock.",
    "A command counts from the instant it was due, which is up to a millisecond before it is sent, to its arrival at each of the four "
    "others in its room; one is lost when somebody has not heard of it, or it is not answered, within 10 s.",
    "Tomato is measured as `make run` starts it, with its identity, ids, logs and append-only file.",
    "socket.io and ws do less: one process that ticks from its own memory, with no Redis, no identity, no versions, and nothing that "
    "survives it. Websocket transport only, no compression, one encoding per broadcast; the ws server has no heartbeat either.",
    "Without the hub, and on Daphne, the web server is tomato's own with a queue, a task, a database clean-up and an encoding per socket "
    "and message, as a stock Channels consumer has them.",
    "Revival is the worst case, everybody at one instant; tomato's own pages come back after a random delay.",
)


@dataclass(frozen=True)
class Row:
    """One site in one scenario, with the figures of each run."""

    scenario: str
    title: str
    site: str
    runs: list[Figures]

    @property
    def median(self) -> Figures:
        return {name: median(run[name] for run in self.runs) for name in self.runs[0]}


@dataclass(frozen=True)
class Goal:
    """A figure of tomato and the most it should be."""

    scenario: str
    figure: str
    most: float
    what: str

    def judged(self, figures: Figures) -> str:
        value = figures[self.figure]
        if value <= self.most:
            return "met"
        return f"missed by {100 * (value / self.most - 1):.0f} %"


GOALS = tuple(
    Goal(scenario, figure, most, what)
    for scenario, figure, limits, what in (
        ("rooms-of-5", RATIO, (1.0, 0.8), "CPU of a delivered tick, times socket.io's"),
        ("one-room", RATIO, (1.0, 0.8), "CPU of a delivered tick, times socket.io's"),
        ("many-rooms", "p99_ms", (10,), "latency of a tick, p99, ms"),
        ("many-rooms", "web_cpu", (20,), "CPU of the web server, % of a core"),
        ("memory", "web_kib_per_socket", (26, 13), "memory of an idle socket, KiB"),
        ("memory-solo", "web_kib_per_socket", (26, 13), "memory of an idle socket, KiB"),
        ("timers-50000", "worker_cpu", (20,), "CPU of the worker, % of a core"),
        ("timers-50000", "late_p99_ms", (20,), "lateness of a tick on arrival, p99, ms"),
        ("commands-200", "p99_ms", (10,), "command to every other client, p99, ms"),
        ("revival", "last_s", (10,), "all back, s"),
    )
    for most in limits
)


def write(rows: list[Row], machine: dict[str, str], missing: list[str], raised: dict[str, str], into: Path) -> str:
    """Writes `latest.json` and `latest.md`; gives the latter's text."""
    into.mkdir(parents=True, exist_ok=True)
    _compare(rows)
    facts = {"machine": machine, "limits_raised": raised, "notes": [*missing, *NOTES]}
    found: dict[str, Any] = {**facts, "goals": list(_goals(rows)), "rows": [_as_json(row) for row in rows]}
    (into / "latest.json").write_text(json.dumps(found, indent=1) + "\n")
    text = _markdown(rows, facts)
    (into / "latest.md").write_text(text)
    return text


def _compare(rows: list[Row]) -> None:
    """Gives each cost as a multiple of socket.io's in the same run too."""
    base = {row.scenario: row for row in rows if row.site == AGAINST and COST in row.runs[0]}
    for row in rows:
        if row.scenario in base:
            for run, other in zip(row.runs, base[row.scenario].runs, strict=True):
                run[RATIO] = run[COST] / other[COST]


def _as_json(row: Row) -> dict[str, Any]:
    return {"scenario": row.scenario, "title": row.title, "site": row.site, "median": row.median, "runs": row.runs}


def _goals(rows: list[Row]) -> Iterator[dict[str, Any]]:
    found = {row.scenario: row for row in rows if row.site == "tomato"}
    for goal in GOALS:
        row = found.get(goal.scenario)
        if row and goal.figure in row.median:
            value = row.median[goal.figure]
            yield {
                "where": row.title,
                "what": goal.what,
                "value": value,
                "most": goal.most,
                "is": goal.judged(row.median),
            }


def _markdown(rows: list[Row], facts: dict[str, Any]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in facts["machine"].items())
    raised = ", ".join(f"{name}={value}" for name, value in facts["limits_raised"].items())
    parts = [
        "# What tomato costs",
        f"Written by `make bench`, medians of the runs. On {machine}. Limits raised for it: {raised}.",
        *_goal_table(rows),
        *(part for scenario in dict.fromkeys(row.scenario for row in rows) for part in _table(rows, scenario)),
        "## Notes",
        "\n".join(f"* {note}" for note in (*facts["notes"], *_of_the_generator(rows))),
    ]
    return "\n\n".join(parts) + "\n"


def _goal_table(rows: list[Row]) -> Iterator[str]:
    lines = [
        f"| {goal['where']} | {goal['what']} | {_shown(goal['value'])} | {_shown(goal['most'])} | {goal['is']} |"
        for goal in _goals(rows)
    ]
    if lines:
        yield "## Goals"
        yield "\n".join(["| where | what | measured | goal, at most | |", "|---|---|---:|---:|---|", *lines])


def _table(rows: list[Row], scenario: str) -> Iterator[str]:
    found = [row for row in rows if row.scenario == scenario]
    names = list(dict.fromkeys(name for row in found for name in row.median))
    lines = [
        f"| {row.site} | {' | '.join(_shown(row.median[name]) if name in row.median else '' for name in names)} |"
        for row in found
    ]
    yield f"## {found[0].title}"
    yield "\n".join([f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names), *lines])


def _of_the_generator(rows: list[Row]) -> Iterator[str]:
    alone = next((row.median for row in rows if row.scenario == "generator"), None)
    asked = [row.median["ticks_per_s"] for row in rows if row.scenario != "generator" and "ticks_per_s" in row.median]
    if alone and asked:
        times = alone["ticks_per_s"] / max(asked)
        yield (
            "The generator is not what is measured: from a bare server that only writes it took "
            f"{alone['ticks_per_s']:,.0f} ticks a second, {times:.1f} times the most that it is sent elsewhere, with "
            f"{alone['generator_cpu']:.0f} % of its core and a p99 of {alone['p99_ms']:.1f} ms."
        )


def _shown(value: float) -> str:
    if not isfinite(value):
        return "none"
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
