"""Where the timers' state lives: Redis keys per shard, read as topics and changed in one atomic step.

A commit writes the changed topics and the shard's cursor together, after checking that the writer's lease still stands. It
knows nothing of Pomodoros and never announces.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis

from timers import records, topics
from timers.topic import Topic

BEGINNING = "0-0"


class Verdict(StrEnum):
    """What became of a commit; but for `DONE` nothing was written."""

    DONE = "DONE"
    LOST = "LOST"
    """The lease belongs to somebody else, or to nobody."""
    LATE = "LATE"
    """A command in it has lapsed meanwhile."""
    BUSY = "BUSY"
    """Commands wait in the inbox that should be obeyed first."""


COMMIT = """
local lease, cursor, index, commands = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local token, new_cursor, lapses_at, only_if_idle = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if redis.call('GET', lease) ~= token then return 'LOST' end
if lapses_at ~= '' then
  local time = redis.call('TIME')
  if time[1] * 1000 + math.floor(time[2] / 1000) >= tonumber(lapses_at) then return 'LATE' end
end
if only_if_idle == '1' and #redis.call('XRANGE', commands, '(' .. new_cursor, '+', 'COUNT', 1) > 0 then
  return 'BUSY'
end

local at = 5
local function take() at = at + 1; return ARGV[at - 1] end
for key = 5, #KEYS do
  local name, is_empty, sets, dels = take(), take(), tonumber(take()), tonumber(take())
  for _ = 1, sets do redis.call('HSET', KEYS[key], take(), take()) end
  for _ = 1, dels do redis.call('HDEL', KEYS[key], take()) end
  if is_empty == '1' then
    redis.call('DEL', KEYS[key])
    redis.call('SREM', index, name)
  else
    redis.call('SADD', index, name)
  end
end
if new_cursor ~= '0-0' then
  redis.call('SET', cursor, new_cursor)
  redis.call('XTRIM', commands, 'MINID', '~', new_cursor)
end
return 'DONE'
"""


class Store:
    def __init__(self, redis: Redis, shards: int) -> None:
        self._redis: Any = redis
        self._shards = shards
        self._commit = redis.register_script(COMMIT)

    async def read(self, topic: str) -> Topic:
        """The topic as last committed; a new one when Redis holds nothing of it."""
        key = topics.state_key(topics.shard_of(topic, self._shards), topic)
        return records.read_topic(topic, await self._redis.hgetall(key))

    async def load(self, shard: int) -> tuple[dict[str, Topic], str]:
        """Every topic of the shard by name, and the id of the last command that was obeyed."""
        names = sorted(name.decode() for name in await self._redis.smembers(topics.index_key(shard)))
        cursor = await self._redis.get(topics.cursor_key(shard))
        loaded: dict[str, Topic] = {}
        for start in range(0, len(names), 500):
            some = names[start : start + 500]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for name in some:
                    pipeline.hgetall(topics.state_key(shard, name))
                found = await pipeline.execute()
            loaded |= {name: records.read_topic(name, fields) for name, fields in zip(some, found, strict=True)}
        return loaded, cursor.decode() if cursor else BEGINNING

    async def commit(
        self,
        shard: int,
        token: str,
        cursor: str,
        changes: Iterable[tuple[Topic, Topic]],
        *,
        lapses_at: int | None = None,
        only_if_idle: bool = False,
    ) -> Verdict:
        """Writes topics (before, after) and the cursor, all or nothing.

        `lapses_at` is the instant from which it would be too late for a command among them; with `only_if_idle` nothing is
        written while commands wait behind the cursor.
        """
        keys = [shape(shard) for shape in (topics.lease_key, topics.cursor_key, topics.index_key, topics.commands_key)]
        words: list[str | bytes | int] = [token, cursor, "" if lapses_at is None else lapses_at, int(only_if_idle)]
        for before, after in changes:
            changed, gone = records.difference(before, after)
            keys.append(topics.state_key(shard, after.name))
            words += [after.name, int(after.empty), len(changed), len(gone)]
            for field, text in changed.items():
                words += [field, text]
            words += gone
        verdict = await self._commit(keys=keys, args=words)
        return Verdict(verdict.decode())
