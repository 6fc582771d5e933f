"""What the pages look like to everybody: on any screen, with any helper, before and after their script has taken over."""

import gzip
import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from tests.support.visitors import (
    ROOM_URL,
    Visitor,
    call_oneself,
    connection,
    digits,
    own,
    press,
    shared,
    stay_nameless,
)
from tests.support.waiting import eventually

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}
LOW = (1366, 625), (1280, 600), (1024, 560), (375, 553)
SIDEWAYS = (1000, 500), (844, 390), (667, 375), (568, 320)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
JS_BUDGET = 25_000
JS_IN_ALL_BUDGET = 42_000
"""With everything that is loaded only when it is first needed."""
LATER = re.compile(r"/(upkeep|later-words)\.[^/]*js$")
"""What a page fetches once it is live, for another time."""
CSS_BUDGET = 8_000

# The markup of the first match of a selector, without what does not show: comments, white space between elements, the
# order of attributes, and the state that only a script can know.
PLAIN = """
(element) => {
  const plain = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.trim().replace(/\\s+/g, " ");
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    const attributes = [...node.attributes].map(({ name, value }) => `${name}=${value.trim()}`).sort().join(" ");
    return `<${node.localName} ${attributes}>${[...node.childNodes].map(plain).join("")}</>`;
  };
  const copy = element.cloneNode(true);
  const comments = document.createTreeWalker(copy, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (comments.nextNode()) found.push(comments.currentNode);
  found.forEach((comment) => comment.remove());
  copy.normalize();
  return plain(copy);
}
"""

# The page as the server has drawn it, read by the browser itself: no script may make a document of a text.
SERVED = """
() => new Promise((drawn) => {
  const request = new XMLHttpRequest();
  request.open("GET", location);
  request.responseType = "document";
  request.onload = () => drawn(request.response);
  request.send();
})
"""

# Where an element is on its page, however far that is scrolled.
PLACE = """
(element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x + scrollX, y + scrollY, width, height].map(Math.round);
}
"""

# The same of many at one instant, for an offer among them may end before it is asked for.
PLACES = f"(elements) => elements.map({PLACE})"

# By how many pixels the words in a dial stay clear of its ring, at the corner that comes nearest.
ROOM_IN_THE_RING = """
(dial) => {
  const { x, y, width } = dial.getBoundingClientRect();
  const inner = width * 0.452;
  const far = (px, py) => Math.hypot(px - x - width / 2, py - y - width / 2);
  const lines = [...dial.querySelectorAll(".phase, [role=timer], .ends")].flatMap((part) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    const cut = part.getBoundingClientRect();
    return [...range.getClientRects()].map(({ left, right, top, bottom }) =>
      [Math.max(left, cut.left), Math.min(right, cut.right), top, bottom]);
  });
  return Math.min(...lines.filter(([left, right]) => left < right).map(([left, right, top, bottom]) =>
    inner - Math.max(far(left, top), far(right, top), far(left, bottom), far(right, bottom))));
}
"""

# How wide the page becomes by each word for the state of its connection.
WIDTHS_WITH_PILLS = """
async () => {
  const { PILLS } = await import("#timers/words");
  const pill = document.querySelector("tm-pill");
  const widthWith = (word) => {
    pill.look = { pill: word, live: false, away: true };
    return document.documentElement.scrollWidth;
  };
  return Object.fromEntries(Object.values(PILLS).map((word) => [word, widthWith(word)]));
}
"""

# Counts how often a ring sets out to glide.
WATCH_RING = """
() => {
  window.glided = 0;
  addEventListener("transitionrun", ({ propertyName }) => { glided += propertyName === "stroke-dashoffset"; });
}
"""

DRAWN = "tm-timer[kind=room]", "tm-timer[kind=me]", "tm-people", "tm-control"

