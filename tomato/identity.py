"""Who a browser is: a device id in a signed cookie, and in each room a pseudonym that leads nowhere else."""

from __future__ import annotations

import hmac
import secrets
from functools import cache, lru_cache
from hashlib import sha256
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, parse_cookie

COOKIE = "tomato_device"
ONE_YEAR_S = 365 * 24 * 3600
STREAMS = "/events"
API_PAGE = "/api/docs"
PATHS_WITHOUT_IDENTITY = (
    "/api/",
    "/static/",
    "/admin/",
    "/forget-me",
    "/offline",
    "/sw.js",
    "/manifest.webmanifest",
    "/healthz",
    "/readyz",
    "/metrics",
)


class DeviceMiddleware:
    """Gives every page `request.device` and `request.is_newcomer`, and a browser that has no device its cookie."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if iscoroutinefunction(self):
            return self._answer(request)
        _recognise(request)
        return _remember(request, self.get_response(request))

    async def _answer(self, request: HttpRequest) -> HttpResponse:
        _recognise(request)
        return _remember(request, await self.get_response(request))


def device_of(scope: dict[str, Any]) -> str | None:
    """The device whose cookie came with a socket's handshake; None without one, or with one we did not sign."""
    cookie = cookies_of(scope).get(COOKIE)
    return None if cookie is None else _device_in(cookie)


def cookies_of(scope: dict[str, Any]) -> dict[str, str]:
    """All cookies that came with a socket's handshake, the first of each name."""
    cookies: dict[str, str] = {}
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies = parse_cookie(value.decode("latin-1")) | cookies
    return cookies


def member_for(device: str, where: str) -> str:
    """The stable pseudonym of a device in one place (a room's code, or "solo"): 16 hexadecimal digits."""
    return hmac.new(settings.SECRET_KEY.encode(), f"member:{where}:{device}".encode(), sha256).hexdigest()[:16]


@lru_cache(maxsize=100_000)
def hash_of(device: str) -> str:
    """What operators see of a device: always the same, and it leads nowhere."""
    return member_for(device, "operators")[:10]


def signed(device: str) -> str:
    """The value of a device's cookie."""
    return _signer(settings.SECRET_KEY).sign(device)


def _recognise(request: Any) -> None:
    device = _device_in(request.COOKIES.get(COOKIE, ""))
    request.device = device or secrets.token_hex(8).upper()
    request.is_newcomer = device is None


def _device_in(value: str) -> str | None:
    try:
        return _signer(settings.SECRET_KEY).unsign(value, max_age=ONE_YEAR_S)
    except signing.BadSignature:
        return None


@cache
def _signer(key: str) -> signing.TimestampSigner:
    return signing.TimestampSigner(key=key, salt=COOKIE)


def _remember(request: Any, response: HttpResponse) -> HttpResponse:
    if request.is_newcomer and _is_page(request.path):
        response.set_cookie(
            COOKIE,
            signed(request.device),
            max_age=ONE_YEAR_S,
            httponly=True,
            samesite="Lax",
            secure=settings.TOMATO.https,
        )
    return response


def _is_page(path: str) -> bool:
    return path == API_PAGE or not (path.startswith(PATHS_WITHOUT_IDENTITY) or path.endswith(STREAMS))
