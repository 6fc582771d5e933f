"""What happens in a topic is the same under whatever worker, that dies, looks seldom at the clock, or is late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.happenings import RULES, Step, commands, replay, spells
from tests.support.topics import NOON, reread
from timers import course, topics
from timers.timer import Start, Timer
from timers.topic import Arrive, Command, Event, Expire, Lose, Rename, Steer, TimerState, Topic

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
    whole = course.advance(topic, end, RULES)
    events: tuple[Event, ...] = ()
    while (piece := course.advance(topic, end, RULES, most=most)).topic != topic:
        assert len(piece.events) <= 2 * most
        assert piece.topic.as_of <= end
        topic, events = piece.topic, events + piece.events
    assert (topic, events) == (whole.topic, whole.events)


@settings(max_examples=150, deadline=None)
@given(scripts, st.lists(st.integers(0, 20_000), min_size=25, max_size=25))
def test_late_commands_never_turn_time_back(script: list[tuple[int, Command]], delays: list[int]) -> None:
    topic = Topic("room.ABC234")
    for step, delay in zip(steps_of(script), delays, strict=False):
        topic = course.advance(topic, step.now, RULES).topic
        assert step.command is not None
        change = course.apply(topic, step.command, step.now - delay, RULES)
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
