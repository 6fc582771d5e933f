"""A knock: somebody would like a word with somebody else, who hears of it when their focus is over. Pure."""

from __future__ import annotations

from dataclasses import replace

from timers import topics
from timers.timer import Phase
from timers.topic import Change, Person, Refused, Topic, UserKnocked, Waiting, without

MOST_WAITING = 20
"""How many knocks may wait for one person, so that no crowd falls upon them when their focus ends."""
TOO_MANY = "So many people have knocked there already that another knock would only disturb; try again later."
BACK_AGAIN_MS = 1
"""Who comes back gets a snapshot as of that instant and hears of what happens after it."""


def knock(topic: Topic, by: str, at: str, now: int) -> Change:
    person = topic.people.get(at)
    if person is None or not person.here or at == by or by in person.knocks:
        return Change(topic).answered(now, changed=False)
    waiting = Waiting(now, at if _is_in_focus(topic, at) else topics.shared_timer(topic.name))
    if not _is_to_wait(topic, at, person, waiting):
        return _tell(topic, at, by, now).answered(now)
    if len(person.knocks) >= MOST_WAITING:
        return Change(topic, answer=Refused(TOO_MANY))
    return Change(_with_knocks(topic, at, {**person.knocks, by: waiting})).answered(now)


def due_at(topic: Topic, member: str, person: Person) -> int | None:
    """From when the first of the knocks that wait for a person is to be delivered; None while all of them wait."""
    return min((waiting.not_before for _, waiting in _deliverable(topic, member, person)), default=None)


def deliver(topic: Topic, member: str) -> Change:
    """The knock that has waited longest."""
    person = topic.people[member]
    by, waiting = min(_deliverable(topic, member, person), key=lambda one: (one[1].not_before, one[1].at, one[0]))
    return _tell(_with_knocks(topic, member, without(person.knocks, by)), member, by, waiting.at)


def kept_for_return(person: Person, now: int) -> Person:
    """Somebody who is back after a moment without a tab."""
    if person.sockets or not person.knocks:
        return person
    later = now + BACK_AGAIN_MS
    return replace(person, knocks={by: replace(waiting, not_before=later) for by, waiting in person.knocks.items()})


def forget(topic: Topic, by: str) -> Topic:
    """Without the knocks of somebody who is forgotten."""
    for member, person in topic.people.items():
        if by in person.knocks:
            topic = _with_knocks(topic, member, without(person.knocks, by))
    return topic


def _deliverable(topic: Topic, member: str, person: Person) -> list[tuple[str, Waiting]]:
    return [(by, kept) for by, kept in person.knocks.items() if not _is_to_wait(topic, member, person, kept)]


def _is_to_wait(topic: Topic, member: str, person: Person, waiting: Waiting) -> bool:
    """While they are in a focus of their own, or in the shared one that it waits for, or have no tab to hear it in."""
    if not person.sockets or _is_in_focus(topic, member):
        return True
    shared = topics.shared_timer(topic.name)
    return waiting.timer_id == shared and not topic.timer(member).timer.running and _is_in_focus(topic, shared)


def _is_in_focus(topic: Topic, timer_id: str) -> bool:
    timer = topic.timer(timer_id).timer
    return timer.running and timer.phase is Phase.FOCUS


def _tell(topic: Topic, member: str, by: str, at: int) -> Change:
    topic = replace(topic, v=topic.v + 1)
    return Change(topic, (UserKnocked(topic.v, member, by, at),))


def _with_knocks(topic: Topic, member: str, knocks: dict[str, Waiting]) -> Topic:
    return replace(topic, people={**topic.people, member: replace(topic.people[member], knocks=knocks)})
