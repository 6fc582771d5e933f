"""The main path against every kind of Redis an operator may name: with a password, over TLS, a cluster; and what a worker
says of one that is set up so that timers may be lost."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import redis

from tests.support.people import Browser, Site, a_browser, a_room
from tests.support.processes import Tomato, tomato
from tests.support.servers import HOST, SLOTS, cluster, server
from tests.support.tls import tls_proxy
from timers import topics
from timers.leases import LEASE_MS
from tomato.redis import connect_sync

PASSWORD = "open sesame"
SHARDS = 16


@contextmanager
def with_password(folder: Path) -> Iterator[Tomato]:
    with (
        server(folder, requirepass=PASSWORD) as port,
        tomato(TOMATO_REDIS_URL=f"redis://:{quote(PASSWORD)}@{HOST}:{port}/0") as site,
    ):
        yield site


@contextmanager
def over_tls(folder: Path) -> Iterator[Tomato]:
    with (
        server(folder) as port,
        tls_proxy(port, folder) as (tls_port, certificate),
        tomato(TOMATO_REDIS_URL=f"rediss://{HOST}:{tls_port}/0?ssl_ca_certs={certificate}") as site,
    ):
        yield site


@contextmanager
def in_a_cluster(folder: Path) -> Iterator[Tomato]:
    with (
        cluster(folder) as ports,
        server(folder) as layer,
        tomato(
            TOMATO_REDIS_URL=f"redis+cluster://{HOST}:{ports[0]}", TOMATO_LAYER_URLS=f"redis://{HOST}:{layer}"
        ) as site,
    ):
        yield site


@pytest.fixture(params=[with_password, over_tls, in_a_cluster])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tomato]:
    with request.param(tmp_path) as site:
        yield site


async def test_the_main_path(site: Tomato) -> None:
    ana, jun = await a_browser(site), await a_browser(site)
    for _ in range(3):  # rooms of several shards, and so of several nodes
        await a_room_is_shared(site, await a_room(site), ana, jun)
    async with ana.tab() as tab:
        await tab.does("timer:start", duration_ms=30_000)
        site.kill("worker")
        site.said("starting it again")
        assert (await tab.insists("timer:pause"))["changed"] is True
        await tab.says("session:sync")
        (timer,) = (await tab.hears("session:joined"))["timers"]
        assert timer["status"] == "paused"
    assert '"level": "error"' not in site.output()


async def a_room_is_shared(site: Tomato, code: str, ana: Browser, jun: Browser) -> None:
    async with ana.tab(f"/ws/room/{code}") as hers, jun.tab(f"/ws/room/{code}") as his:
        assert (await hers.hears("session:user-joined"))["member"]["id"] == his.me
        await hers.says("timer:start", timer="room", duration_ms=1500, id="once")
        started = await his.hears("timer:state", action="start", by=hers.me)
        await his.hears("timer:tick")
        completed = await his.hears("timer:completed")
        assert completed["at"] == started["timer"]["ends_at"]
        ack = await his.does("timer:add", timer="room", ms=1000, id="the same")
        assert await his.does("timer:add", timer="room", ms=1000, id="the same") == ack


async def test_a_cluster_that_loses_a_node_keeps_the_timers_of_the_others(tmp_path: Path) -> None:
    """The worst way to lose one: it takes connections and answers nothing."""
    with (
        cluster(tmp_path, cluster_require_full_coverage="no") as ports,
        server(tmp_path) as layer,
        tomato(
            TOMATO_REDIS_URL=f"redis+cluster://{HOST}:{ports[0]}", TOMATO_LAYER_URLS=f"redis://{HOST}:{layer}"
        ) as site,
        connect_sync(f"redis://{HOST}:{ports[2]}") as node,
    ):
        lost, kept = [await a_room_on(site, node, there=there) for there in (True, False)]
        ana = await a_browser(site)
        async with ana.tab(f"/ws/room/{lost}") as away, ana.tab(f"/ws/room/{kept}") as here:
            for tab in (away, here):
                await tab.does("timer:start", timer="room")
            with paused(node.info()["process_id"]):
                assert (await away.does("timer:pause", timer="room"))["code"] == "unavailable"
                for _ in range(3 * LEASE_MS // 1000):
                    await here.hears("timer:tick", within_s=2.5)
                assert (await here.does("timer:pause", timer="room"))["changed"] is True
            await away.says("session:sync")
            await away.hears("session:joined")
            await away.hears("timer:tick")


async def a_room_on(site: Site, node: redis.Redis, *, there: bool) -> str:
    """A new room whose timers this node of a cluster keeps, or another one."""
    while True:
        code = await a_room(site)
        shard = topics.shard_of(topics.room(code), SHARDS)
        slot = node.cluster("KEYSLOT", topics.lease_key(shard))
        if (slot >= SLOTS * 2 // 3) is there:
            return code


@contextmanager
def paused(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class TestWhatIsAtRisk:
    @pytest.mark.parametrize(
        ("options", "said", "not_said"),
        [
            ({}, "", "at risk|risky"),
            ({"maxmemory_policy": "allkeys-lru"}, "maxmemory-policy allkeys-lru", "appendonly"),
            ({"appendonly": "no"}, "appendonly no", "maxmemory"),
            ({"appendfsync": "everysec"}, "appendfsync everysec", "maxmemory"),
        ],
    )
    def test_is_said_when_a_worker_starts(
        self, tmp_path: Path, options: dict[str, str], said: str, not_said: str
    ) -> None:
        with server(tmp_path, **options) as port, tomato(TOMATO_REDIS_URL=f"redis://{HOST}:{port}") as site:
            if said:
                site.said(said)
            assert not any(words in site.output() for words in not_said.split("|"))
