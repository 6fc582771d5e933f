"""The page around the pictures, `docs/tour.md`, and where they lie."""

from pathlib import Path

from tools.tour import operators, own_timer, rooms
from tools.tour.stops import Screen, Stop

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURES = DOCS / "pictures" / "tour"
STOPS = [each for part in (own_timer, rooms, operators) for each in vars(part).values() if isinstance(each, Stop)]
"""In the order in which they are written."""


def picture(each: Stop, screen: Screen) -> Path:
    return PICTURES / f"{each.name}-{screen.name}.jpg"


def tour() -> str:
    return (
        "# A tour\n\nEvery picture is taken from a running tomato, in the state named, by `make tour`: on a desktop in the "
        "light theme, on a phone in the dark one.\n" + "".join(_section(each) for each in STOPS)
    )


def _section(each: Stop) -> str:
    pictures = (
        f'<img src="pictures/tour/{picture(each, screen).name}" width="{screen.shown_px}" alt="{each.title}, {screen.words}">'
        for screen in each.screens
    )
    return f"\n## {each.title}\n\n{each.words}\n\n" + "\n".join(pictures) + "\n"