parametrize_screens = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
parametrize_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
parametrize_both_looks = pytest.mark.parametrize(
    ("screen", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
"""For what is made of the same parts as the timer and a room, which are tried on both screens in both schemes."""


def assert_accessible(page: Page) -> None:
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
    results = Axe().run(page, options=RULES)
    assert results.violations_count == 0, results.generate_report()


def boxes(page: Page) -> dict[str, object]:
    """Where everything is that must not move."""
    parts = {
        "dial": ".dial",
        "phase": ".phase",
        "reset": "[data-act=reset]",
        "main": "[data-act=main]",
        "skip": "[data-act=skip]",
        "pips": ".pips",
        "extras": ".extras",
        "note": ".note",
        "below": "main > :last-child, .room > :last-child",
    }
    return {name: page.locator(selector).first.evaluate(PLACE) for name, selector in parts.items()}


@parametrize_schemes
@parametrize_screens
def test_the_timer_is_accessible(visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str) -> None:
    page = visitor(viewport=screen, color_scheme=scheme).open()
    expect(page.get_by_role("heading", level=1)).to_contain_text("one tomato at a time")
    assert_accessible(page)
    press(own(page), "Start")
    expect(own(page)).to_contain_text("Ends at")
    page.reload()
    expect(page.get_by_role("heading", level=2)).to_have_text("Focus together")
    expect(connection(page)).to_have_text("Live")
    assert_accessible(page)
    press(own(page), "Skip to break")
    expect(page.locator("html")).to_have_attribute("data-phase", "short")
    assert_accessible(page)


@parametrize_schemes
@parametrize_screens
def test_a_room_is_accessible(
    visitor: Callable[..., Visitor], jun: Visitor, screen: dict[str, int], scheme: str
) -> None:
    page = visitor(viewport=screen, color_scheme=scheme).make_room()
    assert_accessible(page)
    press(own(jun.open(page.url)), "Start")
    press(shared(page), "Start for all")
    expect(page.locator("tm-people")).to_contain_text("Focus")
    assert_accessible(page)
    stay_nameless(page)
    page.get_by_role("button", name="Change your name").click()
    assert_accessible(page)


@parametrize_both_looks
def test_the_sheets_are_accessible(visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str) -> None:
    page = visitor(viewport=screen, color_scheme=scheme).make_room()
    press(shared(page), "Start for all")
    page.get_by_role("button", name="Settings").click()
    sheet = page.get_by_role("dialog", name="Settings")
    sheet.get_by_label("Keep as").fill("Sprint")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("button", name="Remove Sprint")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert_accessible(page)


@parametrize_schemes
def test_a_page_that_is_not_there_is_accessible(visitor: Callable[..., Visitor], scheme: str) -> None:
    someone = visitor(color_scheme=scheme)
    someone.expect_complaint("404")
    assert_accessible(someone.look_at("/room/ZZZZZZ"))
    assert_accessible(someone.look_at("/nowhere"))


@parametrize_schemes
def test_the_page_of_the_api_is_accessible(visitor: Callable[..., Visitor], scheme: str) -> None:
    page = visitor(viewport=SMALLEST, color_scheme=scheme).look_at("/api/docs")
    assert_accessible(page)
    assert_nothing_is_cut_off(page)


@parametrize_screens
def test_nothing_moves_between_idle_running_and_paused(visitor: Callable[..., Visitor], screen: dict[str, int]) -> None:
    someone = visitor(viewport=screen)
    for page, words in ((someone.open(), ""), (someone.make_room(), " for all")):
        timer = page.locator("tm-timer").first
        before = boxes(page)
        for word, then in (
            ("Start", "nds "),
            ("Pause", "Paused"),
            ("+5 min", "Paused"),
            ("Resume", "nds "),
            ("Reset", "Ready"),
        ):
            press(timer, word if word in ("Reset", "+5 min") else word + words)
            expect(timer.locator(".ends")).to_contain_text(then)
            assert boxes(page) == before, f"after {word}"
    for word, then in (("Start", "nds "), ("Reset", "Ready")):
        press(own(page), word)
        expect(own(page).locator(".ends")).to_contain_text(then)
        assert boxes(page) == before, f"after {word} of one's own"


@parametrize_screens
def test_nothing_moves_when_the_script_takes_over(visitor: Callable[..., Visitor], screen: dict[str, int]) -> None:
    someone = visitor(viewport=screen)
    someone.context.add_init_script(
        """
        window.shifted = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shifted += entry.value)))
          .observe({ type: "layout-shift", buffered: true });
        """
    )
    for page in (someone.open(), someone.make_room()):
        page.reload()
        expect(connection(page)).to_have_text("Live")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("window.shifted") < 0.001


def test_the_script_draws_what_the_server_has_drawn(ana: Visitor) -> None:
    solo, room = ana.open(), ana.make_room()
    assert_drawn_alike(solo, "tm-timer")
    stay_nameless(room)
    assert_drawn_alike(room, *DRAWN)
    press(own(room), "Skip to break")
    expect(digits(own(room))).to_have_text("05:00")
    press(shared(room), "Start for all")
    press(shared(room), "Pause for all")
    expect(shared(room)).to_contain_text("Paused")
    room.reload()
    expect(connection(room)).to_have_text("Live")
    assert_drawn_alike(room, *DRAWN)


def assert_drawn_alike(page: Page, *selectors: str) -> None:
    served = page.evaluate_handle(SERVED)
    for selector in selectors:
        first = served.evaluate(f"(page) => ({PLAIN})(page.querySelector('{selector}'))")
        now = page.locator(selector).evaluate(PLAIN)
        assert now == first


def test_the_first_state_needs_no_script(visitor: Callable[..., Visitor], ana: Visitor) -> None:
    room = ana.make_room()
    press(shared(room), "Start for all")
    expect(digits(shared(room))).to_have_text(re.compile("^24:"))
    reader = visitor(java_script_enabled=False)
    page = reader.look_at("/")
    expect(digits(own(page))).to_have_text("25:00")
    expect(own(page).get_by_role("button", name="Start")).to_be_hidden()
    page = reader.look_at(room.url)
    expect(digits(shared(page))).to_have_text(re.compile(r"^24:\d\d$"))
    expect(shared(page)).to_contain_text(re.compile(r"Ends at \d\d:\d\d UTC"))
    expect(page.locator("noscript .notice")).to_contain_text("needs JavaScript")


def test_a_room_can_be_made_and_joined_without_script(visitor: Callable[..., Visitor]) -> None:
    page = visitor(java_script_enabled=False).look_at("/")
    page.get_by_role("button", name="Make a room").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Room "))
    code = page.url[-6:]
    page.goto("/")
    page.get_by_label("Room code").fill(code)
    page.get_by_role("button", name="Join").click()
    expect(page).to_have_url(re.compile(f"/room/{code}$"))


def test_nothing_is_cut_off_on_the_smallest_screen(visitor: Callable[..., Visitor]) -> None:
    someone = visitor(viewport=SMALLEST)
    for page in (someone.open(), someone.make_room()):
        assert_nothing_is_cut_off(page)
        press(own(page), "Start")
        page.get_by_role("button", name="Settings").click()
        expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
        assert_nothing_is_cut_off(page)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        assert_nothing_is_cut_off(page)


def assert_nothing_is_cut_off(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == SMALLEST["width"]
    for sheet in page.locator("dialog").all():
        assert sheet.evaluate("(sheet) => sheet.scrollWidth <= sheet.clientWidth")
    for x, _, width, _ in page.locator(":is(button, a, input:not([type=hidden])):visible").evaluate_all(PLACES):
        assert x >= 0
        assert x + width <= SMALLEST["width"]


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_what_the_connection_is_like_has_room_on_a_phone(visitor: Callable[..., Visitor], locale: str) -> None:
    page = visitor(locale=locale).open()
    for width in (SMALLEST["width"], PHONE["width"], SIDEWAYS[-1][0]):
        page.set_viewport_size({"width": width, "height": 640})
        widths = page.evaluate(WIDTHS_WITH_PILLS)
        assert widths == dict.fromkeys(widths, width)
    expect(page.locator("tm-step")).to_be_hidden()


def test_a_phone_on_its_side_shows_the_countdown_and_its_buttons_without_scrolling(
    visitor: Callable[..., Visitor],
) -> None:
    someone = visitor(locale="de-DE")
    solo, room = someone.open(), made(someone)
    for page in (solo, room):
        timer = page.locator("tm-timer").first
        for width, height in SIDEWAYS:
            page.set_viewport_size({"width": width, "height": height})
            for part in (timer.get_by_role("timer"), timer.locator("[data-act=main]"), timer.locator(".dial")):
                expect(part).to_be_in_viewport(ratio=1)
            for x, _, across, _ in page.locator("main :is(button, label):visible").evaluate_all(PLACES):
                assert x >= 0
                assert x + across <= width


def test_a_low_window_shows_the_one_button_without_scrolling(ana: Visitor) -> None:
    first = ana.open()
    room, again = ana.make_room(), ana.open()
    for page in (first, again, room):
        for width, height in LOW:
            page.set_viewport_size({"width": width, "height": height})
            expect(page.locator("tm-timer [data-act=main]").first).to_be_in_viewport(ratio=1)
    again.set_viewport_size({"width": 1366, "height": 625})
    press(own(again), "Start")
    expect(own(again).get_by_role("button", name="Undo")).to_be_in_viewport(ratio=1)


def made(someone: Visitor) -> Page:
    """A room with a long name, in whatever language; German has the longer words."""
    page = someone.open()
    page.locator("summary").click()
    page.locator("input[name=name]").fill("Writing what is not written yet, together")
    page.locator("form[action='/rooms'] button").click()
    page.wait_for_url(ROOM_URL)
    expect(connection(page)).to_have_text("Live")
    return page


def test_the_longest_name_stays_within_the_ring_and_moves_nothing(
    visitor: Callable[..., Visitor], jun: Visitor
) -> None:
    page = made(visitor(viewport=SMALLEST, locale="de-DE"))
    around = shared(page).locator(".dial, .phase, [role=timer], .pips, .controls")
    before = around.evaluate_all(PLACES)
    juns = jun.open(page.url)
    call_oneself(juns, "W" * 40)
    press(shared(juns), "Start for all")
    expect(shared(page).locator(".ends")).to_contain_text("WWW")
    assert around.evaluate_all(PLACES) == before
    assert shared(page).locator(".dial").evaluate(ROOM_IN_THE_RING) > 2


def test_buttons_are_large_enough_for_a_thumb(visitor: Callable[..., Visitor]) -> None:
    page = visitor(viewport=PHONE).make_room()
    press(own(page), "Start")
    expect(own(page).get_by_role("button", name="Undo")).to_be_visible()
    for _, _, width, height in page.locator("button:visible").evaluate_all(PLACES):
        assert min(width, height) >= 44


def test_who_wants_less_motion_gets_none(visitor: Callable[..., Visitor]) -> None:
    page = visitor(reduced_motion="reduce").open()
    durations = page.evaluate(
        "[...document.querySelectorAll('main *')].map((element) => parseFloat(getComputedStyle(element).transitionDuration))"
    )
    assert max(durations) < 0.001


def test_the_ring_glides_only_where_that_is_to_be_seen(ana: Visitor) -> None:
    page = ana.open()
    page.evaluate(WATCH_RING)
    press(own(page), "Start")
    expect(digits(own(page))).to_have_text("24:57")
    glided = page.evaluate("glided")
    expect(digits(own(page))).to_have_text("24:54")
    assert page.evaluate("glided") == glided
    press(own(page), "Skip to break")
    eventually(lambda: page.evaluate("glided") > glided + 2)


def test_forced_colours_keep_the_ring_and_the_choice_of_phase_visible(visitor: Callable[..., Visitor]) -> None:
    page = visitor(forced_colors="active").open()
    ring, track = (
        page.locator(f".dial {part}").evaluate("(ring) => getComputedStyle(ring).stroke") for part in (".arc", ".track")
    )
    assert ring != track
    chosen = page.locator(".segment input:checked + span")
    assert chosen.evaluate("(span) => getComputedStyle(span).outlineStyle") == "solid"


def test_forced_colours_tell_a_switch_that_is_on_from_its_knob(visitor: Callable[..., Visitor]) -> None:
    page = visitor(forced_colors="active").open()
    page.get_by_role("button", name="Settings").click()
    switch = page.get_by_role("switch", checked=True).first
    border, rail = (switch.evaluate(f"(on) => getComputedStyle(on).{name}Color") for name in ("border", "background"))
    knob = switch.evaluate("(on) => getComputedStyle(on, '::before').backgroundColor")
    assert border == rail != knob


def test_the_pages_are_small_announced_in_advance_and_ask_nobody_else(ana: Visitor, site) -> None:
    answers: list[Response] = []
    ana.context.on("response", lambda answer: answers.append(answer))
    page = ana.open()
    assert_modules_announced(page)
    sheets = [answer for answer in answers if answer.request.resource_type == "stylesheet"]
    assert sum(compressed(answer) for answer in scripts_of(page, answers)) < JS_BUDGET
    assert sum(compressed(answer) for answer in sheets) < CSS_BUDGET
    open_everything(page)
    scripts = [answer for answer in answers if answer.request.resource_type == "script"]
    assert sum(compressed(answer) for answer in scripts) < JS_IN_ALL_BUDGET
    assert_modules_announced(ana.make_room())
    assert all(answer.url.startswith(site.url) for answer in answers)


def scripts_of(page: Page, answers: list[Response]) -> list[Response]:
    """All that come by themselves, those for later among them."""
    page.wait_for_function(
        "(later) => performance.getEntriesByType('resource').filter(({ name }) => RegExp(later).test(name)).length === 2",
        arg=LATER.pattern,
    )
    return [answer for answer in answers if answer.request.resource_type == "script"]


def open_everything(page: Page) -> None:
    """Whatever a page loads only when it is first needed is loaded."""
    press(own(page), "Start")
    for name, sheet in (("Settings", "Settings"), ("all keys", "Keys")):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("dialog", name=sheet)).to_be_visible()
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Small window").click()
    eventually(lambda: page.evaluate("documentPictureInPicture.window !== null"))


def assert_modules_announced(page: Page) -> None:
    """No module is found only while another one is read."""
    announced = page.locator("link[rel=modulepreload], script[src]")
    urls = announced.evaluate_all("(links) => links.map((link) => link.href || link.src)")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert {url for url in loaded if url.endswith(".js") and not LATER.search(url)} == set(urls)


def compressed(answer: Response) -> int:
    return len(gzip.compress(answer.body()))
