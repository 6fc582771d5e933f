"""People in a room and what they may do with each other and its timer; and what was done alone and offline."""

from tests.support.people import Tab, a_browser, a_room
from tests.support.processes import Tomato

MINUTE_MS = 60_000


async def test_a_person_is_away_when_nobody_looks_at_any_of_their_tabs(site: Tomato) -> None:
    code, ana, jun = await a_room(site), await a_browser(site), await a_browser(site)
    path = f"/ws/room/{code}"
    async with ana.tab(path) as hers:
        async with jun.tab(path) as his:
            assert his.joined["members"][0]["away"] is False
            assert (await his.does("session:away", away=True))["changed"] is True
            updated = await hers.hears("session:user-updated")
            assert (updated["member"]["id"], updated["member"]["away"]) == (his.me, True)
            async with jun.tab(path) as another:
                updated = await hers.hears("session:user-updated")
                assert (updated["member"]["tabs"], updated["member"]["away"]) == (2, False)
                assert another.joined["members"][0]["away"] is False
            updated = await hers.hears("session:user-updated")
            assert (updated["member"]["tabs"], updated["member"]["away"]) == (1, True)
            await his.says("session:sync")
            assert (await his.hears("session:joined"))["members"][0]["away"] is True, "a resync is no coming back"
        async with jun.tab(path):
            assert (await hers.hears("session:user-updated"))["member"]["away"] is False


async def test_a_knock_waits_for_the_end_of_the_focus_it_would_disturb(site: Tomato) -> None:
    code, ana, jun = await a_room(site), await a_browser(site), await a_browser(site)
    async with ana.tab(f"/ws/room/{code}") as hers, jun.tab(f"/ws/room/{code}") as his:
        assert (await hers.does("session:knock", member=his.me))["changed"] is True
        knocked = await his.hears("session:knocked")
        assert (knocked["member"], knocked["by"]) == (his.me, hers.me)

        await his.does("timer:start", timer="me", duration_ms=2000)
        ack = await hers.does("session:knock", member=his.me)
        assert (ack["type"], ack["changed"]) == ("ack", True)
        assert (await hers.does("session:knock", member=his.me))["changed"] is False
        completed = await his.hears("timer:completed")
        assert not [message for message in his.heard if message["type"] == "session:knocked"][1:]
        later = await his.hears("session:knocked")
        assert later["at"] < completed["at"]
        assert later["v"] == completed["v"] + 2
        await his.hears_nothing_but_ticks(for_s=1.2)
        assert (await hers.does("session:knock", member="0123456789abcdef"))["changed"] is False


async def test_the_maker_says_who_controls_the_timer_and_hands_that_over(site: Tomato) -> None:
    ana, jun = await a_browser(site), await a_browser(site)
    code = await ana.makes_a_room(name="Writers")
    async with jun.tab(f"/ws/room/{code}") as his, ana.tab(f"/ws/room/{code}") as hers:
        as_made = {"maker": hers.me, "control": "everyone", "controllers": [], "pause_allowed": True}
        assert his.joined["settings"] == hers.joined["settings"] == as_made
        assert await refused(his, "room:configure", control="everyone") == "forbidden"

        await hers.does("room:configure", control="named")
        told = await his.hears("room:configured", by=hers.me)
        assert told["settings"] == {**as_made, "control": "named"}
        assert await refused(his, "timer:start", timer="room") == "forbidden"
        assert (await his.does("timer:start", timer="me"))["changed"] is True
        await hers.does("room:configure", controllers=[his.me], pause_allowed=False)
        assert (await his.does("timer:start", timer="room"))["changed"] is True
        for tab in (his, hers):
            assert await refused(tab, "timer:pause", timer="room") == "forbidden"
            assert await refused(tab, "timer:undo", timer="room") == "forbidden"

        await hers.does("room:hand-over", member=his.me)
        assert (await his.hears("room:configured", by=hers.me))["settings"]["maker"] in (hers.me, his.me)
        assert await refused(hers, "room:configure", pause_allowed=True) == "forbidden"
        assert (await his.does("room:configure", pause_allowed=True))["changed"] is True


async def test_a_room_made_by_a_script_is_everybodys(site: Tomato) -> None:
    code, ana = await a_room(site), await a_browser(site)
    async with ana.tab(f"/ws/room/{code}") as hers:
        assert hers.joined["settings"]["maker"] is None
        assert (await hers.does("room:hand-over", member=hers.me))["changed"] is True
        await hers.says("session:sync")
        assert (await hers.hears("session:joined"))["settings"]["maker"] == hers.me


async def test_everybody_knows_who_started_and_whose_command_was_undone(site: Tomato) -> None:
    code, ana, jun = await a_room(site), await a_browser(site), await a_browser(site)
    async with ana.tab(f"/ws/room/{code}") as hers:
        await hers.does("timer:start", timer="room")
        async with jun.tab(f"/ws/room/{code}") as his:
            assert his.timer("room")["started_by"] == hers.me
            await his.does("timer:pause", timer="room")
            await hers.does("timer:undo", timer="room")
            state = await his.hears("timer:state", action="undo")
            assert (state["by"], state["undone"]) == (hers.me, {"action": "pause", "by": his.me})


async def test_what_was_done_offline_counts_from_when_it_was_done(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab, ana.tab() as another:
        now = tab.joined["now_at"]
        assert (await tab.does("timer:start", at=now - 10 * MINUTE_MS))["changed"] is True
        assert (await tab.does("timer:pause", at=now - 4 * MINUTE_MS))["changed"] is True
        state = await another.hears("timer:state", action="pause")
        assert (state["timer"]["remaining_ms"], state["timer"]["paused_at"]) == (19 * MINUTE_MS, now - 4 * MINUTE_MS)

        ack = await tab.does("timer:reset", at=now - 5 * MINUTE_MS)
        assert (ack["changed"], ack["overruled"]) == (False, True)
        await another.hears_nothing_but_ticks(for_s=0.3)


async def test_what_was_finished_offline_is_completed_once(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as tab:
        now = tab.joined["now_at"]
        for kind, minutes_ago in [("timer:start", 70), ("timer:pause", 60), ("timer:start", 40)]:
            assert (await tab.does(kind, at=now - minutes_ago * MINUTE_MS))["changed"] is True
        focus = await tab.hears("timer:completed")
        assert (focus["completed_phase"], focus["at"]) == ("focus", now - 25 * MINUTE_MS)
        pause = await tab.hears("timer:completed")
        assert (pause["completed_phase"], pause["at"]) == ("short_break", now - 20 * MINUTE_MS)
        state = await tab.hears("timer:state", action="complete")
        assert (state["timer"]["status"], state["timer"]["round"]) == ("stopped", 2)
        await tab.hears_nothing_but_ticks(for_s=1.2)


async def refused(tab: Tab, kind: str, **fields: object) -> str:
    answer = await tab.does(kind, **fields)
    assert answer["type"] == "error", answer
    return answer["code"]
