"""Words for tests of timers and topics: state is built by what people do, and time is moved by the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from timers import course, protocol, records, topics
from timers.timer import Action, Command, History, Settings, Status, Timer, complete, fresh, obey
from timers.topic import (
    Answer,
    Arrive,
    Change,
    ConfigureRoom,
    Event,
    Expire,
    HandOver,
    Knock,
    Leave,
    Lose,
    Rename,
    Rules,
    SetAway,
    Steer,
    TakeBack,
    TimerCompleted,
    TimerState,
    Topic,
    Unwatch,
    Watch,
)
from timers.topic import Command as TopicCommand

NOON = 1_700_000_000_000
DAY_MS = 86_400_000


def seconds(number: float) -> int:
    return round(number * 1_000)


def minutes(number: float) -> int:
    return seconds(number * 60)


# One timer ------------------------------------------------------------------------------------------------------------


class Desk:
    """Somebody's timer and the time of day. Steps are commands, or milliseconds in which nobody does anything."""

    def __init__(self, *steps: Command | int, settings: Settings | None = None) -> None:
        self.history = History(fresh(settings))
        self.now = NOON
        self.do(*steps)

    def do(self, *steps: Command | int) -> Action | None:
        """What the last step did, None where it changed nothing."""
        action = None
        for step in steps:
            action = None
            if isinstance(step, int):
                self.now += step
            else:
                self.history, action = obey(self.history, step, self.now)
            self._complete()
        return action

    @property
    def timer(self) -> Timer:
        return self.history.timer

    @property
    def left_ms(self) -> int:
        return self.timer.remaining_ms(self.now)

    def _complete(self) -> None:
        while self.timer.ends_at is not None and self.timer.ends_at <= self.now:
            self.history = complete(self.history)


def timer_after(*steps: Command | int, settings: Settings | None = None) -> Timer:
    return Desk(*steps, settings=settings).timer


def check_sound(timer: Timer, now: int, *, waits: bool = False) -> None:
    """What is true of any timer whose due phases are completed, or of one that waits for that."""
    assert 1_000 <= timer.duration_ms <= DAY_MS
    assert 0 <= timer.remaining_ms(now) <= timer.duration_ms
    assert (timer.ends_at is not None) == (timer.left_ms is None) == (timer.status is Status.RUNNING)
    assert (timer.paused_at is not None) == (timer.status is Status.PAUSED)
    assert (timer.started_at is None) == (timer.status is Status.STOPPED)
    assert timer.round >= 1
    if timer.stopped:
        assert timer.left_ms == timer.duration_ms
    else:
        assert timer.remaining_ms(now) >= 1 or waits, "what is over has completed"
    assert timer.started_by is None or timer.started_at is not None
    assert timer.changed_at <= now
    if timer.started_at is not None:
        assert NOON <= timer.started_at <= now
    if timer.paused_at is not None:
        assert timer.started_at is not None
        assert timer.started_at <= timer.paused_at <= now


# A topic --------------------------------------------------------------------------------------------------------------


