"""Where a socket belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where a socket belongs: whose it is, its topic, who it is there, the id of its own timer, the room as a client sees it,
    and who made that."""

    device: str
    topic: str
    member: str
    own_timer: str
    room: dict[str, Any] | None
    maker: str | None = None
