"""Who a browser is: one cookie, signed by us and set once, and a pseudonym for each place."""

from __future__ import annotations

import re
from dataclasses import replace
from http.cookies import Morsel
from time import time
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, override_settings

from tomato.identity import COOKIE, ONE_YEAR_S, DeviceMiddleware, device_of, member_for, signed

DEVICE = "0123456789ABCDEF"
MEMBER = re.compile(r"[0-9a-f]{16}")


async def visit(path: str = "/", cookie: str | None = None) -> Any:
    browser = AsyncClient()
    if cookie is not None:
        browser.cookies[COOKIE] = cookie
    return await browser.get(path)


def given(response: Any) -> Morsel[str]:
    """The cookie that came with a page."""
    morsel: Morsel[str] = response.cookies[COOKIE]
    return morsel


def with_cookies(*headers: bytes) -> dict[str, Any]:
    """The scope of a handshake."""
    return {"headers": [(b"host", b"tomato"), *((b"cookie", header) for header in headers)]}


def cookie_of(device: str) -> bytes:
    return f"{COOKIE}={signed(device)}".encode()


# Pages ----------------------------------------------------------------------------------------------------------------

pages = pytest.mark.usefixtures("empty_redis", "db")


@pages
async def test_a_page_gives_a_browser_its_cookie() -> None:
    cookie = given(await visit())
    device = device_of(with_cookies(f"{COOKIE}={cookie.value}".encode()))
    assert device is not None
    assert re.fullmatch(r"[0-9A-F]{16}", device)
    assert cookie.value.startswith(f"{device}:")
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == ONE_YEAR_S
    assert not cookie["secure"]
    assert not cookie["domain"]


@pages
async def test_every_browser_is_another() -> None:
    assert given(await visit()).value != given(await visit()).value


@pages
async def test_a_browser_that_has_its_cookie_is_given_none() -> None:
    first = given(await visit())
    assert COOKIE not in (await visit(cookie=first.value)).cookies


@pages
async def test_the_cookie_is_secure_where_the_site_is() -> None:
    with override_settings(TOMATO=replace(settings.TOMATO, https=True)):
        assert given(await visit())["secure"]


@pages
async def test_the_page_of_the_api_gives_the_cookie_too() -> None:
    assert given(await visit("/api/docs"))


@pages
async def test_a_page_that_is_not_there_gives_the_cookie_too() -> None:
    response = await visit("/room/ZZZZZZ")
    assert response.status_code == 404
    assert given(response)


@pages
@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/api/rooms/ZZZZZZ", "/api/openapi.json", "/static/timers/app.css", "/static/no"]
)
async def test_what_is_no_page_gives_no_cookie(path: str) -> None:
    response = await visit(path)
    assert not response.cookies


UNSIGNED = {
    "empty": "",
    "bare": DEVICE,
    "no signature": f"{DEVICE}:1abcde:",
    "junk": "a:b:c",
    "another site's": signing.TimestampSigner(key="another key", salt=COOKIE).sign(DEVICE),
    "ours for another purpose": signing.TimestampSigner(salt="another").sign(DEVICE),
    "altered": signed(DEVICE).replace(DEVICE, "F" * 16),
    "not ASCII": "ÿ" * 20,
}


@pages
@pytest.mark.parametrize("cookie", UNSIGNED.values(), ids=UNSIGNED)
async def test_a_cookie_that_we_did_not_sign_is_replaced(cookie: str) -> None:
    response = await visit(cookie=cookie)
    assert response.status_code == 200
    assert device_of(with_cookies(f"{COOKIE}={given(response).value}".encode())) not in (None, DEVICE, "F" * 16)


@pages
async def test_a_cookie_is_good_for_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie, made_at = signed(DEVICE), time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: made_at + ONE_YEAR_S - 60)
    assert COOKIE not in (await visit(cookie=cookie)).cookies
    monkeypatch.setattr("django.core.signing.time.time", lambda: made_at + ONE_YEAR_S + 60)
    assert given(await visit(cookie=cookie)).value != cookie


@pages
async def test_the_device_is_nowhere_on_the_page() -> None:
    assert DEVICE not in (await visit(cookie=signed(DEVICE))).content.decode()


@pages
def test_a_blocking_server_does_the_same() -> None:
    assert given(Client().get("/"))


def test_a_view_is_told_the_device_under_either_kind_of_server() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.device)  # type: ignore[attr-defined]

    middleware = DeviceMiddleware(view)
    request = RequestFactory().get("/")
    request.COOKIES[COOKIE] = signed(DEVICE)
    assert not iscoroutinefunction(middleware)
    assert middleware(request).content == DEVICE.encode()


# Handshakes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        (cookie_of(DEVICE),),
        (b"a=1; " + cookie_of(DEVICE) + b"; b=2",),
        (b"a=1", cookie_of(DEVICE)),
        (b"a=1;" + cookie_of(DEVICE),),
        (b'csrftoken=abc; sessionid="a b"; ' + cookie_of(DEVICE),),
    ],
)
def test_a_socket_is_known_by_its_cookie(headers: tuple[bytes, ...]) -> None:
    assert device_of(with_cookies(*headers)) == DEVICE


@pytest.mark.parametrize(
    "other",
    [
        b"nothing but words",
        b'prefs={"dark":true}',
        b"list=[1,2]",
        b"a[b]=c",
        b"caf\xc3\xa9=1",
        b"name=caf\xe9",
        b"=",
        b"expires=tomorrow",
        b"path",
        b"$Version=1",
    ],
)
@pytest.mark.parametrize("ours_comes_first", [True, False])
def test_other_peoples_odd_cookies_do_not_hide_ours(other: bytes, ours_comes_first: bool) -> None:
    """A host may be shared with other programs, and what Django reads on a page a socket must read too."""
    cookies = [cookie_of(DEVICE), other]
    header = b"; ".join(cookies if ours_comes_first else reversed(cookies))
    assert device_of(with_cookies(header)) == DEVICE


@pytest.mark.parametrize("value", [value.encode() for value in UNSIGNED.values()], ids=UNSIGNED)
def test_a_socket_with_a_cookie_that_we_did_not_sign_is_nobody(value: bytes) -> None:
    assert device_of(with_cookies(COOKIE.encode() + b"=" + value)) is None


@pytest.mark.parametrize("headers", [(), (b"",), (b";;;",), (b"\xff\x00\xfe",), (b"a=b",), (COOKIE.encode(),)])
def test_a_socket_without_the_cookie_is_nobody(headers: tuple[bytes, ...]) -> None:
    assert device_of(with_cookies(*headers)) is None


# Members --------------------------------------------------------------------------------------------------------------


def test_a_person_is_the_same_in_one_room_and_another_in_the_next() -> None:
    here, there = member_for(DEVICE, "ABC234"), member_for(DEVICE, "XYZ789")
    assert here == member_for(DEVICE, "ABC234")
    assert len({here, there, member_for(DEVICE, "solo"), member_for("F" * 16, "ABC234")}) == 4
    assert MEMBER.fullmatch(here)


def test_a_member_cannot_be_told_without_the_key() -> None:
    ours = member_for(DEVICE, "ABC234")
    with override_settings(SECRET_KEY="another key"):
        assert member_for(DEVICE, "ABC234") != ours
