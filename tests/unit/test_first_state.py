"""What the templates say is what the browser's code says: both are held to the same cases."""

import json
from pathlib import Path

import pytest
from django.utils import translation

from rooms.templatetags import people
from timers.people import colour_among
from timers.templatetags import clock


def cases_in(name: str) -> dict[str, list]:
    return json.loads((Path(__file__).parent.parent / "javascript" / name).read_text())


CASES, PEOPLE = cases_in("clock-cases.json"), cases_in("people-cases.json")
GERMAN = {**cases_in("clock-cases.de.json"), **cases_in("people-cases.de.json")}
NAMES = {"ana": "Ana", "jun": "Jun", "lea": "Lea", "obi": "Obi", "tim": "Tim"}


@pytest.mark.parametrize(("ms", "said"), CASES["face"])
def test_the_face_of_the_clock(ms: int, said: str) -> None:
    assert clock.face(ms) == said


@pytest.mark.parametrize(("ms", "said"), CASES["spoken"])
def test_what_is_spoken(ms: int, said: str) -> None:
    assert clock.spoken(ms) == said


@pytest.mark.parametrize(("timer", "shown"), CASES["pips"])
def test_the_dots_of_the_cycle(timer: dict, shown: dict) -> None:
    pips = clock.pips(timer)
    assert (pips["round"], pips["rounds"], pips["dots"].count("on")) == (shown["round"], shown["rounds"], shown["done"])


@pytest.mark.parametrize(("timer", "offset"), CASES["ring"])
def test_the_ring(timer: dict, offset: float) -> None:
    assert float(clock.ring_offset(timer)) == offset


@pytest.mark.parametrize(("timer", "creeps"), CASES["creeps"])
def test_a_ring_that_creeps(timer: dict, creeps: bool) -> None:
    assert clock.creeps(timer) is creeps


@pytest.mark.parametrize(("name", "letters"), PEOPLE["initials"])
def test_initials(name: str, letters: str) -> None:
    assert people.initials(name) == letters


@pytest.mark.parametrize(("newcomer", "number"), PEOPLE["newcomersColour"])
def test_the_colour_of_somebody_who_comes(newcomer: dict, number: int) -> None:
    assert colour_among(newcomer["taken"], newcomer["id"]) == number


@pytest.mark.parametrize(("timers", "shown"), PEOPLE["pursuit"])
def test_what_somebody_does(timers: dict, shown: dict) -> None:
    assert people.pursuit(timers.get("own"), timers["room"]) == shown


@pytest.mark.parametrize(("given", "said"), PEOPLE["rules"])
def test_who_controls_the_timer(given: dict, said: str) -> None:
    assert people.rules(given["settings"], given["you"], NAMES) == said


@pytest.mark.parametrize(("ms", "said"), GERMAN["spoken"])
def test_what_is_spoken_in_german(ms: int, said: str) -> None:
    with translation.override("de"):
        assert clock.spoken(ms) == said


@pytest.mark.parametrize(("timers", "shown"), GERMAN["pursuit"])
def test_what_somebody_does_in_german(timers: dict, shown: dict) -> None:
    with translation.override("de"):
        assert people.pursuit(timers.get("own"), timers["room"]) == shown


@pytest.mark.parametrize(("given", "said"), GERMAN["rules"])
def test_who_controls_the_timer_in_german(given: dict, said: str) -> None:
    with translation.override("de"):
        assert people.rules(given["settings"], given["you"], NAMES) == said


def test_who_has_not_said_their_name_is_called_by_a_number_in_the_words_of_the_page() -> None:
    assert people.called("User 12") == "User 12"
    with translation.override("de"):
        assert [people.called(name) for name in ("User 12", "User 12b", "Ana")] == ["Gast 12", "User 12b", "Ana"]


def a_member(name: str, joined_at: int, *, away: bool = False, tabs: int = 1) -> dict:
    return {"id": name.lower(), "name": name, "tabs": tabs, "joined_at": joined_at, "away": away, "colour": 0}


def test_the_people_stand_as_the_script_puts_them() -> None:
    focus = {"status": "running", "phase": "focus", "remaining_ms": 420_000}
    rest = {"status": "running", "phase": "short_break", "remaining_ms": 180_000}
    room = {"id": "room", "status": "stopped", "phase": "focus", "remaining_ms": 1_500_000}
    snapshot = {
        "you": {"member": "tim", "name": "Tim"},
        "people": 5,
        "members": [
            a_member("Ana", 1),
            a_member("Jun", 2),
            a_member("Lea", 3),
            a_member("Obi", 0, away=True),
            a_member("Tim", 9, tabs=2),
        ],
        "timers": [room, {"id": "jun", **rest}, {"id": "lea", **focus}],
    }
    shown = people.show_people(snapshot, "", "ABC234")
    assert (shown["people"], shown["away"]) == (4, 1)
    assert [(line["name"], line["doing"], line["time"]) for line in shown["lines"]] == [
        ("Tim", "You and 2 tabs · Not timing", ""),
        ("Lea", "Focus", "free in 7 min"),
        ("Jun", "Break", "3 min left"),
        ("Ana", "Not timing", ""),
        ("Obi", "Away", ""),
    ]


def test_an_end_is_given_in_utc() -> None:
    timer = {"status": "running", "ends_at": 52_320_000}
    assert clock.ends(timer, 0) == "Ends at 14:32 UTC"
    assert clock.ends(timer, 52_320_000) == "Ended at 14:32 UTC"
