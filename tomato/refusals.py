"""How the API says no: as JSON `{code, message}` with the fitting status, whatever part of the stack refused."""

import json
from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import async_only_middleware

API_PREFIX = "/api/"
JSON = "application/json"

SAID = {
    400: ("bad-message", "The request could not be understood."),
    403: ("forbidden", "This is not allowed."),
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take that method; the Allow header names those it does."),
    413: ("too-large", "The body is too large."),
    415: ("unsupported-media-type", "The body must be JSON, with the header Content-Type: application/json."),
    422: ("invalid", "A field is wrong."),
    429: ("rate-limited", "That was too much at once: wait a moment, then try again."),
    500: ("internal", "Something went wrong on the server; it has been noted."),
    503: ("unavailable", "The server cannot answer this just now: try again in a moment."),
}
"""Code and sentence for each status, where nobody has a better sentence."""

Middleware = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Refused(Exception):
    """An answer other than the one asked for. `message` is a sentence for a person."""

    def __init__(self, status: int, message: str | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message

    @property
    def body(self) -> dict[str, str]:
        code, message = SAID.get(self.status, SAID[500 if self.status >= 500 else 400])
        return {"code": code, "message": self.message or message}

    def answer(self) -> JsonResponse:
        return JsonResponse(self.body, status=self.status)


@async_only_middleware
def refusals_in_json(get_response: Middleware) -> Middleware:
    """Gives every refusal under `/api/` its JSON: those of Django, of other middleware and of unknown routes too."""

    async def respond(request: HttpRequest) -> HttpResponse:
        response = await get_response(request)
        if response.status_code >= 400 and request.path_info.startswith(API_PREFIX) and not _is_json(response):
            _reword(response)
        return response

    return respond


def _is_json(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith(JSON)


def _reword(response: HttpResponse) -> None:
    """Only the body becomes another: the headers that were set on the way out still hold."""
    response.content = json.dumps(Refused(response.status_code).body)
    response["Content-Type"] = JSON
    if "Content-Length" in response:
        response["Content-Length"] = str(len(response.content))
