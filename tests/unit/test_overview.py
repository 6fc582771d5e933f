"""What operators find among all timers: the right ones, in the right order, page after page."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.support.topics import NOON, Scene, minutes, seconds
from timers import overview, topics
from timers.overview import SORTS, Question, Search
from timers.timer import Pause, Start
from timers.topic import Topic

CODES = [f"{letter}BC234" for letter in "ABCDEFGH"]


def rows(held: list[Topic], question: Question) -> list[dict[str, Any]]:
    return search(held, question).rows()


def search(held: list[Topic], question: Question) -> Search:
    found = Search(question, NOON + minutes(1), lambda name: name)
    for topic in held:
        found.look_at(topic)
    return found


def room(code: str, *people: str) -> Scene:
    scene = Scene(topics.room(code))
    for member in people:
        scene.arrive(member)
        scene.rename(member, member.capitalize())
    return scene


def rooms() -> list[Topic]:
    """Eight rooms with one timer each, that all end at another time but for two that are stopped."""
    scenes = [room(code, "ana") for code in CODES]
    for number, scene in enumerate(scenes[:6]):
        scene.press("ana", Start(minutes(10 + number)))
    for scene in scenes[6:]:
        scene.press("ana", Start(), Pause())
        scene.press(None, Start(minutes(30)), Pause())
    return [scene.topic for scene in scenes]


def pages(held: list[Topic], question: Question) -> list[list[str]]:
    """All pages one after another, as somebody turns them."""
    turned = []
    while True:
        found = rows(held, question)
        turned.append([row["where"] for row in found[: question.size]])
        if len(found) <= question.size:
            return turned
        question = replace(question, after=tuple(found[question.size - 1]["place"]))


def test_a_row_tells_of_one_timer() -> None:
    scene = room("ABC234", "ana", "jun")
    scene.now = NOON + seconds(5)
    scene.press("jun", Start(minutes(10)), timer="jun")
    (found,) = rows([scene.topic], Question())
    assert found == {
        "place": [minutes(10) - seconds(55), "room.ABC234", "jun"],
        "where": "room.ABC234",
        "listeners": 2,
        "timer": "jun",
        "person": "Jun",
        "status": "running",
        "phase": "focus",
        "left_ms": minutes(10) - seconds(55),
        "started_at": NOON + seconds(5),
        "command": "start",
        "command_at": NOON + seconds(5),
        "v": scene.topic.v,
    }


def test_what_ran_out_was_done_by_nobody() -> None:
    scene = room("ABC234", "ana")
    scene.press("ana", Start(seconds(10)))
    scene.wait(seconds(11))
    assert rows([scene.topic], Question())[0]["command"] == "complete"


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("size", [1, 3, 8])
def test_pages_show_every_timer_once_in_order(sort: str, descending: bool, size: int) -> None:
    held = rooms()
    Random(7).shuffle(held)
    whole = rows(held, Question(sort=sort, descending=descending))
    places = [row["place"] for row in whole]
    assert places == sorted(places, reverse=descending)
    turned = pages(held, Question(sort=sort, descending=descending, size=size))
    assert [name for page in turned for name in page] == [row["where"] for row in whole]


@pytest.mark.parametrize("descending", [False, True])
def test_time_that_passes_while_pages_are_turned_hides_nothing(descending: bool) -> None:
    held, turned = rooms(), []
    question = Question(descending=descending, at=NOON + minutes(1), size=1)
    for number in range(len(held)):
        found = Search(question, NOON + minutes(1 + 3 * number), lambda name: name)
        for topic in held:
            found.look_at(topic)
        turned.append(found.rows()[0])
        question = replace(question, after=tuple(turned[-1]["place"]))
    assert sorted(row["where"] for row in turned) == sorted(topic.name for topic in held)
    assert {row["left_ms"] for row in turned if row["status"] == "paused"} == {minutes(30)}


def test_turning_back_shows_the_page_before() -> None:
    held = rooms()
    whole = rows(held, Question())
    fourth = tuple(whole[3]["place"])
    back = rows(held, Question(after=fourth, backward=True, size=2))
    assert [row["where"] for row in back] == [row["where"] for row in (whole[2], whole[1], whole[0])]


def test_few_are_kept_of_very_many() -> None:
    held = [replace(topic, name=f"room.{number}") for number in range(100) for topic in rooms()]
    found = search(held, Question(size=2, descending=True))
    assert found.found == 800
    assert len(found._kept) <= overview.PRUNE_AT * 2 + 1
    assert [row["left_ms"] for row in found.rows()] == [minutes(30)] * 3


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (Question(words="abc2"), {"ABC234"}),
        (Question(words="JUN"), {"BBC234"}),
        (Question(words="nobody"), set()),
        (Question(kind="solo"), {"0123456789ABCDEF"}),
        (Question(kind="room"), {"ABC234", "BBC234"}),
        (Question(status="paused"), {"BBC234"}),
        (Question(status="running", kind="room"), {"ABC234"}),
    ],
)
def test_only_what_fits_is_found_and_counted(question: Question, expected: set[str]) -> None:
    first, second = room("ABC234", "ana"), room("BBC234", "jun")
    alone = Scene(topics.solo("0123456789ABCDEF"))
    alone.arrive("kim")
    first.press("ana", Start())
    second.press("jun", Start(), Pause(), timer="jun")
    alone.press("kim", Start())
    found = search([first.topic, second.topic, alone.topic], question)
    assert found.found == len(expected)
    assert {row["where"].partition(".")[2] for row in found.rows()} == expected


def test_a_detail_shows_who_is_there_before_who_is_gone() -> None:
    scene = room("ABC234", "ana", "jun")
    scene.hide("jun")
    scene.leave("ana")
    scene.wait(seconds(6))
    shown = overview.detail(scene.topic, "room.ABC234", scene.now, [(NOON, 1, "joined", "ana", "")])
    assert [(member["id"], member["here"], member["away"], member["tabs"]) for member in shown["members"]] == [
        ("jun", True, True, 1),
        ("ana", False, False, 0),
    ]
    assert (shown["people"], shown["listeners"], shown["events"]) == (1, 1, [[NOON, 1, "joined", "ana", ""]])