class Scene:
    """A topic as its worker holds it, and the time of day. `told` is everything anybody was told so far."""

    def __init__(self, name: str, rules: Rules | None = None) -> None:
        self.topic = Topic(name)
        self.rules = rules or Rules()
        self.now = NOON
        self.told: list[Event] = []

    # What people do

    def arrive(
        self,
        member: str,
        tab: str = "tab",
        process: str = "web-1",
        parked: Mapping[str, Timer] | None = None,
        **known: Any,
    ) -> Change:
        return self.apply(Arrive(member, f"{member}/{tab}", process, parked or {}, **known))

    def leave(self, member: str, tab: str = "tab") -> Change:
        return self.apply(Leave(member, f"{member}/{tab}"))

    def watch(self, watcher: str = "audience", process: str = "web-1") -> Change:
        return self.apply(Watch(watcher, process))

    def unwatch(self, watcher: str = "audience") -> Change:
        return self.apply(Unwatch(watcher))

    def lose(self, process: str) -> Change:
        return self.apply(Lose(process))

    def rename(self, member: str, name: str, id: str | None = None) -> Change:
        return self.apply(Rename(member, name, id))

    def hide(self, member: str, tab: str = "tab", id: str | None = None) -> Change:
        return self.apply(SetAway(member, f"{member}/{tab}", True, id))

    def show(self, member: str, tab: str = "tab", id: str | None = None) -> Change:
        return self.apply(SetAway(member, f"{member}/{tab}", False, id))

    def knock(self, by: str, at: str, id: str | None = None) -> Change:
        return self.apply(Knock(by, at, id))

    def configure(self, member: str, id: str | None = None, **changes: Any) -> Change:
        return self.apply(ConfigureRoom(member, **changes, id=id))

    def hand_over(self, member: str, to: str, id: str | None = None) -> Change:
        return self.apply(HandOver(member, to, id))

    def take_back(self, member: str, id: str | None = None) -> Change:
        return self.apply(TakeBack(member, id))

    def press(
        self,
        member: str | None,
        *commands: Command,
        timer: str | None = None,
        id: str | None = None,
        at: int | None = None,
        given_at: int | None = None,
    ) -> Change:
        """Commands one after another, to the shared timer unless another is named; gives the change of the last. `at` is when
        they are received, `given_at` what they say of themselves."""
        assert id is None or len(commands) == 1, "an id is that of one command"
        for command in commands:
            shared = topics.shared_timer(self.topic.name)
            change = self.apply(Steer(member, timer or shared, command, id, given_at), at)
        return change

    # What time and the worker do

    def wait(self, ms: int) -> tuple[Event, ...]:
        self.now += ms
        return self._take(course.advance(self.topic, self.now, self.rules)).events

    def put_by(self) -> Change:
        """What a worker does with timers that have been idle long enough, once the database has them."""
        return self.apply(Expire(tuple(course.idle(self.topic, self.now, self.rules))))

    def apply(self, command: TopicCommand, at: int | None = None) -> Change:
        """`at` is when it was received, if not at this moment."""
        return self._take(course.apply(self.topic, command, self.now if at is None else at, self.rules))

    def _take(self, change: Change) -> Change:
        versions = [event.v for event in change.events]
        assert versions == list(range(self.topic.v + 1, change.topic.v + 1)), "every event is one version on"
        self.topic = change.topic
        self.told += change.events
        return change

    # What is to be seen

    def timer(self, timer_id: str | None = None) -> Timer:
        return self.topic.timer(timer_id or topics.shared_timer(self.topic.name)).timer

    def left_ms(self, timer_id: str | None = None) -> int:
        return self.timer(timer_id).remaining_ms(self.now)

    def here(self) -> set[str]:
        return {member for member, _ in self.topic.here()}

    def name_of(self, member: str) -> str:
        return self.topic.people[member].name

    def snapshot(self, member: str | None = None) -> dict[str, Any]:
        return on_the_wire(protocol.snapshot(self.topic, member, self.now))


def room_with(*members: str, rules: Rules | None = None) -> Scene:
    """A room that these people have just entered, each with one tab, in this order."""
    scene = Scene(topics.room("ABC234"), rules)
    for member in members:
        scene.arrive(member)
    return scene


def solo_of(member: str, rules: Rules | None = None) -> Scene:
    """Somebody's own timer, open in one tab."""
    scene = Scene(topics.solo("0123456789ABCDEF"), rules)
    scene.arrive(member)
    return scene


def answer_of(change: Change) -> Answer:
    assert isinstance(change.answer, Answer)
    return change.answer


def answered(change: Change) -> tuple[int, bool]:
    """The version that the answer names, and whether it says that something changed."""
    answer = answer_of(change)
    return answer.v, answer.changed


def completions(events: tuple[Event, ...] | list[Event]) -> list[TimerCompleted]:
    return [event for event in events if isinstance(event, TimerCompleted)]


def states(events: tuple[Event, ...] | list[Event]) -> list[TimerState]:
    return [event for event in events if isinstance(event, TimerState)]


def actions(events: tuple[Event, ...] | list[Event]) -> list[Action]:
    return [event.action for event in states(events)]


def reread(topic: Topic) -> Topic:
    """The topic after a stay in Redis."""
    return records.read_topic(topic.name, {field.encode(): text for field, text in records.write_topic(topic).items()})


def on_the_wire(message: dict[str, Any]) -> dict[str, Any]:
    """The message as a client reads it."""
    read: dict[str, Any] = records.read(protocol.encode(message).encode())
    return read
