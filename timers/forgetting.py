"""Takes a person out of a topic for good, or a topic out of the world: tabs and streams are closed, and the worker forgets.

Of a person that is who they are there, their own timer, their knocks, and their part in who may control the shared one, and
what is parked of them; of a topic it is everything, but for what is parked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from timers import parking, process
from timers.asking import ask
from timers.broadcast import REPLY
from timers.protocol import CloseCode
from timers.topic import Close, Forget


async def forget(topic: str, member: str, code: CloseCode = CloseCode.NO_IDENTITY) -> None:
    """Returns once it is done. `code` is what their tabs are told. Raises what `asking.ask` raises, and `DatabaseError`; what was
    asked of the worker by then is done when one is back."""
    held = await process.current().store.read(topic)
    if not held.empty:
        person = held.people.get(member)
        await _say_goodbye(person.sockets if person else (), code)
        await ask(topic, Forget(member))
    await parking.forget([(topic, member)])


async def close(topic: str) -> None:
    """Nobody is there any more, and nothing runs. Raises what `asking.ask` raises; what was asked of the worker by then is done
    when one is back."""
    held = await process.current().store.read(topic)
    tabs = (socket for person in held.people.values() for socket in person.sockets)
    await _say_goodbye((*tabs, *held.watchers), CloseCode.NO_SUCH_ROOM)
    if not held.empty:
        await ask(topic, Close())


async def _say_goodbye(channels: Iterable[str], code: CloseCode) -> None:
    layer: Any = process.current().layer
    goodbye = {"type": REPLY, "ref": 0, "close": code}
    await layer.publish_many([layer.addressed(channel, goodbye) for channel in channels])
