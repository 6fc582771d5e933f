"""The timer worker: owns its share of the shards, ticks their topics, and hands over when it stops."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from timers import reports, topics
from timers.figures import ShardFigures
from timers.inquiries import Inquiries
from timers.leases import RENEW_EVERY_S, Leases
from timers.schedule import SLOT_MS, SLOTS
from timers.shard import LeaseLost, Shard, Tools
from timers.topic import Lose
from tomato.outage import Outage
from tomato.redis import errors_of

log = structlog.get_logger(__name__)

ROLL_CALL_EVERY_S = 5.0


class Worker:
    def __init__(self, redis: Redis, shards: int, tools: Tools) -> None:
        self._redis = redis
        self._tools = tools
        self._figures = tools.figures
        self._leases = Leases(redis, shards)
        self._shards: dict[int, Shard] = {}
        self._inquiries = Inquiries(tools.broadcaster, tools.clock, self._loaded)
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._missing: set[str] = set()
        self._outage = Outage(log, "worker.redis")

    async def run(self, stop: asyncio.Event) -> None:
        """Works, with a clock that is set, until `stop` is set, then hands everything over. A side task that dies ends the worker
        with its error."""
        works = (
            stop.wait,
            self._keep_leases,
            self._tick,
            self._call_roll,
            self._figures.watch_loop,
            self._inquiries.answer,
            partial(reports.tell_when_asked, self._tools.broadcaster.hear, self._report),
        )
        tasks = [asyncio.create_task(work()) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(RedisError, OSError):  # before anything is free, so that the others' shares have room for it
                await self._leases.leave()
            await self._hand_over(tuple(self._shards))

    # Shards

    async def _keep_leases(self) -> None:
        while True:
            try:
                await self._balance()
                self._outage.is_over()
            except (RedisError, OSError) as error:
                self._outage.goes_on(error)
            await asyncio.sleep(RENEW_EVERY_S)

    async def _balance(self) -> None:
        """Raises the last error once all was tried: one node of a cluster that is away keeps no shard of another from being taken."""
        away: Exception | None = None
        try:
            await self._leases.renew()
        except (RedisError, OSError) as error:
            away = error
        await self._let_go_of_the_lost()
        fair = await self._leases.fair_share()
        await self._hand_over(tuple(self._shards)[fair:])
        try:
            await self._leases.take(fair)
        finally:
            self._begin_with_the_new()
        if away is not None:
            raise away

    async def _let_go_of_the_lost(self) -> None:
        for shard in self._shards.keys() - self._leases.owned.keys():
            log.warning("worker.lease_lost", shard=shard)
            self._figures.leases["lost"] += 1
            await self._let_go(shard)
        for shard in [shard for shard, run in self._runs.items() if run.done()]:
            self._find_out_why(shard)
            await self._let_go(shard)

    def _begin_with_the_new(self) -> None:
        for shard in self._leases.owned.keys() - self._shards.keys():
            self._shards[shard] = Shard(shard, self._leases.owned[shard], self._tools)
            self._runs[shard] = asyncio.create_task(self._shards[shard].run())
            self._figures.leases["taken"] += 1

    def _find_out_why(self, shard: int) -> None:
        """Losing a lease is part of life; any other end of a shard's run is a fault that ends the worker."""
        try:
            self._runs[shard].result()
        except LeaseLost as lost:
            log.warning("worker.lease_lost", shard=shard, reason=str(lost))
            self._figures.leases["lost"] += 1

    async def _hand_over(self, shards: tuple[int, ...]) -> None:
        self._figures.leases["handed_over"] += len(shards)
        await asyncio.gather(*(self._let_go(shard) for shard in shards))

    async def _let_go(self, shard: int) -> None:
        """Finishes what the shard is doing, then frees it for the next owner."""
        self._shards[shard].stop()
        await asyncio.gather(self._runs.pop(shard), return_exceptions=True)
        del self._shards[shard]
        try:
            await self._leases.give_back(shard)
        except (RedisError, OSError) as error:
            log.warning("worker.lease_not_returned", shard=shard, reason=str(error))

    # Ticks

    async def _tick(self) -> None:
        """Every slot of the second once, in order; a late one is made up for at once."""
        slot_number = self._tools.clock.now() // SLOT_MS
        while True:
            slot_number += 1
            late_ms = self._tools.clock.exactly() - slot_number * SLOT_MS
            if abs(late_ms) > 1_000:  # this process slept, or the clock was set
                skipped = int(late_ms) // SLOT_MS
                slot_number += skipped
                self._figures.slots_skipped += max(0, skipped)
            elif late_ms < 0:
                await asyncio.sleep(-late_ms / 1000)
            await self._tick_slot(slot_number)

    async def _tick_slot(self, number: int) -> None:
        now = self._tools.clock.now()
        ticking = [
            (shard, shard.topics[name])
            for shard in self._shards.values()
            if shard.lease.stands()
            for name in shard.ticks.due(number % SLOTS)
        ]
        if ticking:
            heard = await self._tools.broadcaster.say(self._tools.broadcaster.tick(topic, now) for _, topic in ticking)
            if heard is None:
                return
            unheard = heard.count(0)
            self._figures.ticks += len(heard)
            self._figures.ticks_unheard += unheard
            self._figures.lateness.add(self._tools.clock.exactly() - number * SLOT_MS, len(heard) - unheard)
            for (shard, topic), listeners in zip(ticking, heard, strict=True):
                # Who has come to the topic since is not among those who were counted.
                if not listeners and shard.topics.get(topic.name) is topic:
                    shard.ticks.set(topic.name, ticks=False)

    # People

    async def _call_roll(self) -> None:
        """Drops the people of web processes that no longer vouch for them, keeps the clock, and reports."""
        while True:
            await asyncio.sleep(ROLL_CALL_EVERY_S)
            try:
                await self._tools.clock.sync()
                await self._drop_the_silent()
                await self._show_what_was_missed()
                await self._report()
            except (RedisError, OSError) as error:
                self._missing.clear()
                self._outage.goes_on(error)

    async def _drop_the_silent(self) -> None:
        """A process is lost when it was missing twice: after Redis was away everybody needs a moment."""
        known = {process for shard in self._shards.values() for process, names in shard.processes.items() if names}
        missing = {process for process in known if not await self._redis.exists(topics.process_key(process))}
        for process in missing & self._missing:
            log.warning("worker.process_lost", process=process)
            for shard in tuple(self._shards.values()):
                for name in tuple(shard.processes.get(process, ())):
                    await self._tools.inbox.post(name, Lose(process))
                shard.processes.pop(process, None)
        self._missing = missing

    async def _show_what_was_missed(self) -> None:
        """A change that could not be told leaves no gap until the next one: everybody is to take a fresh snapshot."""
        for shard in tuple(self._shards.values()):
            if shard.is_unheard:
                heard = await self._tools.broadcaster.say([self._tools.broadcaster.roll_call(shard.number)])
                shard.is_unheard = heard is None

    async def _report(self) -> None:
        held = {shard.number: await ShardFigures.of(shard.topics.values()) for shard in self._loaded()}
        self._figures.redis_errors["timers"] = errors_of(self._redis)
        await reports.write(self._redis, reports.report(self._leases.worker, "worker", self._figures, held))

    def _loaded(self) -> list[Shard]:
        """The shards of which it knows what holds."""
        return [shard for shard in self._shards.values() if shard.is_loaded and shard.lease.stands()]
