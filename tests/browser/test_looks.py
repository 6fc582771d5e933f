"""What the pages look like to everybody: on any screen, with any helper, before and after their script has taken over."""

import gzip
import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from tests.support.visitors import Visitor, connection, digits, own, press, shared

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
JS_BUDGET = 25_000
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

# Where an element is on its page, however far that is scrolled.
PLACE = """
(element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x + scrollX, y + scrollY, width, height].map(Math.round);
}
"""

parametrize_screens = pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
parametrize_schemes = pytest.mark.parametrize("scheme", ["light", "dark"])


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
        "below": "main > :last-child, .room > :last-child",
    }
    return {name: page.locator(selector).first.evaluate(PLACE) for name, selector in parts.items()}


@parametrize_schemes
@parametrize_screens
def test_the_timer_is_accessible(visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str) -> None:
    page = visitor(viewport=screen, color_scheme=scheme).open()
    assert_accessible(page)
    press(own(page), "Start")
    expect(own(page)).to_contain_text("Ends at")
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
    page.get_by_role("button", name="Change your name").click()
    assert_accessible(page)


@parametrize_schemes
def test_a_page_that_is_not_there_is_accessible(visitor: Callable[..., Visitor], scheme: str) -> None:
    someone = visitor(color_scheme=scheme)
    someone.expect_complaint("404")
    assert_accessible(someone.look_at("/room/ZZZZZZ"))
    assert_accessible(someone.look_at("/nowhere"))


@parametrize_screens
def test_nothing_moves_between_idle_running_and_paused(visitor: Callable[..., Visitor], screen: dict[str, int]) -> None:
    someone = visitor(viewport=screen)
    for page, words in ((someone.open(), ""), (someone.make_room(), " for all")):
        timer = page.locator("tm-timer").first
        before = boxes(page)
        for word, then in (("Start", "nds "), ("Pause", "Paused"), ("Resume", "nds "), ("Reset", "Ready")):
            press(timer, word if word == "Reset" else word + words)
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
    assert_drawn_alike(room, "tm-timer[kind=room]", "tm-timer[kind=me]", "tm-people")
    press(own(room), "Skip to break")
    expect(digits(own(room))).to_have_text("05:00")
    press(shared(room), "Start for all")
    press(shared(room), "Pause for all")
    expect(shared(room)).to_contain_text("Paused")
    room.reload()
    expect(connection(room)).to_have_text("Live")
    assert_drawn_alike(room, "tm-timer[kind=room]", "tm-timer[kind=me]", "tm-people")


def assert_drawn_alike(page: Page, *selectors: str) -> None:
    served = page.evaluate_handle(
        "fetch(location).then((answer) => answer.text()).then((text) => new DOMParser().parseFromString(text, 'text/html'))"
    )
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
        assert page.evaluate("document.documentElement.scrollWidth") == SMALLEST["width"]
        for target in page.locator("main :is(button, a, input:not([type=hidden]))").all():
            box = target.bounding_box()
            assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= SMALLEST["width"])


def test_buttons_are_large_enough_for_a_thumb(visitor: Callable[..., Visitor]) -> None:
    page = visitor(viewport=PHONE).make_room()
    for button in page.locator("main button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44


def test_who_wants_less_motion_gets_none(visitor: Callable[..., Visitor]) -> None:
    page = visitor(reduced_motion="reduce").open()
    durations = page.evaluate(
        "[...document.querySelectorAll('main *')].map((element) => parseFloat(getComputedStyle(element).transitionDuration))"
    )
    assert max(durations) < 0.001


def test_forced_colours_keep_the_ring_and_the_choice_of_phase_visible(visitor: Callable[..., Visitor]) -> None:
    page = visitor(forced_colors="active").open()
    ring, track = (
        page.locator(f".dial {part}").evaluate("(ring) => getComputedStyle(ring).stroke") for part in (".arc", ".track")
    )
    assert ring != track
    chosen = page.locator(".segment input:checked + span")
    assert chosen.evaluate("(span) => getComputedStyle(span).outlineStyle") == "solid"


def test_the_pages_are_small_announced_in_advance_and_ask_nobody_else(ana: Visitor, site) -> None:
    answers: list[Response] = []
    ana.context.on("response", lambda answer: answers.append(answer))
    page = ana.open()
    assert_modules_announced(page)
    scripts = [answer for answer in answers if answer.request.resource_type == "script"]
    sheets = [answer for answer in answers if answer.request.resource_type == "stylesheet"]
    assert sum(compressed(answer) for answer in scripts) < JS_BUDGET
    assert sum(compressed(answer) for answer in sheets) < CSS_BUDGET
    assert_modules_announced(ana.make_room())
    assert all(answer.url.startswith(site.url) for answer in answers)


def assert_modules_announced(page: Page) -> None:
    """No module is found only while another one is read."""
    announced = page.locator("link[rel=modulepreload], script[type=module]")
    urls = announced.evaluate_all("(links) => links.map((link) => link.href || link.src)")
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert {url for url in loaded if url.endswith(".js")} == set(urls)


def compressed(answer: Response) -> int:
    return len(gzip.compress(answer.body()))
