"""The protocol of leases, commits and announcements, tried in every order: two workers, one shard, every point of death.

A model, not the code: a worker takes a free lease, loads, says what was perhaps not said, then decides, commits and says, one
command after another. At any moment a lease may run out without its owner knowing, a commit's answer may be lost, and a worker
may die. A worker may also say something long after it decided to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

COMMANDS = 3
MOST_LEASES = 4
WORKERS = (0, 1)


@dataclass(frozen=True)
class Worker:
    """`doing` is what it does next; `token` is the lease that it believes to hold."""

    doing: str = "take"
    token: int = 0
    cursor: int = 0
    to_say: int = 0


@dataclass(frozen=True)
class World:
    """`lease` is the token that stands (0: none), `applied` the commands in their order, `heard` the versions a socket relayed."""

    lease: int = 0
    leases: int = 0
    applied: tuple[int, ...] = ()
    cursor: int = 0
    unsaid: int = 0
    heard: tuple[int, ...] = ()
    workers: tuple[Worker, Worker] = (Worker(), Worker())

    def with_worker(self, number: int, worker: Worker) -> World:
        first, second = self.workers
        return replace(self, workers=(worker, second) if number == 0 else (first, worker))

    @property
    def settled(self) -> bool:
        return self.cursor == COMMANDS and any(
            worker.doing == "decide" and worker.token == self.lease for worker in self.workers
        )


def test_every_command_is_applied_once_and_told_once_in_every_order() -> None:
    settled = 0
    for world in worlds():
        assert world.applied == tuple(range(len(world.applied))), world
        assert world.heard == tuple(range(1, len(world.heard) + 1)), world
        assert len(world.heard) <= world.cursor, world
        if world.settled:
            settled += 1
            assert world.heard == tuple(range(1, COMMANDS + 1)), world
    assert settled > 0


def test_the_model_notices_when_the_token_is_not_checked() -> None:
    assert any(world.applied != tuple(range(len(world.applied))) for world in worlds(checks_token=False))


def test_the_model_notices_when_nothing_is_said_again() -> None:
    assert any(world.settled and len(world.heard) < COMMANDS for world in worlds(says_again=False))


def worlds(**faults: bool) -> Iterator[World]:
    """Everything that can come about."""
    seen = {World()}
    waiting = deque(seen)
    while waiting:
        world = waiting.popleft()
        yield world
        for following in steps(world, **faults):
            if following not in seen:
                seen.add(following)
                waiting.append(following)


def steps(world: World, *, checks_token: bool = True, says_again: bool = True) -> Iterator[World]:
    if world.lease:
        yield replace(world, lease=0)
    for number in WORKERS:
        worker = world.workers[number]
        if worker != Worker():
            yield world.with_worker(number, Worker())
        match worker.doing:
            case "take" if not world.lease and world.leases < MOST_LEASES:
                token = world.leases + 1
                yield replace(world, lease=token, leases=token).with_worker(number, Worker("load", token))
            case "load":
                to_say = world.unsaid if says_again else 0
                yield world.with_worker(number, Worker("say", worker.token, world.cursor, to_say))
            case "say":
                yield _said(world, worker.to_say).with_worker(number, replace(worker, doing="decide", to_say=0))
            case "decide" if worker.cursor < COMMANDS:
                yield world.with_worker(number, replace(worker, doing="commit"))
            case "commit" if world.lease == worker.token or not checks_token:
                v = worker.cursor + 1
                done = replace(world, applied=(*world.applied, worker.cursor), cursor=v, unsaid=v)
                yield done.with_worker(number, Worker("say", worker.token, v, v))
                yield done.with_worker(number, Worker("load", worker.token))  # the answer was lost
            case "commit":
                yield world.with_worker(number, Worker())


def _said(world: World, v: int) -> World:
    """A socket relays a version once, and in order."""
    return replace(world, heard=(*world.heard, v)) if v > max(world.heard, default=0) else world
