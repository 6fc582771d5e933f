"""`/metrics` of a running tomato with several processes: the same truth whichever of them is asked."""

import asyncio
import sys
from collections.abc import Set
from signal import SIGKILL, SIGTERM

import pytest
import websockets

from tests.support.http import async_http_client
from tests.support.metrics import Scrape
from tests.support.people import a_browser, a_room
from tests.support.processes import Tomato, tomato
from tests.support.waiting import eventually_async

REPORTED_WITHIN_S = 30
SHARDS = 16
AT_ONCE = 8
"""So many questions at one moment are answered by more than one process."""
MANY = 60
"""Messages, more than one person may send at once."""
TOKEN = "a-word-that-few-know"


async def scraped(site: Tomato, token: str | None = None) -> Scrape:
    """One answer, over a connection of its own, so that any process may give it."""
    headers = {"Authorization": f"Bearer {token}"} if token else None
    async with async_http_client() as http:
        response = await http.get(site.url + "/metrics", headers=headers)
    assert response.status_code == 200, response.text
    return Scrape(response.text)


async def asked_at_once(site: Tomato) -> list[Scrape]:
    return await asyncio.gather(*(scraped(site) for _ in range(AT_ONCE)))


async def all_agree(site: Tomato, **expected: float) -> None:
    """Waits until every answer says so; the names are those of `LOOKS`."""

    async def agree() -> bool:
        for scrape in await asked_at_once(site):
            assert {name: _seen(scrape, name) for name in expected} == expected
        return True

    await eventually_async(agree, REPORTED_WITHIN_S)


LOOKS: dict[str, tuple[str, dict[str, str]]] = {
    "room_sockets": ("tomato_sockets", {"kind": "room"}),
    "solo_sockets": ("tomato_sockets", {"kind": "solo"}),
    "joins": ("tomato_join_seconds_count", {}),
    "people": ("tomato_people", {"kind": "room"}),
    "rooms": ("tomato_rooms", {}),
    "applied": ("tomato_commands_total", {"type": "timer:start", "outcome": "applied"}),
    "unchanged": ("tomato_commands_total", {"type": "timer:start", "outcome": "unchanged"}),
    "repeated": ("tomato_commands_total", {"type": "timer:start", "outcome": "repeated"}),
    "invalid": ("tomato_commands_total", {"type": "unreadable", "outcome": "invalid"}),
    "late": ("tomato_commands_total", {"type": "timer:pause", "outcome": "late"}),
    "rate_limited": ("tomato_commands_total", {"type": "ping", "outcome": "rate-limited"}),
    "foreign": ("tomato_sockets_closed_total", {"code": "403"}),
    "completions": ("tomato_completions_total", {"phase": "focus"}),
    "received": ("tomato_messages_received_total", {}),
    "closed": ("tomato_sockets_closed_total", {"code": "1000"}),
    "unknown_rooms": ("tomato_sockets_closed_total", {"code": "4404"}),
}


@pytest.fixture(scope="module")
def site():
    with tomato(TOMATO_WEB_PROCESSES="2") as running:
        yield running


async def test_what_people_did_is_counted_once_whoever_is_asked(site: Tomato) -> None:
    """The first of the tests, so that nothing was counted before."""
    code = await a_room(site)
    ana, ben = await a_browser(site), await a_browser(site)
    async with ana.tab(f"/ws/room/{code}") as hers, ben.tab(f"/ws/room/{code}") as his, ben.tab() as alone:
        await hers.does("timer:start", timer="room", id="one")
        await hers.does("timer:start", timer="room", id="one")
        await his.does("timer:start", timer="room")
        await his.does("timer:start", timer="anybody's")
        await alone.does("timer:start", duration_ms=1_000)
        await alone.hears("timer:completed")
        async with ana.socket("/ws/room/ZZZZZZ") as nowhere:
            await nowhere.wait_closed()
        await all_agree(
            site,
            room_sockets=2,
            solo_sockets=1,
            joins=3,
            people=2,
            rooms=1,
            applied=2,
            unchanged=1,
            repeated=1,
            invalid=1,
            completions=1,
            received=5,
            unknown_rooms=1,
        )
    await all_agree(site, room_sockets=0, solo_sockets=0, closed=3)


