"""Tomato as it stands on the internet: behind one proxy that speaks TLS, and with operators who log in."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest
import websockets
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from tests.support.http import http_client, http_get
from tests.support.processes import Tomato, tomato

NAME, RIGHT, WRONG = "root", "a right password", "a wrong one"
HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
OPERATOR = {
    "username": NAME,
    "date_joined": datetime.now(UTC).isoformat(sep=" "),
    "first_name": "",
    "last_name": "",
    "email": "",
    "is_superuser": True,
    "is_staff": True,
    "is_active": True,
}


@pytest.fixture(scope="module")
def secure() -> Iterator[Tomato]:
    with tomato(TOMATO_HTTPS="1", TOMATO_PROXIES="1") as running:
        yield running


@pytest.fixture
def visitor(secure: Tomato) -> Iterator[Callable[..., "Visitor"]]:
    """Somebody at an address, with a browser of their own."""
    with ExitStack() as visitors:
        yield lambda address=HOME: visitors.enter_context(Visitor(secure, address))


class Visitor:
    """A browser as the proxy passes it on. It keeps cookies by hand, since the way from the proxy is not encrypted."""

    def __init__(self, site: Tomato, address: str) -> None:
        self.origin = site.url.replace("http:", "https:")
        self.cookies: dict[str, Morsel[str]] = {}
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": f"192.0.2.66, {address}"}
        self._http = http_client(base_url=site.url, headers=headers, timeout=30)

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def opens(self, path: str) -> httpx.Response:
        return self._take(self._http.get(path, headers=self._sent()))

    def sends(self, path: str, form: dict[str, str], origin: str | None = None) -> httpx.Response:
        """Fills in the form that is on a page."""
        token = TOKEN.findall(self.opens(path).text)[0]
        headers = {**self._sent(), "Origin": origin or self.origin}
        action = "/rooms" if path == "/" else path
        return self._take(self._http.post(action, headers=headers, data={**form, "csrfmiddlewaretoken": token}))

    def logs_in(self, password: str) -> int:
        return self.sends("/admin/login/", {"username": NAME, "password": password}).status_code

    def _sent(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in self.cookies.items())}

    def _take(self, response: httpx.Response) -> httpx.Response:
        for line in response.headers.get_list("set-cookie"):
            self.cookies.update(SimpleCookie(line))
        return response


def test_who_comes_without_tls_is_sent_to_where_it_is(secure: Tomato) -> None:
    for path in ("/", "/room/ABC234?a=b", "/admin/"):
        response = http_get(secure.url + path)
        assert response.status_code == 301
        assert response.headers["location"] == secure.url.replace("http:", "https:") + path
        assert "set-cookie" not in response.headers
    assert http_get(secure.url + "/healthz").status_code == http_get(secure.url + "/readyz").status_code == 200


def test_a_browser_is_told_to_stay_with_tls_for_a_year(visitor: Callable[..., Visitor]) -> None:
    assert visitor().opens("/").headers["strict-transport-security"] == "max-age=31536000"


def test_no_cookie_goes_without_tls_and_no_script_reads_who_one_is(
    secure: Tomato, visitor: Callable[..., Visitor]
) -> None:
    operator(secure)
    someone = visitor("203.0.113.8")
    assert someone.sends("/", {"passcode": "sesame"}).status_code == 302
    assert someone.logs_in(RIGHT) == 302
    cookies = {"tomato_device", "csrftoken", "sessionid", "tomato_grant", "tomato_socket_grant"}
    assert set(someone.cookies) == cookies
    assert [name for name, cookie in someone.cookies.items() if not cookie["secure"]] == []
    assert {cookie["samesite"] for cookie in someone.cookies.values()} == {"Lax"}
    assert {name for name, cookie in someone.cookies.items() if not cookie["httponly"]} == {"csrftoken"}


def test_a_form_of_another_site_makes_nothing(secure: Tomato, visitor: Callable[..., Visitor]) -> None:
    for origin in ("https://evil.example", secure.url, "null"):
        assert visitor().sends("/", {}, origin).status_code == 403
    made = visitor().sends("/", {})
    assert (made.status_code, made.headers["location"][:6]) == (302, "/room/")


async def test_a_socket_is_opened_by_a_page_with_tls_of_this_port_only(secure: Tomato) -> None:
    here = secure.url.replace("http:", "https:")
    for origin in ("https://evil.example", secure.url, f"https://127.0.0.1:{secure.port - 1}", "https://127.0.0.1"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(secure.socket_url + "/ws/solo", origin=websockets.Origin(origin))
        assert refused.value.response.status_code == 403
    async with websockets.connect(secure.socket_url + "/ws/solo", origin=websockets.Origin(here)) as socket:
        await socket.wait_closed()
        assert socket.close_code == 4401


def test_who_guesses_an_operators_password_waits_and_nobody_else_does(
    secure: Tomato, visitor: Callable[..., Visitor]
) -> None:
    operator(secure)
    guesser = visitor()
    assert [guesser.logs_in(WRONG) for _ in range(5)] == [200] * 4 + [429]
    assert guesser.logs_in(RIGHT) == 429
    assert visitor(ELSEWHERE).logs_in(RIGHT) == 302
    write(secure, "UPDATE axes_accessattempt SET attempt_time = datetime(attempt_time, '-16 minutes')")
    assert guesser.logs_in(RIGHT) == 302


def operator(site: Tomato) -> None:
    fields = {**OPERATOR, "password": PBKDF2PasswordHasher().encode(RIGHT, "salt-of-a-test-user-only")}
    names, places = ", ".join(fields), ", ".join("?" * len(fields))
    write(site, f"INSERT OR IGNORE INTO auth_user ({names}) VALUES ({places})", *fields.values())  # noqa: S608 our own names


def write(site: Tomato, statement: str, *values: object) -> None:
    """Into the database of the running site."""
    with closing(sqlite3.connect(site.data_dir / "tomato.sqlite3", timeout=20)) as database, database:
        database.execute(statement, values)
