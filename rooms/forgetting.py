"""Forgetting a browser: everything that the server keeps of it, its own timer and what there is of it in rooms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from rooms.models import all_codes, forget_maker
from timers import forgetting, parking, process, topics
from timers.views import PageRequest
from tomato.allowances import Allowance, Spent, bucket_of
from tomato.identity import member_for
from tomato.limits import client_address

TIMES = Allowance(at_once=20, every_ms=10_000)
"""Looking for somebody in all rooms costs more than other pages."""
ROOMS_AT_ONCE = 500
"""Others have their turn between, for there may be very many rooms."""


class AskedTooOften(Spent):
    """An address wants too many people forgotten."""

    says = _("This was asked for too often from this address: wait a minute, then try again.")


async def forget(request: PageRequest, device: str) -> None:
    """Raises `AskedTooOften`; and what `timers.forgetting.forget` raises, when not everything could be removed."""
    if request.is_newcomer:
        return  # a browser that was never here before is known nowhere
    address = client_address(dict(request.scope), settings.TOMATO.proxies)
    if wait_ms := await process.current().allowances.take({bucket_of(address, "forget"): TIMES}):
        raise AskedTooOften(wait_ms)

    @cache
    def member_in(topic: str) -> str:
        return member_for(device, topics.place_of(topic))

    for topic in [topics.solo(device), *await process.current().store.rooms_of(member_in)]:
        await forgetting.forget(topic, member_in(topic))
    codes = await all_codes()
    for start in range(0, len(codes), ROOMS_AT_ONCE):
        await _forget_kept({code: member_for(device, code) for code in codes[start : start + ROOMS_AT_ONCE]})


async def _forget_kept(members: Mapping[str, str]) -> None:
    """What the database has of somebody in some rooms, by whose codes these are their names there."""
    await parking.forget([(topics.room(code), member) for code, member in members.items()])
    await forget_maker(members)
