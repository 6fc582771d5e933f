"""The event stream of a room: who may read it. What is read is `timers.streams`."""

from __future__ import annotations

import re
from functools import partial

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from rooms.api import NO_SUCH_ROOM, api, entered
from rooms.models import Room, find_room, touch
from timers import arrivals, snapshots, streams, topics
from timers.snapshots import Snapshot
from timers.streams import RESUMED_WITHIN_S, Opening
from timers.views import PageRequest
from tomato.allowances import Spent
from tomato.limits import client_address
from tomato.refusals import Refused

METHODS = "GET, HEAD"
TOO_MANY = "Too many streams and sockets are open from your address: close one, then try again."


@csrf_exempt  # whatever is posted here is refused, in JSON
async def read_room(request: PageRequest, code: str) -> HttpResponse:
    try:
        return streams.opened(request, await _admit(request, code))
    except (Refused, Spent, DatabaseError, RedisError, OSError) as error:
        response = api.on_exception(request, error)
        if response.status_code == 405:
            response["Allow"] = METHODS
        return response


async def _admit(request: PageRequest, code: str) -> Opening:
    if request.method not in METHODS.split(", "):
        raise Refused(405)
    address = client_address(dict(request.scope), settings.TOMATO.proxies)
    await arrivals.count(address)
    room = await entered(request, code, request.device)
    if not await touch(room.code):
        raise Refused(404, NO_SUCH_ROOM)
    if not streams.take_place(request.scope, address):
        raise Refused(429, TOO_MANY)
    return Opening(
        topic=topics.room(room.code),
        maker=room.maker or None,
        look=partial(_look, room),
        address=address,
        seen=_seen(request),
        resumed_within_s=min(RESUMED_WITHIN_S, settings.TOMATO.idle_ttl_s),
    )


async def _look(room: Room) -> Snapshot:
    """Who reads on may do so when the room has another passcode, or none."""
    room = await find_room(room.code) or room
    maker = room.maker or None
    return await snapshots.room(room.code, room.name, locked=room.is_locked, maker=maker, strict=True)


def _seen(request: PageRequest) -> int | None:
    last = request.headers.get("Last-Event-ID", "")
    return int(last) if re.fullmatch("[0-9]{1,18}", last) else None
