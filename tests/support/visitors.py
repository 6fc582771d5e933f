"""People in front of a browser, and what they do on the pages, in their words."""

import json
import re
import sys
from typing import Any

from playwright.sync_api import Browser, FloatRect, Locator, Page, WebSocketRoute, expect

from tests.support.processes import Tomato
from tests.support.waiting import eventually

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`content policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
# All that a screen reader is told.
LISTEN = """
window.heard = [];
addEventListener("DOMContentLoaded", () => {
  const hear = (records) => heard.push(...records.flatMap(({ addedNodes }) => [...addedNodes].map(({ data }) => data)));
  const told = document.getElementById("announcements");
  if (told !== null) new MutationObserver(hear).observe(told, { childList: true });
});
"""
# So that a busy machine may take its time to press what is offered for five seconds.
KEEP_OFFERS = """
const { setTimeout } = window;
window.setTimeout = (act, delay_ms, ...rest) => setTimeout(act, delay_ms === 5_000 ? 600_000 : delay_ms, ...rest);
"""
# A page that is loaded again without a network knows that there is none, which Chromium forgets of a pretended one.
REMEMBER_OFFLINE = """
const { get } = Object.getOwnPropertyDescriptor(Navigator.prototype, "onLine");
Object.defineProperty(Navigator.prototype, "onLine", {
  get() { return sessionStorage.getItem("offline") === null && get.call(this); },
});
"""
NO_NETWORK = "ERR_INTERNET_DISCONNECTED"  # of which nobody but `go_offline` takes a browser
OPERATOR, PASSWORD = "olga", "a long word that few know"
ROOM_URL = re.compile(r"/room/[A-Z2-9]{6}$")


class Visitor:
    """One person: one browser with its own cookies. `complaints` is everything that its console has said.

    It keeps nothing for when there is no server, so that each test meets the server; with `service_workers="allow"` it does.
    """

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.expected = ["Service Worker registration blocked", NO_NETWORK]
        self.context = browser.new_context(base_url=url, **{"service_workers": "block", **options})
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.add_init_script(LISTEN)
        self.context.add_init_script(REMEMBER_OFFLINE)
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
        """A tab in a new room of theirs, without the detour by the page that has the button."""
        self.context.request.get("/")
        token = next(cookie["value"] for cookie in self.context.cookies() if cookie["name"] == "csrftoken")
        made = self.context.request.post("/rooms", form={"csrfmiddlewaretoken": token}, max_redirects=0)
        return self.open(made.headers["location"])

    def expect_complaint(self, words: str) -> None:
        """What the browser is going to say about a failure that the test itself brings about."""
        self.expected.append(words)

    def keep_offers(self) -> None:
        """On its pages from now on, what is offered for a moment is offered for long."""
        self.context.add_init_script(KEEP_OFFERS)

    def leave(self) -> None:
        self.context.close()

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: self._note(message.text))
        page.on("pageerror", lambda error: self._note(str(error)))

    def _note(self, complaint: str) -> None:
        if not any(words in complaint for words in self.expected):
            self.complaints.append(complaint)


class Line:
    """The wire between a page and its server, which a test can cut, and on which it can say something to the server too.
    Made before the page is opened."""

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

    def say(self, **message: object) -> None:
        self._server.send(json.dumps(message))

    def _connect(self, route: WebSocketRoute) -> None:
        if self.cut_with is not None:
            route.close(code=self.cut_with)
        else:
            self._routes.append(route)
            self._server = route.connect_to_server()


def go_offline(page: Page, line: Line) -> None:
    """Playwright's offline leaves open sockets alone, so the wire is cut besides."""
    page.evaluate("sessionStorage.setItem('offline', '')")
    page.context.set_offline(True)
    line.cut()


def go_online(page: Page, line: Line) -> None:
    line.mend()
    page.evaluate("sessionStorage.removeItem('offline')")
    page.context.set_offline(False)


def box(part: Locator) -> FloatRect:
    """Where it is, and how large."""
    found = part.bounding_box()
    assert found is not None, "it is not to be seen"
    return found


def is_told(page: Page, words: str) -> None:
    """A screen reader has been told, whatever it was told since."""
    eventually(lambda: [told for told in page.evaluate("heard") if words in told])


def connection(page: Page) -> Locator:
    return page.locator("tm-pill")


def shared(page: Page) -> Locator:
    return page.locator("tm-timer[kind=room]")


def own(page: Page) -> Locator:
    """One's own timer, on whichever page."""
    return page.locator("tm-timer[kind=me], tm-timer[kind=solo]")


def digits(timer: Locator) -> Locator:
    return timer.get_by_role("timer")


def note(page: Page, timer: Locator | None = None) -> Locator:
    """The line below a timer, one's own where none is named, without what it offers."""
    return (timer or own(page)).locator(".note > span")


def press(timer: Locator, name: str) -> None:
    timer.get_by_role("button", name=name).click()


def person(page: Page, name: str) -> Locator:
    return page.locator("tm-people li").filter(has_text=name)


def stay_nameless(page: Page) -> None:
    page.get_by_role("button", name="Skip", exact=True).click()
    expect(page.get_by_role("button", name="Change your name")).to_be_focused()


def call_oneself(page: Page, name: str) -> None:
    change, field = page.get_by_role("button", name="Change your name"), page.get_by_label("Your name", exact=True)
    expect(change.or_(field)).to_be_visible()
    if change.is_visible():
        change.click()
    field.fill(name)
    page.get_by_role("button", name="Save").click()
    expect(person(page, "You ·")).to_contain_text(name)


def together(ana: Visitor, jun: Visitor) -> tuple[Page, Page]:
    """Ana's page of a room that she has made, and Jun's, who is a guest."""
    anas = ana.make_room()
    juns = jun.open(anas.url)
    call_oneself(anas, "Ana")
    call_oneself(juns, "Jun")
    expect(person(anas, "Jun")).to_be_visible()
    return anas, juns


# Operators of the site ------------------------------------------------------------------------------------------------


def make_operator(site: Tomato) -> None:
    words = (sys.executable, "manage.py", "createsuperuser", "--no-input", "--email", "")
    with site.beside(*words, DJANGO_SUPERUSER_USERNAME=OPERATOR, DJANGO_SUPERUSER_PASSWORD=PASSWORD) as made:
        assert made.wait(60) == 0


def log_in(operator: Visitor, path: str) -> Page:
    """A page of the admin, with live timers on it."""
    page = operator.look_at(path)
    page.get_by_label("Username").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("table").first).to_be_visible()
    return page
