"""The pages of rooms: make one, join one, be let into one, be in one; and what is kept of a visitor."""

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST
from redis.exceptions import RedisError

from rooms import codes, entering, forgetting, invitation, making
from rooms.forms import NewRoomForm
from rooms.models import Room, find_room
from timers import snapshots
from timers.views import PageRequest, render_live, show_home
from tomato import identity
from tomato.identity import member_for
from tomato.methods import only_to_read

log = structlog.get_logger(__name__)

NO_CODE = _("That is no room code. A code has six letters and digits, like ABC234; the link of a room works too.")
WRONG_PASSCODE = _("That is not the passcode of this room. Capital letters count.")
NOT_FORGOTTEN = _("Not everything could be removed just now: try again in a moment.")
UNAVAILABLE = _("The server cannot do this just now: try again in a moment.")


@require_POST
async def make_room(request: PageRequest) -> HttpResponse:
    form = NewRoomForm(request.POST)
    if not form.is_valid():
        return await _not_made(request, 422, str(next(iter(form.errors.values()))[0]))
    try:
        name, passcode = form.cleaned_data["name"], form.cleaned_data["passcode"]
        room = await making.make_room(request, name, request.device, passcode)
    except making.TooManyRooms as refused:
        return await _not_made(request, 429, str(refused))
    except (RedisError, OSError) as error:
        log.warning("room.not_made", reason=str(error))
        return await _not_made(request, 503, UNAVAILABLE)
    return _let_in(request, room)


async def _not_made(request: PageRequest, status: int, why: str | Promise) -> HttpResponse:
    return await show_home(request, status, make_error=why, make_name=request.POST.get("name", "").strip())


@only_to_read
async def join_room(request: PageRequest) -> HttpResponse:
    typed = request.GET.get("code", "")
    code = codes.code_in(typed)
    if code is None:
        return await show_home(request, join_error=NO_CODE, join_code=typed.strip())
    return redirect("room", code)


@only_to_read
async def show_room(request: PageRequest, code: str) -> HttpResponse:
    canonical = codes.normalise(code.rstrip("/"))
    if canonical != code and codes.is_code(canonical):
        query = request.META["QUERY_STRING"]
        return redirect(reverse("room", args=[canonical]) + (f"?{query}" if query else ""))
    room = await find_room(code)
    if room is None:
        return _unknown(request, code)
    if not entering.may_enter(request.COOKIES, request.device, room):
        return _ask_passcode(request, room)
    member = member_for(request.device, room.code)
    maker = room.maker or None
    snapshot = await snapshots.room(room.code, room.name, member, locked=room.is_locked, maker=maker)
    context = {"snapshot": snapshot, "room": room, "invite_url": invitation.link(request, room)}
    return render_live(request, "rooms/room.html", context)


@only_to_read
async def show_qr_code(request: PageRequest, code: str) -> HttpResponse:
    """Of a locked room too: it says no more than the address that was asked."""
    room = await find_room(code)
    if room is None:
        return _unknown(request, code)
    drawn = invitation.qr_code(invitation.link(request, room))
    return HttpResponse(drawn, content_type="image/svg+xml", headers={"Cache-Control": "private, max-age=3600"})


@require_http_methods(["GET", "HEAD", "POST"])
async def enter_room(request: PageRequest, code: str) -> HttpResponse:
    room = await find_room(codes.normalise(code))
    if room is None:
        return _unknown(request, code)
    if request.method != "POST" or not room.is_locked:
        return redirect(room)
    try:
        if await entering.knows(request, room, request.POST.get("passcode", "")):
            return _let_in(request, room)
    except entering.TooManyTries as refused:
        response = _ask_passcode(request, room, 429, str(refused))
        response["Retry-After"] = str(refused.retry_after_s)
        return response
    except (RedisError, OSError) as error:
        log.warning("room.passcode_not_tried", reason=str(error))
        return _ask_passcode(request, room, 503, UNAVAILABLE)
    return _ask_passcode(request, room, 403, WRONG_PASSCODE)


@only_to_read
async def show_you(request: PageRequest) -> HttpResponse:
    return _show_you(request)


@require_http_methods(["GET", "HEAD", "POST"])
async def forget_me(request: PageRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("you")
    try:
        await forgetting.forget(request, request.device)
    except forgetting.AskedTooOften as refused:
        return _show_you(request, 429, str(refused))
    except (RedisError, OSError, DatabaseError) as error:  # a timeout is an OSError
        log.warning("device.not_forgotten", reason=str(error) or type(error).__name__)
        return _show_you(request, 503, NOT_FORGOTTEN)
    response = render(request, "rooms/forgotten.html")
    response["Clear-Site-Data"] = '"storage"'
    for cookie in (identity.COOKIE, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME):
        response.delete_cookie(cookie, samesite="Lax")
    return response


def _show_you(request: PageRequest, status: int = 200, problem: str | Promise = "") -> HttpResponse:
    return render_live(request, "rooms/you.html", {"problem": problem}, status)


def _let_in(request: PageRequest, room: Room) -> HttpResponse:
    response = redirect(room)
    if room.is_locked:
        entering.grant(response, request.device, room)
    return response


def _ask_passcode(request: PageRequest, room: Room, status: int = 403, problem: str | Promise = "") -> HttpResponse:
    """Tells nothing of the room but the code, which the visitor has."""
    return render_live(request, "rooms/locked.html", {"code": room.code, "problem": problem}, status)


def _unknown(request: PageRequest, code: str) -> HttpResponse:
    return render(request, "rooms/unknown.html", {"code": code}, status=404)
