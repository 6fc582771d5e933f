"""What was heard of one topic, by all its clients together, and what must be true of it.

Every version is one message, the same for everyone; each timer goes from one state to the next as the pure rules say; a
phase ends once, at its instant; what was acknowledged is there and what was answered `unavailable` is not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

from timers import timer as rules
from timers.records import timer_from
from timers.timer import History, Phase, Status, Timer

Message = dict[str, Any]

CLOCK_COMMANDS: dict[str, rules.Command] = {
    "pause": rules.Pause(),
    "resume": rules.Resume(),
    "reset": rules.Reset(),
    "skip": rules.Skip(),
    "undo": rules.Undo(),
    "redo": rules.Redo(),
}


@dataclass(frozen=True)
class Known:
    """A timer as the ledger follows it; `whole` while nothing of its history was missed."""

    history: History = field(default_factory=History)
    whole: bool = True

    def after(self, history: History) -> Known:
        return replace(self, history=history)


class Ledger:
    def __init__(self, topic: str, complain: Callable[[str], None]) -> None:
        self.topic = topic
        self.told: dict[int, Message] = {}
        self.completed: dict[str, Message] = {}
        self.ticked_at: list[int] = []
        self._states: dict[tuple[str, int], Message] = {}
        self._complain = complain

    def complain(self, sentence: str) -> None:
        self._complain(f"{self.topic}: {sentence}")

    # While it goes on

    def hear(self, message: Message) -> None:
        """A message that carries a version of its own."""
        known = self.told.setdefault(message["v"], message)
        if _essence(known) != _essence(message):
            self.complain(f"v {message['v']} was {known} to one and {message} to another")
        if message["type"] == "timer:state":
            self._keep(message["timer"], message["now_at"])
        if message["type"] == "timer:completed":
            self.completed[message["completion"]] = self.told[message["v"]]

    def see(self, joined: Message) -> None:
        for timer in joined["timers"]:
            self._keep(timer, joined["now_at"])

    def tick(self, message: Message) -> None:
        if min(message["remaining_ms"].values()) < 0:
            self.complain(f"a tick below zero: {message}")
        if not self.ticked_at or message["now_at"] > self.ticked_at[-1]:
            self.ticked_at.append(message["now_at"])

    def _keep(self, timer: Message, now_at: int) -> None:
        known = self._states.setdefault((timer["id"], timer["v"]), timer)
        if _state(known) != _state(timer):
            self.complain(f"{timer['id']} at v {timer['v']} was {known} to one and {timer} to another")
        if timer["ends_at"] is not None and abs(max(0, timer["ends_at"] - now_at) - timer["remaining_ms"]) > 1:
            self.complain(f"{timer} does not say what is left at {now_at}")

    # At the end

    @property
    def holes(self) -> list[int]:
        """The versions that nobody heard, because nobody was connected or Redis was away."""
        return [v for v in range(1, max(self.told, default=0)) if v not in self.told]

    def silence(self, at: float) -> float | None:
        """How long after `at` (epoch seconds) the next tick came, or until none was due any more, because somebody had stopped
        the last running timer. None where none was due at that instant."""
        place = bisect_right(self.ticked_at, at * 1000)
        if place in (0, len(self.ticked_at)) or self.ticked_at[place - 1] < at * 1000 - 1100:
            return None
        stands_still_at = next((then for then, runs in self._phases() if then >= at * 1000 and not runs), inf)
        if not next((runs for then, runs in reversed(self._phases()) if then <= at * 1000), False):
            return None
        return min(self.ticked_at[place], stands_still_at) / 1000 - at

    def _phases(self) -> list[tuple[int, bool]]:
        """From each change on, as it was told, whether any timer ran."""
        running: set[str] = set()
        phases = []
        for v in sorted(self.told):
            message = self.told[v]
            if message["type"] == "timer:state":
                timer = message["timer"]
                running = running | {timer["id"]} if timer["status"] == Status.RUNNING else running - {timer["id"]}
                phases.append((message["now_at"], bool(running)))
        return phases

    def due_at(self, completed: Message) -> int:
        """When the phase was over: its end, or when an undo brought back one that was over already."""
        before = self.told.get(completed["v"] - 1, {})
        restored = before.get("type") == "timer:state" and before["timer"]["id"] == completed["timer"]
        return max(completed["at"], before["now_at"] if restored else 0)

    def check_rules(self) -> None:
        """Follows every timer from its beginning."""
        timers: dict[str, Known] = {}
        unmet: Known | None = Known()
        ended: Message | None = None
        for v in range(1, max(self.told, default=0) + 1):
            message = self.told.get(v)
            if message is None:
                # Whose version it was is unknown, so any timer may have changed.
                timers, unmet, ended = {}, None, None
            elif message["type"] == "timer:completed":
                ended = message
                self._check_end(timers.get(message["timer"], unmet), message)
            elif message["type"] == "timer:state":
                id = message["timer"]["id"]
                timers[id] = self._next(timers.get(id, unmet), message, ended)
                ended = None
            elif ended is not None:
                self.complain(f"after {ended} came no next phase, but {message}")
                ended = None

    def check_end(self, snapshots: list[Message]) -> None:
        """All clients see the same at last, and it is what was told."""
        first = snapshots[0]
        people = {member["id"]: (member["name"], member["tabs"]) for member in first["members"]}
        shared = {timer["id"]: _state(timer) for timer in first["timers"]}
        for other in snapshots[1:]:
            if {member["id"]: (member["name"], member["tabs"]) for member in other["members"]} != people:
                self.complain(f"the people are {first['members']} to one and {other['members']} to another")
            for timer in other["timers"]:
                if shared.setdefault(timer["id"], _state(timer)) != _state(timer):
                    self.complain(f"at last {timer['id']} is {shared[timer['id']]} to one and {timer} to another")
        for snapshot in snapshots:
            for timer in snapshot["timers"]:
                if timer["ends_at"] is not None and timer["ends_at"] < snapshot["now_at"] - 1000:
                    self.complain(f"{timer} should be over at {snapshot['now_at']}")
                self._check_last_told(timer)

    def _check_last_told(self, timer: Message) -> None:
        versions = (
            v for v, message in self.told.items() if message.get("timer", {}) and message["type"] == "timer:state"
        )
        last = max((v for v in versions if self.told[v]["timer"]["id"] == timer["id"]), default=0)
        if timer["v"] < last:
            self.complain(f"v {last} of {timer['id']} was told, but at last it is at v {timer['v']}")

    def check_orders(self, member: str, orders: list[tuple[Message, Message | None]]) -> None:
        """What this person asked, with the answers, against what was done in their name."""
        done = Counter(
            message["timer"]["id"] + ":" + _kind_of(message["action"])
            for message in self.told.values()
            if message["type"] == "timer:state" and message["by"] == member
        )
        acked: Counter[str] = Counter()
        unknown: Counter[str] = Counter()
        for body, outcome in orders:
            if body["type"] == "session:rename":
                continue
            timer_id = {"room": "room", "me": member}.get(body.get("timer", ""), "solo")
            name = f"{timer_id}:{_kind_of(body['type'].partition(':')[2])}"
            if outcome is None:
                unknown[name] += 1
            elif outcome["type"] == "ack" and outcome["changed"]:
                acked[name] += 1
                self._check_ack(member, body, outcome)
        for name in done | acked:
            if done[name] > acked[name] + unknown[name]:
                self.complain(
                    f"{name} of {member} was done {done[name]} times, but {acked[name]} were acknowledged, {unknown[name]} unanswered"
                )
        if not self.holes:
            for name in acked:
                if done[name] < acked[name]:
                    self.complain(
                        f"{name} of {member} was done {done[name]} times, but {acked[name]} were acknowledged"
                    )

    def _check_ack(self, member: str, body: Message, ack: Message) -> None:
        told = self.told.get(ack["v"])
        if told is None:
            if ack["v"] not in self.holes and ack["v"] <= max(self.told, default=0):
                self.complain(f"{ack} names a version that never was")
            return
        if told["type"] != "timer:state" or told["by"] != member or not _does(body, told):
            self.complain(f"{body} was acknowledged as v {ack['v']}, but that is {told}")

    def _check_end(self, known: Known | None, completed: Message) -> None:
        if known is None:
            return
        timer = known.history.timer
        expected = (timer.ends_at, timer.phase, timer.round)
        if (completed["at"], completed["completed_phase"], completed["round"]) != expected:
            self.complain(f"{completed} does not end {timer}")

    def _next(self, known: Known | None, message: Message, ended: Message | None) -> Known:
        """The timer as it now is; complains when it cannot have come from what was known."""
        shown = timer_of(message["timer"])
        if known is None:
            return Known(History(shown), whole=False)
        if message["action"] == "complete":
            if ended is None and known.whole:
                self.complain(f"{message} was not announced as a completion")
            after = rules.complete(known.history) if known.history.timer.ends_at is not None else None
        else:
            self._check_not_over(known, message)
            after = next(
                (history for history in _possible(known.history, message, shown) if history.timer == shown), None
            )
        if after is not None and after.timer == shown:
            return known.after(after)
        if known.whole or message["action"] not in ("undo", "redo"):
            self.complain(f"{message} cannot come from {known.history}")
        return Known(History(shown), whole=False)

    def _check_not_over(self, known: Known, message: Message) -> None:
        ends_at, paused_at = known.history.timer.ends_at, message["timer"]["paused_at"]
        if message["action"] == "pause" and ends_at is not None and paused_at > ends_at:
            self.complain(f"{message} came after the end at {ends_at}, which did not happen")


def timer_of(shown: Message) -> Timer:
    """The timer that a message shows."""
    left_ms = None if shown["status"] == Status.RUNNING else shown["remaining_ms"]
    return timer_from({**shown, "left_ms": left_ms})


def _possible(history: History, message: Message, shown: Timer) -> Iterator[History]:
    """What the command in the message may have made of the timer, for every instant it may have been given at."""
    before = history.timer
    instants = {shown.started_at, shown.paused_at, message["now_at"]}
    if shown.ends_at is not None:
        instants |= {
            shown.ends_at - rules.LEAST_MS,
            shown.ends_at - (before.left_ms or 0),
            shown.ends_at - shown.duration_ms,
        }
    for command in _commands(message["action"], before, shown):
        for now in instants - {None}:
            yield rules.obey(history, command, now, message["by"])[0]


def _commands(action: str, before: Timer, shown: Timer) -> Iterator[rules.Command]:
    match action:
        case "start":
            yield rules.Start()
            yield rules.Start(shown.duration_ms)
        case "add":
            yield rules.Add(shown.duration_ms - before.duration_ms)
        case "phase":
            yield rules.SetPhase(Phase(shown.phase))
        case "configure":
            yield rules.Configure({name: getattr(shown.settings, name) for name in shown.settings.__slots__})
        case _ if action in CLOCK_COMMANDS:
            yield CLOCK_COMMANDS[action]


def _kind_of(action: str) -> str:
    """`start` on a paused timer is told as a resume."""
    return "start" if action == "resume" else action


def _does(body: Message, told: Message) -> bool:
    if _kind_of(body["type"].partition(":")[2]) != _kind_of(told["action"]):
        return False
    match body:
        case {"type": "timer:start", "duration_ms": length}:
            return told["timer"]["duration_ms"] == length
        case {"type": "timer:configure", "rounds": rounds}:
            return told["timer"]["settings"]["rounds"] == rounds
        case {"type": "timer:phase", "phase": phase}:
            return told["timer"]["phase"] == phase
    return True


def _essence(message: Message) -> Message:
    """Without what depends on when it was said."""
    essence = {name: value for name, value in message.items() if name != "now_at"}
    return {**essence, "timer": _state(message["timer"])} if message["type"] == "timer:state" else essence


def _state(timer: Message) -> Message:
    return {name: value for name, value in timer.items() if name != "remaining_ms" or timer["ends_at"] is None}
