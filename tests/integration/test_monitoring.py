"""`GET /metrics`: who may see it, and what it says when Redis is away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.conf import settings
from django.test import AsyncClient, override_settings

from tests.support.metrics import Scrape
from tests.support.web import Visitor
from timers import process, reports

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

HERE, ELSEWHERE = "127.0.0.1", "192.0.2.7"
TOKEN = "a-word-that-few-know"


async def asked(address: str = HERE, headers: dict[str, str] | None = None, **changed: Any) -> Any:
    """The answer to somebody at an address, with some settings changed."""
    with override_settings(TOMATO=replace(settings.TOMATO, **changed)):
        return await Visitor(address).get("/metrics", headers=headers)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_may_see_it(address: str) -> None:
    response = await asked(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert Scrape(response.content.decode()).total("tomato_redis_up") == 1


@pytest.mark.parametrize("address", [ELSEWHERE, "2001:db8::7", "::ffff:192.0.2.7", "10.0.0.1", "unknown"])
async def test_others_may_not(address: str) -> None:
    response = await asked(address)
    assert response.status_code == 403
    assert "TOMATO_METRICS_TOKEN" in response.content.decode()
    assert b"tomato_redis_up" not in response.content


async def test_who_has_the_token_may_from_anywhere() -> None:
    assert (await asked(ELSEWHERE, bearing(TOKEN), metrics_token=TOKEN)).status_code == 200
    assert (await asked(ELSEWHERE, {"Authorization": f"bearer  {TOKEN}"}, metrics_token=TOKEN)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        None,
        bearing(""),
        bearing("another-word"),
        bearing(TOKEN + "s"),
        bearing("schlüssel"),
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
    ],
)
@pytest.mark.parametrize("address", [HERE, ELSEWHERE])
async def test_without_it_nobody_may(address: str, headers: dict[str, str] | None) -> None:
    response = await asked(address, headers, metrics_token=TOKEN)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert b"tomato_redis_up" not in response.content


async def test_a_token_that_is_not_set_opens_nothing() -> None:
    assert (await asked(ELSEWHERE, bearing(""))).status_code == 403


@pytest.mark.parametrize(
    ("proxies", "forwarded_for", "status"),
    [
        (1, HERE, 200),
        (1, ELSEWHERE, 403),
        (1, f"{HERE}, {ELSEWHERE}", 403),  # a visitor may have written the first
        (2, f"{HERE}, {ELSEWHERE}", 200),
        (1, "not an address", 403),
        (1, None, 200),  # asked past the proxy, on this machine
        (0, ELSEWHERE, 403),
        (0, HERE, 403),  # some proxy is in front that nobody has told us of
    ],
)
async def test_behind_proxies_the_visitors_own_address_counts(
    proxies: int, forwarded_for: str | None, status: int
) -> None:
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else None
    assert (await asked(HERE, headers, proxies=proxies)).status_code == status


async def test_it_is_only_looked_at() -> None:
    assert (await AsyncClient().head("/metrics")).status_code == 200
    assert (await AsyncClient().post("/metrics")).status_code == 405


async def test_over_https_it_is_asked_from_within_without_tls() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        assert (await asked()).status_code == 200


async def test_without_redis_it_says_so_and_what_this_process_knows() -> None:
    scrape = Scrape((await asked(redis_url="unix:///nowhere/redis.sock")).content.decode())
    assert scrape.total("tomato_redis_up") == 0
    assert scrape.total("tomato_workers") is None
    assert scrape.total("tomato_sockets", role="web") == 0
    assert scrape.total("tomato_redis_errors_total", server="timers") == 1


async def test_what_the_process_that_is_asked_has_counted_is_told_at_once_and_by_all_from_then_on() -> None:
    here = process.current()
    here.figures.received += 3
    told = Scrape((await asked()).content.decode()).total("tomato_messages_received_total", process=here.name)
    (report,) = await reports.read(here.redis)
    assert told == here.figures.received
    assert [number for _, number in report.samples["tomato_messages_received_total"]] == [told]


async def test_shards_without_a_worker_are_told_of() -> None:
    scrape = Scrape((await asked()).content.decode())
    assert scrape.total("tomato_workers") == 0
    assert scrape.total("tomato_shards_free") == settings.TOMATO.shards
    assert scrape.total("tomato_command_wait_seconds") == 0
