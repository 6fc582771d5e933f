"""The command stream of each shard: web processes post, the shard's owner reads in order.

An entry's id is the instant it was received, on Redis' clock. Knows nothing of what a command means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import Redis

from timers import records, topics
from timers.topic import Arrive, Command

log = structlog.get_logger(__name__)

PATIENCE_MS = 10_000
"""How long a command from a socket may wait for a worker."""
READ_AT_ONCE = 500

MOST_WAITING = 20_000
"""How many commands a shard may hold while no worker lives. Beyond it the older half is dropped, and the next owner asks
every web process who is there."""

RECEIVE = """
local function receive(commands, overrun, topic, command, note)
  local id = redis.call('XADD', commands, '*', 'topic', topic, 'command', command, 'note', note)
  if redis.call('XLEN', commands) > MOST_WAITING then
    redis.call('XTRIM', commands, 'MAXLEN', MOST_WAITING / 2)
    redis.call('SET', overrun, 1)
  end
  return id
end
""".replace("MOST_WAITING", str(MOST_WAITING))

POST = f"""{RECEIVE}
return receive(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
"""

KNOCK = f"""{RECEIVE}
-- Receives an arrival unless the topic may have forgotten a timer that the database still knows.
local state = KEYS[3]
local topic, command, note, own, person, shared = unpack(ARGV)

local function known(field) return redis.call('HEXISTS', state, field) == 1 end
local function is_watched() return string.find(redis.call('HGET', state, 'topic') or '', '"quiet_since":null', 1, true) end

if not (known(own) or known(person)) then return 0 end
if not (known(shared) or shared == own or is_watched()) then return 0 end
receive(KEYS[1], KEYS[2], topic, command, note)
return 1
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A command as received at `at`, None where it could not be read. `reply_to` and `ref` say where its answer goes,
    `lapses_at` from when it is too late."""

    cursor: str
    at: int
    topic: str
    command: Command | None
    reply_to: str | None
    ref: int
    lapses_at: int | None

    def is_after(self, cursor: str) -> bool:
        return _place(self.cursor) > _place(cursor)


class Inbox:
    def __init__(self, redis: Redis, shards: int) -> None:
        self._redis: Any = redis
        self._shards = shards
        self._post = redis.register_script(POST)
        self._knock = redis.register_script(KNOCK)

    async def post(
        self,
        topic: str,
        command: Command,
        *,
        reply_to: str | None = None,
        ref: int = 0,
        patience_ms: int | None = None,
        given_at: int | None = None,
    ) -> str:
        """Returns the entry's id. Raises `RedisError` or `OSError` when Redis is away; the command may or may not have been
        received then. `patience_ms` counts from the receipt, or from `given_at` where Redis may receive it later."""
        note = records.write({"reply_to": reply_to, "ref": ref, "patience_ms": patience_ms, "given_at": given_at})
        id = await self._post(keys=self._keys(topic), args=[topic, records.write_command(command), note])
        return id.decode()

    async def knock(self, topic: str, arrival: Arrive, own_timer: str, *, reply_to: str, ref: int) -> bool:
        """Posts `arrival` if the topic is awake. If False, look into the database first: a timer may be parked there."""
        state = topics.state_key(self._shard(topic), topic)
        known = [f"timer:{own_timer}", f"person:{arrival.member}", f"timer:{topics.shared_timer(topic)}"]
        note = records.write({"reply_to": reply_to, "ref": ref})
        words: list[str | bytes] = [topic, records.write_command(arrival), note, *known]
        return bool(await self._knock(keys=[*self._keys(topic), state], args=words))

    async def withdraw(self, topic: str, id: str) -> None:
        """Takes out a command that has lapsed, so that none pile up while no worker lives."""
        await self._redis.xdel(topics.commands_key(self._shard(topic)), id)

    async def read(self, shard: int, after: str) -> list[Entry]:
        """The next commands of the shard that are there, at most `READ_AT_ONCE`."""
        return await self._read(shard, after, None)

    async def wait(self, shard: int, after: str, longest_ms: int) -> list[Entry]:
        """The next commands of the shard as soon as there are any; none after `longest_ms`."""
        return await self._read(shard, after, longest_ms)

    async def _read(self, shard: int, after: str, block_ms: int | None) -> list[Entry]:
        found: Any = await self._redis.xread({topics.commands_key(shard): after}, READ_AT_ONCE, block_ms)
        streams = found.items() if isinstance(found, dict) else found
        return [_entry(id, fields) for _, entries in streams for id, fields in entries]

    def _keys(self, topic: str) -> list[str]:
        shard = self._shard(topic)
        return [topics.commands_key(shard), topics.overrun_key(shard)]

    def _shard(self, topic: str) -> int:
        return topics.shard_of(topic, self._shards)


def _place(cursor: str) -> tuple[int, int]:
    milliseconds, _, number = cursor.partition("-")
    return int(milliseconds), int(number)


def _entry(id: bytes, fields: dict[bytes, bytes]) -> Entry:
    cursor = id.decode()
    at = int(cursor.partition("-")[0])
    try:
        note = records.read(fields[b"note"])
        topic, command = fields[b"topic"].decode(), records.read_command(fields[b"command"])
        lapses_at = _lapses_at(at, note)
    except (AttributeError, KeyError, TypeError, ValueError):
        log.exception("inbox.unreadable", cursor=cursor)
        return Entry(cursor, at, "", None, None, 0, None)
    return Entry(cursor, at, topic, command, note.get("reply_to"), note.get("ref", 0), lapses_at)


def _lapses_at(at: int, note: dict[str, Any]) -> int | None:
    patience_ms, given_at = note.get("patience_ms"), note.get("given_at")
    return None if patience_ms is None else (at if given_at is None else given_at) + patience_ms
