"""Django's admin with the live timers in it."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import path, reverse

from operators import views
from operators.rights import rights_of


class TomatoAdminSite(AdminSite):
    site_header = "tomato admin"
    site_title = "tomato admin"

    def get_urls(self) -> list[Any]:
        # Before the admin's own, which end with one that takes every path.
        return [
            path("timers/live/", self.admin_view(self._live), name="live"),
            path("timers/live/<str:where>/", self.admin_view(self._topic), name="live_topic"),
            *super().get_urls(),
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        listed = super().get_app_list(request, app_label)
        return [_live_entry(), *listed] if app_label is None and rights_of(request.user).may_look else listed

    def _live(self, request: HttpRequest) -> Any:
        return views.live(request, self.each_context(request))

    def _topic(self, request: HttpRequest, where: str) -> Any:
        return views.topic(request, where, self.each_context(request))


def _live_entry() -> dict[str, Any]:
    address = reverse("admin:live")
    model = {"name": "Live timers", "object_name": "Live", "admin_url": address, "add_url": None, "view_only": True}
    return {"name": "Live", "app_label": "live", "app_url": address, "has_module_perms": True, "models": [model]}
