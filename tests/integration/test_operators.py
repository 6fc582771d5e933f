"""The pages of the live timers, asked for by all kinds of people, with a worker that answers or without."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.test import AsyncClient

from rooms.models import Room
from tests.support.operators import LOOK, STEER, Town, a_town, browser_of, staff
from tests.support.readers import Reader
from tests.support.topics import timer_after
from tests.support.waiting import eventually_async
from timers import inquiries, parking, topics
from timers.streams import OPENING, EventStreams
from timers.timer import Pause, Start
from timers.topic import Topic
from tomato.identity import hash_of, member_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

LIVE = "/admin/timers/live/"
DEVICE = "0123456789ABCDEF"
SOLO, SHOWN = topics.solo(DEVICE), topics.solo(hash_of(DEVICE))


def page_of(where: str) -> str:
    return f"{LIVE}{where}/"


async def shown(browser: AsyncClient, path: str = LIVE) -> str:
    response = await browser.get(path)
    assert response.status_code == 200
    return response.content.decode()


async def a_room(town: Town, *people: str) -> str:
    """The name of a room whose shared timer runs, with these people in it."""
    room = await Room.objects.make("Writers")
    topic = topics.room(room.code)
    for name in people:
        await town.comes(topic, name.lower(), name)
    await town.presses(topic, Start())
    return topic


# Who may look ---------------------------------------------------------------------------------------------------------


async def test_strangers_are_asked_to_log_in() -> None:
    for path in (LIVE, page_of("room.ABC234")):
        response = await AsyncClient().get(path)
        assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={path}")


async def test_staff_without_the_right_are_refused_and_not_shown_the_way() -> None:
    browser = await browser_of(await staff("view_parkedtimer"))
    assert (await browser.get(LIVE)).status_code == 403
    assert (await browser.get(page_of("room.ABC234"))).status_code == 403
    assert LIVE not in await shown(browser, "/admin/")


async def test_who_may_look_finds_the_way_from_the_index() -> None:
    assert f'href="{LIVE}"' in await shown(await browser_of(await staff(LOOK)), "/admin/")


# All timers -----------------------------------------------------------------------------------------------------------


async def test_every_live_timer_is_a_row_and_no_device_is_named() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana", "Jun")
        await town.presses(topic, Start(), timer="jun")
        await town.comes(SOLO, member_for(DEVICE, topics.SOLO))
        await town.presses(SOLO, Start(), Pause(), timer="solo")
        page = await shown(await browser_of(await staff(LOOK)))
    assert "3 timers" in page
    for words in (topics.place_of(topic), "Writers", "everybody", "Jun", f"Device {hash_of(DEVICE)}", "paused"):
        assert words in page
    assert DEVICE not in page
    assert "errornote" not in page


async def test_the_query_says_which() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana")
        await town.comes(SOLO, "kim", "Kim")
        await town.presses(SOLO, Start(), timer="solo")
        browser = await browser_of(await staff(LOOK))
        code = topics.place_of(topic)
        for query, found in {
            "?kind=room": {code},
            "?q=kim": {"Kim"},
            f"?q={code.lower()}": {code},
            "?q=no": set(),
        }.items():
            page = await shown(browser, LIVE + query)
            assert {word for word in (code, "Kim") if f">{word}<" in page or f"Room {word}" in page} == found, query


async def test_without_a_worker_it_says_what_is_missing() -> None:
    with patch("operators.desk.ANSWERED_WITHIN_S", 0.05):
        browser = await browser_of(await staff(LOOK))
        page = await shown(browser)
        assert "No worker has answered for 16 of 16 shards" in page
        assert "No worker has answered for 16 shards" in await shown(browser, page_of("room.ABC234"))


async def test_of_a_redis_that_hangs_it_says_so_too() -> None:
    async def hang(**_: Any) -> None:
        await asyncio.Event().wait()

    with patch("operators.desk._ask", hang), patch("operators.looks.SHOWN_WITHIN_S", 0.05):
        browser = await browser_of(await staff(LOOK))
        for path in (LIVE, page_of("room.ABC234")):
            assert "Redis does not answer" in await shown(browser, path)


async def test_without_redis_it_says_so() -> None:
    with patch("operators.desk._ask", side_effect=ConnectionError("gone")):
        browser = await browser_of(await staff(LOOK))
        for path in (LIVE, page_of("room.ABC234")):
            assert "Redis does not answer" in await shown(browser, path)


async def test_while_a_worker_looks_others_have_their_turn() -> None:
    shards: Any = [SimpleNamespace(topics={str(n): Topic(f"room.{n}") for n in range(3)}) for _ in range(2)]
    turns, turns_before = 0, []

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(take_turns())
    with patch("timers.inquiries.LOOKS_FOR_S", 0.0):
        async for _ in inquiries._little_by_little(shards):
            turns_before.append(turns)
    others.cancel()
    assert len(turns_before) == 6
    assert sorted(set(turns_before)) == turns_before


# One topic ------------------------------------------------------------------------------------------------------------


async def test_a_room_shows_its_people_and_what_happened() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana", "Jun")
        await town.presses(topic, Pause())
        page = await shown(await browser_of(await staff(LOOK)), page_of(topic))
    for words in ("Ana", "Jun", "joined", "start", "pause", "the shared timer"):
        assert words in page
    assert "<button" not in page.partition('id="live"')[2], "who may only look is offered nothing to press"


async def test_a_room_is_called_by_its_name_and_each_button_by_what_it_does() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana")
        await town.presses(topic, Start(), timer="ana")
        page = await shown(await browser_of(await staff(LOOK, STEER)), page_of(topic))
    assert f"Room {topics.place_of(topic)} · Writers" in page
    for label in ("Pause the shared timer", "Expire the shared timer…", "Reset the timer of Ana", "Remove Ana…"):
        assert f'aria-label="{label}"' in page


async def test_a_device_is_found_by_its_hash_and_never_named() -> None:
    async with a_town() as town:
        await town.comes(SOLO, "kim", "Kim")
        await town.presses(SOLO, Start(), timer="solo")
        browser = await browser_of(await staff(LOOK, STEER))
        page = await shown(browser, page_of(SHOWN))
        assert (await browser.get(page_of(SOLO))).status_code == 404
    assert "Kim" in page
    assert DEVICE not in page
    assert "Remove" not in page
    assert "Close the room" not in page


async def test_names_are_text_wherever_they_are_shown() -> None:
    name = "<script>alert('Jun')</script>"
    async with a_town() as town:
        topic = await a_room(town)
        await town.comes(topic, "jun", name)
        await town.presses(topic, Start(), timer="jun")
        browser = await browser_of(await staff(LOOK, STEER))
        asked = await act(browser, topic, "remove jun")
        pages = [await shown(browser, path) for path in (LIVE, page_of(topic))]
        removed = await act(browser, topic, "remove jun", confirmed="yes")
    for page in (*pages, asked.content.decode(), removed.content.decode()):
        assert "&lt;script&gt;alert(&#x27;Jun&#x27;)&lt;/script&gt;" in page
        assert "<script>alert" not in page


async def test_what_no_worker_holds_is_not_found() -> None:
    async with a_town():
        response = await (await browser_of(await staff(LOOK))).get(page_of("room.ABC234"))
    assert response.status_code == 404
    assert "No worker holds this" in response.content.decode()


# Acts -----------------------------------------------------------------------------------------------------------------


async def act(browser: AsyncClient, where: str, asked: str, **form: str) -> Any:
    return await browser.post(page_of(where), {"act": asked, **form}, follow=True)


async def logged() -> list[tuple[str, int, str]]:
    entries = LogEntry.objects.order_by("pk")
    return [(entry.object_repr, entry.action_flag, entry.change_message) async for entry in entries]


async def test_a_timer_is_steered_through_the_worker_and_the_log_knows_by_whom() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana")
        user = await staff(LOOK, STEER)
        browser = await browser_of(user)
        for asked, status in {"pause": "paused", "resume": "running", "reset": "stopped"}.items():
            response = await act(browser, topic, f"{asked} room")
            assert (response.status_code, await town.status(topic)) == (200, status)
        assert "Reset the shared timer." in response.content.decode()
    room = await Room.objects.aget()
    assert await logged() == [
        (str(room), CHANGE, f"{done} the shared timer.") for done in ("Paused", "Resumed", "Reset")
    ]
    entry = await LogEntry.objects.alatest("pk")
    assert (entry.user_id, entry.object_id) == (user.pk, str(room.pk))


async def test_the_page_that_follows_an_act_shows_what_came_of_it() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        browser = await browser_of(await staff(LOOK, STEER))
        for path in (LIVE, page_of(topic)):
            assert "<td>running</td>" in await shown(browser, path)
        await act(browser, topic, "pause room")
        for path in (LIVE, page_of(topic)):
            assert "<td>paused</td>" in await shown(browser, path)


async def test_what_changes_nothing_is_said_and_logged_as_that() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        response = await act(await browser_of(await staff(LOOK, STEER)), topic, "resume room")
    assert "This changed nothing" in response.content.decode()
    assert "This changed nothing" in (await logged())[0][2]


async def test_what_cannot_be_undone_is_asked_twice() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana", "Jun")
        browser = await browser_of(await staff(LOOK, STEER))
        for asked, done in {"expire room": "Expired", "remove ana": "Removed", "close": "Closed"}.items():
            first = await act(browser, topic, asked)
            assert "Yes, " in first.content.decode()
            assert not [line for line in await logged() if done in line[2]]
            await act(browser, topic, asked, confirmed="yes")
            assert [line for line in await logged() if done in line[2]]


async def test_an_expired_timer_is_gone_and_its_people_stay() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana")
        await parking.park(topic, {"room": timer_after(Start(), Pause())})
        browser = await browser_of(await staff(LOOK, STEER))
        await act(browser, topic, "expire room", confirmed="yes")
        assert not (await parking.find(topic, ["room"])).timers, "it does not come back"
        assert await town.status(topic) == "none"
        assert [person.name for _, person in (await town.store.read(topic)).here()] == ["Ana"]


async def test_who_is_removed_is_told_why_their_tabs_close() -> None:
    async with a_town() as town:
        topic = await a_room(town, "Jun")
        tab = await town.comes(topic, "ana", "Ana")
        await town.settles(topic)
        response = await act(await browser_of(await staff(LOOK, STEER)), topic, "remove ana", confirmed="yes")
        assert "Removed Ana." in response.content.decode()
        assert [reply["close"] for reply in tab.heard if "close" in reply] == [4403]
        assert set((await town.store.read(topic)).people) == {"jun"}
        page = await shown(await browser_of(await staff(LOOK, name="ivan")), page_of(topic))
        assert [word in page for word in (">Jun<", ">Ana<", ">ana<")] == [True, False, False], "nor in what happened"


async def test_a_closed_room_is_gone_from_everywhere() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        tab = await town.comes(topic, "ana", "Ana")
        await town.settles(topic)
        browser = await browser_of(await staff(LOOK, STEER))
        response = await act(browser, topic, "close", confirmed="yes")
        assert response.redirect_chain == [(LIVE, 302)]
        assert [reply["close"] for reply in tab.heard if "close" in reply] == [4404]
        assert (await town.store.read(topic)).empty
        assert not await Room.objects.aexists()
        assert (await browser.get(f"/room/{topics.place_of(topic)}")).status_code == 404
    assert [(flag, message) for _, flag, message in await logged()] == [
        (DELETION, f"Closed room {topics.place_of(topic)}.")
    ]


async def test_a_closed_room_ends_its_event_streams_and_they_lead_nowhere_again() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        events, readers = f"/room/{topics.place_of(topic)}/events", (Reader(), Reader())
        opening = (await AsyncClient().get(events)).asgi_request.scope[OPENING]

        async def pages(scope: Any, receive: Any, send: Any) -> None:
            scope[OPENING] = opening
            await send({"type": "http.response.start", "status": 200, "headers": []})

        streams = EventStreams(pages)
        reading = [asyncio.create_task(streams({}, reader.receive, reader.send)) for reader in readers]
        for reader in readers:
            await reader.hears(1)
        await act(await browser_of(await staff(LOOK, STEER)), topic, "close", confirmed="yes")
        for reader in readers:
            await reader.is_finished()
        await asyncio.gather(*reading)
        assert (await AsyncClient().get(events)).status_code == 404


async def test_a_room_that_is_deleted_in_its_list_sends_everybody_out() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        tab = await town.comes(topic, "ana", "Ana")
        await town.settles(topic)
        olga = await User.objects.acreate(username="olga", is_staff=True, is_superuser=True)
        room = await Room.objects.aget()
        browser = await browser_of(olga)
        with patch("rooms.admin.transaction.on_commit", lambda send_out, robust: send_out()):  # no test commits
            await browser.post(f"/admin/rooms/room/{room.pk}/delete/", {"post": "yes"})
        await eventually_async(lambda: [reply["close"] for reply in tab.heard if "close" in reply] == [4404])
        assert (await town.store.read(topic)).empty


async def test_a_device_is_acted_on_by_its_hash_and_logged_by_it() -> None:
    async with a_town() as town:
        await town.comes(SOLO, "kim", "Kim")
        await town.presses(SOLO, Start(), timer="solo")
        await act(await browser_of(await staff(LOOK, STEER)), SHOWN, "pause solo")
        assert await town.status(SOLO, "solo") == "paused"
    assert await logged() == [(f"Device {hash_of(DEVICE)}", CHANGE, "Paused the timer of Kim.")]


@pytest.mark.parametrize("asked", ["", "explode room", "pause nobody", "remove nobody", "close room"])
async def test_what_cannot_be_done_is_not(asked: str) -> None:
    async with a_town() as town:
        topic = await a_room(town, "Ana")
        response = await act(await browser_of(await staff(LOOK, STEER)), topic, asked, confirmed="yes")
        assert "There is no such act" in response.content.decode()
        assert await town.status(topic) == "running"
    assert await logged() == []


async def test_nobody_is_removed_from_their_own_timer() -> None:
    async with a_town() as town:
        await town.comes(SOLO, "kim", "Kim")
        await town.presses(SOLO, Start(), timer="solo")
        response = await act(await browser_of(await staff(LOOK, STEER)), SHOWN, "remove kim", confirmed="yes")
    assert "There is no such act" in response.content.decode()


async def test_acts_need_their_own_right_and_a_token() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        for user in (await staff(LOOK), await staff(STEER, name="ivan")):
            response = await (await browser_of(user)).post(page_of(topic), {"act": "pause room"})
            assert response.status_code == 403
        forged = await browser_of(await staff(LOOK, STEER, name="oleg"), enforce_csrf_checks=True)
        assert (await forged.post(page_of(topic), {"act": "pause room"})).status_code == 403
        assert await town.status(topic) == "running"
    assert await logged() == []


async def test_without_a_worker_an_act_is_said_not_to_be_done_and_logged_all_the_same() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        with patch("timers.asking.DONE_WITHIN_S", 0.0):
            response = await act(await browser_of(await staff(LOOK, STEER)), topic, "pause room")
    assert "may not have been done" in response.content.decode()
    assert "may not have been done" in (await logged())[0][2]


async def test_where_nobody_answers_for_it_nothing_is_done_and_that_is_said() -> None:
    browser = await browser_of(await staff(LOOK, STEER))
    with patch("operators.desk.ANSWERED_WITHIN_S", 0.05):
        assert "nothing was done" in (await act(browser, "room.ABC234", "close")).content.decode()
    with patch("operators.desk._ask", side_effect=ConnectionError("gone")):
        assert "nothing was done" in (await act(browser, "room.ABC234", "close")).content.decode()
    async with a_town():
        assert "nothing to act on" in (await act(browser, "room.ABC234", "close")).content.decode()
    assert await logged() == []


async def test_what_failed_half_way_is_logged_as_perhaps_not_done() -> None:
    async with a_town() as town:
        topic = await a_room(town)
        with patch("operators.acts.ask", side_effect=ConnectionError("gone")):
            response = await act(await browser_of(await staff(LOOK, STEER)), topic, "pause room")
    assert "may not have been done" in response.content.decode()
    assert "may not have been done" in (await logged())[0][2]


async def test_an_account_that_is_no_longer_staff_may_nothing() -> None:
    user: User = await staff(LOOK, STEER)
    browser = await browser_of(user)
    await User.objects.aupdate(is_staff=False)
    assert (await browser.get(LIVE)).status_code == 302
