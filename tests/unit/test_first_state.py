"""What the templates say is what the browser's code says: both are held to the same cases."""

import json
from pathlib import Path

import pytest

from rooms.templatetags import people
from timers.templatetags import clock

CASES = json.loads((Path(__file__).parent.parent / "javascript" / "clock-cases.json").read_text())


@pytest.mark.parametrize(("ms", "said"), CASES["face"])
def test_the_face_of_the_clock(ms: int, said: str) -> None:
    assert clock.face(ms) == said


@pytest.mark.parametrize(("ms", "said"), CASES["spoken"])
def test_what_is_spoken(ms: int, said: str) -> None:
    assert clock.spoken(ms) == said


@pytest.mark.parametrize(("timer", "shown"), CASES["pips"])
def test_the_dots_of_the_cycle(timer: dict, shown: dict) -> None:
    pips = clock.pips(timer)
    assert (pips["round"], pips["rounds"], sum(pips["dots"])) == (shown["round"], shown["rounds"], shown["done"])


@pytest.mark.parametrize(("timer", "offset"), CASES["ring"])
def test_the_ring(timer: dict, offset: float) -> None:
    assert float(clock.ring_offset(timer)) == offset


@pytest.mark.parametrize(("name", "letters"), CASES["initials"])
def test_initials(name: str, letters: str) -> None:
    assert people.initials(name) == letters


def test_an_end_is_given_in_utc() -> None:
    timer = {"status": "running", "ends_at": 52_320_000}
    assert clock.ends(timer, 0) == "Ends at 14:32 UTC"
    assert clock.ends(timer, 52_320_000) == "Ended at 14:32 UTC"
