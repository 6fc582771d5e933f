"""The table: each point at which a worker may die, times each kind of command. Afterwards it was done once, each version was
heard once by a tab that stayed connected, and the answer came once.

All commands of one column wait together when the worker comes that is to die, so one commit carries them all.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import psutil
import pytest

from tests.support.people import Browser, Message, Tab, a_browser, a_room
from tests.support.pieces import Pieces, pieces
from tests.support.waiting import eventually, eventually_async
from timers import topics

POINTS = ("before-commit", "after-commit", "before-publish", "after-publish")
STEERED = ("start", "pause", "add", "skip", "undo", "configure", "rename")
KINDS = (*STEERED, "arrival", "tab-closed", "leaving")

TOLD_AS: dict[str, dict[str, Any]] = {
    "rename": {"type": "session:user-updated"},
    "arrival": {"type": "session:user-joined"},
    "tab-closed": {"type": "session:user-updated"},
    "leaving": {"type": "session:user-left"},
}


@dataclass
class Scene:
    """A room with somebody who acts and somebody who watches; what each heard from the moment before the crash."""

    kind: str
    actor: Tab
    witness: Tab
    before: Message
    after: Message
    ack: Message | None = None

    def told(self, tab: Tab) -> list[Message]:
        """The messages that carry a version of their own."""
        return [heard for heard in tab.heard if heard["type"] not in ("timer:tick", "ack", "session:joined", "pong")]

    def acks(self) -> list[Message]:
        return [heard for heard in self.actor.heard if heard["type"] == "ack" and heard["id"] == self.kind]


@pytest.fixture(scope="module")
def site() -> Iterator[Pieces]:
    with pieces(TOMATO_SHARDS="1") as site:
        site.start("redis")
        site.start("web")
        yield site


@pytest.fixture(scope="module", params=POINTS)
def scenes(request: pytest.FixtureRequest, site: Pieces) -> dict[str, Scene]:
    return asyncio.run(commands_through_a_crash(site, request.param))


@pytest.mark.parametrize("kind", KINDS)
def test_is_done_and_told_once(scenes: dict[str, Scene], kind: str) -> None:
    scene = scenes[kind]
    shown = TOLD_AS.get(kind, {"type": "timer:state", "action": kind})
    told = [message for message in scene.told(scene.witness) if shown.items() <= message.items()]
    assert len(told) == 1, told
    versions = [message["v"] for message in scene.told(scene.witness)]
    assert versions == list(range(scene.before["v"] + 1, scene.before["v"] + 1 + len(versions)))
    assert scene.after["v"] == versions[-1]


@pytest.mark.parametrize("kind", STEERED)
def test_is_answered_once(scenes: dict[str, Scene], kind: str) -> None:
    scene = scenes[kind]
    (ack,) = scene.acks()
    assert ack["changed"] is True
    shown = TOLD_AS.get(kind, {"type": "timer:state", "action": kind})
    (told,) = [message for message in scene.told(scene.witness) if shown.items() <= message.items()]
    assert told["v"] == ack["v"]


def test_what_was_asked_is_what_came_of_it(scenes: dict[str, Scene]) -> None:
    before = {kind: timer_in(scene.before) for kind, scene in scenes.items()}
    after = {kind: timer_in(scene.after) for kind, scene in scenes.items()}
    assert after["start"]["status"] == "running"
    assert after["pause"]["status"] == "paused"
    assert after["pause"]["remaining_ms"] == before["pause"]["ends_at"] - after["pause"]["paused_at"]
    assert after["add"]["duration_ms"] == before["add"]["duration_ms"] + 60_000
    assert after["skip"]["phase"] == "short_break"
    assert after["undo"]["duration_ms"] == before["undo"]["duration_ms"] - 1000
    assert after["configure"]["settings"]["focus_ms"] == 600_000
    assert "Renamed" in {member["name"] for member in scenes["rename"].after["members"]}
    assert scenes["arrival"].after["people"] == 2
    assert scenes["leaving"].after["people"] == 1
    assert {member["tabs"] for member in scenes["tab-closed"].after["members"]} == {1}


@pytest.mark.parametrize("point", POINTS)
async def test_a_completion_happens_and_is_told_once(site: Pieces, point: str) -> None:
    await nobody_works(site)
    async with AsyncExitStack() as stack:
        healthy = site.start("worker")
        ana = await a_browser(site)
        tab = await stack.enter_async_context(ana.tab(within_s=30))
        doomed = site.start("worker", TOMATO_DEBUG="1", TOMATO_CRASH_AT=point)
        eventually(lambda: site.client().zcard(topics.WORKERS_KEY) == 2)
        await tab.says("timer:start", duration_ms=4000)
        ends_at = (await tab.hears("timer:state", action="start"))["timer"]["ends_at"]
        await changed_places(site, healthy, doomed)
        doomed.send_signal(signal.SIGCONT)
        assert await asyncio.to_thread(doomed.wait, 20) == -signal.SIGKILL
        healthy = site.start("worker")
        completed = await tab.hears("timer:completed")
        assert completed["at"] == ends_at
        state = await tab.hears("timer:state", action="complete")
        assert (state["v"], state["timer"]["phase"]) == (completed["v"] + 1, "short_break")
        await tab.says("timer:configure", rounds=7)
        await tab.hears("timer:state", action="configure")
        assert [message["type"] for message in tab.heard].count("timer:completed") == 1
        assert recorded(site).count(completed["completion"]) == 1
    await stopped(healthy)


# How it is done -------------------------------------------------------------------------------------------------------


async def commands_through_a_crash(site: Pieces, point: str) -> dict[str, Scene]:
    """Every kind of command at once, to a worker that dies at that point; a healthy one comes after it."""
    await nobody_works(site)
    async with AsyncExitStack() as stack:
        healthy = site.start("worker")
        rooms = {kind: await _set(site, stack, kind) for kind in KINDS}
        doomed = site.start("worker", TOMATO_DEBUG="1", TOMATO_CRASH_AT=point)
        await eventually_async(lambda: site.client().zcard(topics.WORKERS_KEY) == 2)
        befores = {kind: await _now(witness) for kind, (_, witness, _, _) in rooms.items()}
        await changed_places(site, healthy, doomed)
        for actor, witness, _, _ in rooms.values():
            actor.heard.clear()
            witness.heard.clear()
        actors = {kind: await _act(stack, kind, *room) for kind, room in rooms.items()}
        cursor = site.client().get(topics.cursor_key(0)).decode()  # type: ignore[union-attr]
        commands = topics.commands_key(0)
        await eventually_async(lambda: len(site.client().xrange(commands, f"({cursor}")) >= len(KINDS))  # type: ignore[arg-type]
        doomed.send_signal(signal.SIGCONT)
        assert await asyncio.to_thread(doomed.wait, 20) == -signal.SIGKILL
        healthy = site.start("worker")
        scenes = {}
        for kind, (_, witness, code, _) in rooms.items():
            scenes[kind] = await _seen(kind, actors[kind], witness, befores[kind], code)
    await stopped(healthy)
    return scenes


async def nobody_works(site: Pieces) -> None:
    """Whatever an earlier round has left behind."""
    for worker in site.running("worker"):
        worker.kill()
        worker.wait()
    await eventually_async(lambda: not site.owners())
    site.client().delete(topics.WORKERS_KEY)


async def changed_places(site: Pieces, healthy: psutil.Popen, doomed: psutil.Popen) -> None:
    """The healthy worker goes and the doomed one is next, asleep yet. All that was to be said has been heard."""
    doomed.send_signal(signal.SIGSTOP)
    await stopped(healthy)
    site.client().delete(topics.unsaid_key(0))


def recorded(site: Pieces) -> list[str]:
    """The completions in the durable stream."""
    entries: Any = site.client().xrange(topics.completions_key(0))
    return [json.loads(fields[b"completion"])["completion"] for _, fields in entries]


async def stopped(worker: psutil.Popen) -> None:
    worker.terminate()
    await asyncio.to_thread(worker.wait, 10)


async def _set(site: Pieces, stack: AsyncExitStack, kind: str) -> tuple[Tab, Tab, str, Browser]:
    """A room in which the command makes sense."""
    code, ana, jun = await a_room(site), await a_browser(site), await a_browser(site)
    witness = await stack.enter_async_context(jun.tab(f"/ws/room/{code}", within_s=30))
    if kind == "arrival":
        return witness, witness, code, ana
    actor = await stack.enter_async_context(ana.tab(f"/ws/room/{code}"))
    if kind == "tab-closed":
        actor = await stack.enter_async_context(ana.tab(f"/ws/room/{code}"))
    for earlier in {"pause": ["start"], "undo": ["add"]}.get(kind, []):
        await actor.does(f"timer:{earlier}", timer="room", **({"ms": 1000} if earlier == "add" else {}))
    return actor, witness, code, ana


async def _act(stack: AsyncExitStack, kind: str, actor: Tab, witness: Tab, code: str, browser: Browser) -> Tab:
    fields: dict[str, Any] = {"add": {"ms": 60_000}, "configure": {"focus_ms": 600_000}}.get(kind, {})
    match kind:
        case "rename":
            await actor.says("session:rename", name="Renamed", id=kind)
        case "arrival":
            return await stack.enter_async_context(browser.tab(f"/ws/room/{code}"))
        case "tab-closed" | "leaving":
            await actor.socket.close()
        case _:
            await actor.says(f"timer:{kind}", timer="room", id=kind, **fields)
    return actor


async def _seen(kind: str, actor: Tab, witness: Tab, before: Message, code: str) -> Scene:
    """What was heard once a later command has been: nothing that came before it can still be under way."""
    shown = TOLD_AS.get(kind, {"type": "timer:state", "action": kind})
    if not any(shown.items() <= message.items() for message in witness.heard):
        fields = {name: value for name, value in shown.items() if name != "type"}
        await witness.hears(shown["type"], **fields)
    ack = await witness.does("timer:phase", timer="me", phase="long_break")
    if kind in STEERED:
        await actor.hears("timer:state", action="phase")
    after = await _now(witness)
    assert ack["v"] == after["v"]
    return Scene(kind, actor, witness, before, after)


async def _now(tab: Tab) -> Message:
    """Past a snapshot that may have come late, and is of before."""
    await tab.does("timer:pause", timer="me")
    await tab.says("session:sync")
    return await tab.hears("session:joined")


def timer_in(snapshot: Message) -> Message:
    return next(timer for timer in snapshot["timers"] if timer["id"] == "room")
