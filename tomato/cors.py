"""Which pages of other sites may use the API and the event streams: those of the origins that the operator names, with no cookies."""

from collections.abc import Awaitable, Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.decorators import async_only_middleware

from tomato.identity import STREAMS
from tomato.refusals import API_PREFIX

METHODS = "GET, HEAD, POST"
MAY_SEND = "Content-Type, Last-Event-ID, X-Room-Passcode"
MAY_READ = "Location, Retry-After"
ASKED_AGAIN_AFTER_S = 600

Middleware = Callable[[HttpRequest], Awaitable[HttpResponse]]


@async_only_middleware
def share_with_named_origins(get_response: Middleware) -> Middleware:
    async def respond(request: HttpRequest) -> HttpResponse:
        if not settings.TOMATO.cors_origins or not _is_shared(request.path_info):
            return await get_response(request)
        origin = request.headers.get("Origin", "")
        is_named = origin in settings.TOMATO.cors_origins
        response = _permission() if is_named and _asks_permission(request) else await get_response(request)
        if is_named:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Expose-Headers"] = MAY_READ
        patch_vary_headers(response, ["Origin"])
        return response

    return respond


def _is_shared(path: str) -> bool:
    return path.startswith(API_PREFIX) or (path.startswith("/room/") and path.endswith(STREAMS))


def _asks_permission(request: HttpRequest) -> bool:
    """What a browser does on its own before it sends what a form could not."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def _permission() -> HttpResponse:
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = METHODS
    response["Access-Control-Allow-Headers"] = MAY_SEND
    response["Access-Control-Max-Age"] = str(ASKED_AGAIN_AFTER_S)
    return response
