"""`make fuzz`: exit status 1 when anything that must hold did not."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from random import SystemRandom

from tests.fuzz.fuzz import Amounts, fuzz

A_ROUND = Amounts(talks=300, frames=150, requests=300, api=30, api_in_one_room=30)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description="Says nonsense to tomato, while others look on who must notice nothing.",
    )
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, help="of an earlier run, to have the same inputs again")
    parser.add_argument("--report", type=Path, help="where to write the report as JSON")
    arguments = parser.parse_args()
    seed = SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    print(f"Fuzzing for {arguments.minutes:g} minutes, seed {seed}.", flush=True)
    report = fuzz(seed, A_ROUND, arguments.minutes)
    text = json.dumps(report, indent=2, ensure_ascii=False)
    print(text)
    if arguments.report:
        arguments.report.write_text(text + "\n")
    found = [*report["crashes"], *report["mistakes"], *report["effects_on_bystanders"]]
    found += report["interruptions_of_bystanders"]
    if found:
        sys.exit(f"{len(found)} findings; to see them again: --seed {seed} --minutes {arguments.minutes:g}")
    print(f"{report['inputs_in_all']} inputs, no crash, no effect on the bystanders.")


if __name__ == "__main__":
    main()
