"""Sets the policies of `headers.py` on every answer, and leaves out what holds for pages of ours only."""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tomato.headers import ONLY_OF_PAGES, PERMISSIONS_POLICY

ADMIN = "/admin/"


class Policies(CSPMiddleware):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if not _is_own_page(request, response):
            left_out: dict[str, Any] = dict.fromkeys(ONLY_OF_PAGES)
            parts.replace = {**(parts.replace or {}), **left_out}
        return parts


def _is_own_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    """The admin's scripts are Django's, which write HTML as they please; a service worker has no page to write to."""
    return response.get("Content-Type", "").startswith("text/html") and not request.path_info.startswith(ADMIN)
