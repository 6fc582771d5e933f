"""The course of things in a topic: what a command makes of it, and what time alone brings about.

Pure: `apply` and `advance` take a topic and an instant and return the topic after it with the events to tell. They never
raise on what a person sent, and the same commands at the same instants always give the same topic.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count

from timers import control, knocks, people, steering
from timers.topic import (
    POLICY,
    Answer,
    Arrive,
    Change,
    Close,
    Command,
    ConfigureRoom,
    Drop,
    Event,
    Expire,
    Forget,
    HandOver,
    Knock,
    Leave,
    Lose,
    PutBy,
    Recall,
    Rename,
    Request,
    Rules,
    SetAway,
    Steer,
    TakeBack,
    Topic,
    Unwatch,
    Watch,
)

ANSWERS_KEPT_MS = 600_000


def apply(topic: Topic, command: Command, now: int, rules: Rules) -> Change:
    """What `command`, received at `now`, makes of the topic once everything due by then has happened."""
    now = max(now, topic.as_of)
    before = advance(topic, now, rules)
    change = _apply(before.topic, command, now, rules)
    after = advance(replace(change.topic, as_of=now), now, rules)
    return Change(after.topic, before.events + change.events + after.events, change.answer)


def _apply(topic: Topic, command: Command, now: int, rules: Rules) -> Change:
    match command:
        case Arrive():
            return people.arrive(topic, command, now, rules)
        case Leave(member, socket):
            return people.leave(topic, member, socket, now)
        case Recall():
            return people.recall(topic, command, None, now)
        case Watch(watcher, process):
            return people.watch(topic, watcher, process, now)
        case Unwatch(watcher):
            return people.unwatch(topic, watcher, now)
        case Lose(process):
            return people.lose(topic, process, now)
        case Expire(ids):
            return _expire(topic, ids, now, rules)
        case Forget(member):
            return people.forget_for_good(topic, member, now)
        case Drop(timer_id):
            return steering.forget(topic, timer_id)
        case Close():
            return Change(Topic(topic.name, topic.v, topic.as_of))
        case _:
            return _once(topic, command, now)


def _fulfil(topic: Topic, request: Request, now: int) -> Change:
    match request:
        case Rename(member, name):
            return people.rename(topic, member, name, now)
        case SetAway(member, socket, away):
            return people.set_away(topic, member, socket, away, now)
        case Knock(member, at):
            return knocks.knock(topic, member, at, now)
        case Steer():
            return steering.steer(topic, request, now)
        case ConfigureRoom():
            return control.configure(topic, request, now)
        case HandOver(member, to):
            return control.hand_over(topic, member, to, now)
        case TakeBack(member):
            return control.take_back(topic, member, now)


def with_arrival(topic: Topic, arrival: Arrive, now: int) -> Topic:
    """The topic as it will be when somebody obeys the arrival, for who cannot wait; its version is still the old one."""
    change = people.arrive(topic, arrival, now, Rules(max_members=sys.maxsize))
    return replace(change.topic, v=topic.v)


# Ids ------------------------------------------------------------------------------------------------------------------


def _once(topic: Topic, request: Request, now: int) -> Change:
    """The request fulfilled, unless this person's `id` was answered before: then its first answer again."""
    member, id = request.member, request.id
    if member is None or id is None:
        return _fulfil(topic, request, now)
    known = topic.answers.get(member, {}).get(id)
    if known is not None and known.at + ANSWERS_KEPT_MS > now:
        return Change(topic, answer=known)
    change = _fulfil(topic, request, now)
    if not isinstance(change.answer, Answer):
        return change
    answer = replace(change.answer, own=isinstance(request, Steer) and request.timer_id == member)
    return replace(change, topic=_remember(change.topic, member, id, answer), answer=answer)


def _remember(topic: Topic, member: str, id: str, answer: Answer) -> Topic:
    still = {
        known: old
        for known, old in topic.answers.get(member, {}).items()
        if old.at + ANSWERS_KEPT_MS > answer.at and known != id
    }
    return replace(topic, answers={**topic.answers, member: {**still, id: answer}})


