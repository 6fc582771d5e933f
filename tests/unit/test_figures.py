"""What the processes count: commands by their outcome, what a shard holds, and how sockets end."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.topics import NOON, minutes, room_with, seconds, solo_of
from timers import protocol, topics
from timers.figures import TYPES, ShardFigures, WebFigures, WorkerFigures, type_of
from timers.inbox import Entry
from timers.protocol import Junk
from timers.timer import Command, Pause, Phase, SetPhase, Start
from timers.topic import Answer, Arrive, Drop, Forget, Leave, Refused, Rename, Reply, Request, Steer, Topic

NOT_COMMANDS = {"ping", "session:sync"}


def counted(asked: Request | Arrive, reply: Reply | None, at: int = NOON) -> Counter[tuple[str, str]]:
    """What a worker counts when it has committed one command."""
    figures = WorkerFigures()
    figures.count([], [(Entry("1-0", at, "room.ABC234", asked, "channel", 1, None), Topic("room.ABC234"), reply)])
    return figures.commands


def steer(command: Command) -> Steer:
    return Steer("ana", "room", command)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Answer(7, True, NOON), "applied"),
        (Answer(7, False, NOON), "unchanged"),
        (Answer(7, True, NOON - seconds(3)), "repeated"),
        (Refused("Not yours."), "forbidden"),
    ],
)
def test_a_command_counts_by_what_became_of_it(reply: Reply, outcome: str) -> None:
    assert counted(steer(Start()), reply) == {("timer:start", outcome): 1}


def test_commands_are_called_as_on_the_wire() -> None:
    assert type_of(steer(SetPhase(Phase.FOCUS))) == "timer:phase"
    assert type_of(Rename("ana", "Ana")) == "session:rename"


def test_every_message_that_asks_a_worker_for_something_is_called_the_same_when_a_worker_counts_it() -> None:
    decided = {name for kind, name in TYPES.items() if kind not in (Junk, *protocol.MESSAGES.values())}
    assert decided == protocol.MESSAGES.keys() - NOT_COMMANDS


def test_what_nobody_asked_for_is_no_command() -> None:
    assert counted(Arrive("ana", "socket", "web-1"), Answer(1, True, NOON)) == {}
    assert type_of(Leave("ana", "socket")) is None


def test_phases_that_end_and_timers_that_are_put_by_are_counted() -> None:
    scene = room_with("ana")
    scene.press("ana", Start())
    ended = scene.wait(minutes(25))
    scene.press("ana", Pause())
    scene.leave("ana")
    scene.wait(minutes(10))
    figures = WorkerFigures()
    figures.count([(scene.topic.name, event) for event in (*ended, *scene.put_by().events)], [])
    assert figures.completions == {"focus": 1}
    assert figures.expirations == 1


def test_a_timer_that_somebody_has_removed_is_held_no_more_either() -> None:
    scene = room_with("ana", "jun")
    scene.press("ana", Start())
    scene.press("jun", Start(), timer="jun")
    figures = WorkerFigures()
    for command in (Drop(topics.ROOM), Forget("jun")):
        figures.count([(scene.topic.name, event) for event in scene.apply(command).events], [])
    assert figures.expirations == 2


async def test_a_shard_is_counted_by_people_rooms_and_timers() -> None:
    room, solo, empty = room_with("ana", "ben"), solo_of("cleo"), room_with("dora")
    room.press("ana", Start())
    room.press("ben", Start(), Pause(), timer="ben")
    solo.press("cleo", Start())
    empty.leave("dora")
    empty.wait(seconds(6))
    figures = await ShardFigures.of([room.topic, solo.topic, empty.topic])
    assert (figures.shards, figures.rooms) == (1, 2)
    assert figures.people == {"room": 2, "solo": 1}
    assert +figures.timers == {("room", "running"): 1, ("room", "paused"): 1, ("solo", "running"): 1}


async def test_an_empty_shard_says_zero_and_not_nothing() -> None:
    figures = await ShardFigures.of([])
    assert set(figures.people.items()) == {("room", 0), ("solo", 0)}
    assert len(figures.timers) == 6


def test_browsers_cannot_make_up_series() -> None:
    figures = WebFigures()
    for code in (1000, 1001, 1006, 3000, 4999, None):
        figures.count_end(code)
    assert figures.closed == {"1000": 1, "1001": 1, "1006": 1, "other": 3}
