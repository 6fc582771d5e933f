"""Who decides for which shard: taken once, renewed, lost, given back, and shared fairly."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import redis
from django.conf import settings

from tests.support.waiting import eventually_async
from timers import leases, topics
from timers.leases import LEASE_MS, Census, Lease, Leases, census
from tomato.redis import connect

pytestmark = pytest.mark.usefixtures("empty_redis")

SHORT_MS = 150


@asynccontextmanager
async def workers(number: int, shards: int = 4) -> AsyncIterator[list[Leases]]:
    async with connect(settings.TOMATO.redis_url) as client:
        yield [Leases(client, shards, f"worker-{place}") for place in range(number)]


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_MS", SHORT_MS)


def holder(client: redis.Redis, shard: int) -> bytes | None:
    return client.get(topics.lease_key(shard))  # type: ignore[return-value]


def expires_in_ms(client: redis.Redis, shard: int) -> int:
    return client.pttl(topics.lease_key(shard))


# One shard, one owner -------------------------------------------------------------------------------------------------


async def test_a_shard_is_taken_once(empty_redis: redis.Redis) -> None:
    async with workers(2) as (one, two):
        await one.take(3)
        await two.take(4)
        await one.take(4)
    assert (len(one.owned), len(two.owned)) == (3, 1)
    for shard, lease in (one.owned | two.owned).items():
        assert holder(empty_redis, shard) == lease.token.encode()
        assert 0 < expires_in_ms(empty_redis, shard) <= LEASE_MS


async def test_every_lease_has_a_token_of_its_own() -> None:
    async with workers(1) as [one]:
        await one.take(4)
        first = {lease.token for lease in one.owned.values()}
        await one.give_back(0)
        await one.take(4)
    assert len(first | {one.owned[0].token}) == 5


async def test_a_lease_is_kept_by_renewing_it(empty_redis: redis.Redis) -> None:
    async with workers(1, shards=1) as [one]:
        await one.take(1)
        empty_redis.pexpire(topics.lease_key(0), 500)
        one.owned[0].renewed_at = 0
        await one.renew()
    assert expires_in_ms(empty_redis, 0) > 500
    assert one.owned[0].stands()


@pytest.mark.usefixtures("short_leases")
async def test_a_lease_that_ran_out_is_lost_and_free_for_others() -> None:
    async with workers(2, shards=1) as (one, two):
        await one.take(1)

        async def two_has_it() -> bool:
            await two.take(1)
            return 0 in two.owned

        await eventually_async(two_has_it)
        assert not one.owned[0].stands()
        await one.renew()
        assert one.owned == {}
        await two.renew()
        assert 0 in two.owned


async def test_who_lost_a_lease_does_not_lengthen_another_s(empty_redis: redis.Redis) -> None:
    async with workers(1, shards=1) as [one]:
        await one.take(1)
        empty_redis.set(topics.lease_key(0), "worker-9:1", px=400)
        await one.renew()
        assert one.owned == {}
    assert holder(empty_redis, 0) == b"worker-9:1"
    assert expires_in_ms(empty_redis, 0) <= 400


async def test_a_shard_given_back_is_free_at_once() -> None:
    async with workers(2, shards=1) as (one, two):
        await one.take(1)
        await one.give_back(0)
        assert one.owned == {}
        await two.take(1)
        assert 0 in two.owned


async def test_who_lost_a_lease_does_not_give_back_another_s(empty_redis: redis.Redis) -> None:
    async with workers(1, shards=1) as [one]:
        await one.take(1)
        empty_redis.set(topics.lease_key(0), "worker-9:1")
        await one.give_back(0)
    assert holder(empty_redis, 0) == b"worker-9:1"


def test_a_lease_stands_until_it_may_have_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    lease = Lease("worker:1", renewed_at=100.0)
    for now, stands in [(100.0, True), (102.99, True), (103.0, False), (500.0, False)]:
        monkeypatch.setattr(leases, "uptime_s", lambda now=now: now)
        assert lease.stands() is stands


async def test_a_lease_is_as_old_as_the_asking_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer from Redis may be slow in coming, and the lease runs meanwhile."""
    instants = iter(range(100, 200))
    monkeypatch.setattr(leases, "uptime_s", lambda: next(instants))
    async with workers(1, shards=1) as [one]:
        await one.take(1)
        assert one.owned[0].renewed_at == 100
        await one.renew()
        assert one.owned[0].renewed_at == 101


# Fair shares ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "share"), [(1, 16), (2, 8), (3, 6), (20, 1)])
async def test_shards_are_shared_fairly_and_none_is_left_over(number: int, share: int) -> None:
    async with workers(number, shards=16) as living:
        for worker in living:
            await worker.fair_share()
        assert {await worker.fair_share() for worker in living} == {share}
        for worker in living:
            await worker.take(share)
        assert sum(len(worker.owned) for worker in living) == 16


async def test_a_worker_that_leaves_is_not_counted() -> None:
    async with workers(2) as (one, two):
        await one.fair_share()
        assert await two.fair_share() == 2
        await one.leave()
        assert await two.fair_share() == 4


@pytest.mark.usefixtures("short_leases")
async def test_a_dead_worker_is_not_counted_for_long(empty_redis: redis.Redis) -> None:
    async with workers(2) as (dead, one):
        await dead.fair_share()
        assert await one.fair_share() == 2

        async def has_all() -> bool:
            return await one.fair_share() == 4

        await eventually_async(has_all)
    assert empty_redis.zrange(topics.WORKERS_KEY, 0, -1) == [b"worker-1"]


# Census ---------------------------------------------------------------------------------------------------------------


async def test_the_census_counts_workers_shards_and_the_longest_wait(empty_redis: redis.Redis) -> None:
    async with workers(2) as (one, two):
        for worker in (one, two):
            await worker.fair_share()
        await one.take(2)
        await two.take(1)
        assert await census(one.redis, 4) == Census(live=2, shards_owned=3, shards_total=4, max_lag_ms=0)

        now_s, _ = empty_redis.time()
        obeyed, waiting = f"{(now_s - 60) * 1000}-0", f"{(now_s - 5) * 1000}-0"
        for id in (obeyed, waiting):
            empty_redis.xadd(topics.commands_key(2), {"command": "x"}, id=id)
        empty_redis.set(topics.cursor_key(2), obeyed)
        assert 5_000 <= (await census(one.redis, 4)).max_lag_ms < 10_000
        empty_redis.set(topics.cursor_key(2), waiting)
        assert (await census(one.redis, 4)).max_lag_ms == 0


@pytest.mark.usefixtures("short_leases")
async def test_the_census_leaves_out_the_dead() -> None:
    async with workers(1) as [one]:
        await one.fair_share()
        await one.take(4)

        async def nobody_is_left() -> bool:
            return await census(one.redis, 4) == Census(live=0, shards_owned=0, shards_total=4, max_lag_ms=0)

        await eventually_async(nobody_is_left)
