"""What holds for a topic whatever happens in it: time, versions, what clients know, and that any worker decides the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.topics import NOON, check_sound, on_the_wire, reread
from timers import protocol, records, topics
from timers import topic as core
from timers.timer import (
    Action,
    Add,
    Configure,
    Pause,
    Phase,
    Redo,
    Reset,
    Resume,
    SetPhase,
    Skip,
    Start,
    Timer,
    Undo,
)
from timers.timer import Command as Order
from timers.topic import (
    Answer,
    Arrive,
    Change,
    Command,
    Event,
    Expire,
    Full,
    Leave,
    Lose,
    Rename,
    Rules,
    Steer,
    TimerCompleted,
    TimerState,
    Topic,
)

RULES = Rules(idle_ttl_ms=900_000, max_members=2)
"""Three people for two places; the idle time is over that of ids, whose forgetting is looked at elsewhere."""
IDS_KEPT_MS = 600_000

PEOPLE = ["ana", "jun", "kim"]
lengths = st.integers(60_000, 3_600_000) | st.sampled_from([60_000, 86_400_000])
orders: st.SearchStrategy[Order] = st.one_of(
    st.sampled_from([Start(), Pause(), Resume(), Undo(), Redo()]),
    st.builds(Start),
    st.builds(Start, lengths),
    st.builds(Pause),
    st.builds(Resume),
    st.builds(Reset),
    st.builds(Skip),
    st.builds(Undo),
    st.builds(Redo),
    st.builds(Add, st.sampled_from([0, 60_000, -60_000, 2**64 - 1, -(2**63)])),
    st.builds(SetPhase, st.sampled_from(Phase)),
    st.builds(
        Configure,
        st.fixed_dictionaries(
            {},
            optional={
                "focus_ms": lengths,
                "short_break_ms": lengths,
                "rounds": st.integers(1, 3),
                "auto_start_breaks": st.booleans(),
                "auto_start_focus": st.booleans(),
            },
        ),
    ),
)
people = st.sampled_from(PEOPLE)
tabs = st.sampled_from(["one", "two"])
processes = st.sampled_from(["web-1", "web-2"])
ids = st.none() | st.sampled_from(["1", "2", ""])
spells = st.one_of(
    st.sampled_from([0, 1, 4_999, 5_000, 60_000, 600_000, 900_000]),
    st.integers(0, 10_000),
    st.integers(0, 7_200_000),
)


def commands(name: str) -> st.SearchStrategy[Command]:
    """Anything that may come to the topic."""
    return st.one_of(
        st.builds(lambda who, tab, process: Arrive(who, f"{who}/{tab}", process), people, tabs, processes),
        st.builds(lambda who, tab: Leave(who, f"{who}/{tab}"), people, tabs),
        st.builds(Lose, processes),
        st.builds(Rename, people, st.sampled_from(["Ana", "User 1", "User 2"]), ids),
        people.flatmap(lambda who: st.builds(Steer, st.just(who), timers_of(name, who), orders, ids)),
        st.builds(Steer, st.none(), st.just(topics.shared_timer(name)), orders),
    )


def timers_of(name: str, who: str) -> st.SearchStrategy[str]:
    return st.sampled_from([topics.shared_timer(name), *([who] if topics.is_room(name) else [])])


# A client and a store, as simple as can be ----------------------------------------------------------------------------


class Client:
    """Somebody who got one snapshot and from then on believes what is told."""

    def __init__(self, topic: Topic, now: int) -> None:
        snapshot = on_the_wire(protocol.snapshot(topic, None, now))
        self.v = snapshot["v"]
        self.members = {member["id"]: member for member in snapshot["members"]}
        self.timers = {timer["id"]: self._timeless(timer) for timer in snapshot["timers"]}

    def hear(self, event: Event, now: int) -> None:
        message = on_the_wire(protocol.event(event, now))
        assert message["v"] == self.v + 1, "no gap and nothing twice"
        self.v = message["v"]
        match message:
            case {"type": "session:user-joined", "member": {"id": member}}:
                assert member not in self.members
                self.members[member] = message["member"]
            case {"type": "session:user-updated", "member": {"id": member}}:
                if member in self.members:
                    self.members[member] = message["member"]
            case {"type": "session:user-left", "member": member}:
                del self.members[member]
            case {"type": "timer:state", "action": "expire", "timer": {"id": timer_id}} if timer_id not in (
                "room",
                "solo",
            ):
                del self.timers[timer_id]
            case {"type": "timer:state", "timer": {"id": timer_id}}:
                self.timers[timer_id] = self._timeless(message["timer"])

    def check_knows(self, topic: Topic, now: int) -> None:
        truth = Client(topic, now)
        assert self.v == truth.v
        assert self.members == truth.members
        shared = topics.shared_timer(topic.name)
        if shared not in topic.timers:
            # One that was put by is new again: its settings are those it had, and it belongs to no version of the topic.
            self.timers[shared] = truth.timers[shared]
        assert self.timers == truth.timers

    @staticmethod
    def _timeless(timer: dict[str, Any]) -> dict[str, Any]:
        """A client counts by itself what is left of a running timer."""
        return {**timer, "remaining_ms": timer["remaining_ms"] if timer["ends_at"] is None else None}


class Hash:
    """What Redis holds of the topic: every commit sets some fields and deletes some, and an empty topic has no key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fields: records.Fields = {}

    def commit(self, before: Topic, after: Topic) -> None:
        changed, gone = records.difference(before, after)
        assert not changed.keys() & set(gone)
        self.fields = {field: text for field, text in {**self.fields, **changed}.items() if field not in gone}
        assert self.fields == records.write_topic(after)
        if after.empty:
            self.fields = {}

    def read(self) -> Topic:
        # A Redis hash has an order of its own.
        return records.read_topic(self.name, {field.encode(): self.fields[field] for field in sorted(self.fields)})


