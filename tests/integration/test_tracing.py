"""What log lines say of where they come from."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.conf import settings
from django.test import AsyncClient, override_settings

from tomato.identity import hash_of
from tomato.tracing import HEADER, hide_devices

DEVICE = "0123456789ABCDEF"


async def id_of_an_answer(**headers: str) -> str:
    answer = await AsyncClient().get("/healthz", headers=headers)
    id: str = answer[HEADER]
    return id


async def test_every_answer_has_an_id_of_its_own() -> None:
    assert len({await id_of_an_answer() for _ in range(3)}) == 3


async def test_a_stranger_gives_no_id() -> None:
    assert await id_of_an_answer(**{HEADER: "mine"}) != "mine"


@pytest.mark.parametrize(("given", "taken"), [("mine", True), ("a b", False), ("x" * 65, False)])
async def test_a_trusted_proxy_gives_the_id_when_it_is_one(given: str, taken: bool) -> None:
    with override_settings(TOMATO=replace(settings.TOMATO, proxies=1)):
        assert (await id_of_an_answer(**{HEADER: given}) == given) is taken


def test_no_line_names_a_device() -> None:
    line = hide_devices(None, "info", {"event": "x", "device": DEVICE, "topic": f"solo.{DEVICE}"})
    assert line == {"event": "x", "device": hash_of(DEVICE), "topic": f"solo.{hash_of(DEVICE)}"}
    assert hide_devices(None, "info", {"event": "x", "topic": "room.ABC234"})["topic"] == "room.ABC234"
