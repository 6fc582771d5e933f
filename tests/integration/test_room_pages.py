"""The pages and forms of rooms, and everything that can be asked wrongly of them."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import AsyncClient

from rooms.codes import new_code
from rooms.models import Room
from tests.support.rooms import JSON, asked, used, visitor
from tomato.identity import COOKIE

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("empty_redis")]

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
    assert (await getattr(AsyncClient(enforce_csrf_checks=True), method.lower())(path)).status_code == 405


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


# Without a database ---------------------------------------------------------------------------------------------------


@pytest.fixture
def database_is_away(db: None) -> Iterator[None]:
    with patch("django.db.backends.utils.CursorWrapper.execute", side_effect=OperationalError("connection refused")):
        yield


@pytest.mark.usefixtures("database_is_away")
@pytest.mark.parametrize("path", ["/", "/room/{}", "/room/{}/qr.svg", "/room/{}?from=mail"])
async def test_while_the_database_is_away_a_page_says_so_and_offers_to_try_again(path: str) -> None:
    path = path.format(new_code())
    response = await visitor().get(path)
    assert (response.status_code, "503.html" in used(response)) == (503, True)
    assert f'href="{path}">Try again</a>' in response.content.decode()
    german = await visitor().get(path, headers={"accept-language": "de"})
    assert "Unsere Datenbank" in german.content.decode()


@pytest.mark.usefixtures("database_is_away")
async def test_a_room_that_cannot_be_made_for_want_of_a_database_leads_back_to_the_timer() -> None:
    response = await visitor().post("/rooms")
    assert (response.status_code, "Our database is out of reach" in response.content.decode()) == (503, True)
    assert 'href="/">Go to your timer</a>' in response.content.decode()
