"""What lists of the admin may be filtered by."""

from __future__ import annotations

from django.contrib import admin
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest


class OwnFilters(admin.ModelAdmin):
    """A list that takes no filter but those it offers.

    Django takes any field of the model, and the first letters of one too: so a list would tell, letter by letter, what it
    does not show.
    """

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        offered = {self.date_hierarchy, *(getattr(each, "parameter_name", each) for each in self.list_filter)}
        return lookup.partition(LOOKUP_SEP)[0] in offered
