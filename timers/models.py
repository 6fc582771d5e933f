"""What the database keeps of timers: what was put by because nobody was there."""

from __future__ import annotations

from django.db import models


class ParkedTimer(models.Model):
    """A timer that left Redis when it was idle: a paused one as it was, a stopped one for its settings. Under the id `policy`
    it is who may control the shared timer of a room."""

    key = models.CharField(max_length=120, primary_key=True, help_text="The topic and the timer's id in it.")
    state = models.TextField(help_text="The timer as JSON.")
    parked_at = models.DateTimeField(auto_now=True)

    class Meta:
        permissions = (
            ("view_live", "Can look at all live timers"),
            ("steer_live", "Can act on live timers, rooms and the people in them"),
        )

    def __str__(self) -> str:
        return self.key
