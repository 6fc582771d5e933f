"""Rooms with a passcode: how they are made, who gets in, and how often one may be wrong."""

from __future__ import annotations

import asyncio
from http.cookies import Morsel
from time import monotonic, time
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.contrib.auth.hashers import check_password
from django.test import AsyncClient
from redis.exceptions import ConnectionError as RedisIsAway

from rooms import entering
from rooms.codes import new_code
from rooms.entering import (
    GRANT_S,
    PAGE_COOKIE,
    SOCKET_COOKIE,
    WRONG_ANYWHERE,
    WRONG_BY_A_DEVICE,
    WRONG_IN_A_ROOM,
    may_enter,
)
from rooms.models import Room
from tomato.allowances import Allowance, Allowances
from tomato.identity import COOKIE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis", "nothing_remembered")]

JSON = "application/json"
RIGHT, WRONG = "open sesame", "open barley"


@pytest.fixture
def nothing_remembered() -> None:
    entering._right._answers.clear()


async def a_locked_room(passcode: str = RIGHT, name: str = "") -> Room:
    return await Room.objects.make(name, passcode=await entering.hashed(entering.clean(passcode)))


async def entered(browser: AsyncClient, room: Room, passcode: str = RIGHT, **extra: Any) -> Any:
    return await browser.post(f"/room/{room.code}/enter", {"passcode": passcode}, **extra)


async def shown(room: Room, passcode: str | None = RIGHT, **extra: Any) -> Any:
    headers = {} if passcode is None else {"X-Room-Passcode": passcode}
    return await AsyncClient().get(f"/api/rooms/{room.code}", headers=headers, **extra)


def used(response: Any) -> set[str]:
    return {template.name for template in response.templates}


# Making one -----------------------------------------------------------------------------------------------------------


@pytest.mark.postgresql
async def test_the_api_makes_a_room_with_a_passcode_and_keeps_only_its_hash() -> None:
    response = await AsyncClient().post("/api/rooms", {"passcode": f" {RIGHT} "}, JSON)
    assert response.status_code == 201
    room = await Room.objects.aget()
    assert RIGHT not in room.passcode
    assert check_password(RIGHT, room.passcode)


@pytest.mark.parametrize("passcode", ["", "   ", "x" * 65, 7, True, [], {}])
async def test_a_wrong_kind_of_passcode_is_refused(passcode: object) -> None:
    response = await AsyncClient().post("/api/rooms", {"passcode": passcode}, JSON)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert "passcode" in response.json()["message"]
    assert not await Room.objects.aexists()


@pytest.mark.parametrize("passcode", ["x", "x" * 64, "pass\u0000word", "🍅🍅", " ü "])
async def test_a_passcode_has_1_to_64_characters(passcode: str) -> None:
    await AsyncClient().post("/api/rooms", {"passcode": passcode}, JSON)
    assert (await entered(AsyncClient(), await Room.objects.aget(), passcode)).status_code == 302


async def test_who_makes_a_locked_room_by_form_is_in_at_once() -> None:
    browser = AsyncClient()
    response = await browser.post("/rooms", {"name": "Deep work", "passcode": RIGHT})
    room = await Room.objects.aget()
    assert (response.status_code, room.is_locked) == (302, True)
    assert (await browser.get(f"/room/{room.code}")).context["snapshot"]["room"]["locked"] is True
    assert (await AsyncClient().get(f"/room/{room.code}")).status_code == 403


async def test_a_passcode_that_is_too_long_is_told_on_the_page_which_keeps_the_name() -> None:
    response = await AsyncClient().post("/rooms", {"name": "Deep work", "passcode": "x" * 65})
    assert response.status_code == 422
    assert "64 characters" in response.context["make_error"]
    assert b'value="Deep work"' in response.content
    assert not await Room.objects.aexists()


async def test_rooms_with_a_passcode_are_made_more_slowly() -> None:
    with patch("rooms.making.LOCKED_ROOMS", Allowance(1, 30_000)):
        made = [
            (await AsyncClient().post("/api/rooms", fields, JSON)).status_code
            for fields in ({"passcode": RIGHT}, {"passcode": RIGHT}, {})
        ]
    assert made == [201, 429, 201]


# The page -------------------------------------------------------------------------------------------------------------


async def test_a_locked_room_asks_for_its_passcode_and_tells_nothing_else() -> None:
    room = await a_locked_room(name="The secret project")
    response = await AsyncClient().get(f"/room/{room.code}")
    assert response.status_code == 403
    assert "rooms/locked.html" in used(response)
    assert b"secret project" not in response.content
    assert "no-cache" in response["Cache-Control"]