# Time -----------------------------------------------------------------------------------------------------------------


def advance(topic: Topic, now: int, rules: Rules, most: int | None = None) -> Change:
    """Everything that was due by `now`, in its order, each as of its own instant; or the first `most` of it."""
    events: list[Event] = []
    for _ in count() if most is None else range(most):
        due = min(_dues(topic, rules), default=None)
        if due is None or due.at > now:
            break
        change = _happen(replace(topic, as_of=max(topic.as_of, due.at)), due, now)
        topic = change.topic
        events += change.events
    return Change(topic, tuple(events))


def next_deadline(topic: Topic, rules: Rules) -> int | None:
    """When the topic next wants attention: something is due, or something has been idle long enough to be put by."""
    idle = (at for _, _, at in _idle(topic, rules))
    return min((*idle, *(due.at for due in _dues(topic, rules))), default=None)


def next_due(topic: Topic, rules: Rules) -> int | None:
    """When time next brings something about."""
    return min((due.at for due in _dues(topic, rules)), default=None)


def idle(topic: Topic, now: int, rules: Rules) -> dict[str, PutBy]:
    """What nobody has watched or commanded for so long that it is to be put by, by its id."""
    return {id: kept for id, kept, at in _idle(topic, rules) if at <= now}


def _idle(topic: Topic, rules: Rules) -> Iterator[tuple[str, PutBy, int]]:
    for timer_id, held in topic.timers.items():
        if (at := steering.idle_at(topic, timer_id, rules)) is not None:
            yield timer_id, held.timer, at
    if topic.policy is not None and (at := control.idle_at(topic, rules)) is not None:
        yield POLICY, topic.policy, at


def _expire(topic: Topic, ids: tuple[str, ...], now: int, rules: Rules) -> Change:
    events: tuple[Event, ...] = ()
    still_idle = idle(topic, now, rules)
    for id in (id for id in ids if id in still_idle):
        change = control.forget(topic) if id == POLICY else steering.expire(topic, id)
        topic, events = change.topic, events + change.events
    return Change(topic, events)


class Happening(StrEnum):
    """What time alone brings about. At one instant a phase ends before anybody goes."""

    COMPLETE = "complete"
    DEPART = "depart"
    FORGET = "forget"
    KNOCK = "knock"
    TELL = "tell"


@dataclass(frozen=True, slots=True, order=True)
class Due:
    at: int
    happening: Happening
    whose: str


def _dues(topic: Topic, rules: Rules) -> Iterator[Due]:
    if topic.crowd.untold:
        yield Due(topic.crowd.told_at + people.CROWD_TOLD_EVERY_MS, Happening.TELL, "")
    for timer_id, held in topic.timers.items():
        if held.completes_at is not None:
            yield Due(held.completes_at, Happening.COMPLETE, timer_id)
    for member, person in topic.people.items():
        if person.knocks and (at := knocks.due_at(topic, member, person)) is not None:
            yield Due(at, Happening.KNOCK, member)
        if person.left_at is None:
            continue
        if person.here:
            yield Due(person.left_at + people.GRACE_MS, Happening.DEPART, member)
        elif member not in topic.timers:
            yield Due(_forgotten_at(topic, member, person.left_at, rules), Happening.FORGET, member)


def _forgotten_at(topic: Topic, member: str, left_at: int, rules: Rules) -> int:
    """When somebody who left is forgotten; while the topic lives on, not before an `id` of theirs may be new again."""
    at = left_at + rules.idle_ttl_ms
    if topic.quiet_since is None or topic.timers:
        at = max([at, *(answer.at + ANSWERS_KEPT_MS for answer in topic.answers.get(member, {}).values())])
    return at


def _happen(topic: Topic, due: Due, now: int) -> Change:
    match due.happening:
        case Happening.COMPLETE:
            return steering.complete(topic, due.whose, now)
        case Happening.DEPART:
            return people.depart(topic, due.whose)
        case Happening.FORGET:
            return people.forget(topic, due.whose)
        case Happening.KNOCK:
            return knocks.deliver(topic, due.whose)
        case Happening.TELL:
            return people.tell_crowd(topic)
