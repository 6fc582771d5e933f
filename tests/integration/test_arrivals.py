"""Who comes, from where, and how often: sockets, streams, and what proxies say of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from django.conf import settings
from django.test import override_settings
from redis.exceptions import ConnectionError as RedisIsAway

from rooms.models import Room
from tests.support.waiting import eventually_async
from tests.support.web import Visitor, the_web_process
from timers import arrivals, process
from timers.arrivals import TooManyArrivals
from tomato.allowances import Allowance, Allowances
from tomato.asgi import application
from tomato.identity import COOKIE, signed
from tomato.limits import TokenBuckets

pytestmark = [pytest.mark.usefixtures("empty_redis"), pytest.mark.django_db]

HOME, ELSEWHERE, PROXY = "203.0.113.7", "198.51.100.9", "10.0.0.1"
ANA, JUN = "A" * 16, "B" * 16
TOO_MANY = 4429
Message = dict[str, Any]


@contextmanager
def allowed(address: int, device: int, unasked: int = 0) -> Iterator[None]:
    """So many may come at once; the first `unasked` of them without a word to Redis."""
    with (
        patch.object(arrivals, "OF_AN_ADDRESS", Allowance(address, 60_000)),
        patch.object(arrivals, "OF_A_DEVICE", Allowance(device, 60_000)),
    ):
        process.current().arrivals = TokenBuckets(0.001, unasked)
        yield


class Caller:
    """A socket that is tried."""

    def __init__(self, device: str = ANA, address: str = HOME, forwarded: str = "", path: str = "/ws/solo") -> None:
        headers = [(b"origin", b"http://localhost"), (b"cookie", f"{COOKIE}={signed(device)}".encode())]
        headers += [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        self.scope = {"type": "websocket", "path": path, "headers": headers, "client": (address, 40_000)}
        self.code: int | None = None
        self._says: asyncio.Queue[Message] = asyncio.Queue()

    async def comes(self) -> int | None:
        """The code with which it is turned away; None when it is let in."""
        here = process.current()
        before = len(here.sockets)
        self._says.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(self._run())
        await eventually_async(lambda: self.code is not None or len(here.sockets) > before)
        if self.code is not None:
            self._says.put_nowait({"type": "websocket.disconnect", "code": self.code})
            await self.task
        return self.code

    async def _run(self) -> None:
        await application(self.scope, self._says.get, self._send)

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            self.code = message["code"]


async def came(**how: str) -> int | None:
    return await Caller(**how).comes()


# How often ------------------------------------------------------------------------------------------------------------


async def test_an_address_comes_only_so_often_whatever_devices_it_shows() -> None:
    async with the_web_process():
        with allowed(address=2, device=9):
            assert [await came(device=f"{number:016X}") for number in range(3)] == [None, None, TOO_MANY]
            assert await came(address=ELSEWHERE) is None


async def test_a_device_comes_only_so_often_and_leaves_the_others_of_its_address_theirs() -> None:
    async with the_web_process():
        with allowed(address=9, device=2):
            assert [await came() for _ in range(3)] == [None, None, TOO_MANY]
            assert await came(device=JUN) is None


@pytest.mark.parametrize(("path", "code"), [("/ws/room/ABCDEF", 4404), ("/ws/admin/live", 4401)])
async def test_who_is_turned_away_has_come(path: str, code: int) -> None:
    async with the_web_process():
        with allowed(address=2, device=9):
            assert [await came(path=path) for _ in range(3)] == [code, code, TOO_MANY]


async def test_streams_are_counted_with_sockets() -> None:
    room = await Room.objects.make()
    async with the_web_process():
        with allowed(address=2, device=9):
            assert [await came() for _ in range(2)] == [None, None]
            response = await Visitor(HOME).get(f"/room/{room.code}/events")
    assert (response.status_code, response.json()["code"]) == (429, "rate-limited")
    assert 50 < int(response["Retry-After"]) <= 60


async def test_who_comes_now_and_then_costs_redis_no_word() -> None:
    async with the_web_process() as here:
        with allowed(address=1, device=1, unasked=3), patch.object(Allowances, "take", side_effect=AssertionError):
            for _ in range(3):
                await arrivals.count(HOME, ANA)
        await arrivals.count(HOME, ANA)
        assert await here.redis.keys("tomato:allowance:*")


async def test_all_processes_count_together() -> None:
    async with the_web_process() as here:
        with allowed(address=2, device=9):
            for _ in range(2):
                await arrivals.count(HOME, ANA)
                here.arrivals = TokenBuckets(0.001, 0)  # as another process begins
            with pytest.raises(TooManyArrivals):
                await arrivals.count(HOME, ANA)


async def test_no_device_and_no_address_is_written_down() -> None:
    async with the_web_process() as here:
        with allowed(address=9, device=9):
            await arrivals.count(HOME, ANA)
        keys = [str(key) for key in await here.redis.keys("*")]
    assert len(keys) == 2
    assert not [key for key in keys if ANA in key or HOME in key]


async def test_while_redis_is_away_people_are_let_in_to_wait_for_it() -> None:
    async with the_web_process():
        with allowed(address=1, device=1), patch.object(Allowances, "take", side_effect=RedisIsAway("gone")):
            assert await came() is None


# From where -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "same", "other"),
    [
        (0, ("", "192.0.2.1", f"192.0.2.1, {ELSEWHERE}"), None),
        (1, (HOME, f"192.0.2.1, {HOME}", f"{ELSEWHERE}, {HOME}"), f"{HOME}, {ELSEWHERE}"),
        (2, (f"{HOME}, {PROXY}", f"{ELSEWHERE}, {HOME}, {PROXY}"), f"{HOME}, {ELSEWHERE}, {PROXY}"),
    ],
)
class TestTheAddressOfAVisitor:
    """What the counted proxies say of it, and no header else."""

    async def test_counts_at_sockets(self, proxies: int, same: tuple[str, ...], other: str | None) -> None:
        with override_settings(TOMATO=replace(settings.TOMATO, proxies=proxies, max_sockets_per_ip=1)):
            async with the_web_process():
                calls = [await came(address=PROXY, forwarded=forwarded) for forwarded in same]
                assert calls == [None, *[TOO_MANY] * (len(same) - 1)]
                if other is not None:
                    assert await came(address=PROXY, forwarded=other) is None
                assert await came(address="192.0.2.99", forwarded="") is None

    async def test_counts_at_pages(self, proxies: int, same: tuple[str, ...], other: str | None) -> None:
        with (
            override_settings(TOMATO=replace(settings.TOMATO, proxies=proxies)),
            patch("rooms.making.ROOMS", Allowance(1, 60_000)),
        ):
            async with the_web_process():
                made = [await self.makes_a_room(forwarded) for forwarded in same]
                assert made == [201, *[429] * (len(same) - 1)]
                if other is not None:
                    assert await self.makes_a_room(other) == 201

    async def makes_a_room(self, forwarded: str) -> int:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        response = await Visitor(PROXY).post("/api/rooms", {}, "application/json", headers=headers)
        status: int = response.status_code
        return status
