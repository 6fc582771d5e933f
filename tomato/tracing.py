"""What log lines say of where they come from: the request by its id, which the answer carries too, and people by a hash alone."""

import re
import secrets
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import async_only_middleware
from structlog.contextvars import bound_contextvars
from structlog.typing import EventDict, WrappedLogger

from tomato.identity import hash_of

HEADER = "X-Request-Id"
GIVEN = re.compile(r"[\w.:-]{1,64}")
SOLO = "solo."

Middleware = Callable[[HttpRequest], Awaitable[HttpResponse]]


@async_only_middleware
def trace_requests(get_response: Middleware) -> Middleware:
    """A proxy in front that is trusted may give the id."""

    async def respond(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "") if settings.TOMATO.proxies else ""
        id = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        with bound_contextvars(request=id, device=request.device):  # type: ignore[attr-defined]
            response = await get_response(request)
        response[HEADER] = id
        return response

    return respond


def hide_devices(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A device's id is a person's, and with the site's secret it is their cookie: no log names one, not even in its timer's topic."""
    if "device" in event:
        event["device"] = hash_of(event["device"])
    topic = str(event.get("topic", ""))
    if topic.startswith(SOLO):
        event["topic"] = SOLO + hash_of(topic.removeprefix(SOLO))
    return event
