"""Workers that are killed, stopped, put to sleep, added and missing; a web process that is killed; a Redis that dies."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

import psutil
import pytest

from tests.support.http import async_http_client, http_get
from tests.support.people import Browser, Message, Tab, a_browser, a_room
from tests.support.pieces import Pieces, pieces
from tests.support.processes import free_port
from tests.support.waiting import eventually, eventually_async

TABS = 12
STARTED_WITHIN_S = 20
TICKS_AFTER_A_KILL_S = 20.0  # five on a quiet machine: `make soak` measures it
HANDED_OVER_WITHIN_S = 10.0  # one second on a quiet machine: `make soak` measures it
TICKS_AFTER_REDIS_S = 25.0  # ten on a quiet machine
PATIENCE_S = 10.0
GONE_WITHIN_S = 45.0


@pytest.fixture(scope="module")
def site() -> Iterator[Pieces]:
    with pieces() as site:
        site.start("redis")
        site.start("web")
        yield site


@pytest.fixture(autouse=True)
def no_worker_is_left(site: Pieces) -> Iterator[None]:
    """Every test brings its own."""
    yield
    print(site.output())  # shown when the test failed
    for worker in site.running("worker"):
        worker.terminate()
        worker.wait(5)


class TestSharing:
    def test_the_shards_are_shared_fairly(self, site: Pieces) -> None:
        first = site.start("worker")
        eventually(lambda: shares(site) == [16], STARTED_WITHIN_S)
        site.start("worker")
        eventually(lambda: shares(site) == [8, 8], STARTED_WITHIN_S)
        third = site.start("worker")
        eventually(lambda: shares(site) in ([6, 5, 5], [6, 6, 4]), STARTED_WITHIN_S)
        assert readiness(site) == {"live": 3, "shards_owned": 16, "shards_total": 16}
        first.terminate()
        eventually(lambda: shares(site) == [8, 8], within_s=STARTED_WITHIN_S)
        third.kill()
        eventually(lambda: shares(site) == [16], within_s=STARTED_WITHIN_S)
        assert readiness(site) == {"live": 1, "shards_owned": 16, "shards_total": 16}


class TestTakingOver:
    async def test_a_stopped_worker_hands_over(self, site: Pieces) -> None:
        async with running_timers(site, workers=2) as (tabs, (first, _)):
            first.terminate()
            await eventually_async(lambda: site.is_owned() and len(site.owners()) == 1, within_s=HANDED_OVER_WITHIN_S)
            await asyncio.gather(*(forget_what_came(tab) for tab in tabs))
            await all_tick(tabs, within_s=HANDED_OVER_WITHIN_S)
            for tab in tabs:
                assert_unbroken(tab)

    async def test_the_timers_of_a_killed_worker_tick_again(self, site: Pieces) -> None:
        async with running_timers(site, workers=2) as (tabs, (first, _)):
            killed_at = monotonic()
            first.kill()
            first.wait()
            await asyncio.gather(*(forget_what_came(tab) for tab in tabs))
            await all_tick(tabs, within_s=TICKS_AFTER_A_KILL_S - (monotonic() - killed_at))
            assert readiness(site)["shards_owned"] == 16
            for tab in tabs:
                assert_unbroken(tab)

    async def test_a_worker_that_slept_past_its_lease_changes_nothing_and_steps_back(self, site: Pieces) -> None:
        async with running_timers(site, workers=2) as (tabs, (first, _)):
            first.send_signal(signal.SIGSTOP)
            await eventually_async(lambda: len(site.owners()) == 1 and site.is_owned(), within_s=STARTED_WITHIN_S)
            for tab in tabs:
                assert (await tab.does("timer:pause"))["changed"] is True
            states = [await the_timer(tab) for tab in tabs]
            first.send_signal(signal.SIGCONT)
            await eventually_async(lambda: shares(site) == [8, 8], within_s=STARTED_WITHIN_S)
            assert first.is_running()
            assert [await the_timer(tab) for tab in tabs] == states
            for tab in tabs:
                assert_unbroken(tab)


class TestWithoutAWorker:
    async def test_a_command_counts_from_its_receipt_if_one_returns_in_time(self, site: Pieces) -> None:
        async with running_timers(site, workers=1) as (tabs, (worker,)):
            await stopped(worker)
            tab = tabs[0]
            await tab.says("ping", t=1)
            given_at = (await tab.hears("pong"))["now_at"]
            await tab.says("timer:pause", id="in time")
            site.start("worker")
            assert (await tab.hears("ack", within_s=PATIENCE_S, id="in time"))["changed"] is True
            assert (await the_timer(tab))["paused_at"] == pytest.approx(given_at, abs=100)

    async def test_others_are_refused_and_dropped_and_do_not_pile_up(self, site: Pieces) -> None:
        async with running_timers(site, workers=1) as (tabs, (worker,)):
            await stopped(worker)
            before = site.waiting()
            for number in range(5):
                for tab in tabs:
                    await tab.says("timer:pause", id=f"late {number}")
            for tab in tabs:
                refused = [await tab.hears("error", within_s=PATIENCE_S + 2, code="unavailable") for _ in range(5)]
                assert {error["id"] for error in refused} == {f"late {number}" for number in range(5)}
            await eventually_async(lambda: site.waiting() <= before)
            site.start("worker")
            await all_tick(tabs, within_s=STARTED_WITHIN_S)
            for tab in tabs:
                assert (await the_timer(tab))["status"] == "running"


async def test_the_people_of_a_killed_web_process_are_gone(site: Pieces) -> None:
    site.start("worker")
    other_port = str(free_port())
    other = site.start("web", TOMATO_PORT=other_port)
    code, ana, jun = await a_room(site), await a_browser(site), await a_browser(site)
    async with ana.tab(f"/ws/room/{code}", within_s=STARTED_WITHIN_S) as hers:
        elsewhere = Browser(At(other_port), jun.cookie)
        async with elsewhere.tab(f"/ws/room/{code}") as his:
            await hers.hears("session:user-joined")
            other.kill()
            left = await hers.hears("session:user-left", within_s=GONE_WITHIN_S)
            assert left["member"] == his.me
        site.start("web", TOMATO_PORT=other_port)
        async with Browser(At(other_port), ana.cookie).tab(f"/ws/room/{code}") as again:
            assert [member["id"] for member in again.joined["members"]] == [hers.me]
            assert again.joined["members"][0]["tabs"] == 2


async def test_sockets_outlive_a_redis_that_dies(site: Pieces) -> None:
    async with running_timers(site, workers=1) as (tabs, _):
        ends = [(await the_timer(tab))["ends_at"] for tab in tabs]
        (server,) = site.running("redis")
        server.kill()
        server.wait()
        for tab in tabs:
            tab.heard.clear()
            assert (await tab.does("timer:pause"))["code"] == "unavailable"
        site.start("redis")
        back_at = monotonic()
        for tab, ends_at in zip(tabs, ends, strict=True):
            joined = await tab.hears("session:joined", within_s=TICKS_AFTER_REDIS_S)
            assert joined["timers"][0]["ends_at"] == ends_at
            await tab.hears("timer:tick", within_s=max(0.1, TICKS_AFTER_REDIS_S - (monotonic() - back_at)))
        assert monotonic() - back_at < TICKS_AFTER_REDIS_S
        assert (await tabs[0].does("timer:pause"))["changed"] is True


async def test_log_lines_name_the_request_and_nobody_s_device(site: Pieces) -> None:
    ana = await a_browser(site)
    (server,) = site.running("redis")
    server.kill()
    server.wait()
    async with async_http_client(cookies={"tomato_device": ana.cookie}) as http:
        page = await http.get(f"{site.url}/")
    site.start("redis")
    assert page.status_code == 200
    said = site.output()
    lines = [json.loads(line) for line in said.splitlines() if "snapshots.redis_is_away" in line]
    (line,) = [line for line in lines if line["request"] == page.headers["X-Request-Id"]]
    assert re.fullmatch("[0-9a-f]{10}", line["device"])
    assert line["topic"] == f"solo.{line['device']}"
    assert ana.cookie.partition(":")[0] not in said


async def test_a_command_to_a_redis_that_froze_is_refused_in_time_and_not_done_later(site: Pieces) -> None:
    async with running_timers(site, workers=1) as (tabs, _):
        (server,) = site.running("redis")
        server.send_signal(signal.SIGSTOP)
        await tabs[0].says("timer:pause", id="frozen")
        refused = await tabs[0].hears("error", within_s=PATIENCE_S + 2, id="frozen")
        assert refused["code"] == "unavailable"
        server.send_signal(signal.SIGCONT)
        await all_tick(tabs, within_s=TICKS_AFTER_REDIS_S)
        assert (await the_timer(tabs[0]))["status"] == "running"


# What they do ---------------------------------------------------------------------------------------------------------


class At:
    """Where another web process of the same tomato is."""

    def __init__(self, port: str) -> None:
        self.url, self.socket_url = f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}"


@asynccontextmanager
async def running_timers(site: Pieces, workers: int) -> AsyncIterator[tuple[list[Tab], list[psutil.Popen]]]:
    """Tabs whose timers run, all ticking, under so many workers that share the shards."""
    started = [site.start("worker") for _ in range(workers)]
    await eventually_async(lambda: len(site.owners()) == workers and site.is_owned(), STARTED_WITHIN_S)
    async with AsyncExitStack() as stack:
        tabs = [await stack.enter_async_context((await a_browser(site)).tab()) for _ in range(TABS)]
        for tab in tabs:
            assert (await tab.does("timer:start"))["changed"] is True
        await all_tick(tabs, within_s=STARTED_WITHIN_S)
        yield tabs, started


async def forget_what_came(tab: Tab) -> None:
    """Passes over what was on its way already."""
    await tab.says("ping", t=0)
    await tab.hears("pong")


async def stopped(worker: psutil.Popen) -> None:
    worker.terminate()
    await asyncio.to_thread(worker.wait, 5)


async def all_tick(tabs: list[Tab], within_s: float) -> None:
    """Every tab hears a tick from now on within that time."""
    await asyncio.gather(*(tab.hears("timer:tick", within_s=within_s) for tab in tabs))


async def the_timer(tab: Tab) -> Message:
    """As it is now, without what time alone changes."""
    await tab.says("session:sync")
    (timer,) = (await tab.hears("session:joined"))["timers"]
    return {**timer, "remaining_ms": None} if timer["status"] == "running" else timer


def assert_unbroken(tab: Tab) -> None:
    """Each version was heard once and in its order."""
    told = [message["v"] for message in tab.heard if message["type"] in ("timer:state", "timer:completed")]
    assert told == list(range(1, len(told) + 1))


def shares(site: Pieces) -> list[int]:
    return sorted(site.owners().values(), reverse=True)


def readiness(site: Pieces) -> Message:
    response = http_get(f"{site.url}/readyz")
    assert response.status_code == 200, response.text
    workers = json.loads(response.text)["workers"]
    workers.pop("max_lag_ms")
    return workers
