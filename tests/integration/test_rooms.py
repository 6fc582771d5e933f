"""Rooms in the database: how they are made, found and known, and whose they are."""

from datetime import timedelta
from time import monotonic
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError
from django.utils import timezone

from rooms import codes
from rooms.codes import new_code
from rooms.models import TRIES_FOR_A_FREE_CODE, NoFreeCode, Room, find_room, touch
from tests.support.rooms import asked, made, visitor
from timers import parking, topics
from timers.topic import POLICY, Control, Policy
from tomato.identity import COOKIE, member_for

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("empty_redis")]

LONG_AGO = timezone.now() - timedelta(hours=3)


# Rooms in the database ------------------------------------------------------------------------------------------------


async def test_a_taken_code_is_tried_no_further() -> None:
    taken = await Room.objects.make()
    with patch.object(codes, "new_code", side_effect=[taken.code, taken.code, "ABC234"]):
        assert (await Room.objects.make("Second")).code == "ABC234"
    assert (await Room.objects.aget(code=taken.code)).name == ""


async def test_when_every_code_is_taken_it_is_said() -> None:
    taken = await Room.objects.make()
    with patch.object(codes, "new_code", return_value=taken.code) as tried, pytest.raises(NoFreeCode):
        await Room.objects.make()
    assert tried.call_count == TRIES_FOR_A_FREE_CODE


async def test_a_room_found_lately_costs_no_query() -> None:
    room = await Room.objects.make()
    await find_room(room.code)
    with no_queries():
        assert await find_room(room.code) == room


async def test_a_room_that_is_made_after_it_was_asked_for_is_found() -> None:
    code = new_code()
    assert await find_room(code) is None
    room = await Room.objects.acreate(code=code)
    assert await find_room(code) == room


async def test_what_another_process_made_is_found_after_a_second() -> None:
    code = new_code()
    assert await find_room(code) is None
    await Room.objects.abulk_create([Room(code=code)])
    assert await find_room(code) is None
    with patch("rooms.models.monotonic", new=later(1.1)):
        assert await find_room(code) is not None


async def test_a_new_name_is_seen_at_once_and_after_a_minute_elsewhere() -> None:
    room = await Room.objects.make("Old")
    await find_room(room.code)
    await Room.objects.filter(code=room.code).aupdate(name="From elsewhere")
    assert (await found(room)).name == "Old"
    with patch("rooms.models.monotonic", new=later(61)):
        assert (await found(room)).name == "From elsewhere"
    room.name = "New"
    await room.asave()
    assert (await found(room)).name == "New"


async def test_a_removed_room_is_gone_at_once() -> None:
    room = await Room.objects.make()
    await find_room(room.code)
    await Room.objects.filter(code=room.code).adelete()
    assert await find_room(room.code) is None


async def test_junk_is_no_room_and_costs_no_query() -> None:
    with no_queries():
        assert [await find_room(text) for text in ("", "abc234", "\0", "ABC23\ud800", "x" * 10_000)] == [None] * 5


async def test_use_of_a_room_is_noted_once_an_hour() -> None:
    room = await Room.objects.acreate(code=new_code(), last_used_at=LONG_AGO)
    await touch(room.code)
    noted_at = (await Room.objects.aget()).last_used_at
    assert timezone.now() - noted_at < timedelta(minutes=1)
    with no_queries():
        await touch(room.code)


async def test_use_of_no_room_is_not_noted() -> None:
    await touch(new_code())
    assert not await Room.objects.aexists()


async def test_use_that_cannot_be_noted_is_logged_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    room = await Room.objects.acreate(code=new_code(), last_used_at=LONG_AGO)
    with patch("rooms.models.find_room", side_effect=DatabaseError("locked")):
        await touch(room.code)
    assert "room.not_touched" in caplog.text


async def found(room: Room) -> Room:
    again = await find_room(room.code)
    assert again is not None
    return again


def no_queries() -> Any:
    return patch(
        "django.db.models.sql.compiler.SQLCompiler.execute_sql", side_effect=AssertionError("The database was asked.")
    )


def later(by_s: float) -> Any:
    return lambda: monotonic() + by_s


# Whose room it is -----------------------------------------------------------------------------------------------------


async def test_a_browser_that_makes_a_room_is_its_maker_and_a_script_is_not() -> None:
    browser = visitor()
    response = await browser.post("/rooms", {"name": "Writers"})
    room = await Room.objects.aget()
    device = browser.cookies[COOKIE].value.partition(":")[0]
    assert response.status_code == 302
    assert room.maker == member_for(device, room.code)
    await made({})
    assert (await Room.objects.exclude(pk=room.pk).aget()).maker == ""


async def test_a_snapshot_says_who_may_do_what_as_the_database_remembers_it() -> None:
    room = await Room.objects.make("Writers", "0123456789ABCDEF")
    as_made = {"maker": room.maker, "control": "everyone", "controllers": [], "pause_allowed": True}
    assert (await asked("GET", f"/api/rooms/{room.code}")).json()["settings"] == as_made
    await parking.park(topics.room(room.code), {POLICY: Policy("jun", Control.NAMED, ("kim",), False, True)})
    amended = {"maker": "jun", "control": "named", "controllers": ["kim"], "pause_allowed": False}
    assert (await asked("GET", f"/api/rooms/{room.code}")).json()["settings"] == amended
    response = await visitor().get(f"/room/{room.code}")
    assert response.context["snapshot"]["settings"] == amended
