"""The ASGI application: pages by Django, sockets by the consumers."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tomato.settings")
pages = get_asgi_application()  # before anything that imports models

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from rooms.consumers import RoomConsumer  # noqa: E402
from timers.consumers import NowhereConsumer, SoloConsumer  # noqa: E402
from tomato.bodies import BodyLimit  # noqa: E402

sockets = URLRouter(
    [
        path("ws/solo", SoloConsumer.as_asgi()),
        path("ws/room/<str:code>", RoomConsumer.as_asgi()),
        re_path("", NowhereConsumer.as_asgi()),
    ]
)

application = ProtocolTypeRouter(
    {"http": BodyLimit(pages, settings.DATA_UPLOAD_MAX_MEMORY_SIZE), "websocket": AllowedHostsOriginValidator(sockets)}
)
