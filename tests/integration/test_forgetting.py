"""Forgetting a browser: what the pages say of it, where its traces are found, and what happens when not all can be removed."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import patch

import pytest
import redis
from django.conf import settings
from django.test import AsyncClient

from rooms.codes import new_code
from rooms.models import Room
from tests.support.topics import Scene, timer_after
from timers import parking, process, records, topics
from timers.models import ParkedTimer
from timers.timer import Pause, Start
from timers.topic import POLICY, Policy
from tomato.allowances import Allowance
from tomato.identity import COOKIE, member_for

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql, pytest.mark.usefixtures("empty_redis")]

PAUSED = timer_after(Start(), Pause())


async def a_browser() -> tuple[AsyncClient, str]:
    """One that has its cookie, and its device."""
    browser = AsyncClient()
    await browser.get("/you")
    return browser, browser.cookies[COOKIE].value.partition(":")[0]


def hold(empty_redis: redis.Redis, scene: Scene) -> None:
    """As if a worker had committed the topic."""
    name = scene.topic.name
    shard = topics.shard_of(name, settings.TOMATO.shards)
    empty_redis.sadd(topics.index_key(shard), name)
    for field, text in records.write_topic(scene.topic).items():
        empty_redis.hset(topics.state_key(shard, name), field, text)


class Names:
    """How many pseudonyms are made, and how many at most before anything else has its turn."""

    made = most_at_once = 0

    def member_for(self, device: str, where: str) -> str:
        self.made += 1
        return member_for(device, where)

    async def watch(self) -> None:
        while True:
            before = self.made
            await asyncio.sleep(0)
            self.most_at_once = max(self.most_at_once, self.made - before)


def is_gone(response: Any, cookie: str) -> bool:
    return response.cookies[cookie]["max-age"] == 0


async def test_the_page_says_what_is_kept_and_offers_to_forget_it() -> None:
    response = await AsyncClient().get("/you")
    assert response.status_code == 200
    assert b'action="/forget-me"' in response.content
    assert b'href="/you"' in (await AsyncClient().get("/nothing")).content


async def test_what_is_parked_is_removed_here_and_in_every_room_and_no_one_elses() -> None:
    browser, device = await a_browser()
    room = await Room.objects.make()
    topic, member = topics.room(room.code), member_for(device, room.code)
    await parking.park(topics.solo(device), {"solo": PAUSED})
    await parking.park(topics.solo("0123456789ABCDEF"), {"solo": PAUSED})
    await parking.park(topic, {"room": PAUSED, member: PAUSED, "another": PAUSED})
    response = await browser.post("/forget-me")
    assert response.status_code == 200
    kept = {timer.key async for timer in ParkedTimer.objects.all()}
    assert kept == {"solo.0123456789ABCDEF:solo", f"{topic}:room", f"{topic}:another"}


async def test_rooms_that_somebody_made_or_controls_are_theirs_no_longer() -> None:
    browser, device = await a_browser()
    mine, anothers = await Room.objects.make(device=device), await Room.objects.make(device="0123456789ABCDEF")
    topic, member = topics.room(anothers.code), member_for(device, anothers.code)
    await parking.park(topic, {POLICY: Policy("another", controllers=(member, "jun"), amended=True)})
    assert (await browser.post("/forget-me")).status_code == 200
    makers = {room.code: room.maker async for room in Room.objects.all()}
    assert makers == {mine.code: "", anothers.code: anothers.maker}
    assert (await parking.find(topic, ())).policy == Policy("another", controllers=("jun",), amended=True)


async def test_the_browser_is_told_to_forget_too_and_is_given_no_new_cookie() -> None:
    browser, _ = await a_browser()
    await browser.get("/")
    response = await browser.post("/forget-me")
    assert response["Clear-Site-Data"] == '"storage"'
    assert is_gone(response, COOKIE)
    assert is_gone(response, "csrftoken")
    assert "You are forgotten" in response.content.decode()


async def test_of_a_browser_without_a_cookie_nothing_can_be_known_so_nothing_is_looked_for() -> None:
    looked = AssertionError("somebody was looked for")
    with (
        patch("timers.store.Store.rooms_of", side_effect=looked),
        patch("rooms.forgetting.all_codes", side_effect=looked),
    ):
        response = await AsyncClient().post("/forget-me")
    assert response.status_code == 200
    assert is_gone(response, COOKIE)


async def test_others_have_their_turn_while_somebody_is_looked_for_in_very_many_rooms() -> None:
    browser, _ = await a_browser()
    await Room.objects.abulk_create([Room(code=code) for code in {new_code() for _ in range(2_000)}])
    names = Names()
    others = asyncio.create_task(names.watch())
    with patch("rooms.forgetting.member_for", names.member_for):
        assert (await browser.post("/forget-me")).status_code == 200
    others.cancel()
    assert names.made >= 2_000
    assert names.most_at_once <= 500


async def test_it_takes_a_form_with_its_token() -> None:
    browser = AsyncClient(enforce_csrf_checks=True)
    assert (await browser.post("/forget-me")).status_code == 403
    await browser.get("/you")
    token = browser.cookies["csrftoken"].value
    assert (await browser.post("/forget-me", {"csrfmiddlewaretoken": token})).status_code == 200
    response = await browser.get("/forget-me")
    assert (response.status_code, response["Location"]) == (302, "/you")


async def test_rooms_in_which_somebody_is_known_are_found_by_their_pseudonyms(empty_redis: redis.Redis) -> None:
    device, store = "0123456789ABCDEF", process.current().store

    def member_in(topic: str) -> str:
        return member_for(device, topics.place_of(topic))

    names = [topics.room(code) for code in ("ABC234", "DEF567", "GHJ234", "KLM567")]
    here, with_a_timer, elsewhere, led, solo = (Scene(name) for name in (*names, topics.solo(device)))
    here.arrive(member_in(names[0]))
    with_a_timer.press(None, Start(), timer=member_in(names[1]))
    elsewhere.arrive(member_in(names[1]))
    led.arrive("jun")
    led.configure("jun", controllers=(member_in(names[3]),))
    solo.press(None, Start())
    for scene in (here, with_a_timer, elsewhere, led, solo):
        hold(empty_redis, scene)
    assert set(await store.rooms_of(member_in)) == {names[0], names[1], names[3]}


async def test_without_a_worker_the_page_says_that_not_all_is_gone_and_the_cookie_stays(
    empty_redis: redis.Redis,
) -> None:
    browser, device = await a_browser()
    solo = Scene(topics.solo(device))
    solo.press(None, Start())
    hold(empty_redis, solo)
    with patch("timers.asking.DONE_WITHIN_S", 0.1):
        response = await browser.post("/forget-me")
    assert (response.status_code, "Not everything" in response.context["problem"]) == (503, True)
    assert COOKIE not in response.cookies
    assert "Clear-Site-Data" not in response
    shard = topics.shard_of(topics.solo(device), settings.TOMATO.shards)
    assert '"Forget"' in str(empty_redis.xrange(topics.commands_key(shard))), "done when a worker is back"


async def test_it_cannot_be_asked_for_all_the_time() -> None:
    browsers = [(await a_browser())[0] for _ in range(2)]
    with patch("rooms.forgetting.TIMES", Allowance(1, 60_000)):
        assert (await browsers[0].post("/forget-me")).status_code == 200
        response = await browsers[1].post("/forget-me")
    assert (response.status_code, "too often" in response.context["problem"]) == (429, True)
