"""What scripts ask of a timer: each command is posted, and either a worker obeys it within two seconds or nobody ever does.

Nearly always it is known which: only the answer of a worker that obeyed at the last moment may come too late, or be lost.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import orjson
from redis.exceptions import RedisError

from timers import asking, process
from timers.broadcast import kept_reply
from timers.topic import Steer
from tomato.redis import was_not_sent

WITHIN_MS = 2_000
PATIENCE_MS = 1_900
"""Until when a worker may obey. What it then answers has the rest of the two seconds to come back."""
LAST_LOOK_S = 0.5


class NotObeyed(Exception):
    """No timer worker answered within two seconds; if none has obeyed by now, none will. Look at the timer, then try again."""


class Forbidden(Exception):
    """The room's rules do not allow it; the message says why."""


async def steer(topic: str, asked: Steer, maker: str | None) -> str:
    """Has a worker obey `asked`, and returns the timer after it with its version, as JSON. `maker` is who made the room.

    Raises `NotObeyed`, `Forbidden`, and `RedisError`, `OSError` or `DatabaseError` where it surely was not sent.
    """
    here, desk = process.current(), await asking.open_desk()
    entry: str | None = None
    with desk.awaiting() as (ref, answer):
        note = {"reply_to": desk.address, "ref": ref, "patience_ms": PATIENCE_MS, "given_at": here.clock.now()}
        try:
            async with asyncio.timeout(WITHIN_MS / 1000):
                entry = await _post(topic, asked, maker, note)
                return _read(await answer)
        except TimeoutError:
            if reply := await _unsaid_reply(topic, desk.address, ref):
                return _read(reply)
            here.figures.count_command(asked, "unavailable")
            raise NotObeyed(NotObeyed.__doc__) from None
        finally:
            if entry is not None and answer.cancelled():
                here.run(_withdraw(topic, entry))


async def _post(topic: str, asked: Steer, maker: str | None, note: dict[str, Any]) -> str | None:
    """The entry's id, None when it is unknown whether Redis has received it: then it may yet be obeyed."""
    try:
        return await process.current().post_awake(topic, asked, maker, **note)
    except (RedisError, OSError) as error:
        if was_not_sent(error):
            raise
        return None


async def _unsaid_reply(topic: str, address: str, ref: int) -> dict[str, Any] | None:
    """A worker that died may have obeyed before: then what it had to say is kept for the one that comes after it."""
    here = process.current()
    with suppress(RedisError, OSError):
        async with asyncio.timeout(LAST_LOOK_S):
            return kept_reply(here.layer, await here.store.unsaid(topic), address, ref)
    return None


async def _withdraw(topic: str, entry: str) -> None:
    try:
        await process.current().inbox.withdraw(topic, entry)
    except (RedisError, OSError):
        return  # it has lapsed all the same


def _read(reply: dict[str, Any]) -> str:
    if reply["ack"] is not None:
        raise Forbidden(orjson.loads(reply["ack"])["message"])
    result: str = reply["result"]
    return result
