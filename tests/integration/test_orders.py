"""What a script asks of a room's timer over HTTP: who is refused and how, and what becomes of what nobody obeys."""

from __future__ import annotations

import json
from time import monotonic
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import DatabaseError
from django.test import AsyncClient
from redis.exceptions import ConnectionError as RedisIsAway

from rooms import entering
from rooms.codes import new_code
from rooms.models import Room
from tests.support.sockets import process_on
from tests.support.topics import room_with, timer_after
from tests.support.waiting import eventually_async
from timers import errands, inbox, parking, records, topics
from timers.broadcast import Broadcaster
from timers.inbox import Entry, Inbox
from timers.timer import Pause, Start
from timers.topic import POLICY, Answer, Control, Policy, Recall, Steer
from tomato.allowances import Allowances
from tomato.identity import member_for, signed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

JSON = "application/json"
START = {"action": "start"}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errands, "WITHIN_MS", 150)
    monkeypatch.setattr(errands, "PATIENCE_MS", 100)


async def ordered(code: str, order: Any = START, content_type: str = JSON, **extra: Any) -> Any:
    body = order if isinstance(order, bytes) else json.dumps(order)
    return await AsyncClient().post(f"/api/rooms/{code}/timer", body, content_type, **extra)


def refused(response: Any, status: int, code: str) -> str:
    answer = response.json()
    assert (response.status_code, answer["code"], set(answer)) == (status, code, {"code", "message"}), answer
    return str(answer["message"])


def received(client: redis.Redis, room: Room) -> list[Entry]:
    """What is in the room's inbox."""
    entries: Any = client.xrange(topics.commands_key(shard_of(room)))
    return [inbox._entry(id, fields) for id, fields in entries]


def orders(client: redis.Redis, room: Room) -> list[Entry]:
    return [entry for entry in received(client, room) if isinstance(entry.command, Steer)]


def shard_of(room: Room) -> int:
    return topics.shard_of(topics.room(room.code), settings.TOMATO.shards)


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "content_type", "status", "code"),
    [
        (b"{", JSON, 400, "bad-message"),
        (b'{"action": NaN}', JSON, 400, "bad-message"),
        (b" " * 20_000, JSON, 413, "too-large"),
        (b"action=start", "application/x-www-form-urlencoded", 415, "unsupported-media-type"),
        ([], JSON, 422, "invalid"),
        ({}, JSON, 422, "invalid"),
        ({"action": "explode"}, JSON, 422, "invalid"),
        ({"action": "add", "ms": "60000"}, JSON, 422, "invalid"),
    ],
)
async def test_what_makes_no_sense_is_refused(order: Any, content_type: str, status: int, code: str) -> None:
    room = await Room.objects.make()
    refused(await ordered(room.code, order, content_type), status, code)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_a_timer_is_only_commanded_by_post(method: str) -> None:
    response = await AsyncClient().generic(method, f"/api/rooms/{new_code()}/timer")
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize("code", ["ABC", "ZZZZZZ", "%00"])
async def test_there_is_no_timer_where_there_is_no_room(code: str) -> None:
    refused(await ordered(code), 404, "not-found")


async def test_a_locked_room_wants_its_passcode() -> None:
    room = await Room.objects.make(passcode=await entering.hashed("open sesame"))
    assert "X-Room-Passcode" in refused(await ordered(room.code), 403, "forbidden")
    refused(await ordered(room.code, headers={"X-Room-Passcode": "open barley"}), 403, "forbidden")
    refused(await ordered(room.code, headers={"X-Room-Passcode": "open sesame"}), 503, "unavailable")


async def test_an_address_commands_only_so_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    async def spent(self: Allowances, buckets: Any) -> int:
        (bucket,) = buckets
        assert bucket.endswith(":commands")
        return 1_500

    monkeypatch.setattr(Allowances, "take", spent)
    response = await ordered(new_code())
    assert "wait a second" in refused(response, 429, "rate-limited")
    assert response["Retry-After"] == "2"


async def test_the_pace_of_an_address_is_what_the_operator_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.TOMATO.__dict__, "rate_per_s", 0.01)  # however slow the machine is
    monkeypatch.setitem(settings.TOMATO.__dict__, "rate_burst", 2)
    code = new_code()
    assert [(await ordered(code)).status_code for _ in range(4)] == [404, 404, 429, 429]


# What nobody obeys ----------------------------------------------------------------------------------------------------


async def test_without_a_worker_it_is_refused_and_taken_back(empty_redis: redis.Redis) -> None:
    room = await Room.objects.make()
    response = await ordered(room.code)
    assert "none will" in refused(response, 503, "unavailable")
    await eventually_async(lambda: not orders(empty_redis, room))


