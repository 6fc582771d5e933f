"""Minutes of random kills, stops, pauses and restarts under many clients, and what came of it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import monotonic, time
from typing import Any

import psutil
from redis.exceptions import RedisError

from tests.soak import watch
from tests.soak.chaos import Chaos, plan
from tests.soak.clients import Client, Order
from tests.soak.ledger import Ledger
from tests.support.people import a_browser, a_room
from tests.support.processes import Tomato, tomato
from timers import records, topics
from tomato.redis import connect, embedded_url

Report = dict[str, Any]

SHARDS = 16
EXTRA_WORKERS = 2
PEOPLE_IN_A_ROOM = 10
TABS_OF_ONE = 2
SETTLED_WITHIN_S = 45.0
ENDS_WITHIN_S = 30.0
AGREED_WITHIN_S = 30.0
ON_TIME_MS = 50
TAKEN_OVER_WITHIN_S = 5.0
HANDED_OVER_WITHIN_S = 1.0
LOOKED_AT_EVERY_S = 0.25
CALM_BEFORE_S = 8.0
LOOK_FOR_DENIED_EVERY_S = 5.0
ANSWERS_KEPT_S = 590.0
WEB_FDS_AT_REST = 100
WORKER_FDS_AT_REST = 60
RSS_MOST_MB = 400

SETTINGS = {
    "TOMATO_WEB_PROCESSES": "2",
    "TOMATO_SHARDS": str(SHARDS),
    "TOMATO_RATE_PER_S": "1000",
    "TOMATO_RATE_BURST": "1000",
    "TOMATO_IDLE_TTL_S": "3600",
}


def soak(minutes: float, seed: int, clients: int) -> Report:
    """Runs it and returns the report; `violations` in it is empty when everything held."""
    with tomato(None, **SETTINGS) as site, Chaos(site) as chaos:
        stalls = watch.Stalls()
        try:
            return asyncio.run(Soak(site, chaos, stalls, seed, minutes * 60).run(clients))
        finally:
            stalls.stop()


@dataclass
class Soak:
    site: Tomato
    chaos: Chaos
    stalls: watch.Stalls
    seed: int
    seconds: float
    clients: list[Client] = field(default_factory=list)
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    """What took longer than promised. On a busy machine that is the machine's doing, so the short soak only reports it."""
    _denied: set[tuple[str, str, str]] = field(default_factory=set)

    async def run(self, clients: int) -> Report:
        for _ in range(EXTRA_WORKERS):
            self.chaos.add_worker()
        await self._invite(clients)
        self.leases = watch.Leases(self._redis_url, SHARDS, self.violations.append)
        self.use = watch.Use(lambda: {"web": self.site.parts("web"), "worker": self.chaos.workers()})
        around = [
            asyncio.create_task(work)
            for work in (
                self.leases.watch(),
                self.use.watch(),
                self.chaos.keep_workers(EXTRA_WORKERS),
                self._look_for_denied(),
                *(client.stay_connected() for client in self.clients),
            )
        ]
        try:
            await self._endure()
            await self._settle()
            await self._check_agreement()
        finally:
            await _cancelled(around[2:3])
            await _cancelled(around[4:])
        await self._check_redis()
        await self._check_use_at_rest()
        await _cancelled(around)
        self._check_all()
        return self._report()

    async def _invite(self, many: int) -> None:
        """Three people in ten use the timer alone, with two tabs each; the others share rooms."""
        alone = many * 3 // 10 // TABS_OF_ONE
        for _ in range(alone):
            browser = await a_browser(self.site)
            ledger = self._ledger(topics.solo(browser.cookie.partition(":")[0]))
            for _ in range(TABS_OF_ONE):
                self._add(browser, "/ws/solo", ledger)
        code = ""
        for number in range(many - alone * TABS_OF_ONE):
            if number % PEOPLE_IN_A_ROOM == 0:
                code = await a_room(self.site)
            self._add(await a_browser(self.site), f"/ws/room/{code}", self._ledger(topics.room(code)))

    def _ledger(self, topic: str) -> Ledger:
        return self.ledgers.setdefault(topic, Ledger(topic, self.violations.append))

    def _add(self, browser: Any, path: str, ledger: Ledger) -> None:
        self.clients.append(Client(len(self.clients), self.seed, browser, path, ledger))

    async def _endure(self) -> None:
        began = monotonic()
        pressing = [asyncio.create_task(client.press_buttons()) for client in self.clients]
        try:
            async with asyncio.timeout(self.seconds + 30):
                await self.chaos.strike(plan(self.seed, self.seconds), lambda: monotonic() - began)
                await asyncio.sleep(max(0, self.seconds - (monotonic() - began)))
        finally:
            await _cancelled(pressing)

    async def _settle(self) -> None:
        """Waits until everybody is connected and answered."""
        deadline = monotonic() + SETTLED_WITHIN_S
        while not all(client.is_settled() for client in self.clients):
            if monotonic() > deadline:
                lost = [client for client in self.clients if not client.is_settled()]
                self.violations.append(
                    f"{len(lost)} clients were not connected and answered within {SETTLED_WITHIN_S} s"
                )
                return
            await asyncio.sleep(0.1)

    async def _check_agreement(self) -> None:
        """Asks all clients of each topic until they stand at one version, and compares what they see."""
        self.agreed_at, deadline = time(), monotonic() + AGREED_WITHIN_S
        waiting = {topic: [client for client in self.clients if client.ledger.topic == topic] for topic in self.ledgers}
        while waiting:
            for topic, clients in tuple(waiting.items()):
                snapshots = await asyncio.gather(*(client.look_again() for client in clients))
                seen = [snapshot for snapshot in snapshots if snapshot is not None]
                if len(seen) == len(clients) and len({snapshot["v"] for snapshot in seen}) == 1:
                    self.ledgers[topic].check_end(seen)
                    del waiting[topic]
            if waiting and monotonic() > deadline:
                self.violations.append(f"the clients of {sorted(waiting)} did not agree within {AGREED_WITHIN_S} s")
                return

    # What Redis says

    @property
    def _redis_url(self) -> str:
        return embedded_url(self.site.data_dir)

    async def _look_for_denied(self) -> None:
        """What was answered `unavailable` must not have been done: its id must be unknown."""
        while True:
            await asyncio.sleep(LOOK_FOR_DENIED_EVERY_S)
            await self._check_denied()

    async def _check_denied(self) -> None:
        client = connect(self._redis_url)
        try:
            for topic, member, order in self._orders():
                place = (topic, member, order.id)
                if order.outcome is None or order.outcome["type"] != "error" or place in self._denied:
                    continue
                key = topics.state_key(topics.shard_of(topic, SHARDS), topic)
                if await client.hexists(key, records.answer_field(member, order.id)):
                    self.violations.append(f"{topic}: {order} was answered unavailable and is done all the same")
                self._denied.add(place)
        except (RedisError, OSError):
            return
        finally:
            await client.aclose()

    async def _check_redis(self) -> None:
        client = connect(self._redis_url)
        self._denied.clear()
        await self._check_denied()
        try:
            await self._check_acked(client)
            await self._check_completions(client)
            await self._check_keys(client)
        finally:
            await client.aclose()

    async def _check_acked(self, client: Any) -> None:
        for topic, member, order in self._orders():
            if order.outcome is None or order.outcome["type"] != "ack" or monotonic() - order.given_at > ANSWERS_KEPT_S:
                continue
            key = topics.state_key(topics.shard_of(topic, SHARDS), topic)
            text = await client.hget(key, records.answer_field(member, order.id))
            answer = records.read_answer(text) if text else None
            if answer is None or (answer.v, answer.changed) != (order.outcome["v"], order.outcome["changed"]):
                self.violations.append(f"{topic}: {order} was acknowledged, but Redis knows {answer}")

    async def _check_completions(self, client: Any) -> None:
        """Each finished phase is in the durable stream once, and what clients heard is there."""
        ids: Counter[str] = Counter()
        ends: Counter[tuple[str, str, int]] = Counter()
        for shard in range(SHARDS):
            for _, fields in await client.xrange(topics.completions_key(shard)):
                entry = json.loads(fields[b"completion"])
                ids[entry["completion"]] += 1
                ends[entry["topic"], entry["timer_id"], entry["at"]] += 1
        self.recorded = sum(ids.values())
        self.violations += [f"completion {id} was recorded {n} times" for id, n in ids.items() if n > 1]
        self.violations += [f"the end {end} was recorded {n} times" for end, n in ends.items() if n > 1]
        heard = {id for ledger in self.ledgers.values() for id in ledger.completed}
        self.violations += [f"completion {id} was heard but not recorded" for id in heard - ids.keys()]
        for topic, ledger in self.ledgers.items():
            recorded = sum(n for (of, _, at), n in ends.items() if of == topic and at / 1000 < self.agreed_at)
            unheard = recorded - sum(
                1 for completed in ledger.completed.values() if completed["at"] / 1000 < self.agreed_at
            )
            if unheard > len(ledger.holes):
                self.violations.append(
                    f"{topic}: {unheard} recorded completions were never heard, with {len(ledger.holes)} holes"
                )

    async def _check_keys(self, client: Any) -> None:
        keys = [key.decode() async for key in client.scan_iter(count=1000)]
        kinds = Counter(
            "topic" if ":topic:" in key else key.rpartition(":")[2] if "{" in key else key.rpartition(":")[0]
            for key in keys
        )
        self.keys = dict(kinds)
        if kinds["topic"] > len(self.ledgers):
            self.violations.append(f"{kinds['topic']} topics are kept, but there are only {len(self.ledgers)}")
        if len(keys) > len(self.ledgers) + 8 * SHARDS + 50:
            self.violations.append(f"{len(keys)} keys are too many: {self.keys}")
        longest = max([await client.xlen(topics.commands_key(shard)) for shard in range(SHARDS)])
        if longest > 1000:
            self.violations.append(f"a stream of commands has {longest} entries and is not trimmed")

    async def _check_use_at_rest(self) -> None:
        """With nobody there any more, nothing is held for anybody."""
        deadline = monotonic() + 15
        while complaints := list(self._complaints_of_use()):
            if monotonic() > deadline:
                self.violations += complaints
                return
            await asyncio.sleep(0.5)

    def _complaints_of_use(self) -> Iterable[str]:
        # A process keeps the connections to Redis that its sockets once needed at the same time.
        limits = {"web": WEB_FDS_AT_REST + len(self.clients), "worker": WORKER_FDS_AT_REST}
        for kind, processes in self.use.processes().items():
            for process in processes:
                try:
                    fds, rss_mb = process.num_fds(), process.memory_info().rss / 2**20
                except psutil.Error:
                    continue
                if fds > limits[kind]:
                    yield f"a {kind} process has {fds} open files with nobody there"
                if rss_mb > RSS_MOST_MB:
                    yield f"a {kind} process uses {rss_mb:.0f} MB"

    # What was heard

    def _check_all(self) -> None:
        asked: dict[tuple[str, str], list[Order]] = defaultdict(list)
        for topic, member, order in self._orders():
            asked[topic, member].append(order)
        for (topic, member), orders in asked.items():
            self.ledgers[topic].check_orders(member, [(order.body, order.outcome) for order in orders])
        for ledger in self.ledgers.values():
            ledger.check_rules()
        self._check_on_time()
        self._check_take_over()
        errors = watch.errors_logged(Path(self.site._log.name))
        self.violations += [f"logged: {line[:6000]}" for line in errors]

    def _orders(self) -> Iterable[tuple[str, str, Order]]:
        return (
            (client.ledger.topic, client.member, order)
            for client in self.clients
            if client.member is not None
            for order in tuple(client.orders.values())
            if order.sockets
        )

    def _check_on_time(self) -> None:
        """Where one owner lived all the time, and the machine kept up, a phase ends within 50 ms."""
        self.on_time, self.late, self.excused = [], [], 0
        for topic, ledger in self.ledgers.items():
            for completed in ledger.completed.values():
                due_at, late_ms = ledger.due_at(completed) / 1000, completed["now_at"] - ledger.due_at(completed)
                until = due_at + late_ms / 1000
                if not self._is_calm(due_at) or not self.leases.steady(
                    topics.shard_of(topic, SHARDS), due_at - 1, until
                ):
                    self.late.append(late_ms)
                    continue
                self.on_time.append(late_ms)
                if late_ms > ON_TIME_MS + self.stalls.within(due_at - 0.2, until + 0.2) * 2000:
                    self.slow.append(f"{topic}: {completed} was {late_ms} ms late under a living owner")
                elif late_ms > ON_TIME_MS:
                    self.excused += 1

    def _is_calm(self, at: float) -> bool:
        return not any(blow.at - 0.5 <= at <= blow.until + CALM_BEFORE_S for blow in self.chaos.struck)

    def _check_take_over(self) -> None:
        """From a blow to a worker to the next owner of its shards, and to the next tick of their topics."""
        self.take_over: dict[str, list[float]] = {"worker killed": [], "worker stopped": []}
        self.silence: dict[str, list[float]] = {
            "worker killed": [],
            "worker stopped": [],
            "redis killed": [],
            "web killed": [],
        }
        for blow in self.chaos.struck:
            alone = not any(
                other is not blow
                and other.at <= blow.at + TAKEN_OVER_WITHIN_S + 1
                and other.until >= blow.at - CALM_BEFORE_S
                for other in self.chaos.struck
            )
            taken = self.leases.taken_over(blow.at) if blow.kind in self.take_over else {}
            if taken and alone:
                self.take_over[blow.kind].append(max(taken.values()))
            silences = [
                silence
                for topic, ledger in self.ledgers.items()
                if (blow.kind not in self.take_over or topics.shard_of(topic, SHARDS) in taken)
                and (silence := ledger.silence(blow.at)) is not None
            ]
            if silences and alone and blow.kind in self.silence:
                self.silence[blow.kind].append(median(silences) if "worker" not in blow.kind else max(silences))
        limits = {"worker killed": TAKEN_OVER_WITHIN_S, "worker stopped": HANDED_OVER_WITHIN_S + LOOKED_AT_EVERY_S}
        for kind, limit_s in limits.items():
            self.slow += [f"{kind}: taken over after {s:.2f} s" for s in self.take_over[kind] if s > limit_s]
        self.slow += [
            f"worker killed: ticks again after {s:.2f} s"
            for s in self.silence["worker killed"]
            if s > TAKEN_OVER_WITHIN_S
        ]

    def _report(self) -> Report:
        orders = [order for _, _, order in self._orders()]
        outcomes = Counter(
            "unanswered" if order.outcome is None else order.outcome.get("code", order.outcome["type"])
            for order in orders
        )
        closed: Counter[str] = Counter()
        for client in self.clients:
            closed.update(client.counts.closed_by)
        return {
            "seed": self.seed,
            "seconds": self.seconds,
            "at": int(time()),
            "clients": len(self.clients),
            "topics": len(self.ledgers),
            "blows": dict(self.chaos.counts),
            "commands": len(orders),
            "outcomes": dict(outcomes),
            "changed": sum(1 for order in orders if order.outcome and order.outcome.get("changed")),
            "sent_again": sum(1 for order in orders if len(order.sockets) > 1),
            "versions": sum(len(ledger.told) for ledger in self.ledgers.values()),
            "versions_nobody_heard": sum(len(ledger.holes) for ledger in self.ledgers.values()),
            "messages": sum(client.counts.messages for client in self.clients),
            "gaps": sum(client.counts.gaps for client in self.clients),
            "connections": sum(client.counts.connections for client in self.clients),
            "closed_by": dict(closed),
            "completions_recorded": self.recorded,
            "completions_heard": sum(len(ledger.completed) for ledger in self.ledgers.values()),
            "completions_under_a_living_owner_ms": _spread(self.on_time),
            "completions_around_a_blow_ms": _spread(self.late),
            "late_while_the_machine_stalled": self.excused,
            "leases_taken_over_s": {kind: _spread(times) for kind, times in self.take_over.items()},
            "silence_until_the_next_tick_s": {kind: _spread(times) for kind, times in self.silence.items()},
            "redis_keys": self.keys,
            "most_used": {kind: self.use.most(kind) for kind in ("web", "worker")},
            "violations": self.violations,
            "slow": self.slow,
        }


def _spread(values: list[float]) -> dict[str, float]:
    return (
        {"count": len(values), "median": round(median(values), 2), "max": round(max(values), 2)}
        if values
        else {"count": 0}
    )


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    """Ends them; one that had failed raises here."""
    for task in tasks:
        task.cancel()
    _, alive = await asyncio.wait(tasks, timeout=ENDS_WITHIN_S)
    for outcome in await asyncio.gather(*(task for task in tasks if task not in alive), return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
    assert not alive, f"did not end within {ENDS_WITHIN_S} s: {alive}"