@dataclass(frozen=True)
class Step:
    """A command at an instant, or with None the passing of time until then."""

    now: int
    command: Command | None

    def take(self, topic: Topic) -> Change:
        if self.command is None:
            return core.advance(topic, self.now, RULES)
        return core.apply(topic, self.command, self.now, RULES)


def replay(topic: Topic, steps: list[Step]) -> Topic:
    for step in steps:
        topic = step.take(topic).topic
    return topic


# The machine ----------------------------------------------------------------------------------------------------------


class TopicMachine(RuleBasedStateMachine):
    """One worker that holds the topic, and beside it the store, a client and what a second worker would make of it."""

    name = topics.room("ABC234")

    @initialize()
    def begin(self) -> None:
        self.now = NOON
        self.topic = Topic(self.name)
        self.stored = Hash(self.name)
        self.client = Client(self.topic, self.now)
        self.committed = self.topic
        self.uncommitted: list[Step] = []
        self.answers: dict[tuple[str, str], Answer] = {}
        self.arrive("ana", "one", "web-1")

    # What happens

    @rule(spell=spells)
    def wait(self, spell: int) -> None:
        before, then = self.topic, self.now
        self.now += spell
        change = self.take(Step(self.now, None))
        self.check_time(before, then, change)

    @rule(who=people, tab=tabs, process=processes)
    def arrive(self, who: str, tab: str, process: str) -> None:
        someone = self.topic.people.get(who)
        is_here = someone is not None and someone.here
        room_left = len(dict(self.topic.here())) < RULES.max_members or not topics.is_room(self.name)
        change = self.do(Arrive(who, f"{who}/{tab}", process))
        assert (change.answer == Full()) == (not is_here and not room_left)

    @rule(going=st.builds(Leave, people, tabs) | st.builds(Lose, processes))
    def leave(self, going: Leave | Lose) -> None:
        if isinstance(going, Leave):
            going = Leave(going.member, f"{going.member}/{going.socket}")
        self.do(going)
        if isinstance(going, Lose):
            assert going.process not in self.topic.processes()

    @rule(who=people, name=st.sampled_from(["Ana", "User 1", "User 2"]), id=ids)
    def rename(self, who: str, name: str, id: str | None) -> None:
        self.ask(who, id, Rename(who, name, id))

    @rule(who=people, order=orders, id=ids, spell=st.integers(0, 2_000_000))
    def steer(self, who: str, order: Order, id: str | None, spell: int) -> None:
        self.now += spell
        self.ask(who, id, Steer(who, topics.shared_timer(self.name), order, id))

    @rule(who=people, order=orders, id=ids, spell=st.integers(0, 2_000_000))
    def steer_ones_own(self, who: str, order: Order, id: str | None, spell: int) -> None:
        self.now += spell
        self.ask(who, id, Steer(who, who if topics.is_room(self.name) else topics.SOLO, order, id))

    @rule(before=orders, spell=spells, after=st.sampled_from([Undo(), Redo(), Start(), Resume()]))
    def think_again(self, before: Order, spell: int, after: Order) -> None:
        self.ask("ana", None, Steer("ana", topics.shared_timer(self.name), before))
        self.now += spell
        self.ask("jun", None, Steer("jun", topics.shared_timer(self.name), after))

    @rule(order=orders)
    def steer_by_script(self, order: Order) -> None:
        self.ask(None, None, Steer(None, topics.shared_timer(self.name), order))

    @rule()
    def put_by(self) -> None:
        idle = core.idle_timers(self.topic, self.now, RULES)
        assert not any(timer.running for timer in idle.values())
        change = self.do(Expire((*idle, "nobody")))
        assert [event.action for event in change.events if isinstance(event, TimerState)] == [Action.EXPIRE] * len(idle)
        assert not core.idle_timers(self.topic, self.now, RULES)
        # The ids of its owner go with somebody's own timer.
        self.answers = {key: answer for key, answer in self.answers.items() if key[0] not in idle}

    @rule()
    def commit(self) -> None:
        self.stored.commit(self.committed, self.topic)
        if self.topic.empty:
            self.topic = Topic(self.name)
            self.client = Client(self.topic, self.now)
            self.answers.clear()
        self.committed, self.uncommitted = self.topic, []

    @rule()
    def die(self) -> None:
        """Another worker takes over: it reads what was committed and obeys again what was not."""
        self.committed = self.stored.read()
        self.topic = replay(self.committed, self.uncommitted)

    # How it is taken

    def ask(self, who: str | None, id: str | None, command: Command) -> None:
        """A command that is answered; the same `id` with the first answer, and to no other effect."""
        first = None if who is None or id is None else self.answers.get((who, id))
        is_known = first is not None and self.now < first.at + IDS_KEPT_MS
        events_of_time = len(core.advance(self.topic, self.now, RULES).events)
        change = self.do(command)
        assert isinstance(change.answer, Answer)
        if is_known:
            assert change.answer == first
            assert len(change.events) == events_of_time
        else:
            assert change.answer.changed == (len(change.events) > events_of_time)
            own = change.events[events_of_time].v if change.answer.changed else change.topic.v
            assert (change.answer.v, change.answer.at) == (own, self.now)
            if who is not None and id is not None:
                self.answers[who, id] = change.answer

    def do(self, command: Command) -> Change:
        before, then = core.advance(self.topic, self.now, RULES).topic, self.now
        change = self.take(Step(self.now, command))
        self.check_time(before, then, change)
        return change

    def take(self, step: Step) -> Change:
        change = step.take(self.topic)
        assert step.take(self.topic) == change, "the same commands give the same"
        assert step.take(reread(self.topic)).topic == change.topic
        assert [event.v for event in change.events] == list(range(self.topic.v + 1, change.topic.v + 1))
        for event in change.events:
            self.client.hear(event, self.now)
        self.uncommitted.append(step)
        self.topic = change.topic
        return change

    def check_time(self, before: Topic, then: int, change: Change) -> None:
        """No time is made or lost but by those commands that are there to do so."""
        touched = {event.timer_id for event in change.events if isinstance(event, TimerCompleted)}
        for event in change.events:
            if isinstance(event, TimerState) and event.action not in (Action.PAUSE, Action.RESUME, Action.COMPLETE):
                touched.add(event.timer_id)
        for timer_id in before.timers.keys() - touched:
            old, new = before.timers[timer_id].timer, self.topic.timers[timer_id].timer
            ran_ms = self.now - then if old.running else 0
            assert new.remaining_ms(self.now) + ran_ms == old.remaining_ms(then)
            assert new.duration_ms == old.duration_ms

    # What always holds

    @invariant()
    def every_timer_is_sound(self) -> None:
        for held in self.topic.timers.values():
            check_sound(held.timer, self.now)
            assert held.v <= self.topic.v

    @invariant()
    def whatever_was_due_has_happened(self) -> None:
        assert core.advance(self.topic, self.now, RULES) == Change(self.topic)

    @invariant()
    def a_client_knows_what_a_snapshot_would_tell(self) -> None:
        self.client.check_knows(self.topic, self.now)

    @invariant()
    def a_topic_survives_a_stay_in_redis(self) -> None:
        assert reread(self.topic) == self.topic

    @invariant()
    def another_worker_would_have_decided_the_same(self) -> None:
        assert replay(self.stored.read(), self.uncommitted) == self.topic

    @invariant()
    def nothing_happens_before_the_next_deadline_and_something_then(self) -> None:
        at = core.next_deadline(self.topic, RULES)
        if at is None:
            assert core.advance(self.topic, self.now + 10**12, RULES) == Change(self.topic)
        elif at > self.now:
            assert core.advance(self.topic, at - 1, RULES) == Change(self.topic)
            then = core.advance(self.topic, at, RULES).topic
            assert then != self.topic or core.idle_timers(then, at, RULES)

    @invariant()
    def whoever_has_a_tab_is_here_and_places_are_kept(self) -> None:
        here = {member for member, _ in self.topic.here()}
        assert {member for member, person in self.topic.people.items() if person.sockets} <= here
        if topics.is_room(self.name):
            assert len(here) <= RULES.max_members
        watched = any(person.sockets for person in self.topic.people.values())
        assert (self.topic.quiet_since is None) == watched


