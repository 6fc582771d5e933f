"""The rooms there are: making one, finding one by its code, noting that one is in use."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.db import DatabaseError, models, transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from rooms import codes
from timers import parking, topics
from tomato.identity import member_for
from tomato.lookup import Lookup
from tomato.recent import Recent

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
    async def make(self, name: str = "", device: str | None = None, passcode: str = "") -> "Room":
        """A new room under a code of its own. `name` is clean and `passcode` hashed already; both may be empty. `device` is who
        makes it."""
        for _ in range(TRIES_FOR_A_FREE_CODE):
            code = codes.new_code()
            fields = {"name": name, "passcode": passcode, "maker": member_for(device, code) if device else ""}
            room, is_new = await self.aget_or_create(code=code, defaults=fields)
            if is_new:
                return room
        raise NoFreeCode(NoFreeCode.__doc__)


class Room(models.Model):
    """A place where people share a timer. Its code is its key to everywhere else; the timer itself is not kept here."""

    code = models.CharField(max_length=codes.LENGTH, unique=True, editable=False)
    name = models.CharField(max_length=MAX_NAME_LENGTH, blank=True)
    passcode = models.CharField(max_length=128, blank=True, editable=False)  # hashed
    maker = models.CharField(max_length=16, blank=True, editable=False, help_text="Who made it, as a member of it.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)

    objects = RoomManager()

    def __str__(self) -> str:
        return f"{self.name} ({self.code})" if self.name else self.code

    def get_absolute_url(self) -> str:
        return reverse("room", args=[self.code])

    @property
    def is_locked(self) -> bool:
        return bool(self.passcode)


async def find_room(code: str) -> Room | None:
    """The room with this code; shared and up to a minute old, so nobody but `touch` may change it. Costs no SQL when lately
    asked."""
    remembered = _recent.recall(code, monotonic())
    if remembered:
        return remembered[0]
    return (await _rooms.find([code])).get(code) if codes.is_code(code) else None


async def touch(code: str) -> bool:
    """Notes that the room is in use, at most once an hour; False when it was removed at this moment.

    That it could not be noted keeps nobody out of the room.
    """
    now = timezone.now()
    try:
        room = await find_room(code)
        if room and room.last_used_at <= now - TOUCHED_AT_MOST_EVERY:
            room.last_used_at = now
            return await note_use(code)
    except DatabaseError:
        log.exception("room.not_touched", room=code)
        return True
    return room is not None


@database_sync_to_async
def note_use(code: str) -> bool:
    """Whether there is such a room, which counts as used now."""
    found = Room.objects.filter(code=code).update(last_used_at=timezone.now())
    if not found:
        _recent.forget(code)
    return bool(found)


def look_again(codes: Collection[str]) -> None:
    """What is remembered of these may hold no more."""
    for code in codes:
        _recent.forget(code)


@database_sync_to_async
def set_passcode(code: str, hashed: str) -> tuple["Room", str]:
    """The room as it is then, and what was kept of its passcode before. Raises `Room.DoesNotExist` where it is no more."""
    with transaction.atomic():
        room = Room.objects.select_for_update().get(code=code)
        before, room.passcode = room.passcode, hashed
        room.save(update_fields=["passcode"])
    return room, before


@database_sync_to_async
def all_codes() -> list[str]:
    return list(Room.objects.values_list("code", flat=True))


@database_sync_to_async
def forget_maker(members: Mapping[str, str]) -> None:
    """From now on nobody has made the rooms of somebody whose name in each, by its code, is one of these."""
    for code, maker in list(Room.objects.filter(code__in=members).exclude(maker="").values_list("code", "maker")):
        if members[code] == maker:
            Room.objects.filter(code=code).update(maker="")
            _recent.forget(code)


@database_sync_to_async
def _look_up(wanted: Collection[str]) -> dict[str, "Room"]:
    as_of = _recent.forgotten
    rooms = {room.code: room for room in Room.objects.filter(code__in=wanted)}
    for code in wanted:
        room = rooms.get(code)
        _recent.keep(code, room, monotonic() + (REMEMBERED_S if room else REMEMBERED_AS_UNKNOWN_S), as_of)
    return rooms


_rooms: Lookup[Room] = Lookup(_look_up)
_recent: Recent[Room | None] = Recent(REMEMBERED_ROOMS)


@receiver(post_delete, sender=Room)
def _forget_parked(instance: Room, **_: Any) -> None:
    """Whoever is given the code next must not find it."""
    parking.forget_topic(topics.room(instance.code))


@receiver([post_save, post_delete], sender=Room)
def _forget(instance: Room, **_: Any) -> None:
    _recent.forget(instance.code)
