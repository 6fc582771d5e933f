"""The page of one's own timer."""

from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from timers import snapshots


class PageRequest(ASGIRequest):
    """A request that has come past `DeviceMiddleware`."""

    device: str


@require_safe
async def home(request: PageRequest) -> HttpResponse:
    return await show_home(request)


async def show_home(request: PageRequest, status: int = 200, **said: Any) -> HttpResponse:
    """The page itself. `said` is what a form on it has to say to its sender."""
    snapshot = await snapshots.solo(request.device)
    return render(request, "timers/home.html", {"snapshot": snapshot, **said}, status=status)
