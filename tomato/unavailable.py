"""What a page says while the database cannot be reached: not that something broke, but to try again."""

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

log = structlog.get_logger(__name__)


class Unavailable(MiddlewareMixin):
    """What else a view raises is nobody's but ours, and stays a 500."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DatabaseError):
            return None
        log.error("page.unavailable", path=request.path, exc_info=exception)
        return render(request, "503.html", status=503)
