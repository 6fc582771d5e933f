"""Whether a page of ours opens a socket: browsers say where a page came from, and cannot be made to lie."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from channels.security.websocket import AllowedHostsOriginValidator, OriginValidator
from django.conf import settings

PORTS = {"http": 80, "https": 443}


def is_allowed(scope: dict[str, Any]) -> bool:
    """Whether the handshake's `Origin` is one of the hosts that this site answers to, over HTTPS where it asks for that.

    What another port of the very host that was asked serves is another site. Of other hosts the port is not looked at, since a
    proxy may have asked by a name of its own.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"origin", b"host")}
    if b"origin" not in headers:
        return False
    try:
        origin, asked = urlsplit(headers[b"origin"]), urlsplit(f"//{headers.get(b'host', '')}")
        return _is_ours(origin) and not _is_another_port(origin, asked)
    except ValueError:
        return False


def _is_ours(origin: SplitResult) -> bool:
    is_safe = origin.scheme == "https" or not settings.TOMATO.https
    return is_safe and bool(_validator().valid_origin(origin))


def _is_another_port(origin: SplitResult, asked: SplitResult) -> bool:
    default = PORTS.get(origin.scheme)
    return origin.hostname == asked.hostname and (origin.port or default) != (asked.port or default)


@cache
def _validator() -> OriginValidator:
    return AllowedHostsOriginValidator(None)
