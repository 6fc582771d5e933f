"""The timers of a topic: one is commanded, ends a phase, is put by when nobody watches it, and comes back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2s

from timers import control, topics
from timers import timer as clock
from timers.timer import Act, Action, History
from timers.topic import (
    Answer,
    Change,
    Event,
    Held,
    Policy,
    Refused,
    Rules,
    Steer,
    TimerCompleted,
    TimerState,
    Topic,
    without,
)

CATCH_UP_MS = 2_000
"""How long a phase that was over before it was heard of is not completed: a browser that was offline says one after another
what was done to its timer, and the next may be that it was paused in time."""


def steer(topic: Topic, asked: Steer, now: int) -> Change:
    """A command as of the instant it was given, unless something has happened to its timer since."""
    policy = Policy() if asked.by_operator else _policy_for(topic, asked.timer_id)
    if not control.may_steer(topic, policy, asked.member):
        return Change(topic, answer=Refused(control.NOT_NAMED))
    given_at = now if asked.at is None else min(asked.at, now)
    caught_up = _catch_up(topic, asked.timer_id, given_at)
    change = _obey(caught_up.topic, asked, policy, given_at, now)
    return replace(change, events=caught_up.events + change.events)


def _obey(topic: Topic, asked: Steer, policy: Policy, given_at: int, now: int) -> Change:
    timer_id, held = asked.timer_id, topic.timer(asked.timer_id)
    if given_at < held.timer.changed_at:
        return Change(topic).answered(now, changed=False, overruled=True)
    history, action = clock.obey(held.history, asked.command, given_at, asked.member)
    if action is None:
        if timer_id in topic.timers:
            topic = _with_timer(topic, timer_id, replace(held, touched_at=now))
        return Change(topic).answered(now, changed=False)
    if not control.allows(policy, held.timer, action, history.timer):
        return Change(topic, answer=Refused(control.NO_PAUSE))
    undone = clock.undone(held.history, history) if action in (Action.UNDO, Action.REDO) else None
    is_over = history.timer.ends_at is not None and history.timer.ends_at <= now
    waits_until = now + CATCH_UP_MS if asked.at is not None and is_over else None
    return _tell(topic, timer_id, Held(history, 0, now, waits_until), action, asked.member, undone).answered(now)


def _catch_up(topic: Topic, timer_id: str, given_at: int) -> Change:
    """What waited to be completed and was over when the command was given."""
    events: tuple[Event, ...] = ()
    while (ends_at := topic.timer(timer_id).timer.ends_at) is not None and ends_at <= given_at:
        change = complete(topic, timer_id, given_at)
        topic, events = change.topic, events + change.events
    return Change(topic, events)


def _policy_for(topic: Topic, timer_id: str) -> Policy:
    """One's own timer is under no policy."""
    return control.policy_of(topic) if timer_id == topics.shared_timer(topic.name) else Policy()


def complete(topic: Topic, timer_id: str, now: int) -> Change:
    """The phase is over, and of a great many that would be over by `now` besides, whole cycles are passed over."""
    held = topic.timers[timer_id]
    ended = held.timer
    assert ended.ends_at is not None
    topic = replace(topic, v=topic.v + 1)
    name = f"{topic.name}:{timer_id}:{ended.ends_at}:{topic.v}"
    completion = blake2s(name.encode(), digest_size=12).hexdigest()
    completed = TimerCompleted(topic.v, timer_id, ended.phase, ended.round, ended.ends_at, completion)
    history = clock.pass_over(clock.complete(held.history), now)
    following = Held(history, 0, ended.ends_at, held.waits_until)
    change = _tell(topic, timer_id, following, Action.COMPLETE, None)
    return Change(change.topic, (completed, *change.events))


def unpark(
    topic: Topic, parked: Mapping[str, clock.Timer], by: str | None, now: int
) -> tuple[Topic, tuple[Event, ...]]:
    """With the timers that the database had; a live one wins over a parked one. Who is here already is told."""
    events: tuple[Event, ...] = ()
    for timer_id, timer in sorted(parked.items()):
        if timer_id not in topic.timers:
            action = Action.CONFIGURE if timer.stopped else Action.PAUSE
            change = _tell(topic, timer_id, Held(History(timer), 0, now), action, by)
            topic, events = change.topic, events + change.events
    return topic, events


def _tell(topic: Topic, timer_id: str, held: Held, action: Action, by: str | None, undone: Act | None = None) -> Change:
    topic = replace(topic, v=topic.v + 1)
    topic = _with_timer(topic, timer_id, replace(held, v=topic.v))
    return Change(topic, (TimerState(topic.v, timer_id, held.timer, action, by, undone),))


def _with_timer(topic: Topic, timer_id: str, held: Held) -> Topic:
    return replace(topic, timers={**topic.timers, timer_id: held})


# Idleness -------------------------------------------------------------------------------------------------------------


def expire(topic: Topic, timer_id: str) -> Change:
    return _drop(topic, timer_id, clock.fresh(topic.timers[timer_id].timer.settings))


def forget(topic: Topic, timer_id: str) -> Change:
    """As if there had never been one."""
    return _drop(topic, timer_id, clock.fresh()) if timer_id in topic.timers else Change(topic)


def disown(topic: Topic, member: str) -> Topic:
    """Nobody in particular did what this person has done to the timers of others."""
    timers = {id: replace(held, history=clock.disown(held.history, member)) for id, held in topic.timers.items()}
    return replace(topic, timers=timers)


def _drop(topic: Topic, timer_id: str, comes_back_as: clock.Timer) -> Change:
    topic = replace(
        topic, v=topic.v + 1, timers=without(topic.timers, timer_id), answers=_answers_without(topic, timer_id)
    )
    return Change(topic, (TimerState(topic.v, timer_id, comes_back_as, Action.EXPIRE, None),))


def _answers_without(topic: Topic, own_timer: str) -> Mapping[str, Mapping[str, Answer]]:
    """What its owner asked of other timers, and of the room, is remembered on."""
    answers = topic.answers.get(own_timer, {})
    kept = {id: answer for id, answer in answers.items() if not answer.own}
    if kept == answers:
        return topic.answers
    return {**topic.answers, own_timer: kept} if kept else without(topic.answers, own_timer)


def idle_at(topic: Topic, timer_id: str, rules: Rules) -> int | None:
    """When the timer has been neither watched nor commanded for the idle time; None while it runs, or is watched, or its owner
    has only just gone: who is known to be here is not asked after in the database on coming back."""
    held = topic.timers[timer_id]
    unwatched_since = _unwatched_since(topic, timer_id)
    if held.timer.running or unwatched_since is None or _is_here(topic, timer_id):
        return None
    return max(held.touched_at, unwatched_since) + rules.idle_ttl_ms


def _unwatched_since(topic: Topic, timer_id: str) -> int | None:
    if timer_id == topics.shared_timer(topic.name):
        return topic.quiet_since
    owner = topic.people.get(timer_id)
    return owner.left_at if owner else 0


def _is_here(topic: Topic, timer_id: str) -> bool:
    """Whether whose own timer it is has not left yet."""
    owner = topic.people.get(timer_id) if topic.is_room else next(iter(topic.people.values()), None)
    return owner is not None and owner.here
