"""Rooms for machines, tried from outside: commands over HTTP, event streams, and the examples of their documentation."""

import asyncio
import json
import re
import shlex
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.http import async_http_client
from tests.support.people import Message, Site, a_browser, a_room
from tests.support.processes import Tomato
from tests.support.waiting import WITHIN_S, eventually_async
from timers import told

DOC = Path(__file__).parents[2] / "docs" / "api.md"


class Stream:
    """One reader of a room. `heard` is every message, with the id of its event."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.heard: list[Message] = []
        self._lines = response.aiter_lines()

    async def next(self) -> Message:
        """The next message; comments and instructions are passed over."""
        id = None
        async with asyncio.timeout(WITHIN_S):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    id = int(value)
                elif name == "data":
                    self.heard.append({"id": id, **json.loads(value)})
                    return self.heard[-1]
        raise EOFError

    async def hears(self, kind: str, **fields: Any) -> Message:
        while True:
            message = await self.next()
            if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message


@asynccontextmanager
async def reading(site: Site, code: str, **headers: str) -> AsyncIterator[Stream]:
    async with (
        async_http_client(base_url=site.url) as http,
        http.stream("GET", f"/room/{code}/events", headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        yield Stream(response)


async def order(site: Site, code: str, action: str, cookie: str = "", **fields: Any) -> httpx.Response:
    headers = {"Cookie": f"tomato_device={cookie}"} if cookie else {}
    async with async_http_client(base_url=site.url) as http:
        return await http.post(f"/api/rooms/{code}/timer", json={"action": action, **fields}, headers=headers)


async def test_a_command_is_obeyed_answered_and_seen_by_everybody(site: Tomato) -> None:
    code, ana = await a_room(site), await a_browser(site)
    async with ana.tab(f"/ws/room/{code}") as tab, reading(site, code) as stream:
        assert (await stream.next())["you"] is None
        response = await order(site, code, "start", duration_ms=600_000)
        assert response.status_code == 200
        result = told.Result.model_validate_json(response.content)
        assert (result.timer.status, result.timer.duration_ms, result.timer.v) == ("running", 600_000, result.v)
        for state in (await tab.hears("timer:state"), await stream.hears("timer:state")):
            assert (state["action"], state["by"], state["v"]) == ("start", None, result.v)
        tick = await stream.hears("timer:tick")
        assert (tick["id"], tick["v"]) == (result.v, result.v)
        again = await order(site, code, "start")
        assert again.json()["v"] == result.v, "it runs already"
        await order(site, code, "pause", cookie=ana.cookie)
        assert (await stream.hears("timer:state", action="pause"))["by"] == tab.me


async def test_a_stream_has_the_messages_of_a_socket_and_makes_nobody_a_member(site: Tomato) -> None:
    code, ana = await a_room(site, name="Writers"), await a_browser(site)
    async with reading(site, code) as stream:
        joined = await stream.next()
        assert stream.response.headers["content-type"] == "text/event-stream"
        assert "set-cookie" not in stream.response.headers
        assert (joined["type"], joined["people"], joined["room"]["name"]) == ("session:joined", 0, "Writers")
        async with ana.tab(f"/ws/room/{code}") as tab:
            assert [member["id"] for member in tab.joined["members"]] == [tab.me]
            assert (await stream.hears("session:user-joined"))["member"]["id"] == tab.me
            await tab.does("session:rename", name="Ana")
            await stream.hears("session:user-updated")
        await order(site, code, "start")
        await stream.hears("timer:tick")
        for message in stream.heard:
            sent = {name: value for name, value in message.items() if name != "id"}
            told.MESSAGES[message["type"]].model_validate_json(json.dumps(sent))
            assert message["id"] == message["v"]
        changes = [message["v"] for message in stream.heard if message["type"] != "timer:tick"]
        assert changes == list(range(changes[0], changes[0] + len(changes)))


async def test_a_reader_that_comes_again_goes_on_where_it_was(site: Tomato) -> None:
    code = await a_room(site)
    await order(site, code, "start")
    async with reading(site, code) as stream:
        last = await stream.hears("timer:tick")
    async with async_http_client(base_url=site.url) as http:
        v = (await http.get(f"/api/rooms/{code}")).json()["v"]
    assert last["id"] == v

    async def goes_on() -> bool:
        """Once the server has heard that the first stream is gone."""
        async with reading(site, code, **{"Last-Event-ID": str(v)}) as again:
            return (await again.next())["type"] == "timer:tick"

    await eventually_async(goes_on)
    await order(site, code, "add", ms=1_000)
    async with reading(site, code, **{"Last-Event-ID": str(v)}) as behind:
        assert ((await behind.next())["type"], behind.heard[0]["v"]) == ("session:joined", v + 1)


async def test_a_locked_room_is_for_those_who_know_its_passcode(site: Tomato) -> None:
    code = await a_room(site, passcode="open sesame")
    assert (await order(site, code, "start")).status_code == 403
    async with async_http_client(base_url=site.url) as http:
        assert (await http.get(f"/room/{code}/events")).status_code == 403
    async with reading(site, code, **{"X-Room-Passcode": "open sesame"}) as stream:
        assert (await stream.next())["room"]["locked"] is True


async def test_the_rules_of_a_room_hold_for_scripts_too(site: Tomato) -> None:
    ana = await a_browser(site)
    code = await ana.makes_a_room()
    async with ana.tab(f"/ws/room/{code}") as tab:
        await tab.does("room:configure", control="named")
        refused = await order(site, code, "start")
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert (await order(site, code, "start", cookie=ana.cookie)).status_code == 200


async def test_what_no_worker_obeys_in_time_is_never_obeyed(site: Tomato) -> None:
    code = await a_room(site)
    assert (await order(site, code, "configure", rounds=3)).status_code == 200
    worker = site.kill("worker", signal.SIGSTOP)
    try:
        refused = await order(site, code, "start")
    finally:
        worker.send_signal(signal.SIGCONT)
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert 1.5 < refused.elapsed.total_seconds() < 8  # two on a quiet machine; ten would be those of a socket
    result = await order(site, code, "configure", rounds=2)
    assert (result.json()["timer"]["status"], result.json()["timer"]["settings"]["rounds"]) == ("stopped", 2)


def examples() -> list[str]:
    return re.findall(r"^curl .*$", DOC.read_text(), flags=re.MULTILINE)


async def test_the_examples_of_the_documentation_work(site: Tomato) -> None:
    ana = await a_browser(site)
    code = await ana.makes_a_room()
    assert len(examples()) >= 5
    async with ana.tab(f"/ws/room/{code}"):
        for example in examples():
            await run_as_written(example.replace("ABC234", code).replace("…", ana.cookie), site)


async def run_as_written(example: str, site: Tomato) -> None:
    words = shlex.split(example.replace("http://127.0.0.1:8000", site.url))
    limits = ["--max-time", "1.5", "--no-progress-meter", "--write-out", "\n%{http_code}"]
    ran = await asyncio.to_thread(subprocess.run, [*words, *limits], capture_output=True, text=True, check=False)
    answer, _, status = ran.stdout.rpartition("\n")
    assert status in ("200", "201"), (example, ran.stdout, ran.stderr)
    assert ("session:joined" in answer) == ("events" in example), example
