"""The log-in of operators, and who waits before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import F
from django.test import override_settings
from django.utils import timezone

from tests.support.web import Visitor
from tomato.login import MOST_FOR_ALL_NAMES, forget_the_past

NAME, RIGHT, WRONG = "root", "a right password", "a wrong one"
HOME, ELSEWHERE, FORGED, PROXY = "203.0.113.7", "198.51.100.9", "192.0.2.66", "10.0.0.1"
TOO_OFTEN, NOT_IN, IN = 429, 200, 302

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operator() -> Iterator[None]:
    User.objects.create_superuser(NAME, password=RIGHT)
    with override_settings(AXES_ENABLED=True):
        yield


async def answer(password: str, name: str = NAME, address: str = HOME, forwarded: str = "") -> Any:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    form = {"username": name, "password": password}
    return await Visitor(address).post("/admin/login/", form, headers=headers)


async def tries(password: str, **how: str) -> int:
    status: int = (await answer(password, **how)).status_code
    return status


async def wrong(times: int, **how: str) -> list[int]:
    return [await tries(WRONG, **how) for _ in range(times)]


async def let_pass(time: timedelta) -> None:
    """What was tried is so much longer ago."""
    await AccessAttempt.objects.aupdate(attempt_time=F("attempt_time") - time)


async def test_after_five_wrong_passwords_even_the_right_one_waits_a_quarter_of_an_hour() -> None:
    assert await wrong(5) == [NOT_IN] * 4 + [TOO_OFTEN]
    await let_pass(timedelta(minutes=14))
    assert await tries(RIGHT) == TOO_OFTEN
    await let_pass(timedelta(minutes=2))
    assert await tries(RIGHT) == IN


async def test_who_waits_is_told_so_on_a_page() -> None:
    await wrong(4)
    for password in (WRONG, RIGHT):
        response = await answer(password)
        assert response.status_code == TOO_OFTEN
        assert "admin/429.html" in {template.name for template in response.templates}
        assert "15 minutes" in response.content.decode()
        assert response["Retry-After"] == "900"


async def test_who_goes_on_trying_waits_no_longer_and_writes_nothing() -> None:
    await wrong(5)
    before = await AccessAttempt.objects.aget()
    assert set(await wrong(5)) == {TOO_OFTEN}
    after = await AccessAttempt.objects.aget()
    assert (after.attempt_time, after.post_data) == (before.attempt_time, before.post_data)


async def test_nobody_keeps_an_operator_out_from_elsewhere() -> None:
    await wrong(5, address=ELSEWHERE)
    assert await tries(RIGHT, address=ELSEWHERE) == TOO_OFTEN
    assert await tries(RIGHT) == IN


async def test_an_address_tries_twenty_times_whatever_names() -> None:
    names = [f"name {number}" for number in range(MOST_FOR_ALL_NAMES)]
    assert [await tries(WRONG, name=name) for name in names] == [NOT_IN] * 19 + [TOO_OFTEN]
    assert await tries(RIGHT) == TOO_OFTEN
    assert await tries(RIGHT, address=ELSEWHERE) == IN


async def test_a_line_of_many_addresses_tries_as_one() -> None:
    assert [await tries(WRONG, address=f"2001:db8::{number}") for number in range(1, 6)][-1] == TOO_OFTEN
    assert await tries(RIGHT, address="2001:db8::7:7") == TOO_OFTEN
    assert await tries(RIGHT, address="2001:db8:0:1::7") == IN


async def test_nothing_of_it_is_kept_for_ever() -> None:
    for number in range(8):
        await tries(WRONG, name=f"name {number}")
    await let_pass(timedelta(minutes=16))
    assert await tries(RIGHT) == IN
    assert not await AccessAttempt.objects.aexists()
    assert not await AccessLog.objects.aexists()


async def test_what_is_over_goes_though_nobody_tries_again() -> None:
    await tries(WRONG)
    await let_pass(timedelta(minutes=10))
    await tries(WRONG, name="lately")
    await let_pass(timedelta(minutes=6))
    for key, ended_ago in (("over", 1), ("open", -1)):
        await Session.objects.acreate(session_key=key, expire_date=timezone.now() - timedelta(minutes=ended_ago))
    await forget_the_past()
    assert [attempt.username async for attempt in AccessAttempt.objects.all()] == ["lately"]
    assert [session.session_key async for session in Session.objects.all()] == ["open"]


async def test_an_address_that_is_none_counts_too() -> None:
    assert (await wrong(5, address="a word"))[-1] == TOO_OFTEN


@pytest.mark.parametrize(
    ("proxies", "guesser", "others"),
    [
        (0, (PROXY, "{forged}"), (HOME, f"{PROXY}")),
        (1, (PROXY, "{forged}, " + ELSEWHERE), (PROXY, f"{ELSEWHERE}, {HOME}")),
        (2, (PROXY, "{forged}, " + ELSEWHERE + f", {PROXY}"), (PROXY, f"{ELSEWHERE}, {HOME}, {PROXY}")),
    ],
)
async def test_who_tries_is_told_by_the_proxies_that_are_counted_and_by_no_header_else(
    proxies: int, guesser: tuple[str, str], others: tuple[str, str]
) -> None:
    with override_settings(TOMATO=replace(settings.TOMATO, proxies=proxies)):
        address, forwarded = guesser
        for number in range(5):
            await tries(WRONG, address=address, forwarded=forwarded.format(forged=f"192.0.2.{number}"))
        assert await tries(RIGHT, address=address, forwarded=forwarded.format(forged=FORGED)) == TOO_OFTEN
        assert await tries(RIGHT, address=others[0], forwarded=others[1]) == IN
