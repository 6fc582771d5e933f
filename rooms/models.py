"""The rooms there are: making one, finding one by its code, noting that one is in use."""

from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError, models
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from rooms import codes
from rooms.recent import Recent

log = structlog.get_logger(__name__)

MAX_NAME_LENGTH = 40
TRIES_FOR_A_FREE_CODE = 10
TOUCHED_AT_MOST_EVERY = timedelta(hours=1)

REMEMBERED_ROOMS = 10_000
REMEMBERED_S = 60.0
REMEMBERED_AS_UNKNOWN_S = 1.0


class NoFreeCode(Exception):
    """Every code that was tried belongs to a room already: there are far too many rooms, or the source of chance is broken."""


class RoomManager(models.Manager["Room"]):
    async def make(self, name: str = "") -> "Room":
        """A new room under a code of its own. `name` is clean already; it may be empty."""
        for _ in range(TRIES_FOR_A_FREE_CODE):
            room, is_new = await self.aget_or_create(code=codes.new_code(), defaults={"name": name})
            if is_new:
                return room
        raise NoFreeCode(NoFreeCode.__doc__)


class Room(models.Model):
    """A place where people share a timer. Its code is its key to everywhere else; the timer itself is not kept here."""

    code = models.CharField(max_length=codes.LENGTH, unique=True, editable=False)
    name = models.CharField(max_length=MAX_NAME_LENGTH, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    objects = RoomManager()

    def __str__(self) -> str:
        return f"{self.name} ({self.code})" if self.name else self.code

    def get_absolute_url(self) -> str:
        return reverse("room", args=[self.code])


async def find_room(code: str) -> Room | None:
    """The room with this code; shared and up to a minute old, so to be read only. Costs no SQL when lately asked."""
    remembered = _recent.recall(code, monotonic())
    if remembered:
        return remembered[0]
    return await _look_up(code) if codes.is_code(code) else None


async def touch(code: str) -> None:
    """Notes that the room is in use, at most once an hour. That it could not be noted keeps nobody out of the room."""
    now = timezone.now()
    long_ago = now - TOUCHED_AT_MOST_EVERY
    try:
        room = await find_room(code)
        if room and room.last_used_at <= long_ago:
            room.last_used_at = now
            await database_sync_to_async(Room.objects.filter(code=code, last_used_at__lte=long_ago).update)(
                last_used_at=now
            )
    except DatabaseError:
        log.exception("room.not_touched", room=code)


@database_sync_to_async
def _look_up(code: str) -> Room | None:
    # A whole room may reconnect at once. Lookups wait for each other here, and the first one's answer serves all.
    remembered = _recent.recall(code, monotonic())
    if remembered:
        return remembered[0]
    room = Room.objects.filter(code=code).first()
    _recent.keep(code, room, monotonic() + (REMEMBERED_S if room else REMEMBERED_AS_UNKNOWN_S))
    return room


_recent: Recent[Room | None] = Recent(REMEMBERED_ROOMS)


@receiver([post_save, post_delete], sender=Room)
def _forget(instance: Room, **_: Any) -> None:
    _recent.forget(instance.code)
