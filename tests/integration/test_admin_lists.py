"""The lists of rooms and of parked timers: what can be found, exported, and what is never shown."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient

from rooms.codes import new_code
from rooms.models import Room
from tests.support.operators import browser_of, staff, whole
from tests.support.topics import timer_after
from timers import parking, topics
from timers.timer import Pause, Start
from timers.topic import POLICY, Control, Policy
from tomato.identity import hash_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

ROOMS, PARKED = "/admin/rooms/room/", "/admin/timers/parkedtimer/"
DEVICE = "0123456789ABCDEF"


async def an_operator() -> AsyncClient:
    return await browser_of(await User.objects.acreate(username="olga", is_staff=True, is_superuser=True))


async def exported(browser: AsyncClient, path: str) -> list[dict[str, Any]]:
    response = await browser.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader((await whole(response)).splitlines()))


async def parked() -> str:
    """Timers of a device and of a room, and the room's policy; gives the room's topic."""
    room = topics.room("ABC234")
    paused = timer_after(Start(), 60_000, Pause())
    await parking.park(topics.solo(DEVICE), {"solo": paused})
    await parking.park(
        room, {"room": paused, "0123456789abcdef": paused, POLICY: Policy("a", Control.NAMED, amended=True)}
    )
    return room


async def test_rooms_are_found_by_name_code_and_passcode_and_exported_as_found() -> None:
    open_room = await Room.objects.make("Writers")
    locked = await Room.objects.make("Readers", passcode="hashed")
    browser = await an_operator()
    page = (await browser.get(f"{ROOMS}?locked=yes")).content.decode()
    assert locked.code in page
    assert open_room.code not in page
    assert 'href="csv/?locked=yes"' in page
    assert '<td class="field-has_passcode">yes</td>' in page
    assert "icon-no" not in (await browser.get(f"{ROOMS}?locked=no")).content.decode()
    assert [row["code"] for row in await exported(browser, f"{ROOMS}csv/?locked=yes")] == [locked.code]
    assert [row["code"] for row in await exported(browser, f"{ROOMS}csv/?locked=no")] == [open_room.code]
    (found,) = await exported(browser, f"{ROOMS}csv/?q=writ")
    assert found == {
        "code": open_room.code,
        "name": "Writers",
        "locked": "False",
        "created_at": open_room.created_at.isoformat(timespec="seconds"),
        "last_used_at": open_room.last_used_at.isoformat(timespec="seconds"),
    }


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
async def test_a_name_is_no_formula(name: str) -> None:
    await Room.objects.make(name)
    assert (await exported(await an_operator(), f"{ROOMS}csv/"))[0]["name"] == f"'{name}"


async def test_a_long_list_is_sent_as_it_is_read() -> None:
    await Room.objects.abulk_create([Room(code=code) for code in {new_code() for _ in range(1_200)}])
    count = await Room.objects.acount()
    response: Any = await (await an_operator()).get(f"{ROOMS}csv/")
    assert response.streaming
    parts = [part async for part in response]
    assert len(parts) > 2
    assert len(list(csv.DictReader(b"".join(parts).decode().splitlines()))) == count


async def test_who_may_not_see_a_list_may_not_export_it() -> None:
    browser = await browser_of(await staff("view_parkedtimer"))
    assert (await browser.get(f"{ROOMS}csv/")).status_code == 403
    assert (await AsyncClient().get(f"{PARKED}csv/")).status_code == 302
    assert await exported(browser, f"{PARKED}csv/") == []


async def test_what_makes_no_sense_leads_back_to_the_list() -> None:
    response = await (await an_operator()).get(f"{ROOMS}csv/?created_at__gte=nonsense")
    assert (response.status_code, response["Location"]) == (302, "../")


@pytest.mark.parametrize(
    "query",
    [
        f"{ROOMS}?passcode__startswith=pbkdf2",
        f"{ROOMS}csv/?passcode__startswith=pbkdf2",
        f"{ROOMS}?maker=0123456789abcdef",
        f"{PARKED}?key__startswith=solo.{DEVICE[:2]}",
        f"{PARKED}csv/?key__gte=solo.{DEVICE[:2]}",
        f"{PARKED}?state__contains=running",
    ],
)
async def test_no_list_tells_letter_by_letter_what_it_does_not_show(query: str) -> None:
    browser = await browser_of(await staff("view_room", "view_parkedtimer"))
    assert (await browser.get(query)).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        f"{ROOMS}?locked=yes&created_at__gte=2026-01-01T00:00:00Z&o=3&p=1",
        f"{ROOMS}?created_at__year=2026&created_at__month=1&created_at__day=1",
        f"{ROOMS}?last_used_at__isnull=False&q=abc",
        f"{PARKED}?kind=solo&parked_at__year=2026&parked_at__lt=2026-02-01T00:00:00Z",
        "/admin/auth/user/?is_staff__exact=1&username__startswith=ol",
    ],
)
async def test_lists_are_filtered_by_what_they_offer(query: str) -> None:
    assert (await (await an_operator()).get(query)).status_code == 200


async def test_rooms_are_sorted_by_whether_they_have_a_passcode_and_not_by_which() -> None:
    for code, passcode in (("ABC234", "aaa"), ("DEF567", ""), ("GHJ234", "zzz")):
        await Room.objects.acreate(code=code, passcode=passcode)
    rows = await exported(await an_operator(), f"{ROOMS}csv/?o=3")
    assert [row["code"] for row in rows] == ["DEF567", "GHJ234", "ABC234"], "or else the newest first"


async def test_parked_timers_show_what_they_are_and_no_device() -> None:
    await parked()
    browser = await an_operator()
    page = (await browser.get(PARKED)).content.decode()
    rows = await exported(browser, f"{PARKED}csv/")
    assert DEVICE not in page + str(rows)
    assert f">{hash_of(DEVICE)}<" in page
    assert {(row["where"], row["what"], row["phase"], row["left"]) for row in rows} == {
        (hash_of(DEVICE), "own timer", "Focus", "24:00"),
        ("ABC234", "shared timer", "Focus", "24:00"),
        ("ABC234", "own timer in the room", "Focus", "24:00"),
        ("ABC234", "who controls the room", "", ""),
    }


@pytest.mark.parametrize(
    ("query", "count"), [("kind=room", 2), ("kind=solo", 1), ("kind=policy", 1), ("q=abc2", 3), (f"q={DEVICE}", 0)]
)
async def test_parked_timers_are_found_by_kind_and_by_room(query: str, count: int) -> None:
    await parked()
    assert len(await exported(await an_operator(), f"{PARKED}csv/?{query}")) == count


async def test_a_parked_timer_has_no_page_that_would_name_its_device() -> None:
    await parked()
    browser = await an_operator()
    for act in ("change", "delete", "history"):
        response = await browser.get(f"{PARKED}solo.{DEVICE}_3Asolo/{act}/")
        assert response.status_code in (403, 404), act
