"""Rooms over the API, and everything that can be asked wrongly of it."""

from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError
from django.test import AsyncClient

from rooms import making
from rooms.codes import new_code
from rooms.models import Room
from tests.support.rooms import JSON, asked, made, refused, visitor
from tomato.allowances import Allowance
from tomato.identity import COOKIE

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("empty_redis")]

# The API makes rooms --------------------------------------------------------------------------------------------------


async def test_the_api_makes_a_room() -> None:
    response = await made({"name": "  Deep\u202e work\0  "})
    assert response.status_code == 201
    room = await Room.objects.aget()
    assert response.json() == {"code": room.code, "url": f"http://testserver/room/{room.code}"}
    assert room.name == "Deep work"
    assert response["Location"] == response.json()["url"]
    assert not response.cookies


@pytest.mark.parametrize(
    "body", [{}, {"name": None}, {"name": None, "passcode": None}, {"colour": "red", "n": 1e300, "deep": [[[]]]}]
)
async def test_every_field_may_be_left_out_and_unknown_ones_are_ignored(body: object) -> None:
    assert (await made(body)).status_code == 201
    assert (await Room.objects.aget()).name == ""


@pytest.mark.parametrize("name", ["x", "x" * 40, " " + "x" * 40 + " ", "ü" * 40, "🍅" * 40, "x\0" * 40])
async def test_a_name_has_up_to_40_characters_after_cleaning(name: str) -> None:
    assert (await made({"name": name})).status_code == 201
    assert 1 <= len((await Room.objects.aget()).name) <= 40


@pytest.mark.parametrize("name", ["", "   ", "\0\n\u202e", "x" * 61, "x" * 10_000, 7, 1.5, True, [], {}, ["name"]])
async def test_a_wrong_name_is_refused(name: object) -> None:
    refused(await made({"name": name}), 422, "invalid")
    assert not await Room.objects.aexists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"name=x",
        b"{'name': 'x'}",
        b'{"name": "\xff\xfe"}',
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b"\0",
        b"[" * 16_000,
        b'{"a":' * 3_000,
        b"\xef\xbb\xbf{}",
    ],
)
async def test_what_is_no_json_is_refused(body: bytes) -> None:
    refused(await made(body), 400, "bad-message")


@pytest.mark.parametrize("body", [[], [1], "x", "null", "1", "true", '"name"'])
async def test_json_that_is_no_object_is_refused(body: object) -> None:
    assert "object" in refused(await made(body if body != "x" else '"x"'), 422, "invalid")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        ";",
        "\0",
    ],
)
async def test_another_media_type_is_refused(content_type: str) -> None:
    refused(await made(b"{}", content_type), 415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_the_media_type_may_have_parameters_and_any_case(content_type: str) -> None:
    assert (await made(b"{}", content_type)).status_code == 201


@pytest.mark.parametrize("size", [16 * 1024 + 1, 100_000, 3_000_000])
async def test_a_body_over_16_kib_is_refused(size: int) -> None:
    assert "16 KiB" in refused(await made(b" " * (size - 2) + b"{}"), 413, "too-large")


async def test_a_body_of_16_kib_is_taken() -> None:
    assert (await made(b" " * (16 * 1024 - 2) + b"{}")).status_code == 201


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "JUNK"])
async def test_rooms_are_only_made_by_post(method: str) -> None:
    response = await asked(method, "/api/rooms")
    assert response.status_code == 405
    assert response["Allow"] == "POST"
    if method != "HEAD":
        refused(response, 405, "method-not-allowed")


async def test_the_api_asks_for_no_token_even_of_a_browser_with_cookies() -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    await browser.get("/")
    assert COOKIE in browser.cookies
    assert (await browser.post("/api/rooms", {}, JSON)).status_code == 201


async def test_one_address_makes_rooms_only_so_fast_by_form_or_script() -> None:
    with patch.object(making, "ROOMS", Allowance(at_once=2, every_ms=60_000)):
        assert [(await made({})).status_code, (await visitor().post("/rooms")).status_code] == [201, 302]
        response = await made({})
        refused(response, 429, "rate-limited")
        assert 50 < int(response["Retry-After"]) <= 60
        response = await visitor().post("/rooms")
        assert (response.status_code, "wait a minute" in response.context["make_error"]) == (429, True)
        assert await Room.objects.acount() == 2


async def test_one_browser_makes_them_more_slowly() -> None:
    with patch.object(making, "ROOMS_OF_A_DEVICE", Allowance(at_once=1, every_ms=60_000)):
        browser = visitor()
        await browser.get("/")
        assert [(await browser.post("/rooms")).status_code for _ in range(2)] == [302, 429]
        assert [(await visitor().post("/rooms")).status_code, (await made({})).status_code] == [302, 201]


# The API shows rooms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", [str, str.lower])
async def test_the_api_shows_a_room_whatever_the_case_of_its_code(written: Any) -> None:
    room = await Room.objects.make("Deep work")
    response = await asked("GET", f"/api/rooms/{written(room.code)}")
    assert response.status_code == 200
    shown = response.json()
    assert set(shown) == {"protocol", "now_at", "v", "room", "people", "members", "timers", "settings"}
    assert shown["room"] == {"code": room.code, "name": "Deep work", "locked": False}
    assert [(timer["id"], timer["status"]) for timer in shown["timers"]] == [("room", "stopped")]
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies


async def test_the_head_of_a_room_can_be_asked_for() -> None:
    room = await Room.objects.make()
    assert (await asked("HEAD", f"/api/rooms/{room.code}")).status_code == 200


@pytest.mark.parametrize(
    "code", ["ABC", "ABC2345", "abc23o", "%00", "%ff%fe", "%F0%9F%8D%85", "..", "%2e%2e", "null", "%ud800", "x" * 4_000]
)
async def test_a_malformed_code_is_not_found(code: str) -> None:
    refused(await asked("GET", f"/api/rooms/{code}"), 404, "not-found")


async def test_an_unknown_code_is_not_found() -> None:
    refused(await asked("GET", f"/api/rooms/{new_code()}"), 404, "not-found")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_a_room_is_only_looked_at(method: str) -> None:
    refused(await asked(method, f"/api/rooms/{new_code()}", {}), 405, "method-not-allowed")


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/nothing",
        "/api/rooms/",
        "/api/rooms/A/B/C",
        "/api//rooms",
        "/api/%00",
        "/api/rooms/ABC234/",
    ],
)
async def test_unknown_addresses_of_the_api_are_refused_in_json(path: str) -> None:
    refused(await asked("GET", path), 404, "not-found")


async def test_an_unknown_host_is_refused_in_json() -> None:
    refused(await asked("GET", "/api/rooms/ABC234", host="evil.example"), 400, "bad-message")


async def test_what_breaks_inside_is_logged_and_refused_in_json(caplog: pytest.LogCaptureFixture) -> None:
    with patch("rooms.api.find_room", side_effect=ZeroDivisionError("a mistake of ours")):
        message = refused(await asked("GET", f"/api/rooms/{new_code()}"), 500, "internal")
    assert "mistake of ours" not in message
    assert "a mistake of ours" in caplog.text


async def test_a_lost_database_is_told_as_unavailable() -> None:
    with patch("rooms.api.find_room", side_effect=DatabaseError("gone")):
        refused(await asked("GET", f"/api/rooms/{new_code()}"), 503, "unavailable")
