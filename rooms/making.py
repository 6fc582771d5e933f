"""Making a room: anybody may, but one address only so fast, and one browser a little slower."""

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.utils.translation import gettext_lazy as _

from rooms import entering
from rooms.models import Room
from timers import process
from tomato.allowances import Allowance, Spent, bucket_of
from tomato.identity import member_for
from tomato.limits import client_address

ROOMS = Allowance(at_once=500, every_ms=200)
ROOMS_OF_A_DEVICE = Allowance(at_once=100, every_ms=5_000)
LOCKED_ROOMS = Allowance(at_once=50, every_ms=2_000)
"""A passcode costs the server a good part of a second."""


class TooManyRooms(Spent):
    """An address makes rooms faster than it may."""

    says = _("Too many rooms were made from this address just now: wait a minute, then try again.")


async def make_room(request: ASGIRequest, name: str, device: str | None = None, passcode: str = "") -> Room:
    """A new room, that of `device` if a browser makes it; without a passcode anybody enters.

    Raises `TooManyRooms`, and `RedisError` or `OSError` when Redis is away.
    """
    address = client_address(dict(request.scope), settings.TOMATO.proxies)
    buckets = {bucket_of(address, "rooms"): ROOMS}
    if device:
        buckets[bucket_of(address, "rooms", member_for(device, "rooms"))] = ROOMS_OF_A_DEVICE
    if passcode:
        buckets[bucket_of(address, "rooms", "locked")] = LOCKED_ROOMS
    if wait_ms := await process.current().allowances.take(buckets):
        raise TooManyRooms(wait_ms)
    return await Room.objects.make(name, device, await entering.hashed(passcode) if passcode else "")