async def test_the_right_passcode_opens_the_room_for_this_browser_and_no_other() -> None:
    room, browser = await a_locked_room(), AsyncClient()
    assert (await browser.get(f"/room/{room.code}")).status_code == 403
    response = await entered(browser, room)
    assert (response.status_code, response["Location"]) == (302, f"/room/{room.code}")
    assert (await browser.get(f"/room/{room.code}")).status_code == 200
    stranger = AsyncClient()
    stranger.cookies[PAGE_COOKIE] = browser.cookies[PAGE_COOKIE].value
    assert (await stranger.get(f"/room/{room.code}")).status_code == 403


async def test_a_grant_is_a_cookie_of_the_room_alone_that_no_script_reads() -> None:
    room = await a_locked_room()
    cookies = (await entered(AsyncClient(), room)).cookies
    paths = {name: cookies[name]["path"] for name in (PAGE_COOKIE, SOCKET_COOKIE)}
    assert paths == {PAGE_COOKIE: f"/room/{room.code}", SOCKET_COOKIE: f"/ws/room/{room.code}"}
    for name in paths:
        cookie: Morsel[str] = cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", GRANT_S)
        assert not cookie["secure"]
        assert room.passcode not in cookie.value


async def test_a_grant_is_good_for_its_device_its_room_and_its_passcode_for_a_month() -> None:
    room, other = await a_locked_room(), await a_locked_room()
    browser = AsyncClient()
    await entered(browser, room)
    device = browser.cookies[COOKIE].value.partition(":")[0]
    cookies = {name: browser.cookies[name].value for name in (PAGE_COOKIE, SOCKET_COOKIE)}
    for name, value in cookies.items():
        assert may_enter({name: value}, device, room)
        assert not may_enter({name: value}, "0123456789ABCDEF", room)
        assert not may_enter({name: value}, device, other)
        assert not may_enter({name: value[:-1] + ("A" if value[-1] != "A" else "B")}, device, room)
    assert not may_enter({}, device, room)
    with patch("django.core.signing.time.time", return_value=time() + GRANT_S - 60):
        assert may_enter(cookies, device, room)
    with patch("django.core.signing.time.time", return_value=time() + GRANT_S + 60):
        assert not may_enter(cookies, device, room)
    room.passcode = await entering.hashed(RIGHT)
    assert not may_enter(cookies, device, room), "set anew, to the same or another"


async def test_a_wrong_passcode_is_told_on_the_page() -> None:
    room = await a_locked_room()
    response = await entered(AsyncClient(), room, WRONG)
    assert (response.status_code, "not the passcode" in response.context["problem"]) == (403, True)
    assert PAGE_COOKIE not in response.cookies


@pytest.mark.parametrize("passcode", ["", RIGHT.upper(), RIGHT + "x", "x" * 10_000, "\0", "\ud800"])
async def test_only_the_passcode_itself_is_right(passcode: str) -> None:
    room = await a_locked_room()
    body = f"passcode={passcode}".encode(errors="surrogatepass")
    form = "application/x-www-form-urlencoded"
    assert (await AsyncClient().post(f"/room/{room.code}/enter", body, form)).status_code == 403


async def test_how_a_keyboard_composes_a_letter_does_not_matter() -> None:
    room = await a_locked_room("Cafe\u0301")
    assert (await entered(AsyncClient(), room, " Caf\u00e9 ")).status_code == 302


async def test_the_form_needs_its_token() -> None:
    room, browser = await a_locked_room(), AsyncClient(enforce_csrf_checks=True)
    assert (await entered(browser, room)).status_code == 403
    await browser.get(f"/room/{room.code}")
    token = browser.cookies["csrftoken"].value
    form = {"passcode": RIGHT, "csrfmiddlewaretoken": token}
    assert (await browser.post(f"/room/{room.code}/enter", form)).status_code == 302


@pytest.mark.parametrize("locked", [True, False])
async def test_the_address_of_the_form_leads_to_the_room(locked: bool) -> None:
    room = await (a_locked_room() if locked else Room.objects.make())
    for response in (
        await AsyncClient().get(f"/room/{room.code.lower()}/enter"),
        *([] if locked else [await entered(AsyncClient(), room)]),
    ):
        assert (response.status_code, response["Location"]) == (302, f"/room/{room.code}")
        assert PAGE_COOKIE not in response.cookies


@pytest.mark.parametrize("code", ["ZZZZZZ", "no-code", "%00"])
async def test_there_is_nothing_to_enter_where_there_is_no_room(code: str) -> None:
    response = await AsyncClient().post(f"/room/{code}/enter", {"passcode": RIGHT})
    assert response.status_code == 404
    assert "rooms/unknown.html" in used(response)


# The API --------------------------------------------------------------------------------------------------------------


