"""The channel layer between processes on a real Redis: who hears what, how often, in which order, and after an outage."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import RedisError

from tests.support.redis import redis_in
from tests.support.sockets import Socket, a_channel, a_socket, process_on
from tests.support.waiting import eventually_async
from tomato import wire
from tomato.layer import QUEUE_CAPACITY, Sink
from tomato.redis import embedded_url

pytestmark = pytest.mark.usefixtures("empty_redis")

HELLO = {"type": "hello", "n": 1}
LAST = {"type": "last"}


def numbered(number: int) -> dict[str, Any]:
    return {"type": "hello", "n": number}


def subscriptions(client: redis.Redis) -> set[bytes]:
    return set(client.pubsub_channels("tomato*"))  # type: ignore[arg-type]


def group_name(group: str) -> str:
    return f"tomato__group__{group}"


async def unsubscribed(client: redis.Redis, group: str) -> None:
    await eventually_async(lambda: group_name(group).encode() not in subscriptions(client))


# Groups and channels --------------------------------------------------------------------------------------------------


async def test_a_group_is_heard_in_every_process_and_once_by_each_socket() -> None:
    async with process_on() as one, process_on() as two:
        sockets = [await a_socket(layer, "room") for layer in (one, one, two)]
        stranger = await a_socket(two, "other")
        await one.group_send("room", HELLO)
        await one.group_send("room", LAST)
        await one.send(stranger.channel, LAST)
        for socket in (*sockets, stranger):
            await socket.hears(LAST)
    assert [socket.heard for socket in sockets] == [[HELLO, LAST]] * 3
    assert stranger.heard == [LAST]


async def test_a_channel_is_heard_by_its_socket_alone() -> None:
    async with process_on() as one, process_on() as two:
        ana, jun = await a_socket(one, "room"), await a_socket(one, "room")
        await two.send(ana.channel, HELLO)
        await two.group_send("room", LAST)
        for socket in (ana, jun):
            await socket.hears(LAST)
        await ana.hears(HELLO)
    assert sorted(message["type"] for message in ana.heard) == ["hello", "last"]
    assert jun.heard == [LAST]


async def test_a_socket_in_two_groups_hears_each() -> None:
    async with process_on() as one:
        socket = await a_socket(one, "room", "processes")
        await one.group_send("processes", HELLO)
        await one.group_send("room", LAST)
        await socket.hears(LAST)
    assert socket.heard == [HELLO, LAST]


async def test_nothing_is_missed_once_group_add_has_returned() -> None:
    async with process_on() as one, process_on() as two:
        for round in range(50):
            socket = await a_socket(one, f"room-{round}")
            assert await two.publish_many([two.grouped(f"room-{round}", HELLO)]) == [1]
            await socket.hears(HELLO)


async def test_what_one_process_says_is_heard_in_its_order() -> None:
    messages = [numbered(n) for n in range(300)]
    async with process_on() as one, process_on() as two:
        socket = await a_socket(one, "room")
        sendings = [
            two.group_send("room", message) if message["n"] % 3 else two.send(socket.channel, message)
            for message in messages
        ]
        await asyncio.gather(*sendings)
        await socket.hears(messages[-1])
        await eventually_async(lambda: len(socket.heard) == 300)
    assert socket.heard == messages


async def test_publishing_many_tells_how_many_processes_heard_each() -> None:
    async with process_on() as one, process_on() as two:
        for layer, group in [(one, "both"), (two, "both"), (two, "two"), (two, "two")]:
            await a_socket(layer, group)
        groups = ["nobody", "both", "two", "both"]
        assert await one.publish_many([one.grouped(group, HELLO) for group in groups]) == [0, 2, 1, 2]
        assert await one.publish_many([]) == []


async def test_a_detached_socket_hears_nothing_more() -> None:
    async with process_on() as one:
        gone, here = await a_socket(one, "room"), await a_socket(one, "room")
        one.detach(gone.channel)
        await one.send(gone.channel, HELLO)
        await one.group_send("room", LAST)
        await here.hears(LAST)
    assert gone.heard == []


# Sinks and queues -----------------------------------------------------------------------------------------------------


async def test_a_broken_sink_touches_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("broken")

    async with process_on() as one:
        broken = await a_socket(one, "room")
        others = [await a_socket(one, "room") for _ in range(5)]
        one.attach(broken.channel, Sink(break_down, break_down))
        for message in (HELLO, LAST):
            await one.group_send("room", message)
            await one.send(broken.channel, message)
        for socket in others:
            await socket.hears(LAST)
    assert [socket.heard for socket in others] == [[HELLO, LAST]] * 5
    assert "layer.sink_failed" in caplog.text


async def test_a_channel_without_a_sink_is_received_from() -> None:
    async with process_on() as one, process_on() as two:
        channel = await a_channel(one)
        await one.group_add("room", channel)
        await two.group_send("room", HELLO)
        assert await one.receive(channel) == HELLO


async def test_a_message_to_a_channel_is_received_as_it_was_sent() -> None:
    async with process_on() as one, process_on() as two:
        channel = await a_channel(one)
        await two.send(channel, HELLO)
        assert await one.receive(channel) == HELLO


async def test_a_channel_nobody_reads_holds_only_so_much() -> None:
    async with process_on() as one, process_on() as two:
        unread, socket = await a_channel(one), await a_socket(one, "room")
        await one.group_add("room", unread)
        await two.publish_many([two.grouped("room", numbered(n)) for n in range(3 * QUEUE_CAPACITY)])
        await two.group_send("room", LAST)
        await socket.hears(LAST)
        assert one.channels[unread].qsize() == QUEUE_CAPACITY
        assert await one.receive(unread) == numbered(0)


@pytest.mark.parametrize("junk", [b"", b"\xc1", b"\x01", b"\x90"], ids=["empty", "no msgpack", "a number", "a list"])
async def test_what_cannot_be_read_makes_nobody_deaf(empty_redis: redis.Redis, junk: bytes) -> None:
    async with process_on() as one:
        socket = await a_socket(one, "room")
        mailbox = socket.channel.partition("!")[0]
        for name in (group_name("room"), mailbox):
            assert empty_redis.publish(name, junk) == 1
        await one.group_send("room", HELLO)
        await socket.hears(HELLO)


# Subscriptions --------------------------------------------------------------------------------------------------------


async def test_a_process_subscribes_once_however_many_sockets_it_has(empty_redis: redis.Redis) -> None:
    async with process_on() as one:
        sockets = [await a_socket(one, "room") for _ in range(100)]
        mailbox = sockets[0].channel.partition("!")[0]
        assert subscriptions(empty_redis) == {group_name("room").encode(), mailbox.encode()}
        assert empty_redis.pubsub_numsub(group_name("room")) == [(group_name("room").encode(), 1)]
        assert Counter(client["sub"] for client in empty_redis.client_list())["2"] == 1


async def test_the_last_member_takes_the_subscription_along(empty_redis: redis.Redis) -> None:
    async with process_on() as one:
        ana, jun = await a_socket(one, "room"), await a_socket(one, "room")
        await one.group_discard("room", ana.channel)
        await one.group_send("room", HELLO)
        await jun.hears(HELLO)
        assert ana.heard == []
        await one.group_discard("room", jun.channel)
        await unsubscribed(empty_redis, "room")
        assert await one.publish_many([one.grouped("room", HELLO)]) == [0]


async def test_a_group_that_was_left_can_be_joined_again() -> None:
    async with process_on() as one:
        socket = await a_socket(one, "room")
        for _ in range(20):
            await one.group_discard("room", socket.channel)
            await one.group_add("room", socket.channel)
        await one.group_send("room", HELLO)
        await socket.hears(HELLO)


async def test_flushing_leaves_no_subscription(empty_redis: redis.Redis) -> None:
    async with process_on() as one:
        await a_socket(one, "room")
        await one.flush()
        await eventually_async(lambda: not subscriptions(empty_redis))
        socket = await a_socket(one, "room")
        await one.group_send("room", HELLO)
        await socket.hears(HELLO)


# Several Redis servers ------------------------------------------------------------------------------------------------


async def test_groups_are_spread_over_several_servers(tmp_path: Path) -> None:
    groups = [f"room-{number}" for number in range(20)]
    with ExitStack() as stack:
        folders = [tmp_path / name for name in ("a", "b")]
        for folder in folders:
            folder.mkdir()
        servers = [stack.enter_context(redis_in(folder)) for folder in folders]
        urls = [embedded_url(folder) for folder in folders]
        async with process_on(*urls) as one, process_on(*urls) as two:
            sockets = [await a_socket(one, group) for group in groups]
            heard = await two.publish_many([two.grouped(group, numbered(n)) for n, group in enumerate([*groups, "no"])])
            assert heard == [1] * 20 + [0]
            for number, socket in enumerate(sockets):
                await two.send(socket.channel, LAST)
                await socket.hears(LAST)
                await socket.hears(numbered(number))
                assert len(socket.heard) == 2
            held = [{name for name in subscriptions(server) if b"group" in name} for server in servers]
            await one.ping()
    assert held[0] | held[1] == {group_name(group).encode() for group in groups}
    assert not held[0] & held[1]
    assert min(map(len, held)) >= 4


# Outages --------------------------------------------------------------------------------------------------------------


def kill(server: redis.Redis) -> None:
    os.kill(server.info("server")["process_id"], signal.SIGKILL)


async def away(layer: Any) -> None:
    """Publishing fails from now on; that it neither fails nor succeeds is not an answer."""
    async with asyncio.timeout(3):  # outside, since its error is an OSError too
        with pytest.raises((RedisError, OSError)):
            await layer.publish_many([layer.grouped("room", HELLO)])


async def test_after_an_outage_everybody_is_told_once_and_hears_again(tmp_path: Path) -> None:
    async with process_on(embedded_url(tmp_path)) as one, process_on(embedded_url(tmp_path)) as two:
        with redis_in(tmp_path) as server:
            ana, jun = await a_socket(one, "room"), await a_socket(one, "other")
            await two.group_send("room", HELLO)
            await ana.hears(HELLO)
            kill(server)
            for layer in (one, two):
                await away(layer)
            with pytest.raises((RedisError, OSError)):
                await one.ping()
        assert (ana.gaps, jun.gaps) == (0, 0)
        with redis_in(tmp_path) as server:
            await eventually_async(lambda: ana.gaps and jun.gaps)
            await two.group_send("other", HELLO)
            await two.send(ana.channel, LAST)
            await jun.hears(HELLO)
            await ana.hears(LAST)
            assert len(subscriptions(server)) == 3
    assert (ana.gaps, jun.gaps, one.gaps) == (1, 1, 1)


async def test_who_joins_and_leaves_during_an_outage_is_or_is_not_there_after_it(tmp_path: Path) -> None:
    async with process_on(embedded_url(tmp_path)) as one:
        with redis_in(tmp_path) as server:
            ana, jun = await a_socket(one, "left"), Socket(one, await one.new_channel())
            kill(server)
            await away(one)
            await one.group_discard("left", ana.channel)
            joining = asyncio.create_task(one.group_add("joined", jun.channel))
        with redis_in(tmp_path) as server:
            await joining
            assert await one.publish_many([one.grouped("joined", HELLO), one.grouped("left", HELLO)]) == [1, 0]
            await jun.hears(HELLO)


async def test_a_server_that_is_silent_is_given_up_and_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a cable is cut: the connection stands, and nothing comes."""
    monkeypatch.setattr(wire, "SILENCE_S", 0.1)
    async with process_on(embedded_url(tmp_path)) as one:
        with redis_in(tmp_path) as server:
            socket = await a_socket(one, "room")
            process = server.info("server")["process_id"]
            os.kill(process, signal.SIGSTOP)
            try:
                await away(one)
                await eventually_async(lambda: one._shards[0]._subscriber._line is None)
            finally:
                os.kill(process, signal.SIGCONT)
            await eventually_async(lambda: socket.gaps)
            await one.group_send("room", HELLO)
            await socket.hears(HELLO)


async def test_a_quiet_but_living_server_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "SILENCE_S", 0.05)
    async with process_on() as one:
        socket = await a_socket(one, "room")
        subscriber = one._get_shard("room")._subscriber
        line, joined_at = subscriber._line, subscriber._line.heard_at
        await eventually_async(lambda: line.heard_at > joined_at + 0.5)
        assert subscriber._line is line
        assert socket.gaps == 0
