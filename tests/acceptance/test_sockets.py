"""The sockets as the contract describes them, tried from outside."""

import pytest
import websockets

from tests.support.http import async_http_client
from tests.support.people import Tab, a_browser, a_room
from tests.support.processes import Tomato

TIMER_FIELDS = {
    "id",
    "status",
    "phase",
    "duration_ms",
    "remaining_ms",
    "ends_at",
    "started_at",
    "started_by",
    "paused_at",
    "round",
    "completed_focus",
    "settings",
    "v",
}


class TestSolo:
    async def test_begins_with_a_whole_snapshot(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab:
            assert tab.joined["protocol"] == 1
            assert tab.joined["room"] is None
            assert tab.joined["members"] == []
            assert isinstance(tab.me, str)
            assert tab.timer("solo").keys() == TIMER_FIELDS
            assert tab.timer("solo")["status"] == "stopped"
            assert tab.timer("solo")["remaining_ms"] == 1_500_000

    async def test_a_timer_moves_in_every_tab_of_its_browser(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as one, ana.tab() as other:
            ack = await one.does("timer:start")
            state = await other.hears("timer:state", action="start", by=one.me)
            assert ack["changed"] is True
            assert state["v"] == ack["v"]
            tick = await other.hears("timer:tick", v=ack["v"])
            assert tick["remaining_ms"]["solo"] == pytest.approx(state["timer"]["ends_at"] - tick["now_at"], abs=1)

    async def test_outlives_its_last_tab(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab:
            await tab.does("timer:start")
            ends_at = (await tab.hears("timer:tick"))["now_at"] and tab.heard[-1]["remaining_ms"]["solo"] + tab.heard[
                -1
            ]["now_at"]
        async with ana.tab() as again:
            assert again.timer("solo")["status"] == "running"
            assert again.timer("solo")["ends_at"] == pytest.approx(ends_at, abs=1)

    async def test_completes_at_its_instant_and_once(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab:
            await tab.does("timer:start", duration_ms=1000)
            completed = await tab.hears("timer:completed")
            state = await tab.hears("timer:state", action="complete", by=None)
            assert completed["completed_phase"] == "focus"
            assert completed["now_at"] - completed["at"] < 500  # 50 on a quiet machine: `make bench` tells
            assert state["v"] == completed["v"] + 1
            assert state["timer"]["phase"] == "short_break"
            assert state["timer"]["started_at"] == completed["at"]
            await tab.hears_nothing_but_ticks(for_s=1.2)

    async def test_an_id_is_applied_once_from_whatever_tab(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as one, ana.tab() as other:
            first = await one.does("timer:add", ms=60_000, id="the same")
            again = await other.does("timer:add", ms=60_000, id="the same")
            assert again == first
            await other.says("session:sync")
            other.joined = await other.hears("session:joined")
            assert other.timer("solo")["duration_ms"] == 1_560_000

    async def test_an_id_is_answered_again_whatever_comes_with_it(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab:
            first = await tab.does("timer:pause", id="the same")
            assert await tab.does("timer:add", ms="junk", id="the same") == first

    async def test_a_command_that_has_lapsed_on_its_way_changes_nothing(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab:
            now_at = tab.joined["now_at"]
            assert (await tab.does("timer:start", lapses_at=now_at - 1))["code"] == "unavailable"
            assert (await tab.does("timer:start", lapses_at=now_at + 10_000))["changed"] is True


class TestRooms:
    async def test_two_people_see_one_timer_and_each_other(self, site: Tomato) -> None:
        code = await a_room(site, name="Writers")
        ana, jun = await a_browser(site), await a_browser(site)
        async with ana.tab(f"/ws/room/{code}") as hers:
            assert hers.joined["room"] == {"code": code, "name": "Writers", "locked": False}
            assert [member["id"] for member in hers.joined["members"]] == [hers.me]
            async with jun.tab(f"/ws/room/{code.lower()}") as his:
                joined = await hers.hears("session:user-joined")
                assert joined["member"]["id"] == his.me
                assert [member["id"] for member in his.joined["members"]] == [his.me, hers.me]
                await hers.does("timer:start", timer="room")
                assert (await his.hears("timer:state"))["by"] == hers.me
                await his.does("timer:start", timer="me")
                assert (await hers.hears("timer:state", by=his.me))["timer"]["id"] == his.me
                tick = await hers.hears("timer:tick")
                assert tick["remaining_ms"].keys() == {"room", his.me}
            left = await hers.hears("session:user-left")
            assert left["member"] == his.me

    async def test_a_reload_is_not_a_leaving(self, site: Tomato) -> None:
        code = await a_room(site)
        ana, jun = await a_browser(site), await a_browser(site)
        async with ana.tab(f"/ws/room/{code}") as hers:
            async with jun.tab(f"/ws/room/{code}"):
                await hers.hears("session:user-joined")
            async with jun.tab(f"/ws/room/{code}"):
                await hers.hears_nothing_but_ticks(for_s=6)

    async def test_tabs_are_one_person(self, site: Tomato) -> None:
        code = await a_room(site)
        ana, jun = await a_browser(site), await a_browser(site)
        async with ana.tab(f"/ws/room/{code}") as hers, jun.tab(f"/ws/room/{code}") as his:
            async with jun.tab(f"/ws/room/{code}") as another:
                assert another.me == his.me
                assert another.joined["people"] == 2
                assert (await hers.hears("session:user-updated"))["member"]["tabs"] == 2
            assert (await hers.hears("session:user-updated"))["member"]["tabs"] == 1

    async def test_a_name_is_cleaned_told_and_kept(self, site: Tomato) -> None:
        code = await a_room(site)
        ana, jun = await a_browser(site), await a_browser(site)
        async with ana.tab(f"/ws/room/{code}") as hers:
            async with jun.tab(f"/ws/room/{code}") as his:
                await his.does("session:rename", name="  Jun\u202e Kato\n ")
                assert (await hers.hears("session:user-updated"))["member"]["name"] == "Jun Kato"
            await hers.hears("session:user-left")
            async with jun.tab(f"/ws/room/{code}") as his:
                assert his.joined["you"]["name"] == "Jun Kato"

    async def test_a_person_has_another_name_in_another_room(self, site: Tomato) -> None:
        ana = await a_browser(site)
        one, other = await a_room(site), await a_room(site)
        async with ana.tab(f"/ws/room/{one}") as here, ana.tab(f"/ws/room/{other}") as there:
            assert here.me != there.me

    async def test_versions_have_no_gap(self, site: Tomato) -> None:
        code = await a_room(site)
        ana, jun = await a_browser(site), await a_browser(site)
        async with ana.tab(f"/ws/room/{code}") as hers, jun.tab(f"/ws/room/{code}") as his:
            await hers.does("timer:start", timer="room", duration_ms=1000)
            for _ in range(3):
                await his.does("timer:add", timer="me", ms=1000)
            await hers.hears("timer:completed")
            await hers.hears("timer:state", action="complete")
            versions = [message["v"] for message in hers.heard if message["type"] not in ("timer:tick", "ack")]
            assert versions == list(range(versions[0], versions[0] + len(versions)))


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("/ws/room/ABCDEF", 4404),
            ("/ws/room/nonsense", 4404),
            ("/ws/room/%00", 4404),
            ("/ws/nowhere", 4404),
            ("/", 4404),
        ],
    )
    async def test_where_there_is_nothing(self, site: Tomato, path: str, code: int) -> None:
        ana = await a_browser(site)
        async with ana.socket(path) as socket:
            assert await Tab(socket).closed() == code

    async def test_without_or_with_a_forged_identity(self, site: Tomato) -> None:
        ana = await a_browser(site)
        for cookie in ("", "0123456789ABCDEF", ana.cookie[:-1] + ("A" if ana.cookie[-1] != "A" else "B")):
            ana.cookie = cookie
            async with ana.socket("/ws/solo") as socket:
                assert await Tab(socket).closed() == 4401

    @pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
    async def test_a_foreign_or_missing_origin(self, site: Tomato, origin: str | None) -> None:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(site.socket_url + "/ws/solo", origin=websockets.Origin(origin) if origin else None)
        assert refused.value.response.status_code == 403

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "bad-message"),
            ("nonsense", "bad-message"),
            ("[]", "bad-message"),
            ("[" * 5000, "bad-message"),
            ('{"type": 1}', "bad-message"),
            (b"{}", "bad-message"),
            ('{"type": "timer:explode"}', "unknown-type"),
            ('{"type": "__init__"}', "unknown-type"),
            ('{"type": "timer:add"}', "invalid"),
            ('{"type": "timer:add", "ms": true}', "invalid"),
            ('{"type": "timer:add", "ms": "1000"}', "invalid"),
            ('{"type": "timer:start", "duration_ms": 999}', "invalid"),
            ('{"type": "timer:start", "timer": "room"}', "invalid"),
            ('{"type": "timer:configure", "rounds": 13}', "invalid"),
            ('{"type": "session:rename", "name": " \\u202e "}', "invalid"),
        ],
    )
    async def test_junk_is_answered_and_harms_nobody(self, site: Tomato, text: str, code: str) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab, ana.tab() as bystander:
            await tab.socket.send(text)
            assert (await tab.hears("error"))["code"] == code
            assert (await tab.does("timer:start"))["changed"] is True
            await bystander.hears("timer:state", action="start")

    @pytest.mark.parametrize("frame", ["x" * 8193, "ü" * 5000, b"x" * 8193, "x" * 200_000])
    async def test_a_frame_too_large(self, site: Tomato, frame: str | bytes) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab:
            await tab.socket.send(frame)
            assert await tab.closed() == 4413

    async def test_too_many_messages(self, site: Tomato) -> None:
        ana = await a_browser(site)
        async with ana.tab() as tab:
            for number in range(150):
                await tab.says("ping", t=number, id=str(number))
            refused = await tab.hears("error", code="rate-limited")
            assert int(refused["id"]) >= 30
            assert await tab.closed() == 4429

    async def test_the_allowance_is_a_persons_in_whatever_room(self, site: Tomato) -> None:
        ana = await a_browser(site)
        one, other = await a_room(site), await a_room(site)
        async with ana.tab(f"/ws/room/{one}") as here, ana.tab(f"/ws/room/{other}") as there:
            for tab in (here, there):
                for number in range(30):
                    await tab.says("ping", t=number)
            await there.hears("error", code="rate-limited")

    async def test_a_room_that_is_not_there_in_the_api(self, site: Tomato) -> None:
        async with async_http_client() as http:
            response = await http.get(site.url + "/api/rooms/ABCDEF")
        assert response.status_code == 404
        assert response.json().keys() == {"code", "message"}
