"""Parked timers in the admin, to look at: what is changed here would meet a timer that may be live again."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from timers.models import ParkedTimer


@admin.register(ParkedTimer)
class ParkedTimerAdmin(admin.ModelAdmin):
    list_display = ("key", "parked_at")
    search_fields = ("key",)
    date_hierarchy = "parked_at"
    ordering = ("-parked_at",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
