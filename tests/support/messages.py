"""Messages of clients: the types there are, the least of each, and what becomes of one."""

import json
from typing import Any

from timers import timer
from timers.protocol import Junk, Message, TimerMessage, parse

PLAIN = {
    "timer:pause": timer.Pause(),
    "timer:resume": timer.Resume(),
    "timer:reset": timer.Reset(),
    "timer:skip": timer.Skip(),
    "timer:undo": timer.Undo(),
    "timer:redo": timer.Redo(),
}
ROOM_ONLY = ["session:knock", "room:configure", "room:hand-over", "room:take-back"]
TYPES = [
    *PLAIN,
    "timer:start",
    "timer:add",
    "timer:phase",
    "timer:configure",
    "session:rename",
    "session:away",
    "session:sync",
    "ping",
    *ROOM_ONLY,
]
LEAST: dict[str, dict[str, Any]] = {
    **{type: {"type": type, "timer": "me"} for type in (*PLAIN, "timer:start", "timer:configure")},
    "timer:add": {"type": "timer:add", "timer": "me", "ms": 1},
    "timer:phase": {"type": "timer:phase", "timer": "me", "phase": "focus"},
    "session:rename": {"type": "session:rename", "name": "Ana"},
    "session:away": {"type": "session:away", "away": True},
    "session:knock": {"type": "session:knock", "member": "0123456789abcdef"},
    "room:configure": {"type": "room:configure"},
    "room:hand-over": {"type": "room:hand-over", "member": "0123456789abcdef"},
    "room:take-back": {"type": "room:take-back"},
    "session:sync": {"type": "session:sync"},
    "ping": {"type": "ping", "t": 1},
}
"""The least that is right, of each type."""


def said(room: Any = True, **fields: Any) -> Message | Junk:
    return parse(json.dumps(fields), room=room)


def command(room: Any = True, **fields: Any) -> timer.Command:
    message = said(room, **fields)
    assert isinstance(message, TimerMessage), message
    return message.command()


def refusal(room: Any = True, **fields: Any) -> str:
    junk = said(room, **fields)
    assert isinstance(junk, Junk), junk
    return junk.code
