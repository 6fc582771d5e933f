"""Which methods a page takes."""

from collections.abc import Callable
from typing import Any

from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

View = Callable[..., Any]


def only_to_read(view: View) -> View:
    """For a page that changes nothing. Whoever sends it something is told so (405), and not that a token is missing (403)."""
    return csrf_exempt(require_safe(view))
