"""The short fuzz: some hundred inputs, the same every time; `make fuzz` tries others for as long as you like."""

import json

import pytest

from tests.fuzz.fuzz import Amounts, fuzz

SEED = 1
SOME = Amounts(talks=120, frames=60, requests=120, api=0, api_in_one_room=3)


def test_nonsense_is_answered_and_nobody_else_notices(capsys: pytest.CaptureFixture[str]) -> None:
    report = fuzz(SEED, SOME)
    with capsys.disabled():
        print(f"\nFuzzed with seed {SEED}: {json.dumps({**report, 'inputs': len(report['inputs'])})}")
    assert report["mistakes"] == []
    assert report["effects_on_bystanders"] == []
    assert report["crashes"] == []
    assert report["interruptions_of_bystanders"] == [] or report["leases_were_lost"]
    assert report["inputs_in_all"] > 500
