"""Whether the process lives and whether the whole is ready: each part that may be missing, or hang."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from threading import Event
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.conf import settings
from django.db import OperationalError
from django.http import HttpResponse
from django.test import AsyncClient, RequestFactory, override_settings

from tests.support.waiting import WITHIN_S
from timers import topics
from timers.leases import Leases
from tomato import health
from tomato.health import CHECK_MAX_S
from tomato.layer import TomatoChannelLayer
from tomato.redis import connect

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis", "long_leases")]

NOWHERE = "unix:///nowhere/redis.sock"
ALL_BUT_WORKERS = {"redis": True, "database": True, "layer": True}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No check fails for being slow."""
    monkeypatch.setattr(health, "CHECK_MAX_S", WITHIN_S)


async def readiness() -> tuple[int, dict[str, Any]]:
    response = await AsyncClient().get("/readyz")
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.json()


async def asks() -> HttpResponse:
    """Without what comes before a view, so that those who ask together surely meet."""
    response: HttpResponse = await health.readyz(RequestFactory().get("/readyz"))
    return response


@asynccontextmanager
async def owned_shards(count: int) -> AsyncIterator[None]:
    """A worker that lives and owns so many shards, while the block lasts."""
    async with connect(settings.TOMATO.redis_url) as client:
        leases = Leases(client, settings.TOMATO.shards)
        await leases.fair_share()
        await leases.take(count)
        yield


@contextmanager
def redis_at(url: str) -> Iterator[None]:
    with override_settings(TOMATO=replace(settings.TOMATO, redis_url=url)):
        yield


@contextmanager
def layer_at(url: str) -> Iterator[None]:
    with patch.object(health, "get_channel_layer", return_value=TomatoChannelLayer(hosts=[url], prefix="tomato")):
        yield


@asynccontextmanager
async def silence() -> AsyncIterator[str]:
    """The address of a server that takes connections and never says a word."""
    over = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    try:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        over.set()
        server.close()
        await server.wait_closed()


async def test_the_process_lives() -> None:
    response = await AsyncClient().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")
    assert not response.cookies


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_only_looked_at(path: str) -> None:
    assert (await AsyncClient().head("/healthz")).status_code == 200
    assert (await AsyncClient().post(path)).status_code == 405


async def test_a_balancer_may_ask_by_whatever_address() -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        assert (await AsyncClient().get(path, headers={"Host": "10.1.2.3:8000"})).status_code in (200, 503)
    assert (await AsyncClient().get("/", headers={"Host": "10.1.2.3:8000"})).status_code == 400


@pytest.mark.postgresql
async def test_ready_when_every_shard_has_an_owner() -> None:
    shards = settings.TOMATO.shards
    async with owned_shards(shards):
        status, facts = await readiness()
    assert status == 200
    assert facts == ALL_BUT_WORKERS | {
        "workers": {"live": 1, "shards_owned": shards, "shards_total": shards, "max_lag_ms": 0}
    }


async def test_not_ready_while_a_shard_has_no_owner() -> None:
    async with owned_shards(settings.TOMATO.shards - 1):
        status, facts = await readiness()
    assert status == 503
    assert facts["workers"]["shards_owned"] == facts["workers"]["shards_total"] - 1


async def test_not_ready_without_a_worker() -> None:
    status, facts = await readiness()
    assert status == 503
    assert facts == ALL_BUT_WORKERS | {
        "workers": {"live": 0, "shards_owned": 0, "shards_total": settings.TOMATO.shards, "max_lag_ms": 0}
    }


async def test_the_lag_is_that_of_the_command_that_waits_longest(empty_redis: redis.Redis) -> None:
    seconds, _ = empty_redis.time()
    for ago_s in (7, 3):
        empty_redis.xadd(topics.commands_key(5), {"command": "{}"}, id=f"{(seconds - ago_s) * 1000}-0")
    _, facts = await readiness()
    asked_within_s = empty_redis.time()[0] - seconds + 1
    assert 7_000 <= facts["workers"]["max_lag_ms"] < (7 + asked_within_s) * 1000


async def test_not_ready_without_redis() -> None:
    with redis_at(NOWHERE):
        status, facts = await readiness()
    assert status == 503
    assert facts == {
        "redis": False,
        "database": True,
        "layer": True,
        "workers": {"live": 0, "shards_owned": 0, "shards_total": settings.TOMATO.shards, "max_lag_ms": None},
    }


async def test_not_ready_without_the_layer() -> None:
    async with owned_shards(settings.TOMATO.shards):
        with layer_at(NOWHERE):
            status, facts = await readiness()
    assert status == 503
    assert facts | {"workers": {}} == ALL_BUT_WORKERS | {"layer": False, "workers": {}}


async def test_not_ready_without_the_database() -> None:
    async with owned_shards(settings.TOMATO.shards):
        with patch.object(health, "_query_database", side_effect=OperationalError("unable to open database file")):
            status, facts = await readiness()
    assert status == 503
    assert facts | {"workers": {}} == ALL_BUT_WORKERS | {"database": False, "workers": {}}


async def test_an_answer_comes_within_two_seconds_though_everything_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CHECK_MAX_S < 2
    monkeypatch.setattr(health, "CHECK_MAX_S", 0.1)
    released = Event()
    async with silence() as address:
        with redis_at(address), layer_at(address), patch.object(health, "_query_database", side_effect=released.wait):
            try:
                async with asyncio.timeout(WITHIN_S):
                    status, facts = await readiness()
            finally:
                released.set()
    assert status == 503
    assert (facts["redis"], facts["database"], facts["layer"], facts["workers"]["live"]) == (False, False, False, 0)


async def test_those_who_ask_together_have_it_looked_up_once_and_whoever_comes_later_again() -> None:
    with patch.object(health, "_ask_layer", wraps=health._ask_layer) as looks:
        answers = await asyncio.gather(*(asks() for _ in range(3)))
        assert looks.call_count == 1
        assert len({answer.content for answer in answers}) == 1
        await asks()
        assert looks.call_count == 2


async def test_who_asked_first_and_goes_takes_nobody_s_answer_along() -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def answer_late() -> None:
        asked.set()
        await answered.wait()

    with patch.object(health, "_ask_layer", side_effect=answer_late) as looks:
        first, second = asyncio.create_task(asks()), asyncio.create_task(asks())
        await asked.wait()
        first.cancel()
        await asyncio.wait({first})
        answered.set()
        assert (await second).status_code == 503
    assert looks.call_count == 1


async def test_what_is_lost_is_noted_once_and_again_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    await readiness()
    caplog.clear()
    with patch.object(health, "_query_database", side_effect=OperationalError("unable to open database file")):
        await readiness()
        await readiness()
    await readiness()
    await readiness()
    assert caplog.text.count("health.database_is_away") == 1
    assert "unable to open database file" in caplog.text
    assert caplog.text.count("health.database_is_back") == 1
