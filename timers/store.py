"""Where the timers' state lives: Redis keys per shard, read as topics and changed in one atomic step.

A commit writes the changed topics, the shard's cursor, what is to be announced of it and the phases that ended, together,
after checking that the writer's lease still stands. It knows nothing of Pomodoros and never announces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis.asyncio import Redis

from timers import records, topics
from timers.topic import POLICY, Answer, Topic

BEGINNING = "0-0"
READ_AT_ONCE = 500


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
local lease, cursor, index, commands, unsaid, completions = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local token, new_cursor, lapses_at, only_if_idle, to_say = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

if redis.call('GET', lease) ~= token then return 'LOST' end
if lapses_at ~= '' then
  local time = redis.call('TIME')
  if time[1] * 1000 + math.floor(time[2] / 1000) >= tonumber(lapses_at) then return 'LATE' end
end
if only_if_idle == '1' and #redis.call('XRANGE', commands, '(' .. new_cursor, '+', 'COUNT', 1) > 0 then
  return 'BUSY'
end

local at = 6
local function take() at = at + 1; return ARGV[at - 1] end
for _ = 1, tonumber(take()) do redis.call('XADD', completions, 'MAXLEN', '~', 100000, '*', 'completion', take()) end
for key = 7, #KEYS do
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
if to_say == '' then redis.call('DEL', unsaid) else redis.call('SET', unsaid, to_say) end
return 'DONE'
"""


COMMIT_KEYS = (
    topics.lease_key,
    topics.cursor_key,
    topics.index_key,
    topics.commands_key,
    topics.unsaid_key,
    topics.completions_key,
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A shard as last committed: its topics by name, the id of the last command obeyed, what was last to be said, and whether
    commands were dropped since."""

    topics: dict[str, Topic]
    cursor: str
    unsaid: bytes
    overrun: bool

    def topic(self, name: str) -> Topic:
        """A new one where nothing is held of it."""
        return self.topics.get(name, Topic(name))


class Store:
    def __init__(self, redis: Redis, shards: int) -> None:
        self._redis: Any = redis
        self._shards = shards
        self._commit = redis.register_script(COMMIT)

    async def read(self, topic: str) -> Topic:
        """The topic as last committed; a new one when Redis holds nothing of it."""
        key = topics.state_key(topics.shard_of(topic, self._shards), topic)
        return records.read_topic(topic, await self._redis.hgetall(key))

    async def answer(self, topic: str, member: str, id: str) -> Answer | None:
        """What this `id` was answered with, if its command was applied."""
        key = topics.state_key(topics.shard_of(topic, self._shards), topic)
        text = await self._redis.hget(key, records.answer_field(member, id))
        return records.read_answer(text) if text else None

    async def unsaid(self, topic: str) -> bytes:
        """What the last commit in the topic's shard had to announce."""
        return await self._redis.get(topics.unsaid_key(topics.shard_of(topic, self._shards))) or b""

    async def holds(self, topic: str) -> bool:
        """Whether anything of the topic is live."""
        return bool(await self._redis.exists(topics.state_key(topics.shard_of(topic, self._shards), topic)))

    async def rooms_of(self, member_in: Callable[[str], str]) -> list[str]:
        """The topics of rooms that know a person, or name one in their policy, who in each goes by the name that `member_in` says."""
        found: list[str] = []
        for shard in range(self._shards):
            names = [name.decode() for name in await self._redis.smembers(topics.index_key(shard))]
            rooms = sorted(filter(topics.is_room, names))
            for start in range(0, len(rooms), READ_AT_ONCE):
                found += await self._knowing(shard, rooms[start : start + READ_AT_ONCE], member_in)
        return found

    async def _knowing(self, shard: int, rooms: list[str], member_in: Callable[[str], str]) -> list[str]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for room in rooms:
                member = member_in(room)
                fields = (records.person_field(member), records.timer_field(member), POLICY)
                pipeline.hmget(topics.state_key(shard, room), fields)
            held = await pipeline.execute()
        return [
            room
            for room, (person, timer, policy) in zip(rooms, held, strict=True)
            if person or timer or member_in(room).encode() in (policy or b"")
        ]

    async def load(self, shard: int) -> Loaded:
        """Everything of the shard, for its new owner."""
        names = sorted(name.decode() for name in await self._redis.smembers(topics.index_key(shard)))
        facts = (topics.cursor_key(shard), topics.unsaid_key(shard), topics.overrun_key(shard))
        cursor, unsaid, overrun = await self._redis.mget(facts)
        loaded: dict[str, Topic] = {}
        for start in range(0, len(names), READ_AT_ONCE):
            some = names[start : start + READ_AT_ONCE]
            async with self._redis.pipeline(transaction=False) as pipeline:
                for name in some:
                    pipeline.hgetall(topics.state_key(shard, name))
                found = await pipeline.execute()
            loaded |= {name: records.read_topic(name, fields) for name, fields in zip(some, found, strict=True)}
        return Loaded(loaded, cursor.decode() if cursor else BEGINNING, unsaid or b"", overrun is not None)

    async def forget_overrun(self, shard: int) -> None:
        await self._redis.delete(topics.overrun_key(shard))

    async def commit(
        self,
        shard: int,
        token: str,
        cursor: str,
        changes: Iterable[tuple[Topic, Topic]],
        *,
        to_say: bytes = b"",
        completions: Sequence[bytes] = (),
        lapses_at: int | None = None,
        only_if_idle: bool = False,
    ) -> Verdict:
        """Writes topics (before, after) and the cursor, all or nothing.

        `to_say` is kept until the next commit, for a new owner, who cannot know whether it was announced.
        `lapses_at` is the instant from which it would be too late for a command among them; with `only_if_idle` nothing is
        written while commands wait behind the cursor.
        """
        keys = [key(shard) for key in COMMIT_KEYS]
        words: list[str | bytes | int] = [
            token,
            cursor,
            "" if lapses_at is None else lapses_at,
            int(only_if_idle),
            to_say,
        ]
        words += [len(completions), *completions]
        for before, after in changes:
            changed, gone = records.difference(before, after)
            keys.append(topics.state_key(shard, after.name))
            words += [after.name, int(after.empty), len(changed), len(gone)]
            for field, text in changed.items():
                words += [field, text]
            words += gone
        verdict = await self._commit(keys=keys, args=words)
        return Verdict(verdict.decode())
