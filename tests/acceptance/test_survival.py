"""What a timer outlives: its tabs, its web server, its worker, its Redis, and the whole of tomato."""

import signal
from pathlib import Path

import pytest

from tests.support.people import Browser, Message, a_browser, a_room
from tests.support.prepared import prepared
from tests.support.processes import Tomato, tomato


@pytest.mark.parametrize("part", ["worker", "web", "redis"])
async def test_a_running_timer_ends_at_its_instant_whatever_is_killed(site: Tomato, part: str) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        await tab.does("timer:start", duration_ms=8000)
        ends_at = await the_end(ana)
        site.kill(part)
        site.said("starting it again", times=1)
    async with ana.tab() as tab:
        assert tab.timer("solo")["ends_at"] == ends_at
        completed = await tab.hears("timer:completed")
        assert completed["at"] == ends_at
        assert (await tab.hears("timer:state", action="complete"))["timer"]["started_at"] == ends_at


async def test_a_running_timer_outlives_all_of_tomato(tmp_path: Path) -> None:
    data_dir = prepared(tmp_path / "var")
    with tomato(data_dir) as first:
        ana = await a_browser(first)
        async with ana.tab() as tab:
            await tab.does("timer:start", duration_ms=1_000_000)
        ends_at = await the_end(ana)
        first.stop()
    with tomato(data_dir) as second:
        async with Browser(second, ana.cookie).tab() as tab:
            assert tab.timer("solo")["ends_at"] == ends_at
            await tab.hears("timer:tick")


async def test_phases_that_ended_meanwhile_are_completed_in_their_order(tmp_path: Path) -> None:
    data_dir = prepared(tmp_path / "var")
    with tomato(data_dir) as first:
        ana = await a_browser(first)
        async with ana.tab() as tab:
            await tab.does("timer:configure", short_break_ms=1000, focus_ms=600_000, auto_start_focus=True)
            await tab.does("timer:start", duration_ms=1000)
            ends_at = await the_end(ana)
        first.stop()
    with tomato(data_dir) as second:
        async with Browser(second, ana.cookie).tab() as tab:
            timer = tab.timer("solo")
            assert (timer["phase"], timer["round"], timer["completed_focus"]) == ("focus", 2, 1)
            assert timer["started_at"] == ends_at + 1000
            assert timer["ends_at"] == ends_at + 601_000


async def test_undo_reaches_back_over_a_killed_worker(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        await tab.does("timer:start")
        ends_at = await the_end(ana)
        await tab.does("timer:pause")
        await tab.does("timer:configure", rounds=2)
        site.kill("worker")
        for expected in ("configure", "pause"):
            assert (await tab.insists("timer:undo"))["changed"] is True, expected
        assert await the_end(ana) == ends_at
        assert (await tab.does("timer:redo"))["changed"] is True
        assert (await now(ana))["status"] == "paused"


async def test_a_command_without_a_worker_counts_from_when_it_was_given(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        await tab.does("timer:start")
        worker = site.kill("worker", signal.SIGSTOP)
        await tab.says("ping", t=1)
        given_at = (await tab.hears("pong"))["now_at"]
        await tab.says("timer:pause", id="a pause")
        await tab.hears_nothing_but_ticks(for_s=3)
        worker.send_signal(signal.SIGCONT)
        await tab.hears("ack", id="a pause")
        assert (await now(ana))["paused_at"] == pytest.approx(given_at, abs=100)


async def test_a_command_that_waited_too_long_is_dropped(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        worker = site.kill("worker", signal.SIGSTOP)
        await tab.says("timer:start", id="too late")
        assert (await tab.hears("error", within_s=12, id="too late"))["code"] == "unavailable"
        worker.send_signal(signal.SIGCONT)
        await tab.does("timer:configure", rounds=3)
        assert (await now(ana))["status"] == "stopped"


async def test_a_snapshot_comes_without_a_worker(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        await tab.does("timer:start")
    worker = site.kill("worker", signal.SIGSTOP)
    async with ana.tab() as tab:
        assert tab.timer("solo")["status"] == "running"
    worker.send_signal(signal.SIGCONT)
    async with ana.tab() as tab:
        await tab.hears("timer:tick")


async def test_without_a_worker_one_is_in_ones_own_snapshot(site: Tomato) -> None:
    code, ana = await a_room(site), await a_browser(site)
    worker = site.kill("worker", signal.SIGSTOP)
    async with ana.tab(f"/ws/room/{code}") as tab:
        assert [member["id"] for member in tab.joined["members"]] == [tab.me]
        assert tab.joined["people"] == 1
        worker.send_signal(signal.SIGCONT)
        again = await tab.hears("session:joined")
        assert again["v"] > tab.joined["v"]
        assert not any(message["type"] == "session:user-joined" for message in tab.heard)


async def the_end(browser: Browser) -> int:
    return (await now(browser))["ends_at"]


async def now(browser: Browser) -> Message:
    async with browser.tab() as tab:
        return tab.timer("solo")
