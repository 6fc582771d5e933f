"""Another passcode for a room, or none: whoever says who controls its timer says this too, and for a moment may undo it.

Those inside stay. Whoever comes, or comes back, needs the new one, since every grant for the old one is void.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from rooms import changes, entering
from rooms.models import Room, set_passcode
from timers import control, process, topics
from timers.control import TAKE_BACK_MS
from tomato.allowances import Allowance, Spent, bucket_of
from tomato.limits import client_address

PASSCODES = Allowance(at_once=20, every_ms=5_000)
"""Each costs the server a good part of a second."""


class NotYours(Exception):
    """Only the person whose room this is changes its passcode, from within the room."""


class NothingToUndo(Exception):
    """A passcode is taken back within a few seconds only, and by the person who has set it."""


class TooManyPasscodes(Spent):
    """An address sets passcodes faster than it may."""

    says = "Too many passcodes were set from this address just now: wait a minute, then try again."


async def lock(request: ASGIRequest, room: Room, member: str | None, passcode: str) -> Room:
    """The room as it is then. `passcode` is clean, and empty where anybody may enter from now on.

    Raises `NotYours`, `TooManyPasscodes`, `Room.DoesNotExist`, and `RedisError`, `OSError` or `DatabaseError` where it may or may
    not have been done.
    """
    await _check_whose(room, member)
    address = client_address(dict(request.scope), settings.TOMATO.proxies)
    if wait_ms := await process.current().allowances.take({bucket_of(address, "passcodes"): PASSCODES}):
        raise TooManyPasscodes(wait_ms)
    changed, before = await set_passcode(room.code, await entering.hashed(passcode) if passcode else "")
    await process.current().redis.set(_kept(room, member), before, px=TAKE_BACK_MS)
    await changes.tell_locked(room.code, changed.is_locked)
    return changed


async def undo(room: Room, member: str | None) -> Room:
    """The room with the passcode that it had, for which grants are good again. Raises what `lock` does, and `NothingToUndo`."""
    await _check_whose(room, member)
    before: Any = await process.current().redis.getdel(_kept(room, member))
    if before is None:
        raise NothingToUndo(NothingToUndo.__doc__)
    changed, _ = await set_passcode(room.code, before.decode())
    await changes.tell_locked(room.code, changed.is_locked)
    return changed


async def _check_whose(room: Room, member: str | None) -> None:
    topic = await process.current().store.read(topics.room(room.code))
    if member is None or not control.may_configure(topic, member):
        raise NotYours(NotYours.__doc__)


def _kept(room: Room, member: str | None) -> str:
    """Where what was kept of the passcode before stays as long as it may be asked back."""
    return f"tomato:rooms:{room.code}:passcode-before:{member}"
