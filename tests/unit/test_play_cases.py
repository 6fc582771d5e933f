"""What a browser makes of its timer without the server is what the server would: both are held to the same cases.

`python -m tests.unit.test_play_cases` writes them anew, after a rule of the timer has changed.
"""

import json
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from timers import protocol, topics
from timers import timer as clock
from timers.timer import (
    Add,
    Configure,
    History,
    Pause,
    Phase,
    Redo,
    Reset,
    Resume,
    SetPhase,
    Settings,
    Skip,
    Start,
    Undo,
)
from timers.topic import Held, Topic

FILE = Path(__file__).parent.parent / "javascript" / "play-cases.json"
CASES = 80


def test_the_cases_are_what_the_timer_does() -> None:
    assert json.loads(FILE.read_text()) == cases(), "A rule has changed: `python -m tests.unit.test_play_cases`."


def cases() -> list[dict[str, Any]]:
    random = Random(25)
    return [_case(random) for _ in range(CASES)]


def _case(random: Random) -> dict[str, Any]:
    """A timer, what is done to it offline, and how it stands some time later."""
    settings = Settings(
        focus_ms=random.choice([60_000, 90_000]),
        short_break_ms=20_000,
        long_break_ms=45_000,
        rounds=random.choice([1, 2, 4]),
        auto_start_breaks=random.random() < 0.7,
        auto_start_focus=random.random() < 0.4,
    )
    begun = replace(clock.fresh(settings), round=random.randint(1, 3))
    history = History(begun)
    now = 1_000_000
    for _ in range(random.randint(0, 2)):
        history, now, _ = _act(random, history, now)
    history = History(_until(history, now)[0].timer)
    case: dict[str, Any] = {"timer": _on_the_wire(history, now), "deeds": []}
    ends: list[int] = []
    for _ in range(random.randint(0, 7)):
        history, now, deed = _act(random, history, now, ends)
        case["deeds"].append(deed)
    now += random.choice([0, 10_000, 100_000])
    history, more = _until(history, now)
    return {**case, "now": now, "then": _on_the_wire(history, now), "ends": ends + more}


def _act(
    random: Random, history: History, now: int, ends: list[int] | None = None
) -> tuple[History, int, dict[str, Any]]:
    message, command = random.choice(COMMANDS)
    at = now + random.choice([0, 1, 5_000, 20_000, 60_000])
    history, more = _until(history, at)
    if ends is not None:
        ends += more
    return clock.obey(history, command, at, "ana")[0], at, {"message": message, "about": {"at": at}}


def _until(history: History, now: int) -> tuple[History, list[int]]:
    ends = []
    while (ends_at := history.timer.ends_at) is not None and ends_at <= now:
        ends.append(ends_at)
        history = clock.complete(history)
    return history, ends


def _on_the_wire(history: History, now: int) -> dict[str, Any]:
    topic = Topic(topics.SOLO, timers={topics.SOLO: Held(history, 0, now)})
    return json.loads(protocol.encode(protocol.snapshot(topic, None, now)))["timers"][0]


COMMANDS: list[tuple[dict[str, Any], clock.Command]] = [
    *[({"type": "timer:start"}, Start())] * 4,
    *[({"type": "timer:pause"}, Pause())] * 3,
    ({"type": "timer:resume"}, Resume()),
    ({"type": "timer:reset"}, Reset()),
    ({"type": "timer:skip"}, Skip()),
    ({"type": "timer:undo"}, Undo()),
    ({"type": "timer:undo"}, Undo()),
    ({"type": "timer:redo"}, Redo()),
    ({"type": "timer:add", "ms": 60_000}, Add(60_000)),
    ({"type": "timer:add", "ms": -300_000}, Add(-300_000)),
    ({"type": "timer:phase", "phase": "long_break"}, SetPhase(Phase.LONG_BREAK)),
    ({"type": "timer:phase", "phase": "focus"}, SetPhase(Phase.FOCUS)),
    ({"type": "timer:configure", "focus_ms": 30_000}, Configure({"focus_ms": 30_000})),
]

if __name__ == "__main__":
    FILE.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]\n")
