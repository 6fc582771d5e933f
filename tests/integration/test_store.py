"""What a commit writes, when it writes nothing at all, and what is read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import redis
from django.conf import settings

from tests.support.topics import Scene, minutes, room_with, solo_of
from timers import store as store_module
from timers import topics
from timers.store import BEGINNING, Loaded, Store, Verdict
from timers.timer import Pause, Start
from timers.topic import Answer, Topic
from tomato.redis import connect

pytestmark = pytest.mark.usefixtures("empty_redis")

SHARDS, SHARD = 1, 0
TOKEN = "worker:1"
INDEX, COMMANDS = topics.index_key(SHARD), topics.commands_key(SHARD)
CURSOR, UNSAID = topics.cursor_key(SHARD), topics.unsaid_key(SHARD)


@asynccontextmanager
async def owned_store(token: str | None = TOKEN) -> AsyncIterator[Store]:
    """A store whose shard is leased to `token`."""
    async with connect(settings.TOMATO.redis_url) as client:
        if token is not None:
            await client.set(topics.lease_key(SHARD), token)
        yield Store(client, SHARDS)


def as_new(scene: Scene) -> list[tuple[Topic, Topic]]:
    """The change that writes a topic of which Redis knows nothing."""
    return [(Topic(scene.topic.name), scene.topic)]


def busy_room() -> Scene:
    room = room_with("ana", "jun")
    room.press("ana", Start(minutes(2)), id="1")
    room.press("jun", Start(), Pause(), timer="jun")
    return room


def everything(client: redis.Redis) -> dict[bytes, Any]:
    """All that Redis holds, to be compared."""
    keys: Any = client.keys()
    return {key: client.dump(key) for key in keys}


def completions(client: redis.Redis) -> list[bytes]:
    entries: Any = client.xrange(topics.completions_key(SHARD))
    return [fields[b"completion"] for _, fields in entries]


def redis_time(client: redis.Redis) -> int:
    now_s, microseconds = client.time()
    return now_s * 1000 + microseconds // 1000


# What is written ------------------------------------------------------------------------------------------------------


async def test_a_commit_writes_topics_cursor_words_and_completions(empty_redis: redis.Redis) -> None:
    room, solo = busy_room(), solo_of("kim")
    async with owned_store() as store:
        changes = as_new(room) + as_new(solo)
        verdict = await store.commit(SHARD, TOKEN, "5-1", changes, to_say=b"words", completions=[b"one", b"two"])
        loaded = await store.load(SHARD)
    assert verdict is Verdict.DONE
    assert loaded == Loaded({room.topic.name: room.topic, solo.topic.name: solo.topic}, "5-1", b"words", False)
    assert completions(empty_redis) == [b"one", b"two"]


async def test_nobody_ever_sees_half_a_commit(empty_redis: redis.Redis) -> None:
    async with owned_store() as store, connect(settings.TOMATO.redis_url) as reader:
        before, name, written = Topic(topics.room("ABC234")), topics.room("ABC234"), asyncio.Event()

        async def write() -> None:
            nonlocal before
            for number in range(1, 101):
                after = replace(before, v=number, quiet_since=None, people=room_with("ana").topic.people)
                changes = [(before, after)]
                await store.commit(
                    SHARD, TOKEN, f"{number}-0", changes, to_say=b"%d" % number, completions=[b"%d" % number]
                )
                before = after
            written.set()

        writing = asyncio.create_task(write())
        while not written.is_set():
            async with reader.pipeline(transaction=True) as pipeline:
                pipeline.hget(topics.state_key(SHARD, name), "topic")
                pipeline.get(CURSOR)
                pipeline.get(UNSAID)
                pipeline.xlen(topics.completions_key(SHARD))
                head, cursor, unsaid, completed = await pipeline.execute()
            if completed:
                assert head.startswith(b'{"v":%d,' % completed)
                assert (cursor, unsaid) == (b"%d-0" % completed, b"%d" % completed)
        await writing


async def test_the_next_commit_takes_back_what_was_to_be_said(empty_redis: redis.Redis) -> None:
    async with owned_store() as store:
        await store.commit(SHARD, TOKEN, "5-1", [], to_say=b"words")
        await store.commit(SHARD, TOKEN, "6-0", [])
        assert await store.load(SHARD) == Loaded({}, "6-0", b"", False)
    assert not empty_redis.exists(UNSAID)


async def test_what_a_topic_has_forgotten_leaves_no_field(empty_redis: redis.Redis) -> None:
    room = busy_room()
    async with owned_store() as store:
        await store.commit(SHARD, TOKEN, "1-0", as_new(room))
        before = room.topic
        room.leave("ana")
        room.wait(minutes(60))
        await store.commit(SHARD, TOKEN, "2-0", [(before, room.topic)])
        assert await store.read(room.topic.name) == room.topic
    fields: Any = empty_redis.hkeys(topics.state_key(SHARD, room.topic.name))
    assert not [field for field in fields if b"ana" in field]
    assert b"person:jun" in fields


async def test_an_empty_topic_leaves_no_key_no_field_and_no_member(empty_redis: redis.Redis) -> None:
    solo = solo_of("ana")
    solo.press("ana", Start(), Pause(), id=None)
    solo.press("ana", Start(), id="1")
    async with owned_store() as store:
        await store.commit(SHARD, TOKEN, "1-0", as_new(solo))
        assert empty_redis.smembers(INDEX) == {solo.topic.name.encode()}
        await store.commit(SHARD, TOKEN, "2-0", [(solo.topic, Topic(solo.topic.name, v=solo.topic.v))])
        assert await store.load(SHARD) == Loaded({}, "2-0", b"", False)
    assert set(everything(empty_redis)) == {topics.lease_key(SHARD).encode(), CURSOR.encode()}


async def test_the_stream_is_trimmed_behind_the_cursor_and_only_there(empty_redis: redis.Redis) -> None:
    ids: list[bytes] = [empty_redis.xadd(COMMANDS, {"command": "x" * 100}) for _ in range(1_000)]  # type: ignore[misc]
    async with owned_store() as store:
        await store.commit(SHARD, TOKEN, ids[800].decode(), [])
    kept: Any = [id for id, _ in empty_redis.xrange(COMMANDS)]  # type: ignore[union-attr]
    assert len(kept) < 400
    assert kept[-199:] == ids[801:]


async def test_a_shard_that_obeyed_nothing_yet_keeps_its_whole_stream(empty_redis: redis.Redis) -> None:
    empty_redis.xadd(COMMANDS, {"command": "x"})
    async with owned_store() as store:
        assert await store.commit(SHARD, TOKEN, BEGINNING, as_new(busy_room())) is Verdict.DONE
    assert empty_redis.xlen(COMMANDS) == 1
    assert not empty_redis.exists(CURSOR)


# When nothing is written ----------------------------------------------------------------------------------------------


async def commit_all(store: Store, **conditions: Any) -> Verdict:
    return await store.commit(
        SHARD, TOKEN, "5-1", as_new(busy_room()), to_say=b"words", completions=[b"one"], **conditions
    )


@pytest.mark.parametrize("holder", [None, "worker:2", "worker:11"])
async def test_who_has_no_lease_writes_nothing(empty_redis: redis.Redis, holder: str | None) -> None:
    async with owned_store(holder) as store:
        before = everything(empty_redis)
        assert await commit_all(store) is Verdict.LOST
    assert everything(empty_redis) == before


async def test_a_batch_with_a_lapsed_command_writes_nothing(empty_redis: redis.Redis) -> None:
    async with owned_store() as store:
        before = everything(empty_redis)
        assert await commit_all(store, lapses_at=redis_time(empty_redis)) is Verdict.LATE
        assert everything(empty_redis) == before
        assert await commit_all(store, lapses_at=redis_time(empty_redis) + 60_000) is Verdict.DONE


async def test_only_if_idle_writes_nothing_while_a_command_waits(empty_redis: redis.Redis) -> None:
    empty_redis.xadd(COMMANDS, {"command": "obeyed"}, id="5-1")
    empty_redis.xadd(COMMANDS, {"command": "waits"}, id="5-2")
    async with owned_store() as store:
        before = everything(empty_redis)
        assert await commit_all(store, only_if_idle=True) is Verdict.BUSY
        assert everything(empty_redis) == before
        assert await commit_all(store) is Verdict.DONE


async def test_only_if_idle_writes_when_none_waits(empty_redis: redis.Redis) -> None:
    empty_redis.xadd(COMMANDS, {"command": "obeyed"}, id="5-1")
    async with owned_store() as store:
        assert await commit_all(store, only_if_idle=True) is Verdict.DONE


async def test_the_lease_comes_first(empty_redis: redis.Redis) -> None:
    empty_redis.xadd(COMMANDS, {"command": "waits"}, id="9-0")
    async with owned_store("worker:2") as store:
        assert await commit_all(store, lapses_at=0, only_if_idle=True) is Verdict.LOST


# What is read ---------------------------------------------------------------------------------------------------------


async def test_a_topic_is_read_as_committed_and_a_strange_one_is_new() -> None:
    room = busy_room()
    async with owned_store() as store:
        await store.commit(SHARD, TOKEN, "1-0", as_new(room))
        assert await store.read(room.topic.name) == room.topic
        assert await store.read("room.ZZZZZZ") == Topic("room.ZZZZZZ")


async def test_a_new_shard_begins_at_the_beginning() -> None:
    async with owned_store() as store:
        assert await store.load(SHARD) == Loaded({}, BEGINNING, b"", False)


async def test_a_new_owner_learns_that_commands_were_dropped_until_that_is_forgotten(empty_redis: redis.Redis) -> None:
    empty_redis.set(topics.overrun_key(SHARD), 1)
    async with owned_store() as store:
        assert (await store.load(SHARD)).overrun
        await store.forget_overrun(SHARD)
        assert not (await store.load(SHARD)).overrun


async def test_a_shard_of_many_topics_is_loaded_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "READ_AT_ONCE", 2)
    person = room_with("ana").topic.people
    many = [Topic(topics.room(f"ABC23{letter}"), v=1, people=person) for letter in "ABCDE"]
    async with owned_store() as store:
        await store.commit(SHARD, TOKEN, "1-0", [(Topic(topic.name), topic) for topic in many])
        assert list((await store.load(SHARD)).topics.values()) == many


@pytest.mark.parametrize("id", ["1", "with:colon", ""])
async def test_an_answer_is_found_under_who_asked_and_its_id(id: str) -> None:
    room = room_with("ana", "jun")
    change = room.press("ana", Start(), id=id)
    async with owned_store() as store:
        await store.commit(SHARD, TOKEN, "1-0", as_new(room))
        assert isinstance(change.answer, Answer)
        assert await store.answer(room.topic.name, "ana", id) == change.answer
        assert await store.answer(room.topic.name, "jun", id) is None
        assert await store.answer(room.topic.name, "ana", "another") is None
