"""The page of one's own timer."""

from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

from timers import snapshots
from tomato.methods import only_to_read


class PageRequest(ASGIRequest):
    """A request that has come past `DeviceMiddleware`."""

    device: str
    is_newcomer: bool
    """Whether this browser was never here before, or has forgotten that it was."""


@only_to_read
async def home(request: PageRequest) -> HttpResponse:
    return await show_home(request)


async def show_home(request: PageRequest, status: int = 200, **said: Any) -> HttpResponse:
    """The page itself. `said` is what a form on it has to say to its sender."""
    snapshot = await snapshots.solo(request.device)
    return render_live(request, "timers/home.html", {"snapshot": snapshot, **said}, status=status)


def render_live(request: PageRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page that shows the present: the browser may keep it, but asks before it shows it again."""
    response = render(request, template, context, status=status)
    patch_cache_control(response, private=True, no_cache=True)
    return response
