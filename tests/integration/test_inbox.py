"""Commands on their way: posted in order, stamped by Redis, and read by the shard's owner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest
import redis
from django.conf import settings

from tests.support.topics import Scene, minutes, room_with, solo_of
from tests.support.waiting import eventually_async
from timers import inbox as inbox_module
from timers import records, topics
from timers.inbox import MOST_WAITING, Entry, Inbox, Looked
from timers.store import BEGINNING
from timers.timer import Add, Pause, Start
from timers.topic import Arrive, Command, Leave, Recall, Rename, Steer
from tomato.redis import connect

pytestmark = pytest.mark.usefixtures("empty_redis")

SHARDS, SHARD = 1, 0
COMMANDS = topics.commands_key(SHARD)
ROOM = topics.room("ABC234")
ARRIVAL = Arrive("ana", "web.1!7", "web.1")
PAUSE = records.write_command(Steer("ana", "room", Pause()))
NOTE = records.write({"reply_to": None, "ref": 0, "patience_ms": None})


@asynccontextmanager
async def open_inbox() -> AsyncIterator[Inbox]:
    async with connect(settings.TOMATO.redis_url) as client:
        yield Inbox(client, SHARDS)


def redis_time(client: redis.Redis) -> int:
    now_s, microseconds = client.time()
    return now_s * 1000 + microseconds // 1000


# Posting and reading --------------------------------------------------------------------------------------------------


async def test_commands_are_read_in_the_order_they_were_posted() -> None:
    commands: list[Command] = [
        Steer("ana", "room", Start(60_000), "1"),
        Rename("ana", "Ana 🍅"),
        Leave("jun", "web.1!7"),
    ]
    async with open_inbox() as inbox:
        for command in commands:
            await inbox.post(ROOM, command)
        entries = await inbox.read(SHARD, BEGINNING)
    assert [entry.command for entry in entries] == commands
    assert {entry.topic for entry in entries} == {ROOM}
    assert all(later.is_after(earlier.cursor) for earlier, later in pairwise(entries))


async def test_reading_goes_on_behind_the_cursor() -> None:
    async with open_inbox() as inbox:
        for number in range(1, 6):
            await inbox.post(ROOM, Steer("ana", "room", Add(number)))
        second = (await inbox.read(SHARD, BEGINNING))[1]
        rest = await inbox.read(SHARD, second.cursor)
        assert [entry.command for entry in rest] == [Steer("ana", "room", Add(number)) for number in (3, 4, 5)]
        assert await inbox.read(SHARD, rest[-1].cursor) == []


def test_cursors_are_compared_as_numbers() -> None:
    entry = Entry("1000-10", 1000, ROOM, None, None, 0, None)
    assert entry.is_after("1000-9")
    assert entry.is_after("999-11")
    assert not entry.is_after("1000-10")
    assert not entry.is_after("1000-11")


async def test_at_most_so_many_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "READ_AT_ONCE", 2)
    async with open_inbox() as inbox:
        for _ in range(3):
            await inbox.post(ROOM, Rename("ana", "Ana"))
        assert len(await inbox.read(SHARD, BEGINNING)) == 2


async def test_a_command_was_received_when_redis_says_so(empty_redis: redis.Redis) -> None:
    async with open_inbox() as inbox:
        earliest = redis_time(empty_redis)
        await inbox.post(ROOM, Steer("ana", "room", Pause()), reply_to="web.1!3", ref=7, patience_ms=10_000)
        latest = redis_time(empty_redis)
        [entry] = await inbox.read(SHARD, BEGINNING)
    assert earliest <= entry.at <= latest
    assert entry.lapses_at == entry.at + 10_000
    assert (entry.reply_to, entry.ref) == ("web.1!3", 7)


async def test_a_command_without_patience_never_lapses() -> None:
    async with open_inbox() as inbox:
        await inbox.post(ROOM, Leave("ana", "web.1!3"))
        [entry] = await inbox.read(SHARD, BEGINNING)
    assert (entry.lapses_at, entry.reply_to) == (None, None)


async def test_each_shard_has_its_own_commands() -> None:
    async with connect(settings.TOMATO.redis_url) as client:
        inbox = Inbox(client, 16)
        await inbox.post(ROOM, Rename("ana", "Ana"))
        shard = topics.shard_of(ROOM, 16)
        assert len(await inbox.read(shard, BEGINNING)) == 1
        assert await inbox.read((shard + 1) % 16, BEGINNING) == []


async def test_a_command_is_withdrawn_by_its_id() -> None:
    async with open_inbox() as inbox:
        first = await inbox.post(ROOM, Rename("ana", "Ana"))
        second = await inbox.post(ROOM, Rename("jun", "Jun"))
        await inbox.withdraw(ROOM, first)
        assert [entry.cursor for entry in await inbox.read(SHARD, BEGINNING)] == [second]


@pytest.mark.parametrize("by_knocking", [False, True])
async def test_when_too_many_wait_the_older_half_is_dropped(empty_redis: redis.Redis, by_knocking: bool) -> None:
    with empty_redis.pipeline(transaction=False) as pipeline:
        for _ in range(MOST_WAITING - 1):
            pipeline.xadd(COMMANDS, {"x": ""})
        pipeline.execute()
    empty_redis.hset(topics.state_key(SHARD, ROOM), mapping={"timer:room": "{}", "person:ana": "{}"})
    async with open_inbox() as inbox:
        await inbox.post(ROOM, Rename("ana", "Ana"))
        assert not empty_redis.exists(topics.overrun_key(SHARD))
        if by_knocking:
            assert await inbox.knock(ROOM, ARRIVAL, "ana", reply_to="web.1!7", ref=3) is None
        else:
            await inbox.post(ROOM, ARRIVAL)
    assert empty_redis.xlen(COMMANDS) == MOST_WAITING / 2
    assert empty_redis.exists(topics.overrun_key(SHARD))
    newest: Any = empty_redis.xrevrange(COMMANDS, count=1)
    assert records.read_command(newest[0][1][b"command"]) == ARRIVAL


UNREADABLE = {
    "nothing in it": {"other": b"field"},
    "no command": {"topic": ROOM, "note": NOTE},
    "no note": {"topic": ROOM, "command": PAUSE},
    "not JSON": {"topic": ROOM, "command": b"{", "note": NOTE},
    "not an object": {"topic": ROOM, "command": b"[]", "note": NOTE},
    "a name that is no text": {"topic": b"\xff", "command": PAUSE, "note": NOTE},
    "a command of a newer release": {"topic": ROOM, "command": b'{"do":"Dance","with":{}}', "note": NOTE},
    "a field missing": {"topic": ROOM, "command": b'{"do":"Rename","with":{"member":"ana"}}', "note": NOTE},
    "parked is a list": {
        "topic": ROOM,
        "command": b'{"do":"Arrive","with":{"member":"a","socket":"s","process":"p","parked":[]}}',
        "note": NOTE,
    },
    "a note that is no object": {"topic": ROOM, "command": PAUSE, "note": b"[]"},
    "patience that is no number": {"topic": ROOM, "command": PAUSE, "note": b'{"patience_ms":"some"}'},
}


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_unreadable_entry_stops_nobody(empty_redis: redis.Redis, fields: Any) -> None:
    empty_redis.xadd(COMMANDS, fields)
    async with open_inbox() as inbox:
        await inbox.post(ROOM, Steer("ana", "room", Pause()))
        unreadable, good = await inbox.read(SHARD, BEGINNING)
    assert (unreadable.command, unreadable.reply_to) == (None, None)
    assert good.is_after(unreadable.cursor)
    assert good.command == Steer("ana", "room", Pause())


# Waiting --------------------------------------------------------------------------------------------------------------


async def test_waiting_ends_as_soon_as_something_is_posted(empty_redis: redis.Redis) -> None:
    async with open_inbox() as inbox:
        began = monotonic()
        waiting = asyncio.create_task(inbox.wait(SHARD, BEGINNING, longest_ms=30_000))
        await eventually_async(lambda: empty_redis.info("clients")["blocked_clients"])
        await inbox.post(ROOM, Rename("ana", "Ana"))
        [entry] = await waiting
    assert entry.command == Rename("ana", "Ana")
    assert monotonic() - began < 15


async def test_waiting_ends_at_once_when_something_is_there() -> None:
    async with open_inbox() as inbox:
        await inbox.post(ROOM, Rename("ana", "Ana"))
        began = monotonic()
        assert len(await inbox.wait(SHARD, BEGINNING, longest_ms=30_000)) == 1
    assert monotonic() - began < 15


async def test_waiting_ends_with_nothing_after_the_longest_time() -> None:
    async with open_inbox() as inbox:
        assert await inbox.wait(SHARD, BEGINNING, longest_ms=20) == []


# Knocking -------------------------------------------------------------------------------------------------------------


def empty_room() -> Scene:
    return room_with()


def room_never_entered_by_ana() -> Scene:
    room = room_with("jun")
    room.press("jun", Start())
    return room


def watched_room_with_ana() -> Scene:
    return room_with("ana")


def room_that_ana_just_left() -> Scene:
    room = room_with("ana")
    room.leave("ana")
    room.wait(minutes(1))
    return room


def room_that_ana_left_for_jun() -> Scene:
    room = room_with("ana", "jun")
    room.leave("ana")
    room.wait(minutes(1))
    return room


def room_that_ana_left_with_the_shared_timer_running() -> Scene:
    room = room_with("ana")
    room.press("ana", Start())
    room.leave("ana")
    room.wait(minutes(1))
    return room


def room_where_only_anas_own_timer_runs() -> Scene:
    room = room_with("ana")
    room.press("ana", Start(), timer="ana")
    room.leave("ana")
    room.wait(minutes(1))
    return room


def room_where_anas_own_timer_and_the_shared_one_run() -> Scene:
    room = room_with("ana")
    room.press("ana", Start())
    room.press("ana", Start(), timer="ana")
    room.leave("ana")
    room.wait(minutes(1))
    return room


def empty_solo() -> Scene:
    scene = solo_of("ana")
    scene.leave("ana")
    scene.wait(minutes(10))
    assert scene.topic.empty
    return scene


def solo_with_ana() -> Scene:
    return solo_of("ana")


def solo_that_runs_alone() -> Scene:
    scene = solo_of("ana")
    scene.press("ana", Start())
    scene.leave("ana")
    scene.wait(minutes(10))
    assert not scene.topic.people
    return scene


AWAKE = [
    watched_room_with_ana,
    room_that_ana_left_for_jun,
    room_that_ana_left_with_the_shared_timer_running,
    room_where_anas_own_timer_and_the_shared_one_run,
    solo_with_ana,
    solo_that_runs_alone,
]
ASLEEP = [
    empty_room,
    room_never_entered_by_ana,
    room_that_ana_just_left,
    room_where_only_anas_own_timer_runs,
    empty_solo,
]


async def knock(client: redis.Redis, scene: Scene) -> tuple[bool, list[Entry]]:
    """What came of ana's knocking at the topic as Redis holds it, and what is in the inbox then."""
    name = scene.topic.name
    if not scene.topic.empty:
        client.hset(topics.state_key(SHARD, name), mapping=records.write_topic(scene.topic))  # type: ignore[arg-type]
    own_timer = "ana" if scene.topic.is_room else topics.SOLO
    async with open_inbox() as inbox:
        looked = await inbox.knock(name, ARRIVAL, own_timer, reply_to="web.1!7", ref=3)
        return looked is None, await inbox.read(SHARD, BEGINNING)


