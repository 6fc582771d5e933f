"""Rule 5: a timer that nobody watches, that does not run and was not commanded for `TOMATO_IDLE_TTL_S` leaves Redis whole."""

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from tests.support.people import Browser, Message, Tab, a_browser, a_room
from tests.support.processes import Tomato, tomato
from tests.support.waiting import eventually
from tomato.redis import connect_sync, embedded_url


@pytest.fixture(scope="module")
def site() -> Iterator[Tomato]:
    with tomato(TOMATO_IDLE_TTL_S="1") as running:
        yield running


async def test_a_paused_timer_comes_back_paused_whether_a_worker_lives_or_not(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        await tab.does("timer:start")
        await tab.does("timer:pause")
    before = await the_timer(ana)
    await forgotten(site, ana)
    worker = site.kill("worker", signal.SIGSTOP)
    after = await the_timer(ana)
    worker.send_signal(signal.SIGCONT)
    assert {**after, "v": 0} == {**before, "v": 0}
    after = await the_timer(ana)
    assert {**after, "v": 0} == {**before, "v": 0}


async def test_a_stopped_timer_comes_back_fresh_with_its_settings(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        await tab.does("timer:configure", focus_ms=600_000)
        await tab.does("timer:phase", phase="long_break")
        await tab.does("timer:add", ms=1000)
    await forgotten(site, ana)
    async with ana.tab() as tab:
        timer = tab.timer("solo")
        assert (timer["phase"], timer["duration_ms"], timer["settings"]["focus_ms"]) == ("focus", 600_000, 600_000)


async def test_a_running_timer_stays(site: Tomato) -> None:
    ana, jun = await a_browser(site), await a_browser(site)
    async with ana.tab() as tab:
        await tab.does("timer:start")
    ends_at = (await the_timer(ana))["ends_at"]
    async with jun.tab():
        pass
    await forgotten(site, jun)
    assert (await the_timer(ana))["ends_at"] == ends_at


async def test_a_room_forgets_who_was_there(site: Tomato) -> None:
    code, ana = await a_room(site), await a_browser(site)
    async with ana.tab(f"/ws/room/{code}") as tab:
        await tab.does("timer:start", timer="room")
        await tab.does("timer:pause", timer="room")
        await tab.does("timer:start", timer="me")
        await tab.does("timer:pause", timer="me")
    eventually(lambda: not names_in_redis(site, code))
    async with ana.tab(f"/ws/room/{code}") as tab:
        assert tab.timer("room")["status"] == "paused"
        assert tab.timer(tab.me)["status"] == "paused"


async def test_a_room_keeps_its_rules_and_obeys_nobody_before_it_knows_them(site: Tomato) -> None:
    ana, jun = await a_browser(site), await a_browser(site)
    code = await ana.makes_a_room()
    path = f"/ws/room/{code}"
    async with ana.tab(path) as hers:
        maker = hers.me
        await hers.does("room:configure", control="named")
        await hers.does("timer:start", timer="room")
        await hers.does("timer:pause", timer="room")
    eventually(lambda: not names_in_redis(site, code))
    async with jun.socket(path) as socket:
        his = Tab(socket)
        assert (await his.does("room:configure", control="everyone"))["code"] == "forbidden", (
            "said before the snapshot was there"
        )
    async with jun.tab(path) as his:
        assert (his.joined["settings"]["maker"], his.joined["settings"]["control"]) == (maker, "named")
        assert his.timer("room")["status"] == "paused"
        async with ana.tab(path) as hers:
            assert (await his.does("timer:resume", timer="room"))["code"] == "forbidden"
            assert (await hers.does("timer:resume", timer="room"))["changed"] is True


async def forgotten(site: Tomato, browser: Browser) -> None:
    device = browser.cookie.partition(":")[0]
    eventually(lambda: not names_in_redis(site, device))


def names_in_redis(site: Tomato, name: str) -> list[bytes]:
    """Every key, field and member that names it; entries of streams may."""
    client = connect_sync(embedded_url(site.data_dir))
    try:
        return [key for key in client.scan_iter() if name.encode() in key or name.encode() in _contents(client, key)]
    finally:
        client.close()


def _contents(client: redis.Redis, key: bytes) -> bytes:
    readers: dict[Any, Callable[[bytes], object]] = {
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"string": client.get,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": lambda key: b"",
        b"none": lambda key: b"",
    }
    return repr(readers[client.type(key)](key)).encode()


async def the_timer(browser: Browser) -> Message:
    async with browser.tab() as tab:
        return tab.timer("solo")