async def test_what_is_turned_away_is_counted_by_why(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as alone:
        await alone.does("timer:pause", lapses_at=1)
        for number in range(MANY):
            await alone.says("ping", t=number)
        answers = [await alone.next() for _ in range(MANY)]
    stranger = websockets.connect(site.socket_url + "/ws/solo", origin=websockets.Origin("http://elsewhere.example"))
    with pytest.raises(websockets.InvalidStatus):
        await stranger
    refused = sum(answer["type"] == "error" for answer in answers)
    assert refused
    await all_agree(site, late=1, rate_limited=refused, foreign=1)


async def test_ticks_are_counted_with_how_late_they_were(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as alone:
        before = await scraped(site)
        await alone.does("timer:start")
        for _ in range(3):
            await alone.hears("timer:tick")

        async def told() -> Scrape | None:
            scrape = await scraped(site)
            return scrape if _ticks(scrape) >= _ticks(before) + 3 else None

        after = await eventually_async(told, REPORTED_WITHIN_S)
        await alone.does("timer:reset")
    heard = _ticks(after) - (after.total("tomato_ticks_unheard_total") or 0)
    assert after.total("tomato_tick_lateness_seconds_count") == heard
    assert after.total("tomato_publish_seconds_count")
    assert after.total("tomato_messages_sent_total")


async def test_no_counter_ever_goes_back(site: Tomato) -> None:
    ana = await a_browser(site)
    async with ana.tab() as alone:
        before = await asked_at_once(site)
        for number in range(10):
            await alone.says("ping", t=number)
            await alone.hears("pong")
            after = await asked_at_once(site)
            assert [later.went_back(earlier) for later in after for earlier in before] == [[]] * AT_ONCE**2
            before = after


async def test_a_shard_that_changes_hands_counts_once(site: Tomato) -> None:
    code = await a_room(site)
    ana = await a_browser(site)
    async with ana.tab(f"/ws/room/{code}"):
        await all_agree(site, people=1)
        (first,) = await _owners(site, 1)
        with site.beside(sys.executable, "manage.py", "run_timers") as second:
            (other,) = await _owners(site, 2) - {first}
            second.send_signal(SIGTERM)
            assert await _owners(site, 1) == {first}
        site.kill("worker", SIGKILL)
        await _owners(site, 1, none_of={first, other})
        await all_agree(site, people=1)


async def _owners(site: Tomato, count: int, none_of: Set[str] = frozenset()) -> set[str]:
    """Waits until so many workers tell of the shards; meanwhile nothing may ever be told by two."""

    async def look() -> set[str] | None:
        scrape = await scraped(site)
        if (scrape.total("tomato_people", kind="room") or 0) > 1 or (scrape.total("tomato_shards") or 0) > SHARDS:
            pytest.fail("something was counted twice")
        owners = {
            dict(labels)["process"]
            for (name, labels), value in scrape.series.items()
            if name == "tomato_shards" and value
        }
        is_whole = scrape.total("tomato_shards") == SHARDS and len(owners) == count and not owners & none_of
        return owners if is_whole else None

    owners: set[str] = await eventually_async(look, REPORTED_WITHIN_S)
    return owners


async def test_nobody_is_named(site: Tomato) -> None:
    code = await a_room(site)
    ana = await a_browser(site)
    async with ana.tab(f"/ws/room/{code}") as hers:
        await hers.does("session:rename", name="Anastasia")
        await all_agree(site, people=1)
        scrape = await scraped(site)
    labels = {"process", "role", "type", "outcome", "kind", "status", "phase", "change", "code", "server", "le"}
    assert {name for _, has in scrape.series for name, _ in has} <= labels
    said = " ".join(value for _, has in scrape.series for _, value in has)
    for secret in (code, hers.me, ana.cookie.partition(":")[0], "Anastasia", "127.0.0.1"):
        assert secret not in said


async def test_elsewhere_it_takes_the_token() -> None:
    with tomato(TOMATO_METRICS_TOKEN=TOKEN) as guarded:
        async with async_http_client() as http:
            assert (await http.get(guarded.url + "/metrics")).status_code == 401
        assert (await scraped(guarded, TOKEN)).total("tomato_redis_up") == 1


def _seen(scrape: Scrape, name: str) -> float | None:
    metric, labels = LOOKS[name]
    return scrape.total(metric, **labels)


def _ticks(scrape: Scrape) -> float:
    return scrape.total("tomato_ticks_total") or 0
