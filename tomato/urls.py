"""Every address of the site. Errors have Django's own handlers, with the templates 404.html, 403.html and 500.html, but for a
database that is away, which has `unavailable.py`."""

from django.contrib import admin
from django.urls import include, path

from tomato import health, monitoring

urlpatterns = [
    path("", include("timers.urls")),
    path("", include("rooms.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", monitoring.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]
