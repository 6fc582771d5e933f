"""People in front of a browser, and what they do on the pages, in their words."""

import re
from typing import Any

from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
ROOM_URL = re.compile(r"/room/[A-Z2-9]{6}$")


class Visitor:
    """One person: one browser with its own cookies. `complaints` is everything that its console has said."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self.context = browser.new_context(base_url=url, **options)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.on("page", self._listen)

    def open(self, path: str = "/") -> Page:
        """A tab at that address, connected."""
        page = self.look_at(path)
        expect(connection(page)).to_have_text("Live")
        return page

    def look_at(self, path: str) -> Page:
        """A tab at that address, whatever comes of it."""
        page = self.context.new_page()
        page.goto(path)
        return page

    def make_room(self) -> Page:
        page = self.open()
        page.get_by_role("button", name="Make a room").click()
        page.wait_for_url(ROOM_URL)
        expect(connection(page)).to_have_text("Live")
        return page

    def expect_complaint(self, words: str) -> None:
        """What the browser is going to say about a failure that the test itself brings about."""
        self.expected.append(words)

    def leave(self) -> None:
        self.context.close()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: self._note(message.text))
        page.on("pageerror", lambda error: self._note(str(error)))

    def _note(self, complaint: str) -> None:
        if not any(words in complaint for words in self.expected):
            self.complaints.append(complaint)


class Line:
    """The wire between a page and its server, which a test can cut. Made before the page is opened."""

    def __init__(self, page: Page) -> None:
        self.cut_with: int | None = None
        self._routes: list[WebSocketRoute] = []
        page.route_web_socket("**/ws/**", self._connect)

    def cut(self, code: int = 1013) -> None:
        self.cut_with = code
        for route in self._routes:
            route.close(code=code)
        self._routes.clear()

    def mend(self) -> None:
        self.cut_with = None

    def _connect(self, route: WebSocketRoute) -> None:
        if self.cut_with is not None:
            route.close(code=self.cut_with)
        else:
            self._routes.append(route)
            route.connect_to_server()


def connection(page: Page) -> Locator:
    return page.locator("tm-pill")


def shared(page: Page) -> Locator:
    return page.locator("tm-timer[kind=room]")


def own(page: Page) -> Locator:
    """One's own timer, on whichever page."""
    return page.locator("tm-timer[kind=me], tm-timer[kind=solo]")


def digits(timer: Locator) -> Locator:
    return timer.get_by_role("timer")


def press(timer: Locator, name: str) -> None:
    timer.get_by_role("button", name=name).click()


def person(page: Page, name: str) -> Locator:
    return page.locator("tm-people li").filter(has_text=name)


def call_oneself(page: Page, name: str) -> None:
    page.get_by_role("button", name="Change your name").click()
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(person(page, "You ·")).to_contain_text(name)
