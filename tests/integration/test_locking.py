"""A room gets another passcode, or none: who may do that, what it is worth, and how it is taken back."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.test import AsyncClient

from rooms import changes, entering
from rooms.entering import PAGE_COOKIE, SOCKET_COOKIE
from rooms.models import Room, find_room
from tests.support.topics import Scene
from tests.support.waiting import eventually_async
from timers import control, records, topics
from tomato.allowances import Allowance
from tomato.identity import COOKIE, member_for, signed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

JSON = "application/json"
ANA, JUN, KIM = "AAAAAAAAAAAAAAAA", "BBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCC"
OLD, NEW = "open barley", "open sesame"


async def a_room(
    client: redis.Redis, *, maker: str | None = ANA, passcode: str = "", here: tuple[str, ...] = (ANA, JUN)
) -> Room:
    """Ana's, with her and Jun in it."""
    room = await Room.objects.make("", maker, await entering.hashed(passcode) if passcode else "")
    scene = Scene(topics.room(room.code))
    for device in here:
        scene.arrive(member_for(device, room.code), maker=room.maker or None)
    shard = topics.shard_of(scene.topic.name, settings.TOMATO.shards)
    client.hset(topics.state_key(shard, scene.topic.name), mapping=records.write_topic(scene.topic))  # type: ignore[arg-type]
    return room


def browser(device: str | None) -> AsyncClient:
    client = AsyncClient()
    if device is not None:
        client.cookies[COOKIE] = signed(device)
    return client


async def locked(room: Room, by: AsyncClient, passcode: Any = NEW) -> Any:
    return await by.post(f"/api/rooms/{room.code}/passcode", {"passcode": passcode}, JSON)


async def undone(room: Room, by: AsyncClient) -> Any:
    return await by.post(f"/api/rooms/{room.code}/passcode/undo", {}, JSON)


async def kept(room: Room) -> str:
    return (await Room.objects.aget(pk=room.pk)).passcode


@pytest.mark.postgresql
async def test_whose_room_it_is_sets_changes_and_removes_its_passcode(empty_redis: redis.Redis) -> None:
    room, ana = await a_room(empty_redis), browser(ANA)
    for passcode in (OLD, f" {NEW} "):
        response = await locked(room, ana, passcode)
        assert (response.status_code, response.json()) == (200, {"locked": True})
        assert check_password(passcode.strip(), await kept(room))
        assert {PAGE_COOKIE, SOCKET_COOKIE} <= response.cookies.keys(), "who sets it need not enter it"
        assert (await ana.get(f"/room/{room.code}")).status_code == 200
        assert (await browser(JUN).get(f"/room/{room.code}")).status_code == 403
    response = await locked(room, ana, None)
    assert (response.status_code, response.json(), await kept(room)) == (200, {"locked": False}, "")
    assert not response.cookies
    assert (await browser(JUN).get(f"/room/{room.code}")).status_code == 200


async def test_only_whose_room_it_is_and_only_from_within(empty_redis: redis.Redis) -> None:
    room = await a_room(empty_redis, passcode=OLD)
    before = await kept(room)
    for device in (JUN, KIM, None):
        for response in (await locked(room, browser(device)), await undone(room, browser(device))):
            assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert (await locked(await a_room(empty_redis, here=(JUN,)), browser(ANA))).status_code == 403
    assert await kept(room) == before


async def test_a_room_without_a_maker_is_locked_by_anybody_in_it(empty_redis: redis.Redis) -> None:
    room = await a_room(empty_redis, maker=None)
    assert (await locked(room, browser(KIM))).status_code == 403
    assert (await locked(room, browser(JUN))).status_code == 200


async def test_what_was_good_for_the_old_passcode_is_not_for_the_new_one(empty_redis: redis.Redis) -> None:
    room, jun = await a_room(empty_redis, passcode=OLD), browser(JUN)
    await jun.post(f"/room/{room.code}/enter", {"passcode": OLD})
    assert (await jun.get(f"/room/{room.code}")).status_code == 200
    await locked(room, browser(ANA))
    assert (await jun.get(f"/room/{room.code}")).status_code == 403
    assert (await jun.post(f"/room/{room.code}/enter", {"passcode": OLD})).status_code == 403
    assert (await jun.post(f"/room/{room.code}/enter", {"passcode": NEW})).status_code == 302


async def test_whoever_has_set_it_takes_it_back_and_what_was_good_before_is_good_again(
    empty_redis: redis.Redis,
) -> None:
    room, ana, jun = await a_room(empty_redis, passcode=OLD), browser(ANA), browser(JUN)
    await jun.post(f"/room/{room.code}/enter", {"passcode": OLD})
    for passcode in (NEW, None):
        await locked(room, ana, passcode)
        response = await undone(room, ana)
        assert (response.status_code, response.json()) == (200, {"locked": True})
        for each in (ana, jun):
            assert (await each.get(f"/room/{room.code}")).status_code == 200
    assert (await undone(room, ana)).status_code == 403, "once"


async def test_it_is_kept_for_a_moment_only(empty_redis: redis.Redis) -> None:
    room = await a_room(empty_redis)
    await locked(room, browser(ANA))
    (key,) = [key for key in empty_redis.scan_iter() if b"passcode-before" in key]
    assert 0 < empty_redis.pttl(key) <= control.TAKE_BACK_MS


@pytest.mark.parametrize(
    "body", [{}, {"passcode": ""}, {"passcode": "  "}, {"passcode": "x" * 65}, {"passcode": 7}, [], None]
)
async def test_what_is_no_passcode_is_refused(empty_redis: redis.Redis, body: Any) -> None:
    room = await a_room(empty_redis)
    response = await browser(ANA).post(f"/api/rooms/{room.code}/passcode", body, JSON)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert await kept(room) == ""


async def test_there_is_nothing_to_lock_where_there_is_no_room(empty_redis: redis.Redis) -> None:
    assert (await locked(Room(code="ZZZZZZ"), browser(ANA))).status_code == 404
    room = await a_room(empty_redis)
    await find_room(room.code)
    await Room.objects.filter(pk=room.pk).aupdate(code="ZZZZZZ")  # as when it is removed at this moment
    assert (await locked(room, browser(ANA))).status_code == 404


async def test_one_address_sets_them_only_so_fast(empty_redis: redis.Redis) -> None:
    room = await a_room(empty_redis)
    with patch("rooms.locking.PASSCODES", Allowance(1, 30_000)):
        answers = [await locked(room, browser(ANA)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert 0 < int(answers[1]["Retry-After"]) <= 30


async def test_other_processes_are_told(empty_redis: redis.Redis) -> None:
    room = await a_room(empty_redis)
    await changes.hear()
    assert await find_room(room.code)
    await Room.objects.filter(pk=room.pk).aupdate(
        passcode="another"
    )  # as when another process does it: nobody says so here
    assert not (await find_room(room.code)).is_locked  # type: ignore[union-attr]
    await changes.tell_locked(room.code, True)

    async def is_locked() -> bool:
        return (await find_room(room.code)).is_locked  # type: ignore[union-attr]

    await eventually_async(is_locked)
