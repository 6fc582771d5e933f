"""Rooms of more than 50 people: comings and goings are told together, at most once a second."""

from dataclasses import replace

from timers import protocol, records
from timers.course import advance, apply
from timers.people import CROWD, CROWD_TOLD_EVERY_MS, GRACE_MS
from timers.topic import (
    Arrive,
    Change,
    Leave,
    Rules,
    Topic,
    UserJoined,
    Users,
    UserUpdated,
)

RULES = Rules()
NOON = 43_200_000


def arrive(topic: Topic, member: str, now: int, socket: str = "a tab") -> Change:
    return apply(topic, Arrive(member, f"{member}'s {socket}", "process"), now, RULES)


def crowded_room(people: int = CROWD + 1) -> Topic:
    """All of them told of, a while ago."""
    topic = Topic("room.ABC234")
    for number in range(people):
        topic = arrive(topic, f"m{number:02}", NOON).topic
    return advance(topic, NOON + 10_000, RULES).topic


def told_together(change: Change) -> list[Users]:
    return [event for event in change.events if isinstance(event, Users)]


def newcomers(told: Users) -> list[str]:
    return [member for member, _ in told.joined]


def test_up_to_fifty_each_is_told_alone() -> None:
    topic = Topic("room.ABC234")
    for number in range(CROWD):
        change = arrive(topic, f"m{number}", NOON)
        assert [type(event) for event in change.events] == [UserJoined]
        topic = change.topic


def test_the_first_of_a_second_is_told_at_once_and_the_rest_together() -> None:
    now = NOON + 20_000
    first = arrive(crowded_room(), "ana", now)
    assert [newcomers(told) for told in told_together(first)] == [["ana"]]
    assert len(first.events) == 1
    second = arrive(first.topic, "jun", now + 100)
    third = arrive(second.topic, "lea", now + 200)
    assert second.events == third.events == ()
    assert third.topic.v == first.topic.v
    told = advance(third.topic, now + CROWD_TOLD_EVERY_MS, RULES)
    assert [newcomers(event) for event in told_together(told)] == [["jun", "lea"]]
    assert told.topic.v == first.topic.v + 1
    assert advance(told.topic, now + 4 * CROWD_TOLD_EVERY_MS, RULES).events == ()


def test_leavings_are_told_together_too() -> None:
    topic = crowded_room(CROWD + 9)
    for member in ("m00", "m01"):
        topic = apply(topic, Leave(member, f"{member}'s a tab"), NOON + 20_000, RULES).topic
    told = told_together(advance(topic, NOON + 20_000 + GRACE_MS + CROWD_TOLD_EVERY_MS, RULES))
    assert [event.left for event in told] == [("m00",), ("m01",)]


def test_who_comes_and_goes_untold_is_not_told_of() -> None:
    now = NOON + 20_000
    topic = arrive(crowded_room(), "ana", now).topic
    topic = replace(topic, crowd=replace(topic.crowd, told_at=now + GRACE_MS))  # as if the room were still busy
    topic = arrive(topic, "jun", now + 1).topic
    change = apply(topic, Leave("jun", "jun's a tab"), now + 2, RULES)
    later = advance(change.topic, now + 4 * GRACE_MS, RULES)
    assert not any("jun" in newcomers(told) or "jun" in told.left for told in told_together(later))


def test_a_second_tab_of_an_untold_person_waits_with_them() -> None:
    now = NOON + 20_000
    topic = arrive(crowded_room(), "ana", now).topic
    topic = arrive(topic, "jun", now + 1).topic
    assert arrive(topic, "jun", now + 2, "another tab").events == ()
    assert [type(event) for event in arrive(topic, "m07", now + 2, "another tab").events] == [UserUpdated]


def test_what_is_untold_survives_a_worker() -> None:
    topic = arrive(arrive(crowded_room(), "ana", NOON + 20_000).topic, "jun", NOON + 20_001).topic
    written = {field.encode(): text for field, text in records.write_topic(topic).items()}
    assert records.read_topic(topic.name, written).crowd == topic.crowd
    assert topic.crowd.joined == ("jun",)


def test_a_newcomer_is_not_told_of_their_own_arrival() -> None:
    [event] = arrive(crowded_room(), "ana", NOON + 20_000).events
    text = protocol.encode(protocol.event(event, NOON))
    told = protocol.without_newcomer(text, "ana")
    assert '"ana"' in text
    assert told is not None
    assert '"ana"' not in told
