"""What people may call themselves."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timers.names import JOINERS, clean

DIRECTION_CHANGING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize(
    "name", ["Ana", "Ana Maria", "Renée", "أنا", "小林", "🍅", "x" * 100, "O'Neil & Søn <b>", "50 %"]
)
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    "text", [" Ana ", "\tAna\n", "\u00a0Ana\u3000", "\u2028Ana", "\x00 Ana", " \u202e Ana \u202c "]
)
def test_a_name_is_trimmed(text: str) -> None:
    assert clean(text) == "Ana"


@pytest.mark.parametrize(
    "character", [*DIRECTION_CHANGING, *map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))], ids=ascii
)
def test_control_and_direction_changing_characters_are_taken_out(character: str) -> None:
    assert clean(f"A{character}na") == "Ana"


@pytest.mark.parametrize("name", ["👩\u200d💻", "می\u200cخواهم", "❤\ufe0f"])
def test_what_scripts_and_emoji_need_stays(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\u202e", " \t\n", "\u200d", "\u200c\u200d", "\ud800", "\u3164 \u2800"]
)
def test_of_some_texts_nothing_is_left(text: str) -> None:
    assert clean(text) == ""


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec=None) | st.sampled_from(DIRECTION_CHANGING + JOINERS + " \n\x00"), max_size=50))
def test_any_text_is_cleaned_once_and_for_all(text: str) -> None:
    name = clean(text)
    assert clean(name) == name
    assert name == name.strip()
    assert not set(name) & set(DIRECTION_CHANGING)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in name)
    name.encode()
