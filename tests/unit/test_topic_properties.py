"""What holds for a topic whatever happens in it: time, versions, what clients know, and what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.happenings import (
    RULES,
    Step,
    ids,
    orders,
    people,
    policies,
    processes,
    replay,
    spells,
    tabs,
    watches,
)
from tests.support.topics import NOON, check_sound, on_the_wire, reread
from timers import control, course, protocol, records, topics
from timers.timer import Action, Redo, Resume, Start, Timer, Undo
from timers.timer import Command as Order
from timers.topic import (
    POLICY,
    Answer,
    Arrive,
    Change,
    Command,
    ConfigureRoom,
    Event,
    Expire,
    Full,
    Handing,
    HandOver,
    Knock,
    Leave,
    Lose,
    Policy,
    Refused,
    Rename,
    RoomConfigured,
    SetAway,
    Steer,
    TakeBack,
    TimerCompleted,
    TimerState,
    Topic,
    Unwatch,
    UserKnocked,
    Watch,
)

IDS_KEPT_MS = 600_000


# A client and a store, as simple as can be ----------------------------------------------------------------------------


class Client:
    """Somebody who got one snapshot and from then on believes what is told."""

    def __init__(self, topic: Topic, now: int) -> None:
        snapshot = on_the_wire(protocol.snapshot(topic, None, now))
        self.v = snapshot["v"]
        self.members = {member["id"]: member for member in snapshot["members"]}
        self.timers = {timer["id"]: self._timeless(timer) for timer in snapshot["timers"]}
        self.settings = snapshot["settings"]

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
            case {"type": "session:users"}:
                for member in message["left"]:
                    del self.members[member]
                self.members |= {member["id"]: member for member in message["joined"] + message["updated"]}
            case {"type": "timer:state", "action": "expire", "timer": {"id": timer_id}} if timer_id not in (
                "room",
                "solo",
            ):
                del self.timers[timer_id]
            case {"type": "room:configured"}:
                self.settings = message["settings"]
            case {"type": "timer:state", "timer": {"id": timer_id}}:
                self.timers[timer_id] = self._timeless(message["timer"])

    def check_knows(self, topic: Topic, now: int) -> None:
        truth = Client(topic, now)
        assert self.v == truth.v
        assert self.members == truth.members
        if topic.policy is None:
            # It was put by with all the rest, and nobody is there to be told.
            self.settings = truth.settings
        assert self.settings == truth.settings
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
        assert self._values(self.fields) == self._values(records.write_topic(after))
        if after.empty:
            self.fields = {}

    def read(self) -> Topic:
        # A Redis hash has an order of its own.
        return records.read_topic(self.name, {field.encode(): self.fields[field] for field in sorted(self.fields)})

    @staticmethod
    def _values(fields: records.Fields) -> dict[str, Any]:
        """Who went and came back between two commits stands elsewhere in the text, which says the same."""
        return {field: records.read(text) for field, text in fields.items()}


# The machine ----------------------------------------------------------------------------------------------------------


def is_of(event: Event, command: Command) -> bool:
    """Whether it tells of the command itself, not of what was over before or is over by it."""
    if not isinstance(command, Steer):
        return True
    return isinstance(event, TimerState) and event.action is not Action.COMPLETE


def has_configured(change: Change) -> bool:
    return any(isinstance(event, RoomConfigured) for event in change.events)


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
        self.parked: Policy | Timer | None = None
        self.policy = Policy("ana") if topics.is_room(self.name) else Policy()
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
        parked = self.parked if isinstance(self.parked, Policy) and not self.topic.people else None
        change = self.do(Arrive(who, f"{who}/{tab}", process, policy=parked, maker="ana"))
        assert (change.answer == Full()) == (not is_here and not room_left)

    @rule(going=st.builds(Leave, people, tabs) | st.builds(Lose, processes))
    def leave(self, going: Leave | Lose) -> None:
        if isinstance(going, Leave):
            going = Leave(going.member, f"{going.member}/{going.socket}")
        self.do(going)
        if isinstance(going, Lose):
            assert going.process not in self.topic.processes()

    @rule(watching=watches)
    def watch(self, watching: Watch | Unwatch) -> None:
        """Nobody comes or goes by it, and nothing is told."""
        events_of_time = course.advance(self.topic, self.now, RULES).events
        assert self.do(watching).events == events_of_time

    @rule(who=people, name=st.sampled_from(["Ana", "User 1", "User 2"]), id=ids)
    def rename(self, who: str, name: str, id: str | None) -> None:
        self.ask(who, id, Rename(who, name, id))

    @rule(who=people, at=people, id=ids)
    def knock(self, who: str, at: str, id: str | None) -> None:
        kept = self.topic.people.get(at)
        known = kept is not None and who in kept.knocks
        change = self.ask(who, id, Knock(who, at, id))
        if known or who == at:
            assert not [event for event in change.events if isinstance(event, UserKnocked) and event.at == self.now]

    @precondition(lambda self: topics.is_room(self.name))
    @rule(who=people, asked=policies, id=ids)
    def configure_room(self, who: str, asked: dict[str, Any], id: str | None) -> None:
        change = self.ask(who, id, ConfigureRoom(who, **asked, id=id))
        assert who == self.policy.maker or not has_configured(change)
        assert isinstance(change.answer, Answer) or who != self.policy.maker or who not in dict(self.topic.here())
        self.policy = replace(self.policy, **asked, handing=None) if has_configured(change) else self.policy

    @precondition(lambda self: topics.is_room(self.name))
    @rule(who=people, to=people, id=ids)
    def hand_over(self, who: str, to: str, id: str | None) -> None:
        change = self.ask(who, id, HandOver(who, to, id))
        assert who == self.policy.maker or not has_configured(change)
        if has_configured(change):
            self.policy = replace(self.policy, maker=to, handing=Handing(who, self.now, self.policy.maker))

    @precondition(lambda self: topics.is_room(self.name))
    @rule(who=people, id=ids)
    def take_back(self, who: str, id: str | None) -> None:
        handing = self.policy.handing
        if has_configured(self.ask(who, id, TakeBack(who, id))):
            assert handing is not None
            assert (who, self.now - handing.at <= control.TAKE_BACK_MS) == (handing.by, True)
            self.policy = replace(self.policy, maker=handing.maker, handing=None)

    @rule(who=people, tab=tabs, away=st.booleans(), id=ids)
    def turn_away(self, who: str, tab: str, away: bool, id: str | None) -> None:
        self.ask(who, id, SetAway(who, f"{who}/{tab}", away, id))

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
        idle = course.idle(self.topic, self.now, RULES)
        timers = [what for what in idle.values() if isinstance(what, Timer)]
        assert not any(timer.running for timer in timers)
        change = self.do(Expire((*idle, "nobody")))
        assert [event.action for event in change.events if isinstance(event, TimerState)] == [Action.EXPIRE] * len(
            timers
        )
        self.parked = idle.get("policy", self.parked)
        assert "policy" not in idle or self.topic.empty, "an arrival that looks into the database finds it there"
        assert course.idle(self.topic, self.now, RULES).keys() <= {POLICY}, "it goes once all the rest is gone"
        # What was asked of somebody's own timer goes with it.
        self.answers = {key: answer for key, answer in self.answers.items() if key[0] not in idle or not answer.own}

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

    def ask(self, who: str | None, id: str | None, command: Command) -> Change:
        """A command that is answered; the same `id` with the first answer, and to no other effect."""
        first = None if who is None or id is None else self.answers.get((who, id))
        is_known = first is not None and self.now < first.at + IDS_KEPT_MS
        events_of_time = len(course.advance(self.topic, self.now, RULES).events)
        change = self.do(command)
        if isinstance(change.answer, Refused):
            assert len(change.events) == events_of_time
            return change
        assert isinstance(change.answer, Answer)
        if is_known:
            assert change.answer == first
            assert len(change.events) == events_of_time
        else:
            own = [event.v for event in change.events[events_of_time:] if is_of(event, command)][:1]
            assert change.answer.changed == bool(own) or (isinstance(command, Knock) and change.answer.changed)
            assert (change.answer.v, change.answer.at) == (own[0] if own else change.answer.v, self.now)
            if who is not None and id is not None:
                assert change.answer.own == (isinstance(command, Steer) and command.timer_id == who)
                self.answers[who, id] = change.answer
        return change

    def do(self, command: Command) -> Change:
        before, then = course.advance(self.topic, self.now, RULES).topic, self.now
        change = self.take(Step(self.now, command))
        if not (isinstance(command, Steer) and command.at is not None):
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
            check_sound(held.timer, self.now, waits=(held.waits_until or 0) > self.now)
            assert held.v <= self.topic.v

    @invariant()
    def nobody_but_the_maker_changed_who_may_do_what(self) -> None:
        policy = control.policy_of(self.topic)
        if self.topic.policy is not None:
            assert replace(policy, amended=False) == replace(self.policy, amended=False)

    @invariant()
    def whatever_was_due_has_happened(self) -> None:
        assert course.advance(self.topic, self.now, RULES) == Change(self.topic)

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
        at = course.next_deadline(self.topic, RULES)
        if at is None:
            assert course.advance(self.topic, self.now + 10**12, RULES) == Change(self.topic)
        elif at > self.now:
            assert course.advance(self.topic, at - 1, RULES) == Change(self.topic)
            then = course.advance(self.topic, at, RULES).topic
            assert then != self.topic or course.idle(then, at, RULES)

    @invariant()
    def whoever_has_a_tab_is_here_and_places_are_kept(self) -> None:
        here = {member for member, _ in self.topic.here()}
        assert {member for member, person in self.topic.people.items() if person.sockets} <= here
        if topics.is_room(self.name):
            assert len(here) <= RULES.max_members
        watched = bool(self.topic.watchers) or any(person.sockets for person in self.topic.people.values())
        assert (self.topic.quiet_since is None) == watched
        for person in self.topic.people.values():
            assert set(person.hidden) <= person.sockets.keys()
            assert person.here or not person.knocks
            if person.sockets:
                assert person.away == (set(person.hidden) == person.sockets.keys())


class SoloMachine(TopicMachine):
    name = topics.solo("0123456789ABCDEF")

    @rule(order=orders, ago_ms=st.integers(-1_000, 4_000_000), spell=st.integers(0, 5_000))
    def steer_offline(self, order: Order, ago_ms: int, spell: int) -> None:
        """One of the commands that a browser gave while it was offline, as they come in one after another."""
        self.now += spell
        before = own_timer(course.advance(self.topic, self.now, RULES).topic)
        given_at = max(NOON, self.now - ago_ms)
        change = self.ask("ana", None, Steer("ana", topics.SOLO, order, None, given_at))
        if isinstance(change.answer, Answer) and change.answer.overruled:
            assert given_at < own_timer(self.topic).changed_at
            assert not change.answer.changed
        assert own_timer(self.topic).changed_at >= before.changed_at, "the last by time wins"


def own_timer(topic: Topic) -> Timer:
    return topic.timer(topics.SOLO).timer


MACHINE = settings(max_examples=50, stateful_step_count=40, deadline=None)


class TestRoom(TopicMachine.TestCase):  # type: ignore[misc,valid-type]
    settings = MACHINE


class TestSolo(SoloMachine.TestCase):  # type: ignore[misc,valid-type]
    settings = settings(MACHINE, max_examples=15)
