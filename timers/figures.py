"""What the processes count, and how each figure is called outside. No person, device, address or room is named by any.

A command is counted by whoever decided what becomes of it: the worker that obeyed it, or the web process that did not pass it
on or had no answer for it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import product
from time import monotonic, process_time

from timers import protocol, topics
from timers import timer as clock
from timers.inbox import Entry
from timers.protocol import Junk, Message
from timers.timer import Action, Status
from timers.topic import (
    Answer,
    Command,
    ConfigureRoom,
    Event,
    HandOver,
    Knock,
    Rename,
    Reply,
    SetAway,
    Steer,
    TakeBack,
    TimerCompleted,
    TimerState,
    Topic,
)
from tomato.metrics import Histogram, counter, gauge, histogram
from tomato.outlet import Traffic

LOOK_AT_LOOP_EVERY_S = 1.0
TOPICS_AT_ONCE = 100

KINDS = (topics.ROOM, topics.SOLO)
TYPES: dict[type, str] = {
    **{message: name for name, message in protocol.MESSAGES.items()},
    Junk: "unreadable",
    clock.Start: "timer:start",
    clock.Pause: "timer:pause",
    clock.Resume: "timer:resume",
    clock.Reset: "timer:reset",
    clock.Skip: "timer:skip",
    clock.Undo: "timer:undo",
    clock.Redo: "timer:redo",
    clock.Add: "timer:add",
    clock.SetPhase: "timer:phase",
    clock.Configure: "timer:configure",
    Rename: "session:rename",
    SetAway: "session:away",
    Knock: "session:knock",
    ConfigureRoom: "room:configure",
    HandOver: "room:hand-over",
    TakeBack: "room:take-back",
}
ENDS = (1000, 1001, 1005, 1006, 1012)


@dataclass
class ProcessFigures:
    """What every process counts."""

    commands: Counter[tuple[str, str]] = counter(
        "tomato_commands_total", "Messages that ask for something, by what became of them.", "type", "outcome"
    )
    redis_errors: Counter[str] = counter(
        "tomato_redis_errors_total", "Commands to Redis that failed, and subscriptions that were lost.", "server"
    )
    loop_lag: Histogram = histogram(
        "tomato_loop_lag_seconds", "How late the event loop did what was due, looked at now and then."
    )
    cpu_s: float = counter("tomato_cpu_seconds_total", "Processor time used.")

    def count_command(self, asked: Command | Message | Junk, outcome: str) -> None:
        if (type := type_of(asked)) is not None:
            self.commands[type, outcome] += 1

    async def watch_loop(self) -> None:
        """Without end."""
        while True:
            due_at = monotonic() + LOOK_AT_LOOP_EVERY_S
            await asyncio.sleep(LOOK_AT_LOOP_EVERY_S)
            self.loop_lag.add((monotonic() - due_at) * 1000)

    def settle(self) -> None:
        """Before the figures are read: what need not be counted as it happens."""
        self.cpu_s = process_time()


@dataclass
class WorkerFigures(ProcessFigures):
    ticks: int = counter("tomato_ticks_total", "Ticks published, one for each topic and second.")
    ticks_unheard: int = counter(
        "tomato_ticks_unheard_total", "Ticks that no web process heard; their topics go quiet."
    )
    lateness: Histogram = histogram(
        "tomato_tick_lateness_seconds", "From the instant of a tick's slot until Redis confirmed that it was heard."
    )
    slots_skipped: int = counter(
        "tomato_tick_slots_skipped_total", "Slots of a fortieth of a second that went by without their ticks."
    )
    publishing: Histogram = histogram(
        "tomato_publish_seconds", "How long Redis took to confirm what was published together."
    )
    completions: Counter[str] = counter("tomato_completions_total", "Phases that ran out.", "phase")
    expirations: int = counter(
        "tomato_expirations_total", "Timers that are held live no more: idle, ended by an operator, or forgotten."
    )
    leases: Counter[str] = counter("tomato_lease_changes_total", "Shards taken, lost and handed over.", "change")

    def count(self, events: Iterable[tuple[str, Event]], replies: Iterable[tuple[Entry, Topic, Reply | None]]) -> None:
        """What was committed."""
        for _, event in events:
            if isinstance(event, TimerCompleted):
                self.completions[event.phase] += 1
            elif isinstance(event, TimerState) and event.action is Action.EXPIRE:
                self.expirations += 1
        for entry, _, answer in replies:
            if entry.command is not None:
                self.count_command(entry.command, _outcome(entry, answer))


@dataclass
class ShardFigures:
    """What a shard holds, as its owner sees it."""

    shards: int = gauge("tomato_shards", "Shards that a worker decides for.")
    rooms: int = gauge("tomato_rooms", "Rooms that are awake: somebody is there, or was lately.")
    people: Counter[str] = gauge("tomato_people", "People who are here, by where.", "kind")
    timers: Counter[tuple[str, str]] = gauge("tomato_timers", "Timers that are held live, by where.", "kind", "status")

    @classmethod
    async def of(cls, held: Collection[Topic]) -> ShardFigures:
        """Ticks and commands have their turn in between."""
        figures = cls(1, 0, Counter(dict.fromkeys(KINDS, 0)), Counter(dict.fromkeys(product(KINDS, Status), 0)))
        for number, topic in enumerate(tuple(held), 1):
            figures._add(topic)
            if number % TOPICS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return figures

    def _add(self, topic: Topic) -> None:
        kind = topics.kind_of(topic.name)
        self.rooms += topic.is_room
        self.people[kind] += sum(1 for _ in topic.here())
        for held in topic.timers.values():
            self.timers[kind, held.timer.status] += 1


@dataclass
class WebFigures(ProcessFigures, Traffic):
    sockets: Counter[str] = gauge("tomato_sockets", "Sockets that have been let in.", "kind")
    streams: int = gauge("tomato_event_streams", "Event streams that are read.")
    joins: Histogram = histogram("tomato_join_seconds", "From the acceptance of a socket until its snapshot was sent.")
    commands_took: Histogram = histogram(
        "tomato_command_seconds", "From the receipt of a command on a socket until what came of it was sent."
    )
    received: int = counter("tomato_messages_received_total", "Messages that came from browsers.")
    closed: Counter[str] = counter(
        "tomato_sockets_closed_total", "Sockets that ended, by close code; 403 was refused before it was open.", "code"
    )

    def count_end(self, code: int | None) -> None:
        """A browser or the network ended a socket. Browsers may say any code; those are not told apart."""
        self.closed[str(code) if code in ENDS else "other"] += 1


@dataclass
class SiteFigures:
    """What Redis knows of all processes together; None when it is away."""

    redis_up: int = gauge("tomato_redis_up", "Whether the Redis of the timers answers.")
    workers: int | None = gauge("tomato_workers", "Timer workers that live.")
    shards_free: int | None = gauge("tomato_shards_free", "Shards that no worker decides for.")
    wait_s: float | None = gauge(
        "tomato_command_wait_seconds", "How long the oldest command has been waiting for a worker."
    )


def type_of(asked: Command | Message | Junk) -> str | None:
    """What is asked, as it is called on the wire; None for what the processes say among themselves."""
    return TYPES.get(type(asked.command if isinstance(asked, Steer) else asked))


def _outcome(entry: Entry, answer: Reply | None) -> str:
    if not isinstance(answer, Answer):
        return "forbidden"
    if answer.at < entry.at:  # it was given to an earlier command with the same id
        return "repeated"
    return "applied" if answer.changed else "unchanged"
