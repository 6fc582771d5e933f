"""One shard under one owner: take commands in order, apply, commit, announce; complete and put by what is due.

The topics here are a mirror of Redis: replaced only by what was committed, and thrown away whenever the outcome of a commit
is unknown. What a command means is decided in `course`, not here.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError

from timers import course, records
from timers.broadcast import Broadcaster
from timers.figures import WorkerFigures
from timers.inbox import READ_AT_ONCE, Entry, Inbox
from timers.journal import Journal
from timers.leases import Lease
from timers.schedule import Deadlines, TickSlots
from timers.server_clock import ServerClock
from timers.store import BEGINNING, Store, Verdict
from timers.topic import (
    Answer,
    Arrive,
    Change,
    Event,
    Expire,
    Forget,
    Full,
    Lose,
    PutBy,
    Refused,
    Reply,
    Rules,
    Steer,
    TimerCompleted,
    Topic,
)

log = structlog.get_logger(__name__)

LONGEST_WAIT_MS = 1_000
RECHECK_MS = 50
MOST_AT_ONCE = 100
"""How much may happen to one topic in one commit, so that a long absence is caught up with in small steps."""
SPAN_MS = 10_000
REDIS_RETRY_S = 0.25
PARKING_RETRY_MS = 5_000

Park = Callable[[str, Mapping[str, PutBy], Callable[[], bool]], Awaitable[bool]]
"""Takes a topic's name, what is to be put by of it, and a question to be asked last: whether that is still for us to do.
Returns what was answered."""


class LeaseLost(Exception):
    """Another worker decides for this shard now."""


@dataclass(frozen=True)
class Tools:
    """What every shard of a worker works with. `reach` is called at each crash point, with its name."""

    store: Store
    inbox: Inbox
    broadcaster: Broadcaster
    clock: ServerClock
    rules: Rules
    park: Park
    reach: Callable[[str], None] = lambda point: None
    figures: WorkerFigures = field(default_factory=WorkerFigures)


@dataclass
class Batch:
    """What some commands or some time make of the topics, to be committed in one step."""

    cursor: str
    before: dict[str, Topic] = field(default_factory=dict)
    after: dict[str, Topic] = field(default_factory=dict)
    events: list[tuple[str, Event]] = field(default_factory=list)
    replies: list[tuple[Entry, Topic, Reply | None]] = field(default_factory=list)
    lapses_at: int | None = None

    def completed(self) -> Iterator[tuple[str, TimerCompleted]]:
        return ((name, event) for name, event in self.events if isinstance(event, TimerCompleted))

    def take(self, before: Topic, change: Change) -> None:
        self.before.setdefault(before.name, before)
        self.after[before.name] = change.topic
        self.events += ((before.name, event) for event in change.events)


class Shard:
    def __init__(self, number: int, lease: Lease, tools: Tools) -> None:
        self.number = number
        self.lease = lease
        self.topics: dict[str, Topic] = {}
        self.ticks = TickSlots()
        self.processes: dict[str, set[str]] = {}
        self.journal = Journal()
        self.is_loaded = False
        self.is_unheard = False
        """Whether something could not be told, so that people may show what no longer holds."""
        self._tools = tools
        self._cursor = BEGINNING
        self._deadlines = Deadlines()
        self._put_by: dict[str, Mapping[str, PutBy]] = {}
        self._parking: dict[str, asyncio.Task[None]] = {}
        self._reading: asyncio.Task[list[Entry]] | None = None
        self._stopping = False

    async def run(self) -> None:
        """Owns the shard until `stop`. Raises `LeaseLost` when somebody else does."""
        try:
            while not self._stopping:
                try:
                    if not self.is_loaded:
                        await self._load()
                        self.is_loaded = True
                    await self._turn()
                except (RedisError, OSError) as error:
                    # Whether the last commit was made is unknown: only Redis can tell what holds.
                    log.debug("shard.redis_is_away", shard=self.number, reason=str(error))
                    self.is_loaded = False
                    await self._stop_reading()
                    await asyncio.sleep(REDIS_RETRY_S)
        finally:
            await self._stop_reading()
            # The database may not answer for long, and the next owner puts by what is still to be put by.
            for parking in self._parking.values():
                parking.cancel()

    def stop(self) -> None:
        """Ends `run` once the turn in progress is finished: nothing is left half done."""
        self._stopping = True
        if self._reading is not None:
            self._reading.cancel()

    async def _stop_reading(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _load(self) -> None:
        loaded = await self._tools.store.load(self.number)
        # A Redis that lost its last moments counts versions anew that everybody has heard of already.
        self.is_unheard |= any(loaded.topic(name).v < known.v for name, known in self.topics.items())
        self.topics, self._cursor = loaded.topics, loaded.cursor
        self.ticks, self._deadlines, self.processes, self.journal = TickSlots(), Deadlines(), {}, Journal()
        for topic in tuple(self.topics.values()):
            self._follow(topic)
        log.debug("shard.loaded", shard=self.number, topics=len(self.topics), cursor=self._cursor)
        # Perhaps nobody has heard of the last commit. Who has, passes over a version that is known.
        await self._say(self._tools.broadcaster.again(loaded.unsaid, self._tools.clock.now()))
        await self._tick_all()
        if loaded.overrun:
            await self._call_roll()

    async def _tick_all(self) -> None:
        """Ends the silence of a change of owners at once, and not when each topic's slot comes round."""
        now = self._tools.clock.now()
        ticking = [topic for topic in self.topics.values() if self._ticks(topic)]
        if self.lease.stands():
            await self._tools.broadcaster.say(self._tools.broadcaster.tick(topic, now) for topic in ticking)

    async def _call_roll(self) -> None:
        """Arrivals and leavings were lost: nobody counts as here until their process has said so again."""
        for topic in tuple(self.topics.values()):
            for process in sorted(topic.processes()):
                await self._tools.inbox.post(topic.name, Lose(process))
        await self._say([self._tools.broadcaster.roll_call(self.number)])
        await self._tools.store.forget_overrun(self.number)

    async def _turn(self) -> None:
        """Time passes only as far as the commands are known: what was received earlier is applied earlier."""
        entries = await self._next_entries()
        for some in _by_time(entries):
            await self._pass_time(some[0].at)
            await self._obey(some)
        await self._pass_time(entries[-1].at if len(entries) == READ_AT_ONCE else self._tools.clock.now())
        if self._put_by and not entries:
            await self._forget_put_by()

    async def _next_entries(self) -> list[Entry]:
        """What has come since the cursor, as soon as something has or something else is due."""
        if self._reading is None:
            self._reading = asyncio.create_task(self._tools.inbox.wait(self.number, self._cursor, LONGEST_WAIT_MS))
        # Redis itself ends a blocked read up to a tenth of a second late, so deadlines are kept here.
        done, _ = await asyncio.wait({self._reading}, timeout=self._idle_s())
        if self._stopping:
            return []
        if not done:
            return await self._tools.inbox.read(self.number, self._cursor)
        reading, self._reading = self._reading, None
        return [entry for entry in reading.result() if entry.is_after(self._cursor)]

    def _idle_s(self) -> float:
        deadline = self._deadlines.next()
        waits_ms = LONGEST_WAIT_MS if deadline is None else max(0, deadline - self._tools.clock.now())
        return min(waits_ms, RECHECK_MS if self._put_by else LONGEST_WAIT_MS) / 1000

    # Commands

    async def _obey(self, entries: list[Entry]) -> None:
        while await self._commit(self._apply(entries)) is Verdict.LATE:
            await self._tools.clock.sync()
        for entry in entries:
            if isinstance(entry.command, Forget):
                self.journal.forget_person(entry.topic, entry.command.member)

    def _apply(self, entries: list[Entry]) -> Batch:
        now = self._tools.clock.now()
        batch = Batch(cursor=entries[-1].cursor)
        for entry in entries:
            if entry.command is None:
                continue
            if entry.lapses_at is not None:
                if now >= entry.lapses_at:
                    log.info("shard.command_lapsed", shard=self.number, cursor=entry.cursor)
                    continue
                batch.lapses_at = min(batch.lapses_at or entry.lapses_at, entry.lapses_at)
            topic = batch.after.get(entry.topic) or self.topics.get(entry.topic) or Topic(entry.topic)
            change = course.apply(topic, entry.command, entry.at, self._tools.rules)
            batch.take(topic, change)
            if entry.reply_to is not None:
                batch.replies.append((entry, change.topic, change.answer))
        return batch

    async def _commit(self, batch: Batch, *, only_if_idle: bool = False) -> Verdict:
        """Writes the batch, then says what came of it."""
        publications = self._publications(batch)
        self._tools.reach("before-commit")
        verdict = await self._tools.store.commit(
            self.number,
            self.lease.token,
            batch.cursor,
            [(topic, batch.after[name]) for name, topic in batch.before.items()],
            to_say=self._tools.broadcaster.kept(publications),
            completions=[records.write_completion(name, event) for name, event in batch.completed()],
            lapses_at=batch.lapses_at,
            only_if_idle=only_if_idle,
        )
        if verdict is Verdict.LOST:
            raise LeaseLost(f"Shard {self.number} belongs to another worker.")
        if verdict is Verdict.DONE:
            self._tools.reach("after-commit")
            self._tools.figures.count(batch.events, batch.replies)
            self.journal.note(batch.events, self._tools.clock.now())
            self._cursor = batch.cursor
            for topic in batch.after.values():
                self._follow(topic)
            await self._say(publications)
        return verdict

    def _follow(self, topic: Topic) -> None:
        """Keeps the mirror, the deadlines and the ticks as the topic now is."""
        if topic.empty:
            self.topics.pop(topic.name, None)
            self.journal.forget(topic.name)
            for followed in self.processes.values():
                followed.discard(topic.name)
        else:
            self.topics[topic.name] = topic
            for process in topic.processes():
                self.processes.setdefault(process, set()).add(topic.name)
        self._deadlines.set(topic.name, None if topic.empty else course.next_deadline(topic, self._tools.rules))
        self.ticks.set(topic.name, ticks=self._ticks(topic))

    def _ticks(self, topic: Topic) -> bool:
        return topic.quiet_since is None and any(topic.running())

    # Time

    async def _pass_time(self, now: int) -> None:
        """Completes the phases and lets the people go whose instant has come, and starts to put idle timers by."""
        while (due := self._deadlines.take_due(now)) and not self._stopping:
            batch = Batch(cursor=self._cursor)
            for name in due:
                batch.take(self.topics[name], course.advance(self.topics[name], now, self._tools.rules, MOST_AT_ONCE))
            await self._commit(batch)
            for name in due:
                if name in self.topics and (idle := course.idle(self.topics[name], now, self._tools.rules)):
                    self._put_by_soon(name, idle, now)

    def _put_by_soon(self, name: str, idle: Mapping[str, PutBy], now: int) -> None:
        due = course.next_due(self.topics[name], self._tools.rules)
        self._deadlines.set(name, min(now + PARKING_RETRY_MS, due or sys.maxsize))
        if name not in self._parking:  # else the database takes its time
            self._parking[name] = asyncio.create_task(self._park(name, idle))

    async def _park(self, name: str, idle: Mapping[str, PutBy]) -> None:
        try:
            if await self._tools.park(name, idle, self._is_ours):
                self._put_by[name] = idle
        except Exception:
            log.exception("shard.parking_failed", shard=self.number)
        finally:
            del self._parking[name]

    def _is_ours(self) -> bool:
        return self.lease.stands() and not self._stopping

    async def _forget_put_by(self) -> None:
        """Lets go of what the database has, unless somebody comes for it at this moment: then the next turn decides."""
        put_by, self._put_by = self._put_by, {}
        now = self._tools.clock.now()
        batch = Batch(cursor=self._cursor)
        for name, kept in put_by.items():
            if name in self.topics:
                idle = course.idle(self.topics[name], now, self._tools.rules)
                ids = tuple(id for id in kept if idle.get(id) == kept[id])
                change = course.apply(self.topics[name], Expire(ids), now, self._tools.rules)
                batch.take(self.topics[name], change)
        if await self._commit(batch, only_if_idle=True) is Verdict.BUSY:
            self._put_by = put_by | self._put_by

    # Telling

    def _publications(self, batch: Batch) -> list[tuple[str, bytes]]:
        now = self._tools.clock.now()
        # Nobody listens to a topic that is forgotten, and nothing that names it is to be kept.
        told = ((name, event) for name, event in batch.events if not batch.after[name].empty)
        events = [self._tools.broadcaster.event(name, event, now) for name, event in told]
        return events + [self._reply(entry, topic, answer, now) for entry, topic, answer in batch.replies]

    async def _say(self, publications: list[tuple[str, bytes]]) -> None:
        if not publications:
            return
        if not self.lease.stands():
            raise LeaseLost(f"The lease of shard {self.number} may have run out.")
        self._tools.reach("before-publish")
        if await self._tools.broadcaster.say(publications) is None:
            self.is_unheard = True
        self._tools.reach("after-publish")

    def _reply(self, entry: Entry, topic: Topic, answer: Reply | None, now: int) -> tuple[str, bytes]:
        assert entry.reply_to is not None
        broadcaster = self._tools.broadcaster
        match entry.command, answer:
            case _, Full():
                return broadcaster.full(entry.reply_to, entry.ref)
            case Arrive(member), _:
                return broadcaster.snapshot(entry.reply_to, entry.ref, topic, member, now)
            case asked, Refused():
                return broadcaster.refusal(entry.reply_to, entry.ref, getattr(asked, "id", None), answer)
            case Steer(timer_id=timer_id, id=None), Answer():
                return broadcaster.result(entry.reply_to, entry.ref, topic, timer_id, answer, now)
            case asked, Answer():
                return broadcaster.answer(entry.reply_to, entry.ref, getattr(asked, "id", None), answer)
            case _:
                return broadcaster.done(entry.reply_to, entry.ref)


def _by_time(entries: list[Entry]) -> Iterator[list[Entry]]:
    """The entries in groups that span little time, since much may have been due between them."""
    some: list[Entry] = []
    for entry in entries:
        if some and entry.at - some[0].at > SPAN_MS:
            yield some
            some = []
        some.append(entry)
    if some:
        yield some
