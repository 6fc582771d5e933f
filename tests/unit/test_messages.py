"""What the server says on its pages: all of it is marked for translation, and all of it is translated."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from tools.compile_messages import CHECKOUT, LOCALE, Message, catalogue, compiled, marked

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
FOLDER = CHECKOUT / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
IN_ENGLISH = ("admin/", "operators/", "rooms/reference.html", "rooms/_fields.html")
"""What operators read, and the page of the API, which is in English as the API is."""

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
TRANSLATED = re.compile(r"\{% (comment|blocktranslate)\b.*?\{% end\1 %\}", re.DOTALL)
TAG = re.compile(r"\{[%{#].*?[%}#]\}", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2}")
READ_OUT = {"aria-label", "title", "placeholder", "alt"}
NAME = "tomato"


def po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_no_other(language: str) -> None:
    messages = catalogue(po(language))
    header = messages.pop(("",))
    assert "charset=UTF-8" in header[0]
    assert set(messages) == set(marked())
    assert [said for said, translated in messages.items() if not all(translated)] == []
    assert [said for said, translated in messages.items() if len(translated) != len(said)] == []
    assert "fuzzy" not in po(language).read_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_message(language: str) -> None:
    def placeholders(texts: Message) -> list[list[str]]:
        return [sorted(PLACEHOLDER.findall(text)) for text in texts]

    wrong = [
        said
        for said, translated in catalogue(po(language)).items()
        if placeholders(said) != placeholders(tuple(translated))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    path = po(language)
    assert path.with_suffix(".mo").read_bytes() == compiled(catalogue(path)), "make messages"


@pytest.mark.parametrize("template", [name for name in TEMPLATES if not name.startswith(IN_ENGLISH)])
def test_a_template_says_nothing_that_is_not_marked(template: str) -> None:
    bare = TAG.sub("", TRANSLATED.sub("", (FOLDER / template).read_text()))
    assert [text for text in Reading(bare).texts if WORD.search(text.replace(NAME, ""))] == []


def test_words_without_a_mark_would_be_found() -> None:
    assert list(Reading('<p class="note">Say</p><a title="what" href="/"></a>').texts) == ["Say", "what"]


class Reading(HTMLParser):
    """What somebody reads or hears of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._page = page
        self._texts: list[str] = []

    @property
    def texts(self) -> Iterator[str]:
        self.feed(self._page)
        return (text.strip() for text in self._texts if text.strip())

    def handle_data(self, data: str) -> None:
        self._texts.append(data)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        is_description = tag == "meta" and ("name", "description") in attributes
        self._texts += [
            value
            for name, value in attributes
            if value and (name in READ_OUT or (is_description and name == "content"))
        ]
