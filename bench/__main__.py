"""`make bench`: what tomato costs, beside others that do the same work, on one machine and in one run."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic

from bench import chart, report
from bench.chart import RESULTS
from bench.machine import facts, raise_open_files
from bench.report import Row
from bench.scenarios import SCENARIOS, Scenario
from bench.sites import NEED_NODE, RAISED, Sites, why_no_peers
from bench.sizes import FULL, QUICK, Figures, Size

PART = RESULTS / "part"


def main() -> None:
    asked = _arguments()
    scenarios = [
        scenario for scenario in SCENARIOS if not asked.only or any(word in scenario.key for word in asked.only)
    ]
    if not scenarios:
        sys.exit(f"No scenario has {' or '.join(asked.only)} in its name; python -m bench --help lists them.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped
    raise_open_files()
    reason = why_no_peers()
    if reason:
        _tell(reason)
    measure, size = (at_once, QUICK) if asked.quick else (in_turn, replace(FULL, runs=asked.runs))
    into = asked.into or (PART if asked.only or asked.quick else RESULTS)
    rows: list[Row] = []
    with Sites(kept=asked.quick) as sites:
        for some in measure(scenarios, sites, size):  # written each time: should a later one fail, these are not lost
            rows += some
            text = report.write(rows, facts(), [reason] if reason else [], RAISED, into)
            chart.draw(into)
    sys.stdout.write(text)


def in_turn(scenarios: list[Scenario], sites: Sites, size: Size) -> Iterator[list[Row]]:
    """The sites of a scenario one after the other, and that several times, so that what disturbs the machine for a while disturbs all."""
    for scenario in scenarios:
        rows = _rows(scenario)
        for _ in range(min(scenario.runs, size.runs)):
            for row in rows:
                row.runs.append(_measured(scenario, row, sites, size))
        yield rows


def at_once(scenarios: list[Scenario], sites: Sites, size: Size) -> Iterator[list[Row]]:
    """Nobody looks at the figures, so they need not be waited for one by one."""
    jobs = [(scenario, row) for scenario in scenarios for row in _rows(scenario)]
    with ThreadPoolExecutor(len(jobs)) as threads:
        found = threads.map(lambda job: _measured(job[0], job[1], sites, size), jobs)
        for (_, row), figures in zip(jobs, found, strict=True):
            row.runs.append(figures)
    yield [row for _, row in jobs]


def _rows(scenario: Scenario) -> list[Row]:
    names = [name for name in scenario.sites if name not in NEED_NODE or not why_no_peers()]
    return [Row(scenario.key, scenario.title, name, []) for name in names]


def _measured(scenario: Scenario, row: Row, sites: Sites, size: Size) -> Figures:
    began = monotonic()
    figures = scenario.measure(sites, row.site, size)
    _tell(f"{scenario.title}: {row.site}, {monotonic() - began:.0f} s")
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures tomato and its peers.")
    names = ", ".join(scenario.key for scenario in SCENARIOS)
    parser.add_argument("--only", nargs="+", metavar="NAME", help=f"scenarios with this in their name: {names}")
    parser.add_argument(
        "--quick", action="store_true", help="small and short, to see that everything works; no figures"
    )
    parser.add_argument("--runs", type=int, default=FULL.runs, help="at most so many runs of each")
    parser.add_argument("--into", type=Path, help="the folder of the results; of a part it is another")
    return parser.parse_args()


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
