"""Names: topics, their shards, and the places in Redis and on the channel layer that belong to them.

A topic is the unit of broadcast, of versioning and of ownership: `solo.<device>` or `room.<CODE>`. Everything of a shard
carries the shard as a hash tag, so that it lives on one node of a Redis Cluster.
"""

from __future__ import annotations

from zlib import crc32

SOLO = "solo"
ROOM = "room"


def solo(device: str) -> str:
    return f"{SOLO}.{device}"


def room(code: str) -> str:
    return f"{ROOM}.{code}"


def is_room(topic: str) -> bool:
    return topic.startswith(f"{ROOM}.")


def device_of(topic: str) -> str:
    """Whose timer it is, where it is one person's own."""
    return topic.removeprefix(f"{SOLO}.")


def kind_of(topic: str) -> str:
    return ROOM if is_room(topic) else SOLO


def shared_timer(topic: str) -> str:
    """The id of the timer that belongs to the topic itself, not to one of its people."""
    return ROOM if is_room(topic) else SOLO


def own_timer(topic: str, member: str) -> str:
    """The id of a person's own timer there."""
    return member if is_room(topic) else SOLO


def place_of(topic: str) -> str:
    """What a person's pseudonym in the topic is made for: the room's code, or "solo"."""
    return topic.removeprefix(f"{ROOM}.") if is_room(topic) else SOLO


def shard_of(topic: str, shards: int) -> int:
    return crc32(topic.encode()) % shards


def state_key(shard: int, topic: str) -> str:
    return f"{_shard(shard)}:topic:{topic}"


def index_key(shard: int) -> str:
    """The set of the topics that the shard holds."""
    return f"{_shard(shard)}:topics"


def commands_key(shard: int) -> str:
    return f"{_shard(shard)}:commands"


def cursor_key(shard: int) -> str:
    return f"{_shard(shard)}:cursor"


def lease_key(shard: int) -> str:
    return f"{_shard(shard)}:lease"


def unsaid_key(shard: int) -> str:
    """What the last commit had to announce, for an owner who does not know whether it was."""
    return f"{_shard(shard)}:unsaid"


def overrun_key(shard: int) -> str:
    """Set when commands were dropped because too many waited."""
    return f"{_shard(shard)}:overrun"


def completions_key(shard: int) -> str:
    """The durable stream of finished phases, for whoever records history."""
    return f"{_shard(shard)}:completions"


PROCESSES = "processes"
"""The group of all web processes."""

WORKERS = "workers"
"""The group of all timer workers."""

REPORTERS = "reporters"
"""The group of both, as far as they report what they have counted."""

WORKERS_KEY = "tomato:workers"
SHARDS_KEY = "tomato:shards"


def process_key(process: str) -> str:
    """Lives while a web process vouches for its sockets."""
    return f"tomato:process:{process}"


REPORTS_KEY = "tomato:{reports}"
"""The processes that have lately told what they have counted, by when."""


def report_key(process: str) -> str:
    return f"{REPORTS_KEY}:{process}"


def _shard(shard: int) -> str:
    return f"tomato:{{s{shard}}}"
