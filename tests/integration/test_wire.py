"""The one connection of a process to Redis: whose reply is whose, and what is said when it is lost at whatever moment."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
import uvloop
from django.conf import settings
from redis.exceptions import RedisError, ResponseError

from tests.support.processes import free_port
from tests.support.redis import redis_in
from tests.support.servers import server
from tests.support.waiting import WITHIN_S, eventually_async
from tomato import wire as module
from tomato.redis import embedded_url, open_connection, was_not_sent
from tomato.wire import Line, Subscriber, Wire


@pytest.fixture(autouse=True)
def uvloops() -> Iterator[None]:
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    yield
    asyncio.set_event_loop_policy(None)


@asynccontextmanager
async def wire_to(url: str = "") -> AsyncIterator[Wire]:
    wire = Wire(partial(open_connection, url or settings.TOMATO.redis_url))
    try:
        yield wire
    finally:
        await wire.close()


async def error_of(asking: Awaitable[Any]) -> Exception:
    async with asyncio.timeout(WITHIN_S):
        with pytest.raises((RedisError, OSError)) as failed:
            await asking
    return failed.value


@asynccontextmanager
async def stopped(client: redis.Redis) -> AsyncIterator[None]:
    """The server while it is paused; it goes on at the end of the block."""
    process = client.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


@asynccontextmanager
async def a_server_that(
    answers: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    asked: bytes = b"PING",
) -> AsyncIterator[str]:
    """Greets as Redis does, and then answers as it is told to, once it is asked; gives its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):  # redis-py says its name and its version
            await reader.readuntil(b"SETINFO")
            writer.write(b"+OK\r\n")
        await reader.readuntil(asked)
        await answers(reader, writer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


# Replies --------------------------------------------------------------------------------------------------------------


async def test_commands_are_obeyed_in_the_order_of_the_calls(empty_redis: redis.Redis) -> None:
    async with wire_to() as wire:
        early = [wire.ask("RPUSH", "list", number) for number in range(500)]
        assert await asyncio.gather(*early) == list(range(1, 501))
        late = [wire.ask("RPUSH", "list", number) for number in range(500, 1000)]
        assert await asyncio.gather(*late) == list(range(501, 1001))
        assert await wire.ask("LRANGE", "list", 0, -1) == [b"%d" % number for number in range(1000)]


async def test_what_is_asked_while_it_is_still_connecting_comes_after_what_was(empty_redis: redis.Redis) -> None:
    async with wire_to() as wire:
        first = asyncio.create_task(wire.ask("RPUSH", "list", "first"))
        await asyncio.sleep(0)
        second = asyncio.create_task(wire.ask_many([("RPUSH", "list", "second"), ("LRANGE", "list", 0, -1)]))
        assert await first == 1
        assert await second == [2, [b"first", b"second"]]


async def test_everybody_shares_one_connection(empty_redis: redis.Redis) -> None:
    async with wire_to() as wire:
        ids = await asyncio.gather(*(wire.ask("CLIENT", "ID") for _ in range(200)))
        assert len(set(ids)) == 1
        assert ids[0] in {int(client["id"]) for client in empty_redis.client_list()}
    await eventually_async(lambda: ids[0] not in {int(client["id"]) for client in empty_redis.client_list()})


async def test_an_error_is_raised_or_is_among_the_replies(empty_redis: redis.Redis) -> None:
    async with wire_to() as wire:
        refused, fine = wire.ask("SET", "key"), wire.ask("SET", "key", "value")
        with pytest.raises(ResponseError):
            await refused
        assert await fine == b"OK"
        replies = await wire.ask_many([("GET", "key"), ("INCR", "key"), ("GET", "key")])
        assert [replies[0], replies[2]] == [b"value", b"value"]
        assert isinstance(replies[1], ResponseError)
        assert await wire.ask_many([]) == []


async def test_who_stops_waiting_takes_nobody_elses_reply(empty_redis: redis.Redis) -> None:
    async with wire_to() as wire:
        for is_connected in (False, True):
            assert (wire._line is not None) is is_connected
            askings = [asyncio.create_task(wire.ask_many([("ECHO", n), ("ECHO", n)])) for n in range(100)]
            await asyncio.sleep(0)
            for asking in askings[::3]:
                asking.cancel()
            replies = await asyncio.gather(*askings, return_exceptions=True)
            for number, reply in enumerate(replies):
                expected = asyncio.CancelledError if number % 3 == 0 else list
                assert isinstance(reply, expected)
                assert number % 3 == 0 or reply == [b"%d" % number] * 2


async def test_what_nobody_waits_for_any_more_is_not_sent_late(empty_redis: redis.Redis) -> None:
    async with wire_to() as wire:
        asking = asyncio.create_task(wire.ask("SET", "late", 1))
        await asyncio.sleep(0)
        asking.cancel()
        assert await wire.ask("EXISTS", "late") == 0


async def test_a_reply_in_many_pieces_leaves_others_their_turn(empty_redis: redis.Redis) -> None:
    async with wire_to() as wire:
        await wire.ask("PING")
        turns = 0

        async def take_turns() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        others = asyncio.create_task(take_turns())
        askings = asyncio.create_task(wire.ask_many([("ECHO", number) for number in range(20 * module.TAKEN_AT_ONCE)]))
        await askings
        others.cancel()
        assert turns >= 20


# Losses ---------------------------------------------------------------------------------------------------------------


async def test_a_refused_connection_was_not_sent_and_the_next_ask_tries_again(tmp_path: Path) -> None:
    async with wire_to(embedded_url(tmp_path)) as wire:
        errors = await asyncio.gather(*(error_of(wire.ask("SET", "key", n)) for n in range(10)))
        assert all(was_not_sent(error) for error in errors)
        with redis_in(tmp_path):
            assert await wire.ask("SET", "key", 1) == b"OK"


async def test_a_server_that_goes_while_it_greets_was_not_sent_anything() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with wire_to(f"redis://127.0.0.1:{port}/1") as wire:
            assert was_not_sent(await error_of(wire.ask("PING")))


async def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    with server(tmp_path, requirepass="right") as port:
        async with wire_to(f"redis://:wrong@127.0.0.1:{port}") as wire:
            error = await error_of(wire.ask("PING"))
            assert isinstance(error, redis.AuthenticationError)
            assert was_not_sent(error)


async def test_what_was_asked_of_a_server_that_dies_may_have_been_obeyed(tmp_path: Path) -> None:
    async with wire_to(embedded_url(tmp_path)) as wire:
        with redis_in(tmp_path) as client:
            await wire.ask("PING")
            process = client.info("server")["process_id"]
            os.kill(process, signal.SIGSTOP)
            askings = [asyncio.create_task(error_of(wire.ask("SET", "key", n))) for n in range(10)]
            await asyncio.sleep(0)
            os.kill(process, signal.SIGKILL)
            assert not any(was_not_sent(error) for error in await asyncio.gather(*askings))
        assert was_not_sent(await error_of(wire.ask("PING"))), "it tries to connect again"
        with redis_in(tmp_path):
            assert await wire.ask("PING") == b"PONG"


async def test_who_asks_in_the_moment_of_the_loss_gets_a_redis_error_or_a_reply(empty_redis: redis.Redis) -> None:
    """Whatever the order in which the loop tells of the loss and runs who asks."""
    async with wire_to() as wire:
        for _ in range(20):
            empty_redis.client_kill_filter(_id=str(await wire.ask("CLIENT", "ID")))
            line = wire._line
            while wire._line is line:
                outcome: list[Any] = list(await asyncio.gather(wire.ask("PING"), return_exceptions=True))
                assert outcome == [b"PONG"] or (isinstance(outcome[0], RedisError) and not was_not_sent(outcome[0]))


async def test_replies_that_came_before_the_loss_count_and_reach_nobody_else() -> None:
    count = 10 * module.TAKEN_AT_ONCE

    async def answer_all_and_go(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(b":%d\r\n" % number for number in range(count)))

    async with a_server_that(answer_all_and_go) as url, wire_to(url) as wire:
        askings = [wire.ask("PING") for _ in range(count + 1)]
        *replies, last = await asyncio.gather(*askings, return_exceptions=True)
        assert replies == list(range(count))
        assert isinstance(last, RedisError)


@pytest.mark.parametrize("nonsense", [b"nonsense\r\n", b"+PONG\r\n+nobody asked\r\n"])
async def test_a_server_that_talks_nonsense_is_given_up(nonsense: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(nonsense)
        await reader.read()

    async with a_server_that(talk_nonsense) as url, wire_to(url) as wire:
        await asyncio.gather(wire.ask("PING"), return_exceptions=True)
        await eventually_async(lambda: wire._line is None)
    assert "redis.unreadable_reply" in caplog.text


# Silence --------------------------------------------------------------------------------------------------------------


async def test_a_server_that_is_silent_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_in(tmp_path) as client:
        async with wire_to(embedded_url(tmp_path)) as wire:
            await wire.ask("PING")
            monkeypatch.setattr(module, "SILENCE_S", 0.1)
            async with stopped(client):
                assert not was_not_sent(await error_of(wire.ask("SET", "key", 1)))
                assert was_not_sent(await error_of(wire.ask("SET", "key", 2))), "it accepts and says nothing"
            assert await wire.ask("PING") == b"PONG"


async def test_a_server_is_not_silent_before_it_was_asked(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long ago the last reply came, and whatever the moment of the look."""
    monkeypatch.setattr(module, "SILENCE_S", 0.2)
    async with wire_to() as wire:
        await wire.ask("PING")
        line = wire._line
        assert line is not None
        line.heard_at -= 3600
        wire._look_later()
        asking = asyncio.create_task(wire.ask("PING"))
        await asyncio.sleep(0)
        wire._look()
        assert await asking == b"PONG"
        assert wire._line is line


async def test_nobody_was_silent_while_this_process_was_stopped(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.05)
    async with wire_to() as wire:
        await wire.ask("PING")
        asking = asyncio.create_task(wire.ask("BLPOP", "nothing", 0.01))
        await asyncio.sleep(0)
        line = wire._line
        empty_redis.blpop(["nowhere"], timeout=0.3)  # this whole process stands still meanwhile
        assert await asking is None
        assert wire._line is line


# Ends -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [0, 1, 2, 5])
async def test_closing_leaves_nobody_waiting_and_no_connection(turns: int, empty_redis: redis.Redis) -> None:
    """At whatever moment of connecting; and it may be used again."""
    async with wire_to() as wire:
        others = {client["id"] for client in empty_redis.client_list()}
        asking = asyncio.create_task(error_of(wire.ask("BLPOP", "nothing", 0)))
        for _ in range(turns + 1):
            await asyncio.sleep(0)
        await wire.close()
        await asking
        await eventually_async(lambda: {client["id"] for client in empty_redis.client_list()} == others)
        assert await wire.ask("PING") == b"PONG"


async def test_an_error_that_nobody_foresaw_leaves_nobody_waiting() -> None:
    def fail() -> Any:
        raise ValueError("no such thing")

    wire = Wire(fail)
    with pytest.raises(ValueError, match="no such thing"):
        await wire.ask("PING")


async def test_a_lost_line_takes_what_is_written_without_a_word(empty_redis: redis.Redis) -> None:
    line = await Line.open(partial(open_connection, settings.TOMATO.redis_url), lambda reply: None)
    line.close()
    for _ in range(5):
        line.write(b"PING\r\n")
        await asyncio.sleep(0.01)


async def test_a_server_that_says_nothing_is_not_kept_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.1)
    gone = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        gone.set()
        writer.close()

    listening = await asyncio.start_server(listen, "127.0.0.1", 0)
    connection = open_connection(f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    async with listening:
        assert was_not_sent(await error_of(Wire(lambda: connection).ask("PING")))
        async with asyncio.timeout(WITHIN_S):
            await gone.wait()


async def test_nobody_listens() -> None:
    async with wire_to(f"redis://127.0.0.1:{free_port()}") as wire:
        assert was_not_sent(await error_of(wire.ask("PING")))


async def test_a_connection_that_is_gone_as_soon_as_it_stands_was_none(empty_redis: redis.Redis) -> None:
    def connect() -> Any:
        connection: Any = open_connection(settings.TOMATO.redis_url)
        really_connect = connection.connect

        async def connect_and_lose() -> None:
            await really_connect()
            connection._writer.transport.abort()

        connection.connect = connect_and_lose
        return connection

    assert was_not_sent(await error_of(Line.open(connect, lambda reply: None)))


# Listening ------------------------------------------------------------------------------------------------------------


async def test_whoever_comes_back_at_once_is_not_told_that_they_never_left() -> None:
    """What was confirmed of the earlier subscription says nothing of the one that follows an end of it."""
    confirmed: list[bytes] = []

    async def confirm_slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):  # the end of it, and the one that follows
            await reader.readuntil(b"SUBSCRIBE\r\n$4\r\nroom")
        for word in (b"subscribe", b"unsubscribe", b"subscribe"):
            await asyncio.sleep(0.05)  # plays a server that is in no hurry
            confirmed.append(word)
            writer.write(b"*3\r\n$%d\r\n%s\r\n$4\r\nroom\r\n:1\r\n" % (len(word), word))

    async with a_server_that(confirm_slowly, asked=b"SUBSCRIBE\r\n$4\r\nroom") as url:
        subscriber = Subscriber(partial(open_connection, url), lambda channel, data: None, lambda: None)
        try:
            first = asyncio.create_task(subscriber.subscribe("room"))
            await eventually_async(lambda: subscriber._line is not None)
            await subscriber.unsubscribe("room")
            async with asyncio.timeout(WITHIN_S):
                await subscriber.subscribe("room")
            assert confirmed == [b"subscribe", b"unsubscribe", b"subscribe"]
            assert first.cancelled()
        finally:
            await subscriber.close()
