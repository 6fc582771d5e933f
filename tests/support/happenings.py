"""Anything that may happen to a topic."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.topics import timer_after
from timers import course, topics
from timers.timer import Add, Configure, Pause, Phase, Redo, Reset, Resume, SetPhase, Skip, Start, Undo
from timers.timer import Command as Order
from timers.topic import (
    Arrive,
    Change,
    Command,
    ConfigureRoom,
    Control,
    HandOver,
    Knock,
    Leave,
    Lose,
    Policy,
    Recall,
    Rename,
    Rules,
    SetAway,
    Steer,
    TakeBack,
    Topic,
    Unwatch,
    Watch,
)

RULES = Rules(idle_ttl_ms=900_000, max_members=2)
"""Three people for two places; the idle time is over that of ids, whose forgetting is looked at elsewhere."""

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
policies = st.fixed_dictionaries(
    {},
    optional={
        "control": st.sampled_from(Control),
        "controllers": st.sampled_from([(), ("jun",), ("kim", "ana")]),
        "pause_allowed": st.booleans(),
    },
)
processes = st.sampled_from(["web-1", "web-2"])
watchers = st.sampled_from(["audience one", "audience two"])
watches = st.builds(Watch, watchers, processes) | st.builds(Unwatch, watchers)
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
        watches,
        st.builds(Recall, st.just({"room": timer_after(Start(), Pause())}), st.just(Policy("ana", amended=True))),
        st.builds(Rename, people, st.sampled_from(["Ana", "User 1", "User 2"]), ids),
        st.builds(Knock, people, people, ids),
        st.builds(HandOver, people, people, ids),
        st.builds(TakeBack, people, ids),
        st.builds(lambda who, asked, id: ConfigureRoom(who, **asked, id=id), people, policies, ids),
        st.builds(lambda who, tab, away, id: SetAway(who, f"{who}/{tab}", away, id), people, tabs, st.booleans(), ids),
        people.flatmap(lambda who: st.builds(Steer, st.just(who), timers_of(name, who), orders, ids)),
        st.builds(Steer, st.none(), st.just(topics.shared_timer(name)), orders),
    )


def timers_of(name: str, who: str) -> st.SearchStrategy[str]:
    return st.sampled_from([topics.shared_timer(name), *([who] if topics.is_room(name) else [])])


@dataclass(frozen=True)
class Step:
    """A command at an instant, or with None the passing of time until then."""

    now: int
    command: Command | None

    def take(self, topic: Topic) -> Change:
        if self.command is None:
            return course.advance(topic, self.now, RULES)
        return course.apply(topic, self.command, self.now, RULES)


def replay(topic: Topic, steps: list[Step]) -> Topic:
    for step in steps:
        topic = step.take(topic).topic
    return topic
