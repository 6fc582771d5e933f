"""What a browser keeps so that the timer can be used without a server: a page that knows nobody, and the files it is made of."""

import json
import re
from functools import cache
from hashlib import blake2s

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from timers import protocol, topics
from timers.topic import Topic
from tomato.language import in_language
from tomato.methods import only_to_read

KEPT = r"timers/((vendor|fonts|favicons|{language})/)?[^/]+\.(js|css|svg|woff2)"
"""What the page of one's own timer may need in a language, by the names of the static files."""
ICONS = (("192", "any"), ("512", "any"), ("512-maskable", "maskable"))


@only_to_read
async def page(request: HttpRequest) -> HttpResponse:
    """Unlike every other page it is the same for all who speak its language."""
    return _fresh(HttpResponse(_page(version())))


@only_to_read
async def service_worker(request: HttpRequest) -> HttpResponse:
    """A script that differs whenever anything that it keeps does, since that is how a browser finds out."""
    kept = {"version": version(), "page": in_language(reverse("offline")), "files": files()}
    script = f"self.tomato = {json.dumps(kept)};\nimportScripts({json.dumps(static('timers/service-worker.js'))});\n"
    return _fresh(HttpResponse(script, content_type="text/javascript; charset=utf-8"))


@only_to_read
async def manifest(request: HttpRequest) -> HttpResponse:
    """What an installed tomato looks like."""
    described = {
        "id": "/",
        "name": "tomato",
        "short_name": "tomato",
        "description": _("A calm Pomodoro timer for one person, or for a whole room with one link."),
        "lang": get_language(),
        "start_url": reverse("home"),
        "scope": "/",
        "display": "standalone",
        "background_color": "#FBF8F5",
        "theme_color": "#FBF8F5",
        "categories": ["productivity"],
        "icons": [
            {"src": static("timers/favicon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            *(
                {
                    "src": static(f"timers/icons/{name}.png"),
                    "sizes": f"{name[:3]}x{name[:3]}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for name, purpose in ICONS
            ),
        ],
    }
    return _fresh(JsonResponse(described, content_type="application/manifest+json"))


def version() -> str:
    """Of all that is kept in the present language; empty where files are served as they are being changed, of which nothing is kept."""
    return _version(getattr(staticfiles_storage, "manifest_hash", ""), get_language() or "")


def files() -> list[str]:
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    kept = re.compile(KEPT.format(language=get_language()))
    return sorted(static(name) for name in hashed if kept.fullmatch(name)) if version() else []


@cache
def _version(manifest_hash: str, language: str) -> str:
    return blake2s(f"{manifest_hash} {_page('')}".encode(), digest_size=8).hexdigest() if manifest_hash else ""


def _page(version: str) -> str:
    """At an instant and a version of the timer that no server has told; the browser puts its own in their place."""
    snapshot = {**protocol.joined_fields(None, protocol.snapshot(Topic(topics.SOLO), None, 0)), "you": None}
    return render_to_string("timers/offline.html", {"snapshot": snapshot, "version": version})


def _fresh(response: HttpResponse) -> HttpResponse:
    """The browser asks whether it is still right; the service worker is what keeps it."""
    patch_cache_control(response, no_cache=True)
    return response
