"""`make soak`: exit status 1 when anything that must hold did not."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from random import SystemRandom

from tests.soak.soak import soak


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.soak", description="Breaks tomato on purpose, at random moments."
    )
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seed", type=int, help="of an earlier run, to have the same blows and commands again")
    parser.add_argument("--report", type=Path, help="where to write the report as JSON")
    arguments = parser.parse_args()
    seed = SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    print(f"Soaking for {arguments.minutes:g} minutes with {arguments.clients} clients, seed {seed}.", flush=True)
    report = soak(arguments.minutes, seed, arguments.clients)
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.report:
        arguments.report.write_text(text + "\n")
    if report["violations"] or report["slow"]:
        sys.exit(
            f"{len(report['violations'])} violations, and {len(report['slow'])} times too slow; "
            f"to see them again: --seed {seed} --minutes {arguments.minutes:g}"
        )
    print("Everything held.")


if __name__ == "__main__":
    main()
