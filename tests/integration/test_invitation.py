"""The link of a room as a picture."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
import segno
from django.test import AsyncClient

from rooms import entering
from rooms.codes import new_code
from rooms.models import Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

MARGIN = 4
STROKE = re.compile(r"([mMh])(-?[\d.]+)(?: (-?[\d.]+))?")


async def drawn(code: str) -> Any:
    return await AsyncClient().get(f"/room/{code}/qr.svg")


def dark_modules(path: str) -> set[tuple[int, int]]:
    """Column and row of every dark module that the strokes of a path cover."""
    found, x, y = set(), 0.0, 0.0
    for step, first, second in STROKE.findall(path):
        if step == "h":
            found |= {(int(x) + number, int(y)) for number in range(int(first))}
            x += float(first)
        else:
            x, y = (x + float(first), y + float(second)) if step == "m" else (float(first), float(second))
    return found


async def test_it_is_the_code_of_the_link_with_a_white_margin() -> None:
    room = await Room.objects.make()
    response = await drawn(room.code)
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    image = ElementTree.fromstring(response.content)  # noqa: S314 our own
    ground, strokes = image
    code = segno.make(f"http://testserver/room/{room.code}", error="m", micro=False)
    side = len(code.matrix) + 2 * MARGIN
    assert image.attrib == {"viewBox": f"0 0 {side} {side}"}
    assert ground.attrib == {"fill": "#fff", "d": f"M0 0h{side}v{side}h-{side}z"}
    assert strokes.attrib["stroke"] == "#000"
    assert dark_modules(strokes.attrib["d"]) == {
        (x + MARGIN, y + MARGIN) for y, row in enumerate(code.matrix) for x, module in enumerate(row) if module
    }


async def test_it_needs_neither_script_nor_style() -> None:
    room = await Room.objects.make()
    content = (await drawn(room.code)).content
    assert not [word for word in (b"script", b"style", b"class", b"href") if word in content]


async def test_a_locked_room_is_drawn_too_and_what_is_no_room_is_not() -> None:
    room = await Room.objects.make(passcode=await entering.hashed("open sesame"))
    assert (await drawn(room.code)).status_code == 200
    for code in (new_code(), "no-code", "%00"):
        assert (await drawn(code)).status_code == 404


@pytest.mark.parametrize("name", ["", "x" * 40])
async def test_the_page_of_a_room_shows_link_and_picture_without_script(name: str) -> None:
    room = await Room.objects.make(name)
    page = (await AsyncClient().get(f"/room/{room.code}")).content.decode()
    assert page.count(f'src="/room/{room.code}/qr.svg"') == 2
    assert (
        f'<a href="http://testserver/room/{room.code}">' in page.partition("<noscript>")[2].partition("</noscript>")[0]
    )
