"""Who is here: people come, take names and go, and the others are told; in a crowd together. Others only look on. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from timers import control, knocks, steering, topics
from timers.topic import (
    Arrive,
    Change,
    Crowd,
    Event,
    Full,
    Person,
    Recall,
    Rules,
    Topic,
    UserJoined,
    UserLeft,
    Users,
    UserUpdated,
    without,
)

GRACE_MS = 5_000
"""How long somebody without a tab is still here: a reload is not a leaving."""
CROWD = 50
"""In a room of more people than this, comings and goings are told together, at most once in `CROWD_TOLD_EVERY_MS`."""
CROWD_TOLD_EVERY_MS = 1_000
COLOURS = 8


def arrive(topic: Topic, arrival: Arrive, now: int, rules: Rules) -> Change:
    known = topic.people.get(arrival.member)
    is_here = known is not None and known.here
    if not is_here and topic.is_room and sum(1 for _ in topic.here()) >= rules.max_members:
        return Change(topic, answer=Full())
    recalled = recall(topic, Recall(arrival.parked, arrival.policy, arrival.maker), arrival.member, now)
    topic = recalled.topic
    name = known.name if known else _spare_name(topic)
    joined_at = known.joined_at if known and known.here else now
    before = known or Person(name, joined_at)
    person = replace(knocks.kept_for_return(before, now), joined_at=joined_at, here=True, left_at=None)
    if not is_here or person.colour is None:
        taken = (other.colour for id, other in topic.here() if id != arrival.member)
        person = replace(person, colour=colour_among(taken, arrival.member, before.colour))
    person = _with_tab(person, arrival.socket, arrival.process, away=arrival.away)
    topic = replace(_with_person(topic, arrival.member, person), quiet_since=None)
    change = _tell_changed(topic, arrival.member, before) if is_here else _tell_joined(topic, arrival.member)
    return replace(change, events=recalled.events + change.events).answered(now)


def recall(topic: Topic, recalled: Recall, by: str | None, now: int) -> Change:
    """With what the database remembers, for the sake of `by`; what is live wins."""
    learned = control.learn(topic, recalled)
    topic, events = steering.unpark(learned.topic, recalled.parked, by, now)
    return Change(topic, learned.events + events)


def watch(topic: Topic, watcher: str, process: str, now: int) -> Change:
    if topic.watchers.get(watcher) == process:
        return Change(topic).answered(now, changed=False)
    watchers = {**topic.watchers, watcher: process}
    return Change(replace(topic, watchers=watchers, quiet_since=None)).answered(now)


def unwatch(topic: Topic, watcher: str, now: int) -> Change:
    if watcher not in topic.watchers:
        return Change(topic)
    return Change(_perhaps_quiet(replace(topic, watchers=without(topic.watchers, watcher)), now))


def leave(topic: Topic, member: str, socket: str, now: int) -> Change:
    person = topic.people.get(member)
    if person is None or socket not in person.sockets:
        return Change(topic)
    return _without_sockets(topic, member, {socket}, now)


def lose(topic: Topic, process: str, now: int) -> Change:
    events: tuple[Event, ...] = ()
    for member, person in sorted(topic.people.items()):
        lost = {socket for socket, owner in person.sockets.items() if owner == process}
        if lost:
            change = _without_sockets(topic, member, lost, now)
            topic, events = change.topic, events + change.events
    for watcher in [watcher for watcher, owner in topic.watchers.items() if owner == process]:
        topic = unwatch(topic, watcher, now).topic
    return Change(topic, events)


def rename(topic: Topic, member: str, name: str, now: int) -> Change:
    person = topic.people.get(member) or Person(name="", joined_at=now, here=False, left_at=now)
    if person.name == name:
        return Change(topic).answered(now, changed=False)
    person = replace(person, name=name)
    topic = replace(_with_person(topic, member, person), v=topic.v + 1)
    return Change(topic, (UserUpdated(topic.v, member, person),)).answered(now)


def set_away(topic: Topic, member: str, socket: str, away: bool, now: int) -> Change:
    """One tab was hidden or is looked at again. Alone on `/ws/solo` there is nobody to tell."""
    before = topic.people.get(member)
    if before is None or socket not in before.sockets or away == (socket in before.hidden) or not topic.is_room:
        return Change(topic).answered(now, changed=False)
    person = _with_tab(before, socket, before.sockets[socket], away=away)
    change = _tell_changed(_with_person(topic, member, person), member, before)
    return change.answered(now, changed=person.away != before.away)


def depart(topic: Topic, member: str) -> Change:
    change = _tell_left(topic, member)
    gone = replace(topic.people[member], here=False, knocks={})
    return replace(change, topic=_with_person(change.topic, member, gone))


def forget(topic: Topic, member: str) -> Change:
    return Change(replace(topic, people=without(topic.people, member), answers=without(topic.answers, member)))


def forget_for_good(topic: Topic, member: str, now: int) -> Change:
    """Somebody wants nothing kept of them. Their tabs are not waited for: that one goes finds nobody, and what one still asks for
    is asked by somebody new, who is forgotten in their turn."""
    person = topic.people.get(member)
    left = _tell_left(topic, member) if person and person.here else Change(topic)
    dropped = steering.forget(left.topic, topics.own_timer(topic.name, member))
    renounced = control.renounce(steering.disown(dropped.topic, member), member)
    topic = forget(_without_update(knocks.forget(renounced.topic, member), member), member).topic
    if topic.quiet_since is None:
        topic = _perhaps_quiet(topic, now)
    return Change(topic, left.events + dropped.events + renounced.events)


# Telling --------------------------------------------------------------------------------------------------------------


def tell_crowd(topic: Topic) -> Change:
    told = topic.crowd
    topic = replace(topic, v=topic.v + 1, crowd=Crowd(told_at=topic.as_of))
    return Change(topic, (Users(topic.v, _named(topic, told.joined), told.left, _named(topic, told.updated)),))


def _tell_joined(topic: Topic, member: str) -> Change:
    if not topic.is_room:
        return Change(topic)
    if _is_told_together(topic):
        is_back = member in topic.crowd.left
        joined, left = _crossed(member, topic.crowd.joined, topic.crowd.left)
        topic = replace(topic, crowd=replace(topic.crowd, joined=joined, left=left))
        return Change(_with_update(topic, member) if is_back else topic)
    topic = replace(topic, v=topic.v + 1)
    return Change(topic, (UserJoined(topic.v, member, topic.people[member]),))


def _tell_left(topic: Topic, member: str) -> Change:
    if not topic.is_room:
        return Change(topic)
    if _is_told_together(topic):
        left, joined = _crossed(member, topic.crowd.left, topic.crowd.joined)
        return Change(replace(topic, crowd=replace(topic.crowd, joined=joined, left=left)))
    topic = replace(topic, v=topic.v + 1)
    return Change(topic, (UserLeft(topic.v, member),))


def _crossed(member: str, to: tuple[str, ...], back: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Both lists after a crossing: one that undoes an untold crossing is told no more than that was."""
    if member in back:
        return to, tuple(other for other in back if other != member)
    return (*to, member), back


