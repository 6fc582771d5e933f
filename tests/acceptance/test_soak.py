"""The short soak: a minute and a half of random blows under many clients, and nothing is lost or happens twice."""

import json
from random import SystemRandom

import pytest

from tests.soak.soak import soak

MINUTES = 1.4
CLIENTS = 60


def test_nothing_is_lost_and_nothing_happens_twice(capsys: pytest.CaptureFixture[str]) -> None:
    seed = SystemRandom().randrange(1_000_000)
    with capsys.disabled():
        print(f"\nSoaking with seed {seed}; to see it again: python -m tests.soak", end=" ")
        print(f"--minutes {MINUTES} --clients {CLIENTS} --seed {seed}")
    report = soak(MINUTES, seed, CLIENTS)
    with capsys.disabled():
        print(json.dumps({**report, "violations": len(report["violations"]), "slow": len(report["slow"])}))
    assert report["violations"] == []
    assert report["outcomes"]["ack"] > 0
    assert report["completions_recorded"] > 0
