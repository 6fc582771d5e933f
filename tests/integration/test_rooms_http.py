"""Rooms over HTTP: the pages, the forms, the API, and everything that can be asked wrongly of them."""

import json
from datetime import timedelta
from time import monotonic
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DatabaseError
from django.test import AsyncClient
from django.utils import timezone

from rooms import codes, making
from rooms.codes import new_code
from rooms.models import TRIES_FOR_A_FREE_CODE, NoFreeCode, Room, find_room, touch
from rooms.recent import Recent
from tomato.identity import COOKIE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

JSON = "application/json"
LONG_AGO = timezone.now() - timedelta(hours=3)


def visitor(**defaults: Any) -> AsyncClient:
    """A browser, or a script, with no cookie yet. What breaks inside the server comes back as an answer."""
    return AsyncClient(raise_request_exception=False, **defaults)


async def asked(
    method: str, path: str, body: bytes | str | object = b"", content_type: str = JSON, **headers: str
) -> Any:
    """The answer to one request; `body` is sent as it is, or as JSON."""
    data = body if isinstance(body, (bytes, str)) else json.dumps(body)
    if not data and content_type:
        headers["content-type"] = content_type  # which the test client leaves out of a request without a body
    return await visitor().generic(method, path, data, content_type, headers=headers)


async def made(body: bytes | str | object, content_type: str = JSON) -> Any:
    return await asked("POST", "/api/rooms", body, content_type)


def refused(response: Any, status: int, code: str) -> str:
    """The sentence of a refusal, once it is known to be one."""
    assert response["Content-Type"].startswith(JSON), response.content[:200]
    answer = response.json()
    assert (response.status_code, answer["code"]) == (status, code), answer
    assert set(answer) == {"code", "message"}
    assert answer["message"].endswith("."), answer
    assert response.get("Content-Length", str(len(response.content))) == str(len(response.content))
    assert not response.cookies
    return str(answer["message"])


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


@pytest.mark.parametrize("passcode", ["secret", "", 0, False, []])
async def test_a_passcode_is_refused_until_there_are_any(passcode: object) -> None:
    assert "passcode" in refused(await made({"passcode": passcode}), 422, "invalid")
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
    with (
        patch.object(making, "_buckets", Recent(10)),
        patch.object(making, "ROOMS_AT_ONCE", 2),
        patch.object(making, "monotonic") as now,
    ):
        now.return_value = 1000.0
        assert [(await made({})).status_code, (await visitor().post("/rooms")).status_code] == [201, 302]
        refused(await made({}), 429, "rate-limited")
        response = await visitor().post("/rooms")
        assert (response.status_code, "wait a minute" in response.context["make_error"]) == (429, True)
        assert await Room.objects.acount() == 2
        now.return_value = 1000.3
        assert (await made({})).status_code == 201


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
        "/api/openapi.json",
        "/api/docs",
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


# The page of a room ---------------------------------------------------------------------------------------------------


async def test_the_page_of_a_room() -> None:
    room = await Room.objects.make("Deep work")
    browser = visitor()
    response = await browser.get(f"/room/{room.code}")
    assert response.status_code == 200
    assert "rooms/room.html" in used(response)
    assert response.context["snapshot"]["room"]["code"] == room.code
    assert response.context["invite_url"] == f"http://testserver/room/{room.code}"
    assert COOKIE in browser.cookies


async def test_a_person_is_known_in_a_room_by_a_pseudonym_that_stays_and_leads_nowhere_else() -> None:
    here, there = await Room.objects.make(), await Room.objects.make()
    browser = visitor()

    async def member_in(room: Room) -> str:
        return str((await browser.get(f"/room/{room.code}")).context["snapshot"]["you"]["member"])

    assert await member_in(here) == await member_in(here)
    assert await member_in(here) != await member_in(there)
    assert browser.cookies[COOKIE].value[:16] not in (await member_in(here), await member_in(there))


@pytest.mark.parametrize(
    ("asked_for", "ends"), [("{code}", ""), ("{code}/", ""), ("%20{code}", ""), ("{code}?from=mail", "?from=mail")]
)
async def test_a_code_in_lower_case_is_redirected_to_upper_case(asked_for: str, ends: str) -> None:
    room = await Room.objects.acreate(code="K" + new_code()[1:])  # with a letter in it for sure
    response = await visitor().get("/room/" + asked_for.format(code=room.code.lower()))
    assert response.status_code == 302
    assert response["Location"] == f"/room/{room.code}{ends}"


