"""What a failure says of a command, and what is said of a Redis that may lose something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from django.conf import settings

from tests.support.processes import free_port
from tests.support.servers import HOST, cluster, server
from tomato.redis import connect, connect_sync, errors_of, risks, was_not_sent


@asynccontextmanager
async def a_server_that_takes_and_goes() -> AsyncIterator[int]:
    """Reads what it is sent and hangs up without a word."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while b"\r\nSET\r\n" not in (words := await reader.read(1000)) and words:
            writer.write(b"+OK\r\n" * words.count(b"*"))
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("url", [f"redis://127.0.0.1:{free_port()}", "unix:///nowhere/redis.sock"], ids=["tcp", "unix"])
async def test_a_command_to_a_redis_that_is_away_was_not_sent(url: str) -> None:
    async with connect(url) as client:
        with pytest.raises(redis.RedisError) as failed:
            await client.set("key", 1)
    assert was_not_sent(failed.value)


async def test_a_command_whose_answer_is_missing_may_have_been_obeyed() -> None:
    async with a_server_that_takes_and_goes() as port, connect(f"redis://127.0.0.1:{port}") as client:
        with pytest.raises(redis.RedisError) as failed:
            await client.set("key", 1)
    assert not was_not_sent(failed.value)


async def test_a_loss_that_the_event_loop_tells_of_by_another_name_is_one(
    empty_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_to_nobody(writer: asyncio.StreamWriter, data: object) -> None:
        raise RuntimeError("unable to perform operation on <UnixTransport closed=True>; the handler is closed")

    monkeypatch.setattr(asyncio.StreamWriter, "writelines", write_to_nobody)
    async with connect(settings.TOMATO.redis_url) as client, client.pipeline(transaction=False) as pipeline:
        pipeline.get("key")
        with pytest.raises(redis.ConnectionError, match="was lost"):
            await pipeline.execute()


async def test_a_command_that_redis_refuses_was_not_obeyed(empty_redis: redis.Redis) -> None:
    async with connect(settings.TOMATO.redis_url) as client:
        with pytest.raises(redis.RedisError) as failed:
            await client.execute_command("SET", "key")
    assert was_not_sent(failed.value)


async def test_commands_that_fail_are_counted(empty_redis: redis.Redis) -> None:
    async with connect(settings.TOMATO.redis_url) as client, connect("unix:///nowhere/redis.sock") as nowhere:
        await client.set("key", 1)
        assert errors_of(client) == 0
        with pytest.raises(redis.RedisError):
            await client.execute_command("SET", "key")
        with pytest.raises(redis.RedisError):
            await nowhere.get("key")
        assert (errors_of(client), errors_of(nowhere)) == (1, 1)


async def test_a_script_that_redis_has_to_be_given_first_is_no_failure(empty_redis: redis.Redis) -> None:
    empty_redis.script_flush()
    async with connect(settings.TOMATO.redis_url) as client:
        assert await client.register_script("return 7")() == 7
        assert errors_of(client) == 0


async def test_the_embedded_redis_risks_nothing(empty_redis: redis.Redis) -> None:
    async with connect(settings.TOMATO.redis_url) as client:
        assert await risks(client) == []


@pytest.mark.parametrize(("appendfsync", "named"), [("everysec", 1), ("always", 0)])
async def test_a_redis_that_holds_writes_back_risks_what_was_acknowledged(
    tmp_path: Path, appendfsync: str, named: int
) -> None:
    with server(tmp_path, appendfsync=appendfsync) as port:
        async with connect(f"redis://{HOST}:{port}") as client:
            assert ["appendfsync everysec" in risk for risk in await risks(client)] == [True] * named


async def test_one_node_of_a_cluster_that_does_is_enough(tmp_path: Path) -> None:
    with cluster(tmp_path) as ports, connect_sync(f"redis://{HOST}:{ports[2]}") as node:
        async with connect(f"redis+cluster://{HOST}:{ports[0]}") as client:
            assert await risks(client) == []
            node.config_set("appendfsync", "everysec")
            assert len(await risks(client)) == 1


async def test_of_a_redis_that_does_not_tell_its_settings_only_the_rest_is_known(tmp_path: Path) -> None:
    with server(tmp_path, appendfsync="everysec", maxmemory_policy="allkeys-lru") as port:
        with connect_sync(f"redis://{HOST}:{port}") as operator:
            operator.execute_command("ACL", "SETUSER", "default", "-config")
        async with connect(f"redis://{HOST}:{port}") as client:
            (risk,) = await risks(client)
    assert "maxmemory-policy" in risk