async def test_from_its_instant_on_nobody_may_obey_it(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inbox, "withdraw", left_there)
    room = await Room.objects.make()
    began_s = monotonic()
    refused(await ordered(room.code), 503, "unavailable")
    assert monotonic() - began_s >= errands.WITHIN_MS / 1000
    [entry] = orders(empty_redis, room)
    assert entry.lapses_at is not None
    assert entry.lapses_at <= entry.at + errands.PATIENCE_MS < entry.at + errands.WITHIN_MS


async def test_what_a_worker_obeyed_before_it_died_is_answered_as_obeyed(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had committed, and with that what it had to say; nobody has said it yet."""
    monkeypatch.setattr(errands, "WITHIN_MS", 1_000)
    room, scene = await Room.objects.make(), room_with("ana")
    scene.press(None, Start())
    answer = Answer(scene.topic.v, changed=True, at=scene.now)
    post = Inbox.post

    async with process_on() as layer:
        worker = Broadcaster(layer)

        async def post_to_a_worker_that_dies(self: Inbox, topic: str, command: Any, **note: Any) -> str:
            if isinstance(command, Steer):
                replies = [worker.done(note["reply_to"], ref) for ref in (note["ref"] + 1, note["ref"] + 2)]
                obeyed = worker.result(note["reply_to"], note["ref"], scene.topic, "room", answer, scene.now)
                empty_redis.set(topics.unsaid_key(shard_of(room)), worker.kept([*replies, obeyed]))
            return await post(self, topic, command, **note)

        monkeypatch.setattr(Inbox, "post", post_to_a_worker_that_dies)
        response = await ordered(room.code)
    assert response.status_code == 200
    assert (response.json()["v"], response.json()["timer"]["status"]) == (scene.topic.v, "running")


async def test_it_is_nobodys_without_a_cookie_and_a_persons_with_one(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inbox, "withdraw", left_there)
    room, device = await Room.objects.make(), "0123456789ABCDEF"
    for cookie in ("", "tomato_device=0123456789ABCDEF:not:ours", f"tomato_device={signed(device)}"):
        await ordered(room.code, headers={"cookie": cookie})
    given = [entry.command for entry in orders(empty_redis, room)]
    members = [None, None, member_for(device, room.code)]
    assert given == [Steer(member, "room", Start()) for member in members]


@pytest.mark.postgresql
async def test_a_room_that_sleeps_is_told_first_what_the_database_remembers(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inbox, "withdraw", left_there)
    room = await Room.objects.make("Writers", "0123456789ABCDEF")
    paused, policy = timer_after(Start(), Pause()), Policy("jun", Control.NAMED, (), True, True)
    await parking.park(topics.room(room.code), {"room": paused, POLICY: policy})
    await ordered(room.code)
    recall, order = [entry.command for entry in received(empty_redis, room)]
    assert recall == Recall({"room": paused}, policy, room.maker)
    assert order == Steer(None, "room", Start())


async def test_a_room_that_is_awake_is_told_nothing_else(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inbox, "withdraw", left_there)
    room = await Room.objects.make()
    awake = room_with("ana")
    awake.press("ana", Start())
    shard, name = shard_of(room), topics.room(room.code)
    empty_redis.hset(topics.state_key(shard, name), mapping=records.write_topic(awake.topic))  # type: ignore[arg-type]
    await ordered(room.code)
    assert [type(entry.command) for entry in received(empty_redis, room)] == [Steer]


async def test_where_redis_surely_has_not_heard_of_it_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(self: Inbox, *args: Any, **words: Any) -> str:
        raise RedisIsAway("Error 111 connecting to nowhere.")

    monkeypatch.setattr(Inbox, "post_if_awake", away)
    monkeypatch.setattr(errands, "WITHIN_MS", 60_000)
    refused(await ordered((await Room.objects.make()).code), 503, "unavailable")


async def test_where_redis_may_have_heard_of_it_it_has_lapsed_before_anything_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def cut_off(self: Inbox, *args: Any, **words: Any) -> str:
        raise RedisIsAway("Connection closed by server.")

    monkeypatch.setattr(Inbox, "post_if_awake", cut_off)
    room, began_s = await Room.objects.make(), monotonic()
    refused(await ordered(room.code), 503, "unavailable")
    assert monotonic() - began_s >= errands.WITHIN_MS / 1000


async def test_a_lost_database_is_told_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*args: Any) -> None:
        raise DatabaseError("gone")

    room = await Room.objects.make()
    monkeypatch.setattr(parking, "find", lost)
    refused(await ordered(room.code), 503, "unavailable")


async def left_there(self: Inbox, topic: str, id: str) -> None:
    """As if Redis could not be told that it is taken back."""
