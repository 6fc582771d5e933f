"""Parked timers in the admin, to look at: what is changed here would meet a timer that may be live again.

The key of one names a device, so it is shown nowhere, and no row leads to a page of its own: operators see a hash.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from timers import records, topics
from timers.models import ParkedTimer
from timers.templatetags.clock import PHASES, face
from timers.timer import Timer
from timers.topic import POLICY
from tomato.exports import CsvExport
from tomato.filters import OwnFilters
from tomato.identity import hash_of


class KindFilter(admin.SimpleListFilter):
    title = "what it is"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(topics.ROOM, "Timers of rooms"), (topics.SOLO, "Own timers"), (POLICY, "Who controls a room")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ParkedTimer]) -> QuerySet[ParkedTimer]:
        policies = Q(key__endswith=f":{POLICY}")
        wanted = {
            topics.ROOM: Q(key__startswith=topics.room("")) & ~policies,
            topics.SOLO: Q(key__startswith=topics.solo("")),
            POLICY: policies,
        }
        return queryset.filter(wanted.get(self.value() or "", Q()))


@admin.register(ParkedTimer)
class ParkedTimerAdmin(OwnFilters, CsvExport):
    list_display = csv_columns = ("where", "what", "phase", "left", "parked_at")
    list_display_links = None
    list_filter = (KindFilter, "parked_at")
    search_fields = ("key__startswith",)
    search_help_text = "The code of a room."
    date_hierarchy = "parked_at"
    ordering = ("-parked_at",)
    show_full_result_count = False
    actions = None

    @admin.display(description="Room or device")
    def where(self, parked: ParkedTimer) -> str:
        topic = _topic_of(parked)
        return topics.place_of(topic) if topics.is_room(topic) else hash_of(topics.device_of(topic))

    @admin.display
    def what(self, parked: ParkedTimer) -> str:
        id = parked.key.partition(":")[2]
        names = {POLICY: "who controls the room", topics.ROOM: "shared timer", topics.SOLO: "own timer"}
        return names.get(id, "own timer in the room")

    @admin.display
    def phase(self, parked: ParkedTimer) -> str:
        timer = _timer_of(parked)
        return str(PHASES[timer.phase]) if timer else ""

    @admin.display
    def left(self, parked: ParkedTimer) -> str:
        timer = _timer_of(parked)
        return face(timer.left_ms) if timer and timer.left_ms is not None else ""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ParkedTimer], search_term: str
    ) -> tuple[QuerySet[ParkedTimer], bool]:
        """By the code of a room; a device is not to be looked for."""
        wanted = search_term.strip().upper()
        return (queryset.filter(key__startswith=topics.room(wanted)) if wanted else queryset), False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _topic_of(parked: ParkedTimer) -> str:
    return parked.key.partition(":")[0]


def _timer_of(parked: ParkedTimer) -> Timer | None:
    return None if parked.key.endswith(f":{POLICY}") else records.read_timer(parked.state)
