"""Who a browser is: a device id in a signed cookie, and in each room a pseudonym that leads nowhere else."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, parse_cookie

COOKIE = "tomato_device"
ONE_YEAR_S = 365 * 24 * 3600
PATHS_WITHOUT_IDENTITY = ("/api/", "/static/", "/admin/", "/healthz", "/readyz", "/metrics")


class DeviceMiddleware:
    """Gives every page `request.device`, and a browser that has none its cookie."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._answer(request)
        known = _recognise(request)
        return _remember(request, self.get_response(request), known)

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        known = _recognise(request)
        return _remember(request, await self.get_response(request), known)


def device_of(scope: dict[str, Any]) -> str | None:
    """The device whose cookie came with a socket's handshake; None without one, or with one we did not sign."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookie = parse_cookie(value.decode("latin-1")).get(COOKIE)
            if cookie is not None:
                return _device_in(cookie)
    return None


def member_for(device: str, where: str) -> str:
    """The stable pseudonym of a device in one place (a room's code, or "solo"): 16 hexadecimal digits."""
    return hmac.new(settings.SECRET_KEY.encode(), f"member:{where}:{device}".encode(), sha256).hexdigest()[:16]


def signed(device: str) -> str:
    """The value of a device's cookie."""
    return signing.TimestampSigner(salt=COOKIE).sign(device)


def _recognise(request: HttpRequest) -> bool:
    device = _device_in(request.COOKIES.get(COOKIE, ""))
    request.device = device or secrets.token_hex(8).upper()  # type: ignore[attr-defined]
    return device is not None


def _device_in(value: str) -> str | None:
    try:
        return signing.TimestampSigner(salt=COOKIE).unsign(value, max_age=ONE_YEAR_S)
    except signing.BadSignature:
        return None


def _remember(request: HttpRequest, response: HttpResponse, known: bool) -> HttpResponse:
    if not known and not request.path.startswith(PATHS_WITHOUT_IDENTITY):
        response.set_cookie(
            COOKIE,
            signed(request.device),  # type: ignore[attr-defined]
            max_age=ONE_YEAR_S,
            httponly=True,
            samesite="Lax",
            secure=settings.TOMATO.https,
        )
    return response
