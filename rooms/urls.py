"""The addresses of rooms, for people and for scripts."""

from django.urls import path

from rooms import views
from rooms.api import api

urlpatterns = [
    path("rooms", views.make_room, name="make-room"),
    path("rooms/join", views.join_room, name="join-room"),
    path("room/<path:code>", views.show_room, name="room"),
    path("api/", api.urls),
]
