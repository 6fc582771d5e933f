"""What a person asks on a socket, and how long its answer is waited for."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.topics import NOON
from timers import protocol, requests, topics
from timers.figures import WebFigures
from timers.place import Place
from timers.requests import Requests
from tomato.limits import TokenBuckets

DEVICE = "0123456789ABCDEF"


async def at_once(*args: Any, **note: Any) -> str:
    return "1-1"


def a_socket(figures: WebFigures) -> Any:
    persons, clock, inbox = TokenBuckets(10, 30), SimpleNamespace(now=lambda: NOON), SimpleNamespace(post=at_once)
    process = SimpleNamespace(persons=persons, clock=clock, inbox=inbox, figures=figures)
    return SimpleNamespace(process=process, channel_name="web!1", refs=count(1), arrival_is_known=at_once)


async def test_what_a_command_took_counts_from_when_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = WebFigures()
    asked = Requests(a_socket(figures), Place(DEVICE, topics.solo(DEVICE), "ana", topics.SOLO, None))
    monkeypatch.setattr(requests, "monotonic", lambda: 5.0)
    await asked.take(protocol.parse('{"type": "timer:start"}', room=False))
    monkeypatch.setattr(requests, "monotonic", lambda: 5.25)
    asked.pass_on({"ref": 1, "ack": None})
    assert figures.commands_took.sum_ms == 250
