"""The addresses of rooms, for people and for scripts."""

from django.urls import path

from rooms import events, reference, views
from rooms.api import api

urlpatterns = [
    path("rooms", views.make_room, name="make-room"),
    path("rooms/join", views.join_room, name="join-room"),
    path("room/<str:code>/enter", views.enter_room, name="enter-room"),
    path("room/<str:code>/qr.svg", views.show_qr_code, name="room-qr"),
    path("room/<str:code>/events", events.read_room, name="room-events"),
    path("room/<path:code>", views.show_room, name="room"),
    path("you", views.show_you, name="you"),
    path("forget-me", views.forget_me, name="forget-me"),
    path("api/openapi.json", reference.show_schema, name="api-schema"),
    path("api/docs", reference.show_reference, name="api-reference"),
    path("api/", api.urls),
]
