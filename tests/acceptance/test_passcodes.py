"""A room with a passcode, tried from outside: its form, its socket and its API."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.support.http import async_http_client, http_client
from tests.support.people import Browser, Tab, a_browser, a_room
from tests.support.processes import Tomato

RIGHT, WRONG = "open sesame", "open barley"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass
class Entrance:
    """A browser before the form of a locked room. `answer` is the last one it got."""

    site: Tomato
    code: str
    http: httpx.Client
    answer: httpx.Response

    def says(self, passcode: str) -> int:
        token = TOKEN.findall(self.answer.text)[0]
        form = {"passcode": passcode, "csrfmiddlewaretoken": token}
        self.answer = self.http.post(f"/room/{self.code}/enter", data=form)
        return self.answer.status_code

    def browser(self) -> Browser:
        """The browser with its grant, as it comes to the room's socket."""
        return Browser(self.site, f"{self.http.cookies['tomato_device']}; {self.grant}")

    @property
    def grant(self) -> str:
        return f"tomato_socket_grant={self.http.cookies['tomato_socket_grant']}"


@contextmanager
def at_the_door(site: Tomato, code: str) -> Iterator[Entrance]:
    with http_client(base_url=site.url) as http:
        yield Entrance(site, code, http, http.get(f"/room/{code}"))


async def test_who_knows_the_passcode_is_in(site: Tomato) -> None:
    code = await a_room(site, name="Writers", passcode=RIGHT)
    with at_the_door(site, code) as entrance:
        assert (entrance.answer.status_code, "Writers" in entrance.answer.text) == (403, False)
        assert entrance.says(WRONG) == 403
        assert entrance.says(RIGHT) == 302
        assert entrance.http.get(f"/room/{code}").status_code == 200
    async with entrance.browser().tab(f"/ws/room/{code}") as tab:
        assert tab.joined["room"] == {"code": code, "name": "Writers", "locked": True}
        assert (await tab.does("timer:start", timer="room"))["changed"] is True


async def test_who_does_not_is_told_so_at_the_socket(site: Tomato) -> None:
    code = await a_room(site, passcode=RIGHT)
    path, jun = f"/ws/room/{code}", await a_browser(site)
    async with jun.socket(path) as socket:
        assert await Tab(socket).closed() == 4403
    with at_the_door(site, code) as entrance:
        entrance.says(RIGHT)
    jun.cookie += f"; {entrance.grant}"
    async with jun.socket(path) as socket:
        assert await Tab(socket).closed() == 4403


async def test_those_inside_stay_and_see_the_lock_and_whoever_comes_needs_the_passcode(site: Tomato) -> None:
    ana, jun = await a_browser(site), await a_browser(site)
    code = await ana.makes_a_room()
    path = f"/ws/room/{code}"
    async with ana.tab(path) as hers, jun.tab(path) as his:
        assert await locks(jun, code, WRONG) == 403
        assert await locks(ana, code, RIGHT) == 200
        for tab in (hers, his):
            told = await tab.hears("session:joined")
            assert told["room"] == {"code": code, "name": "", "locked": True}
        assert (await his.does("timer:start", timer="room"))["changed"] is True
        async with jun.socket(path) as again:
            assert await Tab(again).closed() == 4403
        async with ana.tab(path) as another:
            assert another.joined["room"]["locked"] is True
        assert await locks(ana, code, None) == 200
        assert (await his.hears("session:joined"))["room"]["locked"] is False
    async with jun.tab(path) as again:
        assert again.timer("room")["status"] == "running"


async def locks(browser: Browser, code: str, passcode: str | None) -> int:
    """Sets a room's passcode, and keeps the grant that comes with it."""
    async with async_http_client(
        base_url=browser.site.url, headers={"Cookie": f"tomato_device={browser.cookie}"}
    ) as http:
        answer = await http.post(f"/api/rooms/{code}/passcode", json={"passcode": passcode})
    if grant := answer.cookies.get("tomato_socket_grant"):
        browser.cookie += f"; tomato_socket_grant={grant}"
    return answer.status_code


async def test_the_api_takes_the_passcode_in_a_header(site: Tomato) -> None:
    code = await a_room(site, passcode="Größe 7")
    async with async_http_client(base_url=site.url) as http:
        assert (await http.get(f"/api/rooms/{code}")).status_code == 403
        headers = {"X-Room-Passcode": "Größe 7".encode()}
        shown = await http.get(f"/api/rooms/{code}", headers=headers)  # type: ignore[arg-type]
    assert (shown.status_code, shown.json()["room"]["locked"]) == (200, True)


async def test_after_five_wrong_ones_even_the_right_one_waits(site: Tomato) -> None:
    code = await a_room(site, passcode=RIGHT)
    async with async_http_client(base_url=site.url) as http:
        tries = [*[WRONG] * 5, RIGHT]
        answers = [await http.get(f"/api/rooms/{code}", headers={"X-Room-Passcode": each}) for each in tries]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 30
