"""Rooms that are closed: no web process lets anybody in, and one that cannot be closed keeps no other open."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from rooms import changes, closing
from rooms.models import Room, find_room
from tests.support.operators import a_town
from tests.support.waiting import eventually_async
from timers import forgetting, topics
from timers.timer import Start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]


async def test_a_process_that_remembers_a_room_is_told_that_another_has_closed_it() -> None:
    room = await Room.objects.make()
    await changes.hear()
    assert await find_room(room.code)
    await Room.objects.filter(pk=room.pk).aupdate(code="ZZZZZZ")  # as when another process does it: nobody says so here
    assert await find_room(room.code)
    await closing.send_out([room.code])

    async def is_unknown() -> bool:
        return await find_room(room.code) is None

    await eventually_async(is_unknown)


async def test_one_that_fails_keeps_no_other_open() -> None:
    async with a_town() as town:
        for code in ("ABC234", "BBC234"):
            await town.presses(topics.room(code), Start())
        close = forgetting.close

        async def close_but_one(topic: str) -> None:
            if topic == topics.room("ABC234"):
                raise TimeoutError
            await close(topic)

        with patch("timers.forgetting.close", close_but_one), pytest.raises(TimeoutError):
            await closing.send_out(["ABC234", "BBC234"])
        assert await town.status(topics.room("ABC234")) == "running"
        assert await town.status(topics.room("BBC234")) == "none"
