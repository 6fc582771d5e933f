"""How log lines look, and what of the standard library's is written."""

import logging
import sys
from typing import Any

import pytest

from tomato import logs
from tomato.logs import Plainly, Unmistaken


def line_of(logger: str) -> logging.LogRecord:
    """An error of that logger, with a traceback, as it is written."""
    try:
        raise ValueError("no such host")
    except ValueError:
        record = logging.LogRecord(logger, logging.ERROR, __file__, 1, "It went wrong.", None, sys.exc_info())
    assert Plainly().filter(record)
    return record


def test_a_distrusted_request_is_a_warning_of_one_line() -> None:
    record = line_of("django.security.DisallowedHost")
    assert (record.levelname, record.exc_info) == ("WARNING", None)


def test_a_mistake_of_ours_is_an_error_with_its_traceback() -> None:
    record = line_of("django.request")
    assert record.levelname == "ERROR"
    assert record.exc_info is not None


@pytest.mark.parametrize(
    ("words", "error", "told"),
    [
        ("Fatal error on SSL protocol\nprotocol: …", RuntimeError("unable to perform …; the handler is closed"), False),
        ("Fatal error on SSL protocol\nprotocol: …", RuntimeError("something else"), True),
        ("Task exception was never retrieved", RuntimeError("unable to perform …; the handler is closed"), True),
    ],
)
def test_only_a_connection_that_both_ends_closed_is_passed_over(words: str, error: Exception, told: bool) -> None:
    record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, words, None, (type(error), error, None))
    assert Unmistaken().filter(record) is told


def test_what_strangers_wrote_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    (render,) = logs._rendering()
    line: Any = render(None, "info", {"event": "api.unavailable", "path": "/room/\x1b[2J\x07"})
    assert "\x1b[2J" not in line
    assert "\x07" not in line
    assert r"\x1b[2J\x07" in line
