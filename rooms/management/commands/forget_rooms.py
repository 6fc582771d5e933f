"""Removes rooms that nobody uses any more, now."""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from redis.exceptions import RedisError

from rooms.housekeeping import UNUSED_FOR, forget_unused
from timers.store import Store
from tomato.redis import connect


class Command(BaseCommand):
    help = (
        f"Removes the rooms that nobody has used for {UNUSED_FOR.days} days, with their timers. "
        "The web server does so by itself once a day."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            forgotten = async_to_sync(_forget_unused)()
        except (RedisError, OSError) as error:
            raise CommandError(f"Redis must say which rooms are in use, and it does not answer: {error}") from error
        self.stdout.write(f"{forgotten} room{'' if forgotten == 1 else 's'} removed.")


async def _forget_unused() -> int:
    async with connect(settings.TOMATO.redis_url) as redis:
        return await forget_unused(Store(redis, settings.TOMATO.shards))
