"""Lists of the admin as files for spreadsheets: what is searched and filtered for, all of it, whatever page is shown."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Generator, Sequence
from functools import partial
from io import StringIO
from itertools import chain, islice
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.text import capfirst

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With the wide ones of east Asian keyboards, which some spreadsheets read as the others."""
LINES_AT_ONCE = 500


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

    def _export(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect("../")  # where the list says so
        named = {"Content-Disposition": f'attachment; filename="{self.opts.model_name}s.csv"'}
        return StreamingHttpResponse(_sent(self._parts(found)), content_type="text/csv; charset=utf-8", headers=named)

    def _parts(self, found: QuerySet[Any]) -> Generator[str]:
        lines = chain([self.csv_columns], map(self._line, found.iterator(chunk_size=LINES_AT_ONCE)))
        while some := list(islice(lines, LINES_AT_ONCE)):
            part = StringIO()
            csv.writer(part).writerows(some)
            yield part.getvalue()

    def _line(self, one: Any) -> Sequence[str]:
        return [_cell(self._value(one, column)) for column in self.csv_columns]

    def _value(self, one: Any, column: str) -> Any:
        return getattr(self, column)(one) if hasattr(self, column) else getattr(one, column)


async def _sent(parts: Generator[str]) -> AsyncIterator[str]:
    """Each is made on the thread of the request, as it has the database, and when the one before is on its way."""
    next_part = sync_to_async(partial(next, parts, ""))
    try:
        while part := await next_part():
            yield part
    finally:
        await sync_to_async(parts.close)()  # whoever has broken off leaves nothing open


def _cell(value: Any) -> str:
    """A spreadsheet takes what begins like a formula for one: people choose the names of rooms, so they are kept from that."""
    text = value.isoformat(timespec="seconds") if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULAS) else text
