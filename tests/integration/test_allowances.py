"""What may be asked of all processes together, in a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis
from django.conf import settings

from tests.support.waiting import eventually_async
from tomato.allowances import Allowance, Allowances, Spent, bucket_of
from tomato.redis import connect

HALF_A_MINUTE_MS = 30_000
FIVE = Allowance(at_once=5, every_ms=HALF_A_MINUTE_MS)
TWO = Allowance(at_once=2, every_ms=HALF_A_MINUTE_MS)

pytestmark = pytest.mark.usefixtures("empty_redis")


@asynccontextmanager
async def a_process() -> AsyncIterator[Allowances]:
    async with connect(settings.TOMATO.redis_url) as client:
        yield Allowances(client)


async def test_so_many_are_given_at_once_and_then_it_is_said_how_long_to_wait() -> None:
    async with a_process() as allowances:
        assert [await allowances.take({"a": FIVE}) for _ in range(5)] == [0] * 5
        assert HALF_A_MINUTE_MS - 5_000 < await allowances.take({"a": FIVE}) <= HALF_A_MINUTE_MS


async def test_a_refusal_costs_nothing() -> None:
    async with a_process() as allowances:
        waits = [await allowances.take({"a": TWO}) for _ in range(20)]
        assert max(waits) <= HALF_A_MINUTE_MS


async def test_after_a_while_there_is_one_more() -> None:
    async with a_process() as allowances:
        quick = {"a": Allowance(at_once=1, every_ms=200)}
        assert await allowances.take(quick) == 0
        assert await allowances.take(quick) > 0

        async def given() -> bool:
            return await allowances.take(quick) == 0

        await eventually_async(given)
        assert await allowances.take(quick) > 0


async def test_all_processes_take_from_the_same_bucket() -> None:
    async with a_process() as one, a_process() as other:
        assert [await one.take({"a": TWO}), await other.take({"a": TWO})] == [0, 0]
        assert await one.take({"a": TWO}) > 0


async def test_of_several_buckets_all_give_or_none() -> None:
    async with a_process() as allowances:
        assert await allowances.take({"a": FIVE, "b": Allowance(1, HALF_A_MINUTE_MS)}) == 0
        assert await allowances.take({"a": FIVE, "b": Allowance(1, HALF_A_MINUTE_MS)}) > 0
        assert [await allowances.take({"a": FIVE}) == 0 for _ in range(5)] == [True] * 4 + [False]


async def test_what_is_given_back_can_be_taken_again(empty_redis: redis.Redis) -> None:
    async with a_process() as allowances:
        for _ in range(50):
            assert await allowances.take({"a": TWO, "b": FIVE}) == 0
            await allowances.give_back({"a": TWO, "b": FIVE})
        assert empty_redis.keys() == []
        for _ in range(4):
            await allowances.take({"a": FIVE})
        await allowances.give_back({"a": FIVE, "b": TWO})
        assert [await allowances.take({"a": FIVE}) == 0 for _ in range(3)] == [True, True, False]


async def test_a_bucket_that_is_full_again_is_forgotten(empty_redis: redis.Redis) -> None:
    async with a_process() as allowances:
        await allowances.take({"a": TWO})
        assert 0 < empty_redis.pttl("a") <= HALF_A_MINUTE_MS
        await allowances.take({"a": TWO})
        assert HALF_A_MINUTE_MS < empty_redis.pttl("a") <= 2 * HALF_A_MINUTE_MS


def test_a_bucket_names_an_address_without_telling_it() -> None:
    names = {bucket_of(address, "tries", *room) for address in ("203.0.113.7", "::1") for room in ((), ("ABC234",))}
    assert len(names) == 4
    assert not any("203.0.113.7" in name or "::1" in name for name in names)
    assert len({name[name.index("{") : name.index("}")] for name in names}) == 2, "one slot for each address"


def test_how_long_to_wait_is_told_in_started_seconds() -> None:
    assert [Spent(wait_ms).retry_after_s for wait_ms in (1, 1_000, 1_001)] == [1, 1, 2]
