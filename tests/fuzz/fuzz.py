"""Everything that is no sense, and much that nearly is, thrown at a running tomato, and what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import hypothesis
import psutil
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

from tests.fuzz import messages, requests, wires
from tests.fuzz.api import try_api
from tests.fuzz.attackers import Seat, Speaker, send_request, write_frames
from tests.fuzz.bystanders import Notes, Person, Reader
from tests.soak.watch import errors_logged
from tests.support.http import async_http_client
from tests.support.people import a_browser, a_room
from tests.support.processes import Tomato, tomato
from tests.support.waiting import eventually_async
from timers import topics
from tomato.redis import connect_sync, embedded_url

Report = dict[str, Any]

SHARDS = 16
SETTINGS = {"TOMATO_RATE_PER_S": "1000", "TOMATO_RATE_BURST": "1000", "TOMATO_SHARDS": str(SHARDS)}
PARTS = ("web", "worker", "redis")
ONE_EXAMPLE_MAX_S = 120
AT_ONCE = 3
BATCH = 4
RSS_MOST_MB = 400
FDS_OVER_THOSE_BEFORE = 20
SETTLED_WITHIN_S = 15.0


@dataclass(frozen=True)
class Amounts:
    """How many examples of each kind one round tries."""

    talks: int
    frames: int
    requests: int
    api: int
    api_in_one_room: int


def fuzz(seed: int, amounts: Amounts, minutes: float = 0) -> Report:
    """One round, and more until the minutes are over or something was found. In the report that it returns, `crashes`, `mistakes` and
    `effects_on_bystanders` are empty when all held."""
    with tomato(None, **SETTINGS) as site:
        return asyncio.run(Fuzz(site, seed, amounts).run(minutes * 60))


@dataclass
class Fuzz:
    site: Tomato
    seed: int
    amounts: Amounts
    notes: Notes = field(default_factory=Notes)
    """What the bystanders noticed."""
    mistakes: list[str] = field(default_factory=list)
    """What was answered otherwise than the contract says."""
    crashes: list[str] = field(default_factory=list)
    inputs: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """For each kind of input, what came of it, how often."""

    async def run(self, seconds: float) -> Report:
        self._loop, began = asyncio.get_running_loop(), monotonic()
        await self._invite()
        lives = [await self._settled(person) for person in self.people] + [await self._settled(self.reader)]
        self.before, leases = self._use(), self._leases()
        rounds = 0
        while not rounds or monotonic() - began < seconds:
            await self._round(rounds)
            rounds += 1
            if self.mistakes or self.notes.effects:
                break
        await asyncio.gather(*(speaker.leaves() for speaker in self.speakers))
        await self._check_site()
        await self._check_bystanders(lives)
        self.leases_were_lost = self._leases() != leases
        return self._report(rounds, monotonic() - began)

    async def _invite(self) -> None:
        """Attackers in the room of the bystanders, with several tabs too, in another room, and alone."""
        self.code, elsewhere = await a_room(self.site, name="Bystanders"), await a_room(self.site)
        here, there = f"/ws/room/{self.code}", f"/ws/room/{elsewhere}"
        one, other, third, flooder = [await a_browser(self.site) for _ in range(4)]
        places = [(one, here), (one, here), (other, here), (third, there), (third, "/ws/solo"), (other, "/ws/solo")]
        self.seats = [Seat(browser, path) for browser, path in places]
        self.flooder = Seat(flooder, here)
        self.speakers = [Speaker(seat) for seat in self.seats]
        self.people = [
            Person("Ana, in the room", await a_browser(self.site), here, self.notes),
            Person("Jun, alone", await a_browser(self.site), "/ws/solo", self.notes),
        ]
        self.reader = Reader(self.site, self.code, self.notes)

    async def _settled(self, bystander: Person | Reader) -> asyncio.Task[None]:
        """Begins a bystander's life, and waits until it is an ordinary one."""
        is_ready = asyncio.Event()
        life = asyncio.create_task(bystander.live(is_ready))
        await is_ready.wait()
        return life

    async def _round(self, number: int) -> None:
        seed = self.seed + number
        await asyncio.gather(
            asyncio.to_thread(self._try_sockets, seed),
            asyncio.to_thread(self._try_api, seed, self.amounts.api, ""),
            asyncio.to_thread(self._try_api, seed, self.amounts.api_in_one_room, self.code),
        )

    def _try_api(self, seed: int, examples: int, room: str) -> None:
        if not examples:
            return
        tried = try_api(self.site, seed, examples, room)
        kind = "API: a room that is there" if room else "API: any room"
        self.inputs[kind]["tried"] += tried.cases
        if tried.complaint:
            self.mistakes.append(f"{kind}: {tried.complaint}")

    # Hypothesis makes it all up, in a thread of its own

    def _try_sockets(self, seed: int) -> None:
        in_place = st.sampled_from(range(len(self.seats)))
        talk = st.lists(in_place, min_size=1, max_size=AT_ONCE, unique=True).flatmap(self._turns)
        self._try(seed, self.amounts.talks, st.tuples(talk, st.booleans()), self._talk)
        self._try(seed, self.amounts.frames, st.tuples(in_place, wires.sockets()), self._write)
        self._try(seed, self.amounts.requests, st.tuples(requests.requests()), self._ask)

    def _turns(self, places: list[int]) -> st.SearchStrategy[dict[int, list[messages.Said]]]:
        return st.fixed_dictionaries(
            {
                place: st.lists(messages.messages(self.seats[place].is_room), min_size=1, max_size=BATCH)
                for place in places
            }
        )

    def _try(
        self,
        seed: int,
        examples: int,
        made: st.SearchStrategy[tuple[Any, ...]],
        play: Callable[..., Coroutine[Any, Any, None]],
    ) -> None:
        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        @hypothesis.given(made)
        def example(chosen: tuple[Any, ...]) -> None:
            asyncio.run_coroutine_threadsafe(play(*chosen), self._loop).result(ONE_EXAMPLE_MAX_S)
            assert not self.notes.effects, f"after {chosen}: {self.notes.effects[0]}"

        try:
            example()
        except Exception as error:  # noqa: BLE001 whatever went wrong is told in the report
            self.mistakes.append(f"{type(error).__name__}: {error}\n" + "\n".join(getattr(error, "__notes__", [])))

    async def _talk(self, turns: dict[int, list[messages.Said]], again: bool) -> None:
        turns_taken = (self.speakers[place].says(batch, again) for place, batch in turns.items())
        outcomes = await asyncio.gather(*turns_taken, return_exceptions=True)
        for batch, came in zip(turns.values(), outcomes, strict=True):
            if isinstance(came, BaseException):
                raise came
            for said, outcome in zip(batch, came, strict=True):
                self.inputs[said.kind][outcome] += 1

    async def _write(self, place: int, wire: wires.Frames) -> None:
        seat = self.flooder if wire.kind.endswith(wires.TOO_MANY) else self.seats[place]
        self.inputs[wire.kind][await write_frames(self.site, seat, wire)] += 1

    async def _ask(self, request: requests.Request) -> None:
        cookie = self.seats[0].browser.cookie
        self.inputs[request.kind][await send_request(self.site, cookie, self.code, request)] += 1

    # Afterwards

    async def _check_site(self) -> None:
        """All is as it was before."""
        async with async_http_client(base_url=self.site.url) as http:
            for path in ("/healthz", "/readyz"):
                await self._check(f"{path} is not 200", partial(_is_well, http, path))
        most_fds = self.before["web"]["fds"] + FDS_OVER_THOSE_BEFORE
        told = f"the web server holds more than {most_fds} files with the attackers gone"
        await self._check(told, lambda: self._use()["web"]["fds"] <= most_fds)
        self.after = self._use()
        for part in PARTS:
            if self.after[part]["pid"] != self.before[part]["pid"]:
                self.crashes.append(f"{part} is another process than before")
            if self.after[part]["rss_mb"] > RSS_MOST_MB:
                self.crashes.append(f"{part} uses {self.after[part]['rss_mb']} MB")
        self.crashes += errors_logged(Path(self.site._log.name))
        if "Traceback (most recent call last)" in self.site.output() and not self.crashes:
            self.crashes.append("a traceback in the log")

    async def _check_bystanders(self, lives: list[asyncio.Task[None]]) -> None:
        """Their timers go on, and so did they."""
        for person in self.people:
            goes_on = partial(_goes_on, person, person.ticks.count, person.acked)
            await self._check(f"{person.name}: no tick or no answer any more", goes_on)
        for life in lives:
            life.cancel()
        ends = await asyncio.gather(*lives, return_exceptions=True)
        broken = [end for end in ends if isinstance(end, Exception)]
        self.notes.effects += [f"a bystander gave up: {error!r}" for error in broken]

    async def _check(self, complaint: str, holds: Callable[[], Any]) -> None:
        try:
            await eventually_async(holds, SETTLED_WITHIN_S)
        except (AssertionError, httpx.HTTPError) as error:
            self.crashes.append(f"{complaint}: {error}")

    def _use(self) -> dict[str, dict[str, Any]]:
        """Which process each part is, and what it uses."""
        return {name: _use_of(self.site.part(name)) for name in PARTS}

    def _leases(self) -> list[Any]:
        """Who holds the shards, and since which taking."""
        with connect_sync(embedded_url(self.site.data_dir)) as client:
            return list(client.mget([topics.lease_key(shard) for shard in range(SHARDS)]))

    def _report(self, rounds: int, seconds: float) -> Report:
        return {
            "seed": self.seed,
            "rounds": rounds,
            "seconds": round(seconds),
            "inputs": {kind: dict(outcomes.most_common()) for kind, outcomes in sorted(self.inputs.items())},
            "inputs_in_all": sum(outcomes.total() for outcomes in self.inputs.values()),
            "crashes": self.crashes,
            "effects_on_bystanders": self.notes.effects,
            "interruptions_of_bystanders": self.notes.interruptions,
            "mistakes": self.mistakes,
            "leases_were_lost": self.leases_were_lost,
            "bystanders": {
                **{
                    one.name: {"ticks": one.ticks.count, "longest_gap_ms": one.ticks.longest_gap_ms, "acked": one.acked}
                    for one in self.people
                },
                "the reader": {"heard": self.reader.heard},
            },
            "use": {"before": self.before, "after": self.after},
        }


def _goes_on(person: Person, ticks: int, acked: int) -> bool:
    return person.ticks.count > ticks and person.acked > acked


async def _is_well(http: httpx.AsyncClient, path: str) -> bool:
    return (await http.get(path)).status_code == 200


def _use_of(part: psutil.Process | None) -> dict[str, Any]:
    try:
        if part is not None:
            return {"pid": part.pid, "fds": part.num_fds(), "rss_mb": round(part.memory_info().rss / 2**20, 1)}
    except psutil.NoSuchProcess:
        pass
    return {"pid": None, "fds": 0, "rss_mb": 0.0}