@pytest.mark.parametrize(
    "code",
    [
        "ABC",
        "ABC23O",
        "ABC2345",
        "abc/def",
        "%00%00%00%00%00%00",
        "%ff",
        "%E2%80%AE",
        "<script>",
        "..%2f..%2fetc",
        "x" * 4_000,
    ],
)
async def test_a_malformed_code_gets_a_friendly_page(code: str) -> None:
    response = await visitor().get(f"/room/{code}")
    assert response.status_code == 404
    assert "rooms/unknown.html" in used(response)
    assert b'action="/rooms"' in response.content, "offers to make a room"


async def test_an_unknown_code_gets_the_same_page() -> None:
    response = await visitor().get(f"/room/{new_code()}")
    assert response.status_code == 404
    assert "rooms/unknown.html" in used(response)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/room/ABC234", "/rooms/join"])
async def test_pages_are_only_looked_at(method: str, path: str) -> None:
    assert (await asked(method, path)).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/room",
        "/room/",
        "/%00",
        "/%ff%fe",
        "/..%2f",
        "/wp-login.php",
        "/rooms/",
        "/room//",
        "/room/ABC234%0aX",
        "/x//y",
    ],
)
async def test_unknown_addresses_get_a_page(path: str) -> None:
    response = await visitor().get(path)
    assert response.status_code == 404
    assert {"404.html", "rooms/unknown.html"} & used(response)


# Making and joining from a page ---------------------------------------------------------------------------------------


async def test_a_form_makes_a_room() -> None:
    response = await visitor().post("/rooms", {"name": " Deep\0 work "})
    room = await Room.objects.aget()
    assert response.status_code == 302
    assert response["Location"] == f"/room/{room.code}"
    assert room.name == "Deep work"


async def test_a_form_needs_no_name() -> None:
    assert (await visitor().post("/rooms")).status_code == 302
    assert (await Room.objects.aget()).name == ""


async def test_a_name_that_is_too_long_is_told_on_the_page() -> None:
    response = await visitor().post("/rooms", {"name": "x" * 61})
    assert response.status_code == 422
    assert "40 characters" in response.context["make_error"]
    assert not await Room.objects.aexists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"name=%00%ff%fe", "application/x-www-form-urlencoded"),
        (b"\xff\x00{]", "application/x-www-form-urlencoded"),
        (b"{}", JSON),
        (b"", "text/plain"),
    ],
)
async def test_a_strange_form_still_makes_a_room(body: bytes, content_type: str) -> None:
    assert (await asked("POST", "/rooms", body, content_type)).status_code == 302


@pytest.mark.parametrize("body", [b"junk", b"--x\r\n\r\n", b"\0" * 10_000])
async def test_a_broken_upload_harms_nothing(body: bytes) -> None:
    assert (await asked("POST", "/rooms", body, "multipart/form-data")).status_code == 400
    assert (await asked("POST", "/rooms", body, "multipart/form-data; boundary=x")).status_code in (302, 400)


async def test_the_form_needs_its_token() -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    response = await browser.post("/rooms")
    assert response.status_code == 403
    assert "403_csrf.html" in used(response)
    await browser.get("/")
    token = browser.cookies["csrftoken"].value
    assert (await browser.post("/rooms", {"csrfmiddlewaretoken": token})).status_code == 302


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_rooms_of_people_are_only_made_by_post(method: str) -> None:
    assert (await asked(method, "/rooms")).status_code == 405


@pytest.mark.parametrize("typed", ["ABC234", " abc234 ", "https://tomato.example/room/abc234?x=1"])
async def test_joining_by_code_leads_to_the_room(typed: str) -> None:
    response = await visitor().get("/rooms/join", {"code": typed})
    assert response.status_code == 302
    assert response["Location"] == "/room/ABC234"


@pytest.mark.parametrize("typed", ["", "hello", "\0", "<script>alert(1)</script>", "🍅" * 500])
async def test_joining_by_something_else_is_told_on_the_page(typed: str) -> None:
    response = await visitor().get("/rooms/join", {"code": typed})
    assert response.status_code == 200
    assert "timers/home.html" in used(response)
    assert "no room code" in response.context["join_error"]
    assert b"<script>alert" not in response.content


# Safety of every answer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/room/nothing", "/nothing", "/api/nothing", "/admin/login/", "/healthz"])
async def test_every_answer_carries_a_strict_policy(path: str) -> None:
    response = await visitor().get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/rooms/ABC234", "/api/nothing", "/static/nothing.js"])
async def test_what_is_no_page_sets_no_cookie(path: str) -> None:
    assert not (await visitor().get(path)).cookies


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


def used(response: Any) -> set[str]:
    return {template.name for template in response.templates}
