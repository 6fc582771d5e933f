"""Somebody asks to be forgotten, on a running tomato: afterwards nothing of it names them."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.acceptance.test_idle import forgotten, names_in_redis
from tests.support.http import async_http_client
from tests.support.people import Browser, Tab, a_browser, a_room
from tests.support.processes import Tomato, tomato
from tests.support.waiting import eventually

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture(scope="module")
def site() -> Iterator[Tomato]:
    with tomato(TOMATO_IDLE_TTL_S="1") as running:
        yield running


async def test_a_running_timer_and_a_place_in_a_room_are_gone_at_once(site: Tomato) -> None:
    code, ana, jun = await a_room(site), await a_browser(site), await a_browser(site)
    path = f"/ws/room/{code}"
    async with jun.tab(path) as juns, ana.tab(path) as anas, ana.tab() as solo:
        await anas.does("session:rename", name="Ana Moreno")
        await anas.does("timer:start", timer="me")
        await solo.does("timer:start")
        await ask_to_be_forgotten(ana)
        assert await anas.closed() == await solo.closed() == 4401
        await juns.hears("session:user-left", member=anas.me)
        await juns.hears("timer:state", action="expire", by=None)
        for name in (device(ana), solo.me, anas.me, "Ana Moreno"):
            assert not names_in_redis(site, name)
        async with jun.tab(path) as again:
            assert again.joined["people"] == 1


async def test_timers_that_were_put_by_are_gone_too(site: Tomato) -> None:
    code, ana = await a_room(site), await a_browser(site)
    async with ana.tab() as solo, ana.tab(f"/ws/room/{code}") as room:
        for kind in ("timer:start", "timer:pause"):
            await solo.does(kind)
            await room.does(kind, timer="me")
        member = room.me
    await forgotten(site, ana)
    eventually(lambda: {device(ana), member} <= parked(site))
    await ask_to_be_forgotten(ana)
    assert not {device(ana), member} & parked(site)
    async with ana.tab() as solo:
        assert solo.timer("solo")["status"] == "stopped"


async def test_whose_cookie_is_forgotten_may_begin_anew(site: Tomato) -> None:
    ana = await a_browser(site)
    await ask_to_be_forgotten(ana)
    ana.cookie = ""
    async with ana.socket("/ws/solo") as socket:
        assert await Tab(socket).closed() == 4401
    assert device(await a_browser(site))


def device(browser: Browser) -> str:
    return browser.cookie.partition(":")[0]


async def ask_to_be_forgotten(browser: Browser) -> None:
    async with async_http_client(base_url=browser.site.url, cookies={"tomato_device": browser.cookie}) as http:
        page = await http.get("/you")
        answer = await http.post("/forget-me", data={"csrfmiddlewaretoken": TOKEN.findall(page.text)[0]})
    assert answer.status_code == 200, answer.text


def parked(site: Tomato) -> set[str]:
    """The device or member of every timer that the database keeps."""
    with closing(sqlite3.connect(site.data_dir / "tomato.sqlite3")) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM timers_parkedtimer")]
    return {part for key in keys for part in re.split("[.:]", key)}
