"""The pages of rooms: make one, join one, be in one."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rooms import codes, making
from rooms.forms import RoomForm
from rooms.models import find_room
from timers import snapshots
from timers.views import PageRequest, render_live, show_home
from tomato.identity import member_for

NO_CODE = "That is no room code. A code has six letters and digits, like ABC234; the link of a room works too."


@require_POST
async def make_room(request: PageRequest) -> HttpResponse:
    form = RoomForm(request.POST)
    if not form.is_valid():
        return await show_home(request, status=422, make_error=form.errors["name"][0])
    try:
        return redirect(await making.make_room(request, form.cleaned_data["name"]))
    except making.TooManyRooms as refused:
        return await show_home(request, status=429, make_error=str(refused))


@require_safe
async def join_room(request: PageRequest) -> HttpResponse:
    typed = request.GET.get("code", "")
    code = codes.code_in(typed)
    if code is None:
        return await show_home(request, join_error=NO_CODE, join_code=typed.strip())
    return redirect("room", code)


@require_safe
async def show_room(request: PageRequest, code: str) -> HttpResponse:
    canonical = codes.normalise(code.rstrip("/"))
    if canonical != code and codes.is_code(canonical):
        query = request.META["QUERY_STRING"]
        return redirect(reverse("room", args=[canonical]) + (f"?{query}" if query else ""))
    room = await find_room(code)
    if room is None:
        return render(request, "rooms/unknown.html", status=404)
    snapshot = await snapshots.room(room.code, room.name, member_for(request.device, room.code))
    invite_url = request.build_absolute_uri(room.get_absolute_url())
    return render_live(request, "rooms/room.html", {"snapshot": snapshot, "room": room, "invite_url": invite_url})
