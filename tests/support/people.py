"""People with browsers, as a stranger's client would be written: a cookie from a page, then sockets and JSON.

ana = await a_browser(site)
async with ana.tab("/ws/room/ABC234") as tab:
    await tab.does("timer:start", timer="room")
    await tab.hears("timer:state", action="start")
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

import websockets

from tests.support.http import async_http_client
from tests.support.waiting import WITHIN_S, eventually_async

Message = dict[str, Any]
INSISTS_TIMES = 3


class Site(Protocol):
    """Where a running tomato is."""

    @property
    def url(self) -> str: ...

    @property
    def socket_url(self) -> str: ...


@dataclass
class Browser:
    site: Site
    cookie: str

    @asynccontextmanager
    async def tab(self, path: str = "/ws/solo", within_s: float = WITHIN_S) -> AsyncIterator["Tab"]:
        """A tab that has its snapshot. Like a browser it tries again while the server is away."""
        tab = await eventually_async(lambda: self._open(path), within_s)
        try:
            yield tab
        finally:
            await tab.socket.close()

    async def makes_a_room(self, **fields: str) -> str:
        """The code of a new room of its own."""
        async with async_http_client(cookies={"tomato_device": self.cookie}) as http:
            await http.get(self.site.url + "/")
            form = {"csrfmiddlewaretoken": http.cookies["csrftoken"], **fields}
            response = await http.post(self.site.url + "/rooms", data=form)
        assert response.status_code == 302, response.text
        return response.headers["location"].rpartition("/")[2]

    async def _open(self, path: str) -> "Tab | None":
        try:
            tab = Tab(await self.socket(path))
            tab.joined = await tab.hears("session:joined")
        except (OSError, websockets.WebSocketException):
            return None
        return tab

    def socket(self, path: str, **options: Any) -> websockets.connect:
        """A socket with this browser's cookie and the site's own origin."""
        return websockets.connect(
            self.site.socket_url + path,
            origin=websockets.Origin(self.site.url),
            additional_headers={"Cookie": f"tomato_device={self.cookie}"},
            compression=None,
            **options,
        )


class Tab:
    """One socket. Messages that were passed over while waiting for another are kept in `heard`, in order."""

    joined: Message

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Message] = []
        self._numbers = count(1)

    @property
    def me(self) -> str:
        return self.joined["you"]["member"]

    def timer(self, id: str) -> Message:
        """A timer of the snapshot."""
        return next(timer for timer in self.joined["timers"] if timer["id"] == id)

    async def next(self, within_s: float = WITHIN_S) -> Message:
        async with asyncio.timeout(within_s):
            message = json.loads(await self.socket.recv())
        self.heard.append(message)
        return message

    async def hears(self, kind: str, within_s: float = WITHIN_S, **fields: Any) -> Message:
        """The next message of this type with these fields."""
        seen = []
        try:
            async with asyncio.timeout(within_s):
                while True:
                    message = await self.next(within_s)
                    if message["type"] == kind and all(message.get(name) == value for name, value in fields.items()):
                        return message
                    seen.append(message)
        except TimeoutError:
            raise AssertionError(f"no {kind} {fields} within {within_s} s; heard {seen}") from None

    async def hears_nothing_but_ticks(self, for_s: float) -> None:
        try:
            async with asyncio.timeout(for_s):
                while True:
                    message = await self.next(for_s + 1)
                    assert message["type"] == "timer:tick", message
        except TimeoutError:
            pass

    async def says(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def does(self, kind: str, **fields: Any) -> Message:
        """Sends a command under an id of its own and returns its ack or error."""
        id = fields.pop("id", None) or str(uuid4())
        await self.says(kind, id=id, **fields)
        async with asyncio.timeout(WITHIN_S):
            while True:
                message = await self.next()
                if message.get("id") == id and message["type"] in ("ack", "error"):
                    return message

    async def insists(self, kind: str, **fields: Any) -> Message:
        """The same, said again under its id where no worker came in time to do it."""
        id = str(uuid4())
        for _ in range(INSISTS_TIMES):
            answer = await self.does(kind, id=id, **fields)
            if answer.get("code") != "unavailable":
                break
        return answer

    async def closed(self, within_s: float = WITHIN_S) -> int:
        """The code with which the server closes."""
        async with asyncio.timeout(within_s):
            while True:
                try:
                    await self.socket.recv()
                except websockets.ConnectionClosed as closed:
                    return closed.rcvd.code if closed.rcvd else 1006


async def a_browser(site: Site) -> Browser:
    """A new browser: it looks at the first page and has its cookie from there."""
    async with async_http_client() as http:
        response = await http.get(site.url + "/")
    assert response.status_code == 200, response.text
    return Browser(site, response.cookies["tomato_device"])


async def a_room(site: Site, **fields: Any) -> str:
    """The code of a new room."""
    async with async_http_client() as http:
        response = await http.post(site.url + "/api/rooms", json=fields)
    assert response.status_code == 201, response.text
    return response.json()["code"]
