"""Making a room: anybody may, but one address only so fast. Each web process counts for itself."""

from time import monotonic

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from rooms.models import Room
from rooms.recent import Recent
from tomato.limits import TokenBucket, client_address

ROOMS_PER_S = 5
ROOMS_AT_ONCE = 500
ADDRESSES_REMEMBERED = 10_000


class TooManyRooms(Exception):
    """Too many rooms were made from this address just now: wait a minute, then try again."""

    def __str__(self) -> str:
        return str(self.__doc__)


async def make_room(request: ASGIRequest, name: str) -> Room:
    """A new room. Raises `TooManyRooms`."""
    if not _bucket(client_address(dict(request.scope), settings.TOMATO.proxies)).take(monotonic()):
        raise TooManyRooms
    return await Room.objects.make(name)


def _bucket(address: str) -> TokenBucket:
    now = monotonic()
    remembered = _buckets.recall(address, now)
    bucket = remembered[0] if remembered else TokenBucket(ROOMS_PER_S, ROOMS_AT_ONCE)
    _buckets.keep(address, bucket, until_s=now + ROOMS_AT_ONCE / ROOMS_PER_S)  # by then it would be full again
    return bucket


_buckets: Recent[TokenBucket] = Recent(ADDRESSES_REMEMBERED)
