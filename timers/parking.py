"""Idle timers to and from the database. Never on the path of a tick or a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from channels.db import database_sync_to_async
from django.db import transaction

from timers import records
from timers.models import ParkedTimer
from timers.timer import Settings, Timer, fresh


@database_sync_to_async
def park(topic: str, timers: Mapping[str, Timer]) -> None:
    """Remembers each timer as it is to come back; what would come back as new is not remembered."""
    kept = {_key(topic, timer_id): back for timer_id, timer in timers.items() if (back := _as_it_comes_back(timer))}
    with transaction.atomic():
        ParkedTimer.objects.filter(key__in=[_key(topic, timer_id) for timer_id in timers]).delete()
        ParkedTimer.objects.bulk_create(
            [ParkedTimer(key=key, state=records.write_timer(timer)) for key, timer in kept.items()]
        )


@database_sync_to_async
def find(topic: str, timer_ids: Iterable[str]) -> dict[str, Timer]:
    """The parked timers among `timer_ids`, as they come back."""
    by_key = {_key(topic, timer_id): timer_id for timer_id in timer_ids}
    rows = ParkedTimer.objects.filter(key__in=by_key)
    return {by_key[row.key]: records.read_timer(row.state) for row in rows}


def _as_it_comes_back(timer: Timer) -> Timer | None:
    if not timer.stopped:
        return timer
    return None if timer.settings == Settings() else fresh(timer.settings)


def _key(topic: str, timer_id: str) -> str:
    return f"{topic}:{timer_id}"
