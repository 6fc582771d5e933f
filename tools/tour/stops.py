"""What a stop of the tour is: a page in a state, brought about by what people do, and the screens it is looked at on."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from time import time
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.support.processes import Tomato
from tests.support.visitors import Line, Visitor, connection, go_offline


@dataclass(frozen=True)
class Screen:
    """What a stop is looked at on. `shown_px`: how wide its picture stands in the tour."""

    name: str
    words: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    shown_px: int


DESKTOP = Screen("desktop", "on a desktop", 1280, 860, "light", 640)
PHONE = Screen("phone", "on a phone", 390, 860, "dark", 195)
SIDEWAYS = Screen("sideways", "on a phone on its side", 844, 390, "dark", 422)
SMALL = Screen("small", "above other windows", 320, 150, "light", 320)
PATIENCE_MS = 20_000
"""For what a page says after it has waited some ten seconds."""


def size(screen: Screen) -> ViewportSize:
    return {"width": screen.width, "height": screen.height}


class Cast:
    """Who takes part in one stop; all of them go when it has been taken."""

    def __init__(self, browser: Browser, site: Tomato, leaving: ExitStack) -> None:
        self.browser = browser
        self.site = site
        self.leaving = leaving

    def newcomer(self, **options: object) -> Visitor:
        visitor = Visitor(self.browser, self.site.url, viewport=size(DESKTOP), **options)
        self.leaving.callback(visitor.leave)
        return visitor

    def somebody(self, **options: object) -> Visitor:
        """Whose first visit this is not."""
        visitor = self.newcomer(**options)
        visitor.look_at("/you").close()
        return visitor


@dataclass(frozen=True)
class Stop:
    title: str
    words: str
    bring: Callable[[Cast], Page]
    shows: str | None
    """The part of the page to scroll to."""
    screens: tuple[Screen, ...]

    @property
    def name(self) -> str:
        return self.bring.__name__.replace("_", "-")


def stop(
    title: str, shows: str | None = None, screens: tuple[Screen, ...] = (DESKTOP, PHONE)
) -> Callable[[Callable[[Cast], Page]], Stop]:
    """The function brings a page into a state; its docstring is what the tour says of it."""

    def kept(bring: Callable[[Cast], Page]) -> Stop:
        return Stop(title, " ".join((bring.__doc__ or "").split()), bring, shows, screens)

    return kept


def began(line: Line, minutes_ago: float) -> None:
    """One's own timer was started some time ago, and that is only heard now."""
    line.say(type="timer:start", at=int((time() - 60 * minutes_ago) * 1000))


def wired(visitor: Visitor, path: str) -> tuple[Page, Line]:
    page = visitor.context.new_page()
    line = Line(page)
    page.goto(path)
    expect(connection(page)).to_have_text("Live")
    return page, line


def cut(page: Page, line: Line) -> None:
    go_offline(page, line)
    expect(connection(page)).to_have_text("Offline")
