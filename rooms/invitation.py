"""The invitation to a room: its link, as text and as a picture that a phone reads."""

from io import BytesIO

import segno
from django.http import HttpRequest

from rooms.models import Room

DARK, LIGHT = "#000", "#fff"
"""Whatever the colours of the page: a camera wants a white margin."""


def link(request: HttpRequest, room: Room) -> str:
    return request.build_absolute_uri(room.get_absolute_url())


def qr_code(link: str) -> bytes:
    """The link as an SVG document of any size."""
    drawn = BytesIO()
    code = segno.make(link, error="m", micro=False)
    code.save(drawn, kind="svg", dark=DARK, light=LIGHT, xmldecl=False, omitsize=True, svgclass=None, lineclass=None)
    return drawn.getvalue()
