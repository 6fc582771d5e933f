"""The address of the timer."""

from django.urls import path

from timers import views

urlpatterns = [
    path("", views.home, name="home"),
]
