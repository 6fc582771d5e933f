"""What the pages say in English only, by the server and by the scripts: none of it is left where a page is in German."""

import re
from collections.abc import Iterable, Iterator

from tomato.static import bare
from tools.compile_messages import CHECKOUT, LOCALE, catalogue

QUOTED = re.compile(r'"([^"\n]+)"')
TEMPLATE = re.compile(r"`([^`]+)`")
INSERTED = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}|%\(\w+\)[a-z]")
WORD = re.compile(r"[A-Za-z]{2}")
LONG_ENOUGH_FOR_A_PART = 10
"""A shorter one may stand within a German word."""


def left_in(texts: Iterable[str]) -> list[str]:
    """Those of the texts that are English, or have an English part."""
    parts = [phrase for phrase in PHRASES if len(phrase) >= LONG_ENOUGH_FOR_A_PART]
    return [text for text in texts if text in PHRASES or any(part in text for part in parts)]


def _phrases(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (part.strip() for part in INSERTED.split(text) if WORD.search(part))


def _said_by_scripts(language: str) -> set[str]:
    scripts = [bare(path.read_text()) for path in CHECKOUT.glob(f"*/static/*/{language}/*.js")]
    return {
        phrase
        for script in scripts
        for phrase in _phrases([*QUOTED.findall(script), *TEMPLATE.findall(script)])
        if not phrase.startswith("#")
    }


def _said_by_the_server() -> set[str]:
    messages = catalogue(LOCALE / "de" / "LC_MESSAGES" / "django.po").items()
    said = {phrase for english, _ in messages for phrase in _phrases(english)}
    return said - {phrase for _, german in messages for phrase in _phrases(german)}


PHRASES = (_said_by_scripts("en") - _said_by_scripts("de")) | _said_by_the_server()
