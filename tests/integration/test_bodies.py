"""Bodies without end, before they reach Django."""

import json
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import pytest
from django.core.exceptions import TooManyFieldsSent

from tomato.bodies import HEARD_OUT_BYTES, BodyLimit

CHUNK = b"x" * 1024


class Uploader:
    """A client that sends `chunks` chunks of 1 KiB, or goes on for ever."""

    def __init__(self, chunks: int | None) -> None:
        last: list[dict[str, Any]] = [
            {"type": "http.request", "body": CHUNK, "more_body": False},
            {"type": "http.disconnect"},
        ]
        more: dict[str, Any] = {"type": "http.request", "body": CHUNK, "more_body": True}
        self.messages: Iterator[dict[str, Any]] = (
            repeat(more) if chunks is None else chain(repeat(more, chunks - 1), last)
        )
        self.sent_bytes = 0
        self.heard: list[Any] = []

    async def receive(self) -> Any:
        message = next(self.messages)
        self.sent_bytes += len(message.get("body", b""))
        return message

    async def hear(self, message: Any) -> None:
        self.heard.append(message)

    async def upload(self, path: str, most_bytes: int) -> None:
        await BodyLimit(spooling, most_bytes)({"type": "http", "path": path}, self.receive, self.hear)


async def spooling(scope: Any, receive: Any, send: Any) -> None:
    """Reads all of a body, as Django does, and answers with its length."""
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message["body"])
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


async def test_a_body_within_the_limit_passes() -> None:
    client = Uploader(4)
    await client.upload("/api/rooms", most_bytes=4 * 1024)
    assert [message.get("status", message.get("body")) for message in client.heard] == [200, b"4096"]


@pytest.mark.parametrize("chunks", [5, 1_000])
async def test_a_larger_one_is_refused_once_it_is_heard_out(chunks: int) -> None:
    client = Uploader(chunks)
    await client.upload("/api/rooms", most_bytes=4 * 1024)
    start, body = client.heard
    assert start["status"] == 413
    assert json.loads(body["body"])["code"] == "too-large"
    assert client.sent_bytes == chunks * 1024


async def test_one_without_end_is_cut_off() -> None:
    client = Uploader(None)
    await client.upload("/rooms", most_bytes=4 * 1024)
    start, body = client.heard
    assert start["status"] == 413
    assert (b"connection", b"close") in start["headers"]
    assert body["body"] == b"The body is too large."
    assert client.sent_bytes < HEARD_OUT_BYTES + 16 * 1024


@pytest.mark.parametrize(("path", "says"), [("/", "The request could"), ("/api/rooms", '{"code": "bad-message"')])
async def test_a_request_of_which_django_makes_none_is_refused(path: str, says: str) -> None:
    async def stumbling(scope: Any, receive: Any, send: Any) -> None:
        raise TooManyFieldsSent("There are too many parameters.")

    client = Uploader(1)
    await BodyLimit(stumbling, 1024)({"type": "http", "path": path}, client.receive, client.hear)
    start, body = client.heard
    assert start["status"] == 400
    assert body["body"].decode().startswith(says)
