"""Lists of the admin as files for spreadsheets: what is searched and filtered for, all of it, whatever page is shown."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.text import capfirst

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With the wide ones of east Asian keyboards, which some spreadsheets read as the others."""


class CsvExport(admin.ModelAdmin):
    """A list with a link to itself as CSV. `csv_columns` are fields of the model, or methods of the admin."""

    csv_columns: tuple[str, ...] = ()
    change_list_template = "admin/csv_change_list.html"

    def get_urls(self) -> list[Any]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_csv"
        return [path("csv/", self.admin_site.admin_view(self._export), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        address = f"csv/?{request.GET.urlencode()}" if request.GET else "csv/"
        shown = {"title": capfirst(self.opts.verbose_name_plural), "csv_address": address}
        return super().changelist_view(request, {**(extra_context or {}), **shown})

    def _export(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect("../")  # where the list says so
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{self.opts.model_name}s.csv"'
        writer = csv.writer(response)
        writer.writerow(self.csv_columns)
        writer.writerows(self._lines(found.iterator(chunk_size=2_000)))
        return response

    def _lines(self, found: Iterable[Any]) -> Iterable[list[str]]:
        return ([_cell(self._value(one, column)) for column in self.csv_columns] for one in found)

    def _value(self, one: Any, column: str) -> Any:
        return getattr(self, column)(one) if hasattr(self, column) else getattr(one, column)


def _cell(value: Any) -> str:
    """A spreadsheet takes what begins like a formula for one: people choose the names of rooms, so they are kept from that."""
    text = value.isoformat(timespec="seconds") if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
