"""The address of the timer, and of what keeps it usable without a server."""

from django.urls import path

from timers import offline, views

urlpatterns = [
    path("", views.home, name="home"),
    path("offline", offline.page, name="offline"),
    path("sw.js", offline.service_worker, name="service-worker"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
]
