"""Rooms that nobody has used for a month, and what goes with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from unittest.mock import patch

import pytest
import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from rooms import housekeeping
from rooms.codes import new_code
from rooms.housekeeping import LOOKED_KEY, ONCE_IN_MS, forget_unused
from rooms.models import Room, find_room, touch
from tests.support.topics import timer_after
from tests.support.waiting import eventually_async
from timers import parking, process, topics
from timers.models import ParkedTimer
from timers.store import Store
from timers.timer import Pause, Start
from tomato.redis import connect

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("empty_redis")]


@asynccontextmanager
async def a_store() -> AsyncIterator[Store]:
    async with connect(settings.TOMATO.redis_url) as client:
        yield Store(client, settings.TOMATO.shards)


async def a_room_unused_for(**time: float) -> Room:
    return await Room.objects.acreate(code=new_code(), last_used_at=timezone.now() - timedelta(**time))


async def forgotten() -> int:
    async with a_store() as store:
        return await forget_unused(store)


async def with_timers(room: Room) -> Room:
    """A room whose shared timer and two people's own are parked."""
    paused = timer_after(Start(), Pause())
    await parking.park(topics.room(room.code), {"room": paused, "ana": paused, "jun": paused})
    return room


def is_live(empty_redis: redis.Redis, room: Room) -> None:
    topic = topics.room(room.code)
    empty_redis.hset(topics.state_key(topics.shard_of(topic, settings.TOMATO.shards), topic), "topic", b"{}")


async def codes() -> set[str]:
    return {room.code async for room in Room.objects.all()}


async def parked() -> set[str]:
    return {timer.key.partition(":")[0] async for timer in ParkedTimer.objects.all()}


async def test_a_room_goes_after_a_month_with_its_timers_and_no_other() -> None:
    gone = await with_timers(await a_room_unused_for(days=30, minutes=1))
    kept = await with_timers(await a_room_unused_for(days=29, hours=23))
    assert await find_room(gone.code) is not None
    assert await forgotten() == 1
    assert await codes() == {kept.code}
    assert await parked() == {f"room.{kept.code}"}
    assert await find_room(gone.code) is None
    with patch("rooms.codes.new_code", return_value=gone.code):
        assert (await Room.objects.make()).code == gone.code


async def test_a_room_that_redis_holds_is_in_use_however_long_ago_anybody_came(empty_redis: redis.Redis) -> None:
    open_for_long = await a_room_unused_for(days=31)
    is_live(empty_redis, open_for_long)
    assert await forgotten() == 0
    assert timezone.now() - (await Room.objects.aget()).last_used_at < timedelta(minutes=1)
    empty_redis.flushall()
    assert await forgotten() == 0, "it was used until now"


async def test_an_operator_removes_a_room_with_its_timers_too() -> None:
    room, other = await with_timers(await Room.objects.make()), await with_timers(await Room.objects.make())
    await room.adelete()
    assert await parked() == {f"room.{other.code}"}


async def test_who_comes_as_the_room_goes_finds_none() -> None:
    room = await a_room_unused_for(days=31)
    assert await find_room(room.code) is not None
    with patch("rooms.models._recent.forget"):
        await forgotten()  # in another process, that is
    assert await find_room(room.code) is not None, "as this one still believes"
    assert await touch(room.code) is False
    assert await find_room(room.code) is None


async def test_who_came_first_keeps_the_room() -> None:
    room = await a_room_unused_for(days=31)

    async def enter(topic: str) -> bool:
        assert await touch(room.code)
        return False

    async with a_store() as store:
        with patch.object(store, "holds", side_effect=enter):
            assert await forget_unused(store) == 0
    assert await codes() == {room.code}


async def test_nothing_is_removed_where_redis_does_not_say_what_is_in_use() -> None:
    await a_room_unused_for(days=31)
    async with connect("redis://127.0.0.1:1") as client:
        with pytest.raises(redis.ConnectionError):
            await forget_unused(Store(client, settings.TOMATO.shards))
    assert await Room.objects.acount() == 1


async def test_a_process_looks_by_itself_and_no_other_does_on_that_day(empty_redis: redis.Redis) -> None:
    await a_room_unused_for(days=31)
    await Session.objects.acreate(session_key="over", expire_date=timezone.now())
    housekeeping.begin()
    housekeeping.begin()

    async def is_gone() -> bool:
        return not await Room.objects.aexists() and not await Session.objects.aexists()

    await eventually_async(is_gone)
    assert ONCE_IN_MS - 60_000 < empty_redis.pttl(LOOKED_KEY) <= ONCE_IN_MS
    late = await a_room_unused_for(days=31)
    with patch("rooms.housekeeping.LOOK_EVERY_S", 0.001), patch("rooms.housekeeping.forget_unused") as looked:
        again = asyncio.create_task(housekeeping._keep_house())
        await asyncio.wait({again}, timeout=0.2)
        again.cancel()
        for task in process.current()._tasks:
            task.cancel()
    assert not looked.called
    assert await codes() == {late.code}


def test_an_operator_can_have_them_removed_at_once(capsys: pytest.CaptureFixture[str], db: None) -> None:
    for _ in range(2):
        Room.objects.create(code=new_code(), last_used_at=timezone.now() - timedelta(days=31))
    for words in ("2 rooms removed.", "0 rooms removed."):
        call_command("forget_rooms")
        assert capsys.readouterr().out.strip() == words


def test_without_redis_the_command_says_why_it_does_nothing(db: None) -> None:
    with (
        patch("rooms.management.commands.forget_rooms.connect", side_effect=redis.ConnectionError("gone")),
        pytest.raises(CommandError, match="does not answer"),
    ):
        call_command("forget_rooms")