class SoloMachine(TopicMachine):
    name = topics.solo("0123456789ABCDEF")


MACHINE = settings(max_examples=50, stateful_step_count=40, deadline=None)


class TestRoom(TopicMachine.TestCase):  # type: ignore[misc,valid-type]
    settings = MACHINE


class TestSolo(SoloMachine.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(MACHINE, max_examples=15)


# Workers that die and commands that are late --------------------------------------------------------------------------

scripts = st.lists(st.tuples(st.integers(0, 1_200_000), commands(topics.room("ABC234"))), max_size=25)


def steps_of(script: list[tuple[int, Command]]) -> list[Step]:
    now, steps = NOON, []
    for spell, command in script:
        now += spell
        steps.append(Step(now, command))
    return steps


@settings(max_examples=150, deadline=None)
@given(scripts, st.sets(st.integers(0, 25)), spells)
def test_a_topic_is_the_same_wherever_its_worker_was_killed(
    script: list[tuple[int, Command]], deaths: set[int], afterwards: int
) -> None:
    steps = steps_of(script)
    steps.append(Step((steps[-1].now if steps else NOON) + afterwards, None))
    topic = Topic(topics.room("ABC234"))
    for number, step in enumerate(steps):
        if number in deaths:
            topic = reread(topic)
        topic = step.take(topic).topic
    assert topic == replay(Topic(topic.name), steps)


@settings(max_examples=150, deadline=None)
@given(scripts, st.lists(st.integers(0, 1_000), max_size=10))
def test_it_does_not_matter_how_often_a_worker_looks_at_the_clock(
    script: list[tuple[int, Command]], looks: list[int]
) -> None:
    steps = steps_of(script)
    end = (steps[-1].now if steps else NOON) + 3_600_000
    extra = [Step(NOON + (end - NOON) * look // 1_000, None) for look in looks]
    busy = sorted([*steps, *extra, Step(end, None)], key=lambda step: step.now)
    assert replay(Topic("room.ABC234"), busy) == replay(Topic("room.ABC234"), [*steps, Step(end, None)])


@settings(max_examples=100, deadline=None)
@given(scripts, st.integers(1, 3))
def test_what_is_long_overdue_may_be_caught_up_with_piece_by_piece(
    script: list[tuple[int, Command]], most: int
) -> None:
    topic = replay(Topic("room.ABC234"), steps_of(script))
    end = topic.as_of + 40_000_000
    whole = core.advance(topic, end, RULES)
    events: tuple[Event, ...] = ()
    while (piece := core.advance(topic, end, RULES, most=most)).topic != topic:
        assert len(piece.events) <= 2 * most
        assert piece.topic.as_of <= end
        topic, events = piece.topic, events + piece.events
    assert (topic, events) == (whole.topic, whole.events)


@settings(max_examples=150, deadline=None)
@given(scripts, st.lists(st.integers(0, 20_000), min_size=25, max_size=25))
def test_late_commands_never_turn_time_back(script: list[tuple[int, Command]], delays: list[int]) -> None:
    topic = Topic("room.ABC234")
    for step, delay in zip(steps_of(script), delays, strict=False):
        topic = core.advance(topic, step.now, RULES).topic
        assert step.command is not None
        change = core.apply(topic, step.command, step.now - delay, RULES)
        assert change.topic.as_of >= topic.as_of
        for timer_id, held in change.topic.timers.items():
            before = topic.timer(timer_id).timer
            now = max(topic.as_of, step.now - delay)
            assert 0 <= held.timer.remaining_ms(now) <= held.timer.duration_ms
            if [event for event in change.events if isinstance(event, TimerState)] == []:
                assert held.timer == before
        topic = change.topic


@pytest.mark.parametrize("shape", [lambda topic: topic, reread], ids=["in memory", "from Redis"])
def test_nothing_that_is_passed_in_is_changed(shape: Callable[[Topic], Topic]) -> None:
    topic = Topic("room.ABC234")
    steps = [
        Step(NOON, Arrive("ana", "ana/one", "web-1", {"ana": Timer()})),
        Step(NOON, Steer("ana", "room", Start(), "1")),
        Step(NOON + 1, Rename("ana", "Ana", "2")),
        Step(NOON + 2, Lose("web-1")),
        Step(NOON + 10_000_000, None),
        Step(NOON + 10_000_000, Expire(("room", "ana"))),
    ]
    for step in steps:
        topic = shape(topic)
        copy = reread(topic)
        after = step.take(topic).topic
        assert topic == copy
        topic = after
    assert topic.empty
