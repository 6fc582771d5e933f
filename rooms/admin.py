"""Rooms in the admin: looking them up, naming them, removing them."""

from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import admin
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest

from rooms import closing
from rooms.forms import RoomForm
from rooms.models import Room
from tomato.exports import CsvExport
from tomato.filters import OwnFilters

LOCKED = ~Q(passcode="")


class LockedFilter(admin.SimpleListFilter):
    title = "passcode"
    parameter_name = "locked"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "With a passcode"), ("no", "Open to all")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> QuerySet[Room]:
        wanted = {"yes": LOCKED, "no": ~LOCKED}
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(Room)
class RoomAdmin(OwnFilters, CsvExport):
    form = RoomForm
    fields = ("code", "name", "created_at", "last_used_at")
    readonly_fields = ("code", "created_at", "last_used_at")
    list_display = ("code", "name", "has_passcode", "created_at", "last_used_at")
    csv_columns = ("code", "name", "locked", "created_at", "last_used_at")
    list_filter = (LockedFilter, "created_at", "last_used_at")
    search_fields = ("code", "name")
    date_hierarchy = "created_at"
    ordering = ("-last_used_at",)
    show_full_result_count = False

    @admin.display(description="passcode", empty_value="", ordering=ExpressionWrapper(LOCKED, BooleanField()))
    def has_passcode(self, room: Room) -> str:
        return "yes" if room.is_locked else ""

    def locked(self, room: Room) -> bool:
        return room.is_locked

    def delete_model(self, request: HttpRequest, obj: Room) -> None:
        super().delete_model(request, obj)
        _send_out([obj.code])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        codes = list(queryset.values_list("code", flat=True))
        super().delete_queryset(request, queryset)
        _send_out(codes)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # rooms are made on the site, where they get their code


def _send_out(codes: list[str]) -> None:
    """Whoever is in a room that is no more. Where that fails it is in the log, and the room is gone all the same."""
    transaction.on_commit(partial(async_to_sync(closing.send_out), codes), robust=True)
