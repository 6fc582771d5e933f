"""What an address of the live page asks for, and what it links to."""

import pytest

from operators import looks
from operators.desk import Page
from timers.overview import Question


@pytest.mark.parametrize(
    ("query", "question"),
    [
        ({}, Question()),
        ({"q": " ana ", "kind": "room", "status": "paused"}, Question(words="ana", kind="room", status="paused")),
        ({"sort": "-person"}, Question(sort="person", descending=True)),
        ({"sort": "no", "kind": "no", "status": "no"}, Question()),
        ({"q": "x" * 100}, Question(words="x" * 40)),
        ({"after": "900,room.ABC234,room"}, Question(after=(900, "room.ABC234", "room"))),
        ({"before": "900,room.ABC234,room"}, Question(after=(900, "room.ABC234", "room"), backward=True)),
        (
            {"sort": "person", "after": "ana, jun,room.ABC234,m1"},
            Question(sort="person", after=("ana, jun", "room.ABC234", "m1")),
        ),
        ({"after": "x,room.ABC234,room"}, Question()),
        ({"after": "900"}, Question()),
        ({"before": "²,a,b"}, Question(backward=True)),
        ({"at": "1700000000000"}, Question(at=1_700_000_000_000)),
        ({"at": "noon"}, Question()),
    ],
)
def test_what_makes_no_sense_is_as_if_it_were_not_there(query: dict[str, str], question: Question) -> None:
    assert looks.question_of(query) == question


def test_a_head_sorts_by_its_column_and_then_the_other_way_round() -> None:
    heads = {head["title"]: head for head in looks._columns({"q": "ana", "sort": "person", "after": "a,b,c"})}
    assert (heads["Person"]["direction"], heads["Person"]["href"]) == ("ascending", "?q=ana&sort=-person")
    assert (heads["Left"]["direction"], heads["Left"]["href"]) == ("", "?q=ana&sort=left")
    assert looks._columns({"sort": "-person"})[1]["href"] == "?sort=person"


def test_pages_lead_to_their_neighbours_from_their_first_and_last_row() -> None:
    rows = [{"place": [1, "room.A", "room"]}, {"place": [2, "room.B", "room"]}]
    page = Page(rows, at=7, found=9, has_earlier=True, has_later=True, silent=0)
    assert looks._turning({"q": "x", "before": "1,a,b"}, page) == {
        "first": "?q=x",
        "earlier": "?q=x&before=1%2Croom.A%2Croom&at=7",
        "later": "?q=x&after=2%2Croom.B%2Croom&at=7",
    }
    assert looks._turning({}, Page(rows, at=7, found=2, has_earlier=False, has_later=False, silent=0)) == {}


def test_from_a_page_that_has_run_empty_the_first_can_be_found() -> None:
    page = Page([], at=7, found=9, has_earlier=True, has_later=False, silent=0)
    assert looks._turning({"sort": "person", "after": "z,room.Z,room"}, page) == {"first": "?sort=person"}