@pytest.mark.parametrize("scene", AWAKE)
async def test_who_knocks_at_a_topic_that_is_awake_has_arrived_once(empty_redis: redis.Redis, scene: Any) -> None:
    topic = scene()
    came_in, [entry] = await knock(empty_redis, topic)
    assert came_in
    assert (entry.topic, entry.command, entry.reply_to, entry.ref) == (topic.topic.name, ARRIVAL, "web.1!7", 3)
    assert entry.lapses_at is None


def room_with_rules_and_a_paused_timer() -> Scene:
    room = room_with("jun")
    room.configure("jun", pause_allowed=False)
    room.press("jun", Start(), Pause(), timer="jun")
    room.press(None, Add(1))
    room.leave("jun")
    room.wait(minutes(1))
    return room


async def test_who_has_looked_into_the_database_is_let_in_unless_something_was_put_by_meanwhile(
    empty_redis: redis.Redis,
) -> None:
    scene = room_with_rules_and_a_paused_timer()
    state, all_of_it = topics.state_key(SHARD, ROOM), records.write_topic(scene.topic)
    empty_redis.hset(state, mapping=all_of_it)  # type: ignore[arg-type]
    recall = Recall(maker="jun")
    async with open_inbox() as inbox:

        async def knock(looked: Looked | None = None) -> Looked | None:
            return await inbox.knock(ROOM, ARRIVAL, "ana", looked, reply_to="web.1!7", ref=3)

        assert await knock() == ("timer:room", "policy")
        for put_by in ("timer:room", "policy"):
            empty_redis.hdel(state, put_by)
            left = tuple(there for there in ("timer:room", "policy") if there != put_by)
            assert await knock(("timer:room", "policy")) == left
            assert await inbox.recall(ROOM, recall, ("timer:room", "policy")) == left
            empty_redis.hset(state, mapping=all_of_it)  # type: ignore[arg-type]
        assert await inbox.read(SHARD, BEGINNING) == []
        empty_redis.delete(state)
        assert await knock(("timer:room",)) == ()
        assert await knock(()) is None
        assert await inbox.recall(ROOM, recall, ()) is None
        assert [entry.command for entry in await inbox.read(SHARD, BEGINNING)] == [ARRIVAL, recall]


@pytest.mark.parametrize("scene", ASLEEP)
async def test_where_a_timer_may_be_parked_nobody_comes_in_by_knocking(empty_redis: redis.Redis, scene: Any) -> None:
    assert await knock(empty_redis, scene()) == (False, [])
