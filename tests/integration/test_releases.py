"""Two releases side by side: what a newer worker says to the sockets and streams of an older web process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from tests.support.sockets import process_on
from tests.support.topics import NOON, Scene, room_with
from tests.support.waiting import eventually_async
from tests.support.web import the_web_process
from timers import topics
from timers.broadcast import REPLY, Broadcaster
from timers.consumers import TopicConsumer
from timers.process import WebProcess
from timers.streams import Audience
from timers.timer import Add
from tomato.asgi import application
from tomato.identity import COOKIE, signed
from tomato.layer import Publication

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

DEVICE = "0123456789ABCDEF"
TOPIC = topics.solo(DEVICE)


class Tab:
    """A browser's end of one socket."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.gone = asyncio.Event()
        self._connected = False

    async def receive(self) -> dict[str, Any]:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        await self.gone.wait()
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(self, message: dict[str, Any]) -> None:
        self.got.append(message)

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [orjson.loads(message["text"]) for message in self.got if "text" in message]


@asynccontextmanager
async def a_socket(here: WebProcess) -> AsyncIterator[tuple[Tab, TopicConsumer]]:
    """A tab at its own timer, and the consumer of its socket, which waits for its snapshot."""
    tab = Tab()
    headers = [(b"origin", b"http://localhost"), (b"cookie", f"{COOKIE}={signed(DEVICE)}".encode())]
    scope = {"type": "websocket", "path": "/ws/solo", "headers": headers, "client": ("192.0.2.1", 1)}
    running = asyncio.ensure_future(application(scope, tab.receive, tab.send))
    try:
        await eventually_async(lambda: any(socket._has_arrived for socket in here.sockets))
        (consumer,) = here.sockets
        yield tab, consumer
    finally:
        tab.gone.set()
        await running


def newer(worker: Any, publication: Publication) -> Publication:
    """The same as a newer release might say it: a field more beside the text, and one in it."""
    name, data = publication
    message = worker.channel_layer.deserialize(data)
    for body in ("text", "fields", "ack"):
        if message.get(body):
            message[body] = orjson.dumps({**orjson.loads(message[body]), "from_the_future": 1}).decode()
    return name, worker.channel_layer.serialize({**message, "from_the_future": 1})


async def test_a_socket_hears_a_newer_worker(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene(TOPIC)
    async with process_on() as worker, the_web_process() as here, a_socket(here) as (tab, consumer):
        broadcaster = Broadcaster(worker)
        channel, ref = consumer.channel_name, consumer._arrival_ref
        snapshot = broadcaster.snapshot(channel, ref, scene.topic, "ana", NOON)
        (event,) = scene.press("ana", Add(1_000)).events
        await worker.publish_many(
            [
                worker.addressed(channel, {"type": "topic.rumour", "ref": ref}),
                newer(worker, snapshot),
                worker.grouped(TOPIC, {"type": "topic.rumour", "v": 99}),
                newer(worker, broadcaster.event(TOPIC, event, NOON)),
                newer(worker, broadcaster.tick(scene.topic, NOON)),
                worker.addressed(channel, {"type": REPLY, "ref": ref, "close": 4499}),
            ]
        )
        await eventually_async(lambda: tab.got[-1]["type"] == "websocket.close")
    assert [message["type"] for message in tab.heard] == ["session:joined", "timer:state", "timer:tick"]
    assert all(message["from_the_future"] for message in tab.heard), "clients pass over what they do not know"
    assert tab.got[-1]["code"] == 4499
    assert "sink_failed" not in caplog.text


async def test_a_web_process_and_its_streams_pass_over_what_they_do_not_know(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = []
    room = room_with("ana").topic.name
    async with process_on() as worker, the_web_process() as here:
        await here.open()
        audience = Audience(room, here)
        audience._channel = await here.layer.new_channel()
        audience.resync = lambda: asked.append("again")  # type: ignore[method-assign]
        here.audiences[room] = audience
        audience._is_known = asyncio.get_running_loop().create_future()
        here.layer.attach(audience._channel, audience)
        await here.layer._opening
        broadcaster = Broadcaster(worker)
        await worker.publish_many(
            [
                worker.addressed(audience._channel, {"type": "topic.rumour"}),
                worker.grouped(topics.PROCESSES, {"type": "roll.rumour"}),
                newer(worker, broadcaster.roll_call(topics.shard_of(room, 16))),
            ]
        )
        await eventually_async(lambda: asked)
        assert not audience._is_known.done()
        await worker.publish_many([newer(worker, broadcaster.done(audience._channel, 0))])
        await eventually_async(audience._is_known.done)
        audience._beating.cancel()
        here.audiences.clear()
    assert asked == ["again"]
    assert "sink_failed" not in caplog.text
