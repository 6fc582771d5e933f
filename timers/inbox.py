"""The command stream of each shard: web processes post, the shard's owner reads in order.

An entry's id is the instant it was received, on Redis' clock. Knows nothing of what a command means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from redis.asyncio import Redis

from timers import records, topics
from timers.topic import POLICY, Arrive, Command, Recall

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
-- Receives a command unless the topic may have forgotten something that the database still knows: then it returns what there
-- is of the topic. Who has looked into the database since comes with that, and is let in unless some of it was put by meanwhile.
local state = KEYS[3]
local topic, command, note, own, person, shared, policy, has_looked = unpack(ARGV)

local function known(field) return redis.call('HEXISTS', state, field) == 1 end
local function is_watched()
  local head = redis.call('HGET', state, '{records.HEAD}') or ''
  return string.find(head, '{records.WATCHED}', 1, true)
end
local function is_awake() return (known(own) or known(person)) and (known(shared) or shared == own or is_watched()) end
local function is_still_there()
  for at = 9, #ARGV do if not known(ARGV[at]) then return false end end
  return true
end
local function is_let_in() if has_looked == '1' then return is_still_there() else return is_awake() end end

if is_let_in() then return receive(KEYS[1], KEYS[2], topic, command, note) end
local there = {{}}
for _, field in ipairs({{own, shared, policy}}) do if known(field) then table.insert(there, field) end end
return there
"""


Looked = tuple[str, ...]
"""What there was of a topic when the database was asked for the rest."""


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
        note = _note(reply_to, ref, patience_ms, given_at)
        id = await self._post(keys=self._keys(topic), args=[topic, records.write_command(command), note])
        return id.decode()

    async def knock(
        self, topic: str, arrival: Arrive, own_timer: str, looked: Looked | None = None, *, reply_to: str, ref: int
    ) -> Looked | None:
        """Posts `arrival` if the topic is awake. If it is not, look into the database, where a timer may be parked, and knock
        again with what this returned, until it is None."""
        shared = records.timer_field(topics.shared_timer(topic))
        known = [records.timer_field(own_timer), records.person_field(arrival.member), shared]
        return _looked(await self._post_if_known(topic, arrival, known, _note(reply_to, ref), looked))

    async def recall(self, topic: str, recall: Recall, looked: Looked) -> Looked | None:
        """Posts what the database has of the shared timer, as `knock` does an arrival."""
        return _looked(await self._post_if_known(topic, recall, _shared_alone(topic), _note(None, 0), looked))

    async def post_if_awake(
        self,
        topic: str,
        command: Command,
        *,
        reply_to: str,
        ref: int,
        patience_ms: int | None = None,
        given_at: int | None = None,
    ) -> str | Looked:
        """The same for a command that is about the shared timer alone; with what is missing the database is asked, and then it is
        recalled. Returns the entry's id where it was posted."""
        note = _note(reply_to, ref, patience_ms, given_at)
        return await self._post_if_known(topic, command, _shared_alone(topic), note)

    async def _post_if_known(
        self, topic: str, command: Command, known: list[str], note: bytes, looked: Looked | None = None
    ) -> str | Looked:
        state = topics.state_key(self._shard(topic), topic)
        words: list[str | bytes | int] = [topic, records.write_command(command), note, *known, POLICY]
        words += [int(looked is not None), *(looked or ())]
        answer = await self._knock(keys=[*self._keys(topic), state], args=words)
        return (
            answer.decode() if isinstance(answer, bytes) else tuple(dict.fromkeys(field.decode() for field in answer))
        )

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


def _shared_alone(topic: str) -> list[str]:
    shared = records.timer_field(topics.shared_timer(topic))
    return [shared, records.person_field(""), shared]


def _looked(answer: str | Looked) -> Looked | None:
    return None if isinstance(answer, str) else answer


def _note(reply_to: str | None, ref: int, patience_ms: int | None = None, given_at: int | None = None) -> bytes:
    return records.write({"reply_to": reply_to, "ref": ref, "patience_ms": patience_ms, "given_at": given_at})


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