def _tell_changed(topic: Topic, member: str, before: Person) -> Change:
    """To a room that knows of the person; of who has just come to a crowd it hears soon."""
    person = topic.people[member]
    if not topic.is_room or member in topic.crowd.joined or (person.tabs, person.away) == (before.tabs, before.away):
        return Change(topic)
    if person.tabs == before.tabs and _is_told_together(topic):
        return Change(_with_update(topic, member))
    topic = replace(topic, v=topic.v + 1)
    return Change(topic, (UserUpdated(topic.v, member, topic.people[member]),))


def _is_told_together(topic: Topic) -> bool:
    return topic.crowd.untold or sum(1 for _ in topic.here()) > CROWD


def _with_update(topic: Topic, member: str) -> Topic:
    others = tuple(other for other in topic.crowd.updated if other != member)
    return replace(topic, crowd=replace(topic.crowd, updated=(*others, member)))


def _without_update(topic: Topic, member: str) -> Topic:
    updated = tuple(other for other in topic.crowd.updated if other != member)
    return topic if updated == topic.crowd.updated else replace(topic, crowd=replace(topic.crowd, updated=updated))


def _named(topic: Topic, members: tuple[str, ...]) -> tuple[tuple[str, Person], ...]:
    return tuple((member, topic.people[member]) for member in members)


# The topic with them --------------------------------------------------------------------------------------------------


def _without_sockets(topic: Topic, member: str, gone: set[str], now: int) -> Change:
    before = topic.people[member]
    person = _without_tabs(before, gone)
    person = replace(person, left_at=None if person.sockets else now)
    topic = _perhaps_quiet(_with_person(topic, member, person), now)
    return _tell_changed(topic, member, before)


def _perhaps_quiet(topic: Topic, now: int) -> Topic:
    """After somebody has gone: quiet from now on, unless somebody else is connected."""
    return topic if topic.watched else replace(topic, quiet_since=now)


def _with_tab(person: Person, socket: str, process: str, *, away: bool) -> Person:
    others = tuple(other for other in person.hidden if other != socket)
    hidden = (*others, socket) if away else others
    return _looked_at(replace(person, sockets={**person.sockets, socket: process}, hidden=hidden))


def _without_tabs(person: Person, gone: set[str]) -> Person:
    sockets = {socket: process for socket, process in person.sockets.items() if socket not in gone}
    hidden = tuple(socket for socket in person.hidden if socket not in gone)
    return _looked_at(replace(person, sockets=sockets, hidden=hidden))


def _looked_at(person: Person) -> Person:
    """Away when every tab is hidden; who has no tab at this moment is as with the last one."""
    return replace(person, away=len(person.hidden) == len(person.sockets)) if person.sockets else person


def _spare_name(topic: Topic) -> str:
    taken = {person.name for person in topic.people.values()}
    number = 1
    while f"User {number}" in taken:
        number += 1
    return f"User {number}"


def colour_among(taken: Iterable[int | None], member: str, had: int | None = None) -> int:
    """Whoever comes takes of the colours that fewest of those have who are here the first, counted from the one that they had
    or else their id stands for, and keeps it while they stay."""
    times = Counter(taken)
    own = sum(map(ord, member)) if had is None else had
    return min(((own + step) % COLOURS for step in range(COLOURS)), key=lambda colour: times[colour])


def _with_person(topic: Topic, member: str, person: Person) -> Topic:
    return replace(topic, people={**topic.people, member: person})
