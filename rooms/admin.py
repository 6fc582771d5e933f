"""Rooms in the admin: looking them up, naming them, removing them."""

from django.contrib import admin
from django.http import HttpRequest

from rooms.forms import RoomForm
from rooms.models import Room


@admin.register(Room)
class RoomAdmin(admin.ModelAdmin):
    form = RoomForm
    fields = ("code", "name", "created_at", "last_used_at")
    readonly_fields = ("code", "created_at", "last_used_at")
    list_display = ("code", "name", "created_at", "last_used_at")
    search_fields = ("code", "name")
    date_hierarchy = "created_at"
    ordering = ("-last_used_at",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # rooms are made on the site, where they get their code
