"""Room codes and what was lately looked up."""

import pytest

from rooms.codes import ALPHABET, LENGTH, code_in, is_code, new_code, normalise
from tomato.recent import Recent


def test_a_new_code_is_one() -> None:
    assert all(is_code(new_code()) for _ in range(500))


def test_new_codes_use_the_whole_alphabet_and_do_not_repeat() -> None:
    made = [new_code() for _ in range(2_000)]
    assert set("".join(made)) == set(ALPHABET)
    assert len(set(made)) > 1_990


def test_the_alphabet_is_that_of_the_contract() -> None:
    assert (ALPHABET, LENGTH) == ("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 6)


@pytest.mark.parametrize(
    "text",
    ["", "ABC23", "ABC2345", "abc234", "ABC23O", "ABC231", "ABC 23", "ABC23\0", "ABC23\n", "ÀBC234", "\ud800BC234"],
)
def test_no_code(text: str) -> None:
    assert not is_code(text)


@pytest.mark.parametrize("text", ["abc234", " ABC234\n", "aBc234"])
def test_a_code_is_trimmed_and_written_in_upper_case(text: str) -> None:
    assert normalise(text) == "ABC234"


@pytest.mark.parametrize("text", ["ſſſſſſ", "ßßß", "ﬀﬀﬀ"])
def test_characters_that_only_become_letters_in_upper_case_make_no_code(text: str) -> None:
    assert not is_code(normalise(text))


@pytest.mark.parametrize(
    "text",
    [
        "ABC234",
        "  abc234 ",
        "abc 234",
        "ABC-234",
        "A B C 2 3 4",
        "https://tomato.example/room/ABC234",
        "https://tomato.example/room/abc234/",
        "tomato.example/room/abc234?from=mail#top",
        "Join us: http://127.0.0.1:8000/room/ABC234 at nine",
        "/room/ABC234/events",
    ],
)
def test_a_code_is_found_in_what_people_paste(text: str) -> None:
    assert code_in(text) == "ABC234"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hello",
        "/room/",
        "/room/ABC2345",
        "https://tomato.example/",
        "ABC234 ABC235",
        "\0",
        "/room/ABC%32",
        "🍅" * 6,
    ],
)
def test_no_code_is_found_where_there_is_none(text: str) -> None:
    assert code_in(text) is None


def test_an_answer_is_recalled_until_it_is_too_old() -> None:
    recent = Recent[str | None](size=2)
    recent.keep("a", None, until_s=10)
    assert recent.recall("a", now_s=9.9) == (None,)
    assert recent.recall("a", now_s=10) is None
    assert recent.recall("a", now_s=9.9) is None, "what is too old is gone"


def test_what_was_never_kept_is_not_recalled() -> None:
    assert Recent[str](size=2).recall("a", now_s=0) is None


def test_the_answer_unused_for_longest_makes_room() -> None:
    recent = Recent[str](size=2)
    for key in "ab":
        recent.keep(key, key, until_s=10)
    recent.recall("a", now_s=0)
    recent.keep("c", "c", until_s=10)
    assert [recent.recall(key, now_s=0) for key in "abc"] == [("a",), None, ("c",)]


def test_a_newer_answer_replaces_the_older_one() -> None:
    recent = Recent[str](size=2)
    recent.keep("a", "old", until_s=10)
    recent.keep("a", "new", until_s=20)
    assert recent.recall("a", now_s=15) == ("new",)


def test_what_is_forgotten_is_not_recalled() -> None:
    recent = Recent[str](size=2)
    recent.keep("a", "a", until_s=10)
    recent.forget("a")
    recent.forget("never there")
    assert recent.recall("a", now_s=0) is None
