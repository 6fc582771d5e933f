"""The log-in of operators: who has been wrong too often, as which address, and what they are told.

After five wrong passwords for one name, or twenty for whatever names, an address waits for a quarter of an hour, even with the
right one. Other addresses do not, so nobody keeps an operator out from elsewhere. What was counted is removed at the next try after that,
or by `forget_the_past`.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tomato.limits import client_address

MOST_FOR_ALL_NAMES = 20


class WrongTries(AxesDatabaseHandler):
    """Besides those of a name at an address, those of the address: it may try one name after the other."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        of_name: int = super().get_failures(request, credentials)
        return max(of_name, self._of_address(request) * settings.AXES_FAILURE_LIMIT // MOST_FOR_ALL_NAMES)

    def _of_address(self, request: Any) -> int:
        lately = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address, attempt_time__gte=get_cool_off_threshold(request)
        )
        return lately.aggregate(sum=Sum("failures_since_start"))["sum"] or 0


def address_of(request: ASGIRequest) -> str | None:
    """The address that tries, as the database takes it."""
    address = client_address(dict(request.scope), settings.TOMATO.proxies)
    try:
        return str(ip_address(address))
    except ValueError:
        return None


@database_sync_to_async
def forget_the_past() -> None:
    """Removes the sessions that have ended, and wrong tries that no longer count. Raises `DatabaseError`."""
    SessionStore.clear_expired()
    AccessAttempt.objects.filter(attempt_time__lt=timezone.now() - settings.AXES_COOLOFF_TIME).delete()


def tell_to_wait(request: HttpRequest, *_: Any) -> HttpResponse:
    wait = settings.AXES_COOLOFF_TIME
    response = render(request, "admin/429.html", {"minutes": int(wait.total_seconds() // 60)}, status=429)
    response["Retry-After"] = str(int(wait.total_seconds()))
    return response
