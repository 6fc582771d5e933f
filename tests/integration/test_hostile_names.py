"""Hostile names of rooms, wherever the server itself writes them."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from rooms import entering
from rooms.models import Room
from tests.support.hostile import HOSTILE
from tests.support.operators import whole
from timers import names

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("empty_redis"),
    pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE),
]

MARKUP = re.compile("[<>&\"']")
SNAPSHOT = re.compile('<script id="snapshot" type="application/json">(.*?)</script>')


async def made(name: str) -> Room:
    response = await AsyncClient().post("/api/rooms", {"name": name}, "application/json")
    assert response.status_code == 201, response.content
    return await Room.objects.aget(code=response.json()["code"])


def shows_as_text(response: Any, name: str) -> bool:
    """The name is there, and nowhere as what it would be without being escaped."""
    page = SNAPSHOT.sub("", response.content.decode())
    assert not MARKUP.search(name) or name not in page
    return name in unescape(page)


async def test_what_is_kept_of_it_has_no_control_or_direction(name: str) -> None:
    room = await made(name)
    assert room.name == names.clean(name)
    assert room.name.isprintable() or set(room.name) & set(names.JOINERS)


async def test_the_page_of_the_room_shows_it_as_text(name: str) -> None:
    room = await made(name)
    response = await AsyncClient().get(f"/room/{room.code}")
    assert shows_as_text(response, room.name)
    page = response.content.decode()
    assert unescape(re.findall("<title>(.*?)</title>", page, re.DOTALL)[0]) == f"{room.name} — tomato"
    assert unescape(re.findall('data-name="(.*?)"', page, re.DOTALL)[0]) == room.name
    snapshot = SNAPSHOT.findall(page)[0]
    assert json.loads(snapshot)["room"]["name"] == room.name


async def test_the_api_says_it_as_it_is(name: str) -> None:
    room = await made(name)
    response = await AsyncClient().get(f"/api/rooms/{room.code}")
    assert response["Content-Type"] == "application/json"
    assert response.json()["room"]["name"] == room.name


async def test_a_form_that_was_refused_shows_it_as_text(name: str) -> None:
    form = {"name": name.strip("\r\n\x00\x85"), "passcode": "x" * 65}
    response = await AsyncClient().post("/rooms", form)
    assert response.status_code == 422
    assert shows_as_text(response, response.context["make_name"])


async def test_a_locked_room_does_not_tell_it(name: str) -> None:
    room = await Room.objects.make(names.clean(name), passcode=await entering.hashed("sesame"))
    response = await AsyncClient().get(f"/room/{room.code}")
    assert response.status_code == 403
    assert room.name not in unescape(response.content.decode())


async def test_the_admin_shows_it_as_text(name: str) -> None:
    room, operator = await made(name), AsyncClient()
    await operator.aforce_login(await User.objects.acreate_superuser("root"))
    for address in ("", f"{room.pk}/change/", f"{room.pk}/delete/"):
        assert shows_as_text(await operator.get(f"/admin/rooms/room/{address}"), room.name), address


async def test_a_spreadsheet_takes_it_for_text(name: str) -> None:
    room, operator = await made(name), AsyncClient()
    await operator.aforce_login(await User.objects.acreate_superuser("root"))
    (_, line) = csv.reader((await whole(await operator.get("/admin/rooms/room/csv/"))).splitlines())
    assert line[:2] == [room.code, f"'{room.name}" if room.name[0] in "=\uff1d" else room.name]
