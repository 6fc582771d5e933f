"""Who may look at live timers and who may act on them, and whose session it is that a socket came with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest

from tomato.identity import cookies_of

LOOK = "timers.view_live"
STEER = "timers.steer_live"


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do at this moment. Who acts on what they may not see could not tell on what."""

    is_known: bool
    may_look: bool
    may_steer: bool


def rights_of(user: Any) -> Rights:
    is_staff = bool(user.is_active and user.is_staff)
    may_look = is_staff and user.has_perm(LOOK)
    return Rights(user.is_authenticated, may_look, may_look and user.has_perm(STEER))


@database_sync_to_async
def rights_with(scope: dict[str, Any]) -> Rights:
    """Of whose session came with a socket's handshake; nobody's once they have logged out. Raises `DatabaseError`."""
    request = HttpRequest()
    request.session = SessionStore(cookies_of(scope).get(settings.SESSION_COOKIE_NAME))
    return rights_of(auth.get_user(request))
