"""The ASGI application: pages by Django, sockets by the consumers, event streams by themselves."""

import os
from collections.abc import Awaitable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tomato.settings")
pages = get_asgi_application()  # before anything that imports models

from django.conf import settings  # noqa: E402

from operators.consumers import LiveConsumer  # noqa: E402
from rooms import housekeeping  # noqa: E402
from rooms.consumers import RoomConsumer  # noqa: E402
from timers.consumers import NowhereConsumer, SoloConsumer  # noqa: E402
from timers.streams import EventStreams  # noqa: E402
from tomato.bodies import BodyLimit  # noqa: E402

ROOM_PATH = "/ws/room/"

answers = EventStreams(BodyLimit(pages, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))


def application(scope: dict[str, Any], receive: Any, send: Any) -> Awaitable[None]:
    housekeeping.begin()
    if scope["type"] == "websocket":
        return socket(scope["path"])(scope, receive, send)
    return answers(scope, receive, send)


def socket(path: str) -> Any:
    """The consumer of one socket. Plainly called, since each router and middleware would wait beside every socket for as long as
    that lives."""
    if path == "/ws/solo":
        return SoloConsumer()
    if path.startswith(ROOM_PATH):
        return RoomConsumer(path.removeprefix(ROOM_PATH))
    if path == "/ws/admin/live":
        return LiveConsumer()
    return NowhereConsumer()
