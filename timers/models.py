"""What the database keeps of timers: those that were put by because nobody was there."""

from __future__ import annotations

from django.db import models


class ParkedTimer(models.Model):
    """A timer that left Redis when it was idle: a paused one as it was, a stopped one for its settings."""

    key = models.CharField(max_length=120, primary_key=True, help_text="The topic and the timer's id in it.")
    state = models.TextField(help_text="The timer as JSON.")
    parked_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.key
