"""The socket of the live page: whom it lets in, what it says, and how it ends when a right is taken away."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import patch

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.test import AsyncClient

from operators.consumers import LiveConsumer
from tests.support.operators import LOOK, STEER, a_town, browser_of, staff
from timers import topics
from timers import worker as worker_module
from timers.timer import Start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

ROOM = topics.room("ABC234")
HERE, ELSEWHERE = "http://127.0.0.1", "http://example.org"


@asynccontextmanager
async def watching(browser: AsyncClient, query: str = "", origin: str = HERE) -> AsyncIterator[WebsocketCommunicator]:
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    headers = [(b"origin", origin.encode()), (b"cookie", cookies.encode())]
    socket = WebsocketCommunicator(LiveConsumer(), f"/ws/admin/live{query}", headers)
    try:
        yield socket
    finally:
        await socket.disconnect()


async def page(socket: WebsocketCommunicator, *words: str) -> str:
    """The next page that has these words."""
    while True:
        message = json.loads(await socket.receive_from(timeout=5))
        assert message["type"] == "live:page"
        if all(word in message["html"] for word in words):
            return str(message["html"])


async def close_code(socket: WebsocketCommunicator) -> int:
    while True:
        message: Any = await socket.receive_output(timeout=5)
        if message["type"] == "websocket.close":
            return int(message["code"])


async def test_a_page_of_another_site_is_not_let_in() -> None:
    async with watching(await browser_of(await staff(LOOK)), origin=ELSEWHERE) as socket:
        assert (await socket.connect())[0] is False


async def test_strangers_and_staff_without_the_right_are_told_apart() -> None:
    for browser, code in ((AsyncClient(), 4401), (await browser_of(await staff(STEER)), 4403)):
        async with watching(browser) as socket:
            assert (await socket.connect())[0] is True
            assert await close_code(socket) == code


async def test_who_watches_sees_what_becomes_of_timers() -> None:
    async with a_town() as town, watching(await browser_of(await staff(LOOK)), "?kind=room") as socket:
        await socket.connect()
        await page(socket, "0 timers")
        await town.presses(ROOM, Start())
        await page(socket, "1 timer", "Room ABC234")


async def test_figures_are_of_this_moment_while_somebody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "ROLL_CALL_EVERY_S", 600)
    async with a_town() as town, watching(await browser_of(await staff(LOOK))) as socket:
        await socket.connect()
        for people, member in enumerate(("ana", "jun"), 1):
            await town.comes(ROOM, member)
            await page(socket, f"<dt>people</dt><dd>{people}</dd>")


async def test_who_watches_one_room_sees_its_people_and_their_own_rights() -> None:
    async with a_town() as town:
        await town.comes(ROOM, "ana", "Ana")
        await town.settles(ROOM)
        looks, steers = await staff(LOOK), await staff(LOOK, STEER, name="ivan")
        for user, may in ((looks, False), (steers, True)):
            async with watching(await browser_of(user), f"?topic={ROOM}") as socket:
                await socket.connect()
                assert ("Remove" in await page(socket, "Ana")) is may


@pytest.mark.parametrize(
    "change", [{"is_staff": False}, {"is_active": False}], ids=["no longer staff", "no longer active"]
)
async def test_whose_rights_are_taken_away_loses_the_stream(change: dict[str, bool]) -> None:
    async with a_town(), watching(await browser_of(await staff(LOOK))) as socket:
        with patch("operators.consumers.RIGHTS_EVERY_S", 0.1):
            await socket.connect()
            await page(socket)
            await User.objects.aupdate(**change)
            assert await close_code(socket) in (4401, 4403)


async def test_who_logs_out_loses_the_stream() -> None:
    browser = await browser_of(await staff(LOOK))
    async with a_town(), watching(browser) as socket:
        with patch("operators.consumers.RIGHTS_EVERY_S", 0.1):
            await socket.connect()
            await page(socket)
            await browser.alogout()
            assert await close_code(socket) == 4401


async def test_where_nobody_can_tell_the_rights_the_browser_comes_again() -> None:
    async with watching(await browser_of(await staff(LOOK))) as socket:
        with patch("operators.consumers.rights_with", side_effect=DatabaseError("gone")):
            await socket.connect()
            assert await close_code(socket) == 1000


async def test_a_ping_is_answered_and_junk_is_not() -> None:
    async with a_town(), watching(await browser_of(await staff(LOOK))) as socket:
        await socket.connect()
        await page(socket)
        for text in ("junk", "{}", '{"type":"timer:start"}'):
            await socket.send_to(text)
        await socket.send_to('{"type":"ping","t":7}')
        while (message := json.loads(await socket.receive_from(timeout=5)))["type"] != "pong":
            pass
        assert message["t"] == 7