async def test_the_api_takes_the_passcode_in_a_header() -> None:
    room = await a_locked_room("Größe 7")
    response = await shown(room, "Größe 7".encode().decode("latin-1"))
    assert (response.status_code, response.json()["room"]["locked"]) == (200, True)
    assert not response.cookies


@pytest.mark.parametrize("passcode", [None, "", WRONG])
async def test_without_it_the_api_shows_nothing(passcode: str | None) -> None:
    response = await shown(await a_locked_room(), passcode)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert "passcode" in response.json()["message"]


async def test_a_room_without_a_passcode_takes_any_header() -> None:
    assert (await shown(await Room.objects.make(), WRONG)).status_code == 200
    assert (await shown(Room(code=new_code()), WRONG)).status_code == 404


async def test_a_right_passcode_is_hashed_once_a_minute_however_often_it_comes() -> None:
    room = await a_locked_room()
    with patch("rooms.entering.check_password", wraps=check_password) as hashing:
        for _ in range(5):
            assert (await shown(room)).status_code == 200
        assert hashing.call_count == 1
        assert (await shown(room, WRONG)).status_code == 403
        with patch("rooms.entering.monotonic", return_value=monotonic() + 61):
            assert (await shown(room)).status_code == 200
        assert hashing.call_count == 3
        await Room.objects.filter(pk=room.pk).aupdate(passcode=await entering.hashed(WRONG))
        await (await Room.objects.aget(pk=room.pk)).asave()
        assert (await shown(room)).status_code == 403


# Wrong tries ----------------------------------------------------------------------------------------------------------


async def test_wrong_tries_are_limited_by_form_and_by_script_together() -> None:
    room = await a_locked_room()
    for _ in range(WRONG_IN_A_ROOM.at_once - 2):
        assert (await entered(AsyncClient(), room, WRONG)).status_code == 403
    assert [(await shown(room, WRONG)).status_code for _ in range(2)] == [403, 403]
    refused = await shown(room)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert 0 < int(refused["Retry-After"]) <= 30
    page = await entered(AsyncClient(), room)
    assert (page.status_code, "wait half a minute" in page.context["problem"]) == (429, True)
    assert 0 < int(page["Retry-After"]) <= 30


async def test_another_address_and_another_room_have_their_own_tries() -> None:
    room, other = await a_locked_room(), await a_locked_room()
    for _ in range(WRONG_IN_A_ROOM.at_once + 1):
        await shown(room, WRONG)
    assert (await shown(room)).status_code == 429
    assert (await shown(other)).status_code == 200
    with patch("rooms.entering.client_address", return_value="203.0.113.9"):
        assert (await entered(AsyncClient(), room)).status_code == 302


async def test_one_address_cannot_try_its_luck_in_one_room_after_the_other() -> None:
    rooms = [await a_locked_room() for _ in range(5)]
    tried = [(await shown(room, WRONG)).status_code for room in rooms for _ in range(WRONG_IN_A_ROOM.at_once)]
    assert tried.count(403) == WRONG_ANYWHERE.at_once
    assert tried[-1] == 429


async def test_one_device_cannot_either() -> None:
    rooms, browser = [await a_locked_room() for _ in range(3)], AsyncClient()
    await browser.get("/")
    tried = [(await entered(browser, room, WRONG)).status_code for room in rooms for _ in range(4)]
    assert tried == [403] * WRONG_BY_A_DEVICE.at_once + [429] * 2
    assert (await shown(rooms[2])).status_code == 200, "another device of the same address"


async def test_right_tries_use_nothing_up_and_a_whole_team_may_come_at_once(empty_redis: redis.Redis) -> None:
    room = await a_locked_room()
    with patch("rooms.entering.check_password", wraps=check_password) as hashing:
        answers = await asyncio.gather(*(entered(AsyncClient(), room) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {302}
    assert hashing.call_count == 1
    assert not [key for key in empty_redis.scan_iter() if b"allowance" in key]


async def test_tries_that_come_at_once_are_limited_too() -> None:
    room = await a_locked_room()
    answers = await asyncio.gather(*(shown(room, f"{WRONG} {number}") for number in range(30)))
    assert [answer.status_code for answer in answers].count(403) == WRONG_IN_A_ROOM.at_once


async def test_no_passcode_is_tried_where_tries_cannot_be_counted() -> None:
    room = await a_locked_room()
    with patch.object(Allowances, "take", side_effect=RedisIsAway("gone")):
        page, answer = await entered(AsyncClient(), room), await shown(room)
        made = await AsyncClient().post("/rooms")
    assert (page.status_code, PAGE_COOKIE in page.cookies) == (503, False)
    assert "try again" in page.context["problem"]
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (made.status_code, "try again" in made.context["make_error"]) == (503, True)
