"""Who may enter a room with a passcode: who says it, and from then on the browser that was given a grant.

A grant is a signed cookie, good for one device in one room until the passcode is another. Wrong passcodes are limited for
each address and each device, over all web processes.
"""

from __future__ import annotations

import asyncio
import hmac
import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from time import monotonic

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from rooms.models import Room
from timers import process
from tomato.allowances import Allowance, Spent, bucket_of
from tomato.identity import device_of, member_for
from tomato.limits import client_address
from tomato.per_loop import PerLoop
from tomato.recent import Recent

MAX_PASSCODE_LENGTH = 64

GRANT_S = 30 * 24 * 3600
PAGE_COOKIE, SOCKET_COOKIE = "tomato_grant", "tomato_socket_grant"
"""A cookie has one path, and a room has two."""

WRONG_IN_A_ROOM = Allowance(at_once=5, every_ms=30_000)
WRONG_BY_A_DEVICE = Allowance(at_once=10, every_ms=30_000)
WRONG_ANYWHERE = Allowance(at_once=20, every_ms=30_000)

REMEMBERED = 1_000
REMEMBERED_S = 60.0


class TooManyTries(Spent):
    """An address is wrong about passcodes too often."""

    says = _("Too many wrong passcodes came from this address: wait half a minute, then try again.")


# Passcodes ------------------------------------------------------------------------------------------------------------


def clean(passcode: str) -> str:
    """The passcode as it counts, however a keyboard composes its letters; empty where nothing is left of it."""
    return unicodedata.normalize("NFKC", passcode).strip()


async def hashed(passcode: str) -> str:
    """What is kept of a clean passcode."""
    return await asyncio.to_thread(make_password, passcode)


async def knows(request: ASGIRequest, room: Room, passcode: str) -> bool:
    """Whether that is the room's passcode. Only wrong ones use up the allowance.

    Raises `TooManyTries`, and `RedisError` or `OSError` where tries cannot be counted.
    """
    allowances, buckets = process.current().allowances, _buckets(request, room)
    async with _turn():  # a token is out while a try is judged, and a whole team may come at once
        if wait_ms := await allowances.take(buckets):
            raise TooManyTries(wait_ms)
        if not await _is_right(room, clean(passcode)):
            return False
        await allowances.give_back(buckets)
        return True


def _buckets(request: ASGIRequest, room: Room) -> dict[str, Allowance]:
    scope = dict(request.scope)
    address, device = client_address(scope, settings.TOMATO.proxies), device_of(scope)
    buckets = {
        bucket_of(address, "tries"): WRONG_ANYWHERE,
        bucket_of(address, "tries", room.code): WRONG_IN_A_ROOM,
    }
    if device:
        buckets[bucket_of(address, "tries", member_for(device, "tries"))] = WRONG_BY_A_DEVICE
    return buckets


_turn = PerLoop(asyncio.Lock)
"""One try after another in each process: hashing is slow on purpose, and takes one core at most."""


async def _is_right(room: Room, passcode: str) -> bool:
    """A right one is remembered for a minute, as what nobody can read it from: a script may ask every second."""
    said = f"{room.code}:{room.passcode}:{passcode}"
    key = hmac.new(settings.SECRET_KEY.encode(), said.encode(), sha256).hexdigest()
    if _right.recall(key, monotonic()):
        return True
    is_right = await asyncio.to_thread(check_password, passcode, room.passcode)
    if is_right:
        _right.keep(key, True, monotonic() + REMEMBERED_S)
    return is_right


_right: Recent[bool] = Recent(REMEMBERED)


# Grants ---------------------------------------------------------------------------------------------------------------


def may_enter(cookies: Mapping[str, str], device: str, room: Room) -> bool:
    """Whether the room is open, or one of the device's cookies is a grant for it."""
    if not room.is_locked:
        return True
    return any(_is_grant(cookies.get(name, ""), device, room) for name in (PAGE_COOKIE, SOCKET_COOKIE))


def grant(response: HttpResponse, device: str, room: Room) -> None:
    """Sends the device off with a grant for the room's page and for its socket."""
    page = room.get_absolute_url()
    for name, path in ((PAGE_COOKIE, page), (SOCKET_COOKIE, f"/ws{page}")):
        response.set_cookie(
            name,
            _signer(device, room).sign(room.code),
            max_age=GRANT_S,
            path=path,
            httponly=True,
            samesite="Lax",
            secure=settings.TOMATO.https,
        )


def _is_grant(value: str, device: str, room: Room) -> bool:
    try:
        return _signer(device, room).unsign(value, max_age=GRANT_S) == room.code
    except signing.BadSignature:
        return False


def _signer(device: str, room: Room) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"{PAGE_COOKIE}:{device}:{room.passcode}")
