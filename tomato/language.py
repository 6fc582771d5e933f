"""Which language a page is in: the one its address names, else the one chosen in the settings, else what the browser asks for.

The words of the scripts are modules, one of each name in every language; an import map in the page says which ones are meant.
"""

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.decorators import async_only_middleware

WORDS = (
    "timers/words",
    "timers/sheet-words",
    "timers/refusal-words",
    "timers/later-words",
    "rooms/words",
    "rooms/control-words",
    "rooms/recent-words",
)
IN_THE_ADDRESS = "language"
ENGLISH_ONLY = ("/api/", "/admin/", "/healthz", "/readyz", "/metrics")
"""What is read by scripts, by those who write them, and by operators."""

Middleware = Callable[[HttpRequest], Awaitable[HttpResponse]]


@async_only_middleware
def speak_to_the_visitor(get_response: Middleware) -> Middleware:
    """Every page in its language, and allowed its import map."""

    async def respond(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(ENGLISH_ONLY):
            return await get_response(request)
        language = _language_of(request)
        with translation.override(language):
            response = await get_response(request)
            _permit_import_map(response)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response

    return respond


def in_language(address: str) -> str:
    """The address of the same in the present language, whoever asks for it."""
    return f"{address}?{urlencode({IN_THE_ADDRESS: translation.get_language()})}"


def module(words: str) -> str:
    """The address of the module with these words in the present language."""
    app, name = words.split("/")
    return static(f"{app}/{translation.get_language()}/{name}.js")


def import_map() -> str:
    return _import_map(translation.get_language() or "", getattr(staticfiles_storage, "manifest_hash", ""))


@cache
def _import_map(language: str, version: str) -> str:
    return json.dumps({"imports": {f"#{words}": module(words) for words in WORDS}})


def _permit_import_map(response: HttpResponse) -> None:
    """A policy that allows nothing inline lets exactly this text stand in a page that has it."""
    if _is_page(response) and import_map().encode() in response.content:
        response._csp_update = {"script-src": [_hash(import_map())]}  # type: ignore[attr-defined]


def _is_page(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith("text/html") and not response.streaming


@cache
def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _language_of(request: HttpRequest) -> str:
    named = request.GET.get(IN_THE_ADDRESS)
    return named if named in dict(settings.LANGUAGES) else translation.get_language_from_request(request)
