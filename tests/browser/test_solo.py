"""One's own timer, in one tab and in several."""

import json
import re
import signal
from collections.abc import Callable

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.test_looks import PLACE
from tests.support.processes import Tomato
from tests.support.visitors import Line, Visitor, connection, digits, is_told, note, own, press
from tests.support.waiting import eventually

DESKTOP = {"width": 1280, "height": 800}
RUNNING = re.compile(r"^24:[0-5]\d$")
# What is offered for five seconds is offered until the test says that they are over.
TAKE_OFFERS_BACK = """
const { setTimeout } = window;
let over = [];
window.setTimeout = (act, delay_ms, ...rest) =>
  delay_ms === 5_000 ? over.push(act) : setTimeout(act, delay_ms, ...rest);
window.takeOffersBack = () => over.splice(0).forEach((act) => act());
"""


def started(page: Page) -> Page:
    press(own(page), "Start")
    expect(digits(own(page))).to_have_text(RUNNING)
    return page


def test_a_first_visit_shows_a_timer_that_is_ready(ana: Visitor) -> None:
    page = ana.open()
    expect(digits(own(page))).to_have_text("25:00")
    expect(own(page)).to_contain_text("Ready")
    expect(page).to_have_title("tomato — a calm timer for one, or for the whole team")


def test_who_is_new_is_told_what_this_is_and_may_begin_from_there(visitor: Callable[..., Visitor]) -> None:
    someone = visitor(viewport=DESKTOP)
    page = someone.open()
    for part in (page.get_by_role("heading", level=1), own(page).get_by_role("button", name="Start")):
        expect(part).to_be_in_viewport(ratio=1)
    begin = page.locator("[data-act=begin]")
    below = page.get_by_role("button", name="Make a room").evaluate(PLACE)
    begin.click()
    expect(digits(own(page))).to_have_text(RUNNING)
    expect(own(page).get_by_role("button", name="Pause")).to_be_focused()
    expect(begin).to_be_hidden()
    assert page.get_by_role("button", name="Make a room").evaluate(PLACE) == below
    press(own(page), "Reset")
    expect(begin).to_be_visible()
    begin.click()
    page.reload()
    expect(digits(own(page))).to_have_text(RUNNING)
    expect(page.get_by_role("link", name="Start a timer")).to_have_count(0)


def test_a_press_that_changes_nothing_is_not_told_of(ana: Visitor) -> None:
    page = ana.open()
    press(own(page), "Reset")
    press(own(page), "Start")
    is_told(page, "Started, 25 minutes")
    assert page.evaluate("heard") == ["Started, 25 minutes"]


def test_start_counts_down_here_in_the_title_and_in_every_other_tab(ana: Visitor) -> None:
    here, there = ana.open(), ana.open()
    started(here)
    expect(here).to_have_title(re.compile(r"^24:\d\d · Focus — tomato$"))
    expect(digits(own(there))).to_have_text(RUNNING)
    expect(own(there).get_by_role("button", name="Pause")).to_be_visible()


def test_another_tab_is_told_that_it_was_oneself(ana: Visitor) -> None:
    here, there = started(ana.open()), ana.open()
    press(own(here), "Pause")
    expect(note(there)).to_have_text("You paused the timer in another tab")
    is_told(there, "You paused the timer in another tab")
    expect(note(here)).to_have_text("You paused the timer")
    press(own(there), "Resume")
    expect(note(here)).to_have_text("You resumed the timer in another tab")
    expect(note(there)).to_have_text("You resumed the timer")


def test_pause_keeps_what_is_left_and_resume_goes_on(ana: Visitor) -> None:
    page = started(ana.open())
    press(own(page), "Pause")
    expect(own(page)).to_contain_text("Paused")
    left = digits(own(page)).inner_text()
    page.reload()
    expect(connection(page)).to_have_text("Live")
    expect(digits(own(page))).to_have_text(left)
    press(own(page), "Resume")
    expect(own(page)).to_contain_text("Ends at")


def test_skip_reset_and_the_phases(ana: Visitor) -> None:
    page = ana.open()
    press(own(page), "Skip to break")
    expect(digits(own(page))).to_have_text("05:00")
    expect(page.get_by_role("radio", name="Short break")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-phase", "short")
    page.get_by_role("radio", name="Long break").check()
    expect(digits(own(page))).to_have_text("15:00")
    page.get_by_role("radio", name="Focus").check()
    started(page)
    press(own(page), "Reset")
    expect(digits(own(page))).to_have_text("25:00")
    expect(own(page)).to_contain_text("Ready")


def test_what_was_done_by_a_press_can_be_undone_for_a_moment(ana: Visitor) -> None:
    page = started(ana.open())
    end = own(page).locator(".ends").inner_text()
    press(own(page), "Reset")
    expect(note(page)).to_have_text("You reset the timer")
    press(own(page), "Undo")
    expect(own(page).locator(".ends")).to_have_text(end)
    expect(own(page).get_by_role("button", name="Pause")).to_be_focused()
    expect(note(page)).to_have_text("You undid your reset")
    press(own(page), "Redo")
    expect(own(page).locator(".ends")).to_have_text("Ready")
    page.get_by_role("radio", name="Long break").check()
    press(own(page), "Undo")
    expect(page.get_by_role("radio", name="Focus")).to_be_checked()
    expect(note(page)).to_have_text("You undid your change of phase")
    press(own(page), "Undo")
    expect(own(page).locator(".ends")).to_have_text(end)
    press(own(page), "Skip to break")
    expect(note(page)).to_have_text("You skipped to the short break")
    expect(own(page).get_by_role("button", name="Undo")).to_be_visible()
    expect(own(page).get_by_role("button", name="Undo")).to_have_count(0)
    expect(note(page)).to_have_text("")


def test_undo_goes_ten_deep_and_then_says_that_there_is_nothing_left(ana: Visitor) -> None:
    page = ana.open()
    for _ in range(11):
        press(own(page), "+1 min")
    expect(digits(own(page))).to_have_text("36:00")
    for _ in range(10):
        page.keyboard.press("Control+z")
    expect(digits(own(page))).to_have_text("26:00")
    page.keyboard.press("u")
    expect(note(page)).to_have_text("There is nothing to undo.")
    expect(digits(own(page))).to_have_text("26:00")


def test_time_is_added_in_every_state(ana: Visitor) -> None:
    page = ana.open()
    press(own(page), "+5 min")
    expect(digits(own(page))).to_have_text("30:00")
    press(own(page), "Start")
    expect(own(page)).to_contain_text("Ends at")
    press(own(page), "+1 min")
    expect(digits(own(page))).to_have_text(re.compile(r"^30:[0-5]\d$"))
    expect(note(page)).to_have_text("You added 1 minute")
    press(own(page), "Undo")
    expect(digits(own(page))).to_have_text(re.compile(r"^29:[0-5]\d$"))


def test_a_running_timer_that_is_skipped_goes_into_its_break_by_itself(ana: Visitor) -> None:
    page = started(ana.open())
    press(own(page), "Skip to break")
    expect(digits(own(page))).to_have_text(re.compile(r"^04:5\d$"))
    expect(own(page).locator(".pips .on")).to_have_count(0)
    expect(own(page).locator(".pips :first-child")).to_have_class("now")


def test_a_reload_keeps_the_end(ana: Visitor) -> None:
    page = started(ana.open())
    end = own(page).locator(".ends").inner_text()
    page.reload()
    expect(connection(page)).to_have_text("Live")
    expect(own(page).locator(".ends")).to_have_text(end)
    expect(digits(own(page))).to_have_text(RUNNING)


def test_a_killed_web_server_costs_nothing(ana: Visitor, site: Tomato) -> None:
    ana.expect_complaint("WebSocket connection to")
    page = started(ana.open())
    end = own(page).locator(".ends").inner_text()
    with page.expect_websocket(lambda socket: not socket.is_closed(), timeout=30_000):
        site.kill("web", signal.SIGKILL)
    expect(connection(page)).to_have_text("Live", timeout=30_000)
    expect(own(page).locator(".ends")).to_have_text(end)
    press(own(page), "Pause")
    expect(own(page)).to_contain_text("Paused")


def test_a_wrong_local_clock_does_not_matter(ana: Visitor) -> None:
    page = ana.context.new_page()
    page.clock.install(time="2021-05-05T12:00:00")
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    started(page)


def test_a_tab_that_slept_shows_at_once_what_is_left(ana: Visitor) -> None:
    page = ana.context.new_page()
    line = Line(page)
    page.clock.install()
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    started(page)
    line.cut()
    page.clock.fast_forward("10:00")
    expect(digits(own(page))).to_have_text(re.compile(r"^14:[0-5]\d$"))


NOT_DONE = "The server could not do this in time, so nothing was changed. Please try again."


class Holding:
    """A wire that keeps every command to itself; the test answers it, or lets it go. Made before the page is opened."""

    def __init__(self, page: Page) -> None:
        self.held: list[str | bytes] = []
        page.route_web_socket("**/ws/**", self._connect)

    def refuse(self, text: str | bytes) -> None:
        refusal = {
            "type": "error",
            "id": json.loads(text)["id"],
            "code": "unavailable",
            "message": "No worker answered.",
        }
        self._route.send(json.dumps(refusal))

    def let_go(self, text: str | bytes) -> None:
        self._server.send(text)

    def _connect(self, route: WebSocketRoute) -> None:
        self._route, self._server = route, route.connect_to_server()
        route.on_message(lambda text: self.held.append(text) if '"timer:' in str(text) else self._server.send(text))


def test_a_press_is_answered_before_the_server_speaks_and_taken_back_when_it_refuses(ana: Visitor) -> None:
    page = ana.context.new_page()
    wire = Holding(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    started(page)
    wire.refuse(wire.held[0])
    expect(digits(own(page))).to_have_text("25:00")
    expect(note(page)).to_have_text(NOT_DONE)


def test_the_word_about_a_refused_press_goes_when_the_timer_moves(ana: Visitor) -> None:
    page = ana.context.new_page()
    wire = Holding(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    started(page)
    page.get_by_role("radio", name="Long break").check()
    wire.refuse(wire.held[0])
    expect(note(page)).to_have_text(NOT_DONE)
    wire.let_go(wire.held[1])
    expect(note(page)).to_have_text("")
    expect(digits(own(page))).to_have_text("15:00")


def test_a_lost_connection_is_shown_and_the_timer_goes_on(ana: Visitor) -> None:
    page = ana.context.new_page()
    line = Line(page)
    page.clock.install()
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    started(page)
    line.cut()
    page.clock.run_for(3_000)
    expect(connection(page)).to_have_text("Reconnecting")
    press(own(page), "Pause")
    expect(own(page).get_by_role("button", name="Resume")).not_to_have_attribute("aria-disabled", "true")
    page.clock.run_for(8_000)
    notice = page.locator("tm-connection .notice")
    expect(notice).to_contain_text(re.compile(r"Connection lost at \d\d:\d\d\. Your timer works;.*try \d+"))
    page.clock.run_for(3_000)
    assert len(lost := [told for told in page.evaluate("heard") if "lost" in told]) == 1
    assert re.fullmatch(r"Connection lost at \d\d:\d\d\.", lost[0])
    expect(digits(own(page))).to_have_text(re.compile(r"^24:5\d$"))
    line.mend()
    notice.get_by_role("button", name="Retry now").click()
    expect(notice).to_have_count(0)
    expect(connection(page)).to_have_text("Live")
    is_told(page, "Back online.")
    eventually(lambda: page.evaluate("localStorage.getItem('tomato.deeds')") is None)
    other = ana.open()
    expect(digits(own(other))).to_have_text(digits(own(page)).inner_text())
    expect(own(other).get_by_role("button", name="Resume")).to_be_visible()


def test_a_browser_without_its_cookie_is_told_what_to_do(ana: Visitor) -> None:
    page = ana.context.new_page()
    Line(page).cut(4401)
    page.goto("/")
    card = page.locator("tm-connection section")
    expect(card.get_by_role("heading")).to_have_text("We do not know this browser")
    is_told(page, "We do not know this browser.")
    expect(card.get_by_role("link", name="Reload")).to_be_visible()
    expect(own(page)).to_be_hidden()


def test_a_phase_that_ends_is_told_and_the_break_begins(ana: Visitor) -> None:
    page = ana.context.new_page()
    page.add_init_script(
        """
        window.sockets = [];
        window.WebSocket = class extends WebSocket {
          constructor(...args) { super(...args); window.sockets.push(this); }
        };
        """
    )
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    page.evaluate("""sockets[0].send('{"type":"timer:start","duration_ms":1500}')""")
    expect(page.locator("html")).to_have_attribute("data-phase", "short")
    expect(digits(own(page))).to_have_text(re.compile(r"^0[45]:\d\d$"))
    expect(note(page)).to_have_text(re.compile(r"^Focus ended at \d\d:\d\d\.$"))
    is_told(page, "Focus finished. Short break, 5 minutes.")


def test_space_starts_and_pauses_whatever_was_clicked_before(ana: Visitor) -> None:
    page = ana.open()
    for clicked in ("+5 min", "Reset"):
        press(own(page), clicked)
        page.keyboard.press("Space")
        expect(own(page).locator(".ends")).to_contain_text("Ends at")
        page.keyboard.press("Space")
        expect(own(page).locator(".ends")).to_have_text("Paused")


def test_what_can_be_undone_is_offered_while_the_keyboard_is_on_it(ana: Visitor) -> None:
    ana.context.add_init_script(TAKE_OFFERS_BACK)
    page = ana.open()
    own(page).get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    undo = own(page).get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(undo).to_be_focused()
    page.evaluate("takeOffersBack()")
    expect(undo).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.evaluate("takeOffersBack()")
    expect(undo).to_have_count(0)


def test_it_works_with_the_keyboard_alone(ana: Visitor) -> None:
    page = ana.open()
    page.get_by_role("radio", name="Focus").focus()
    page.keyboard.press("ArrowRight")
    expect(digits(own(page))).to_have_text("05:00")
    page.keyboard.press("ArrowLeft")
    expect(digits(own(page))).to_have_text("25:00")
    for name in ("Reset", "Start"):
        page.keyboard.press("Tab")
        expect(own(page).get_by_role("button", name=name)).to_be_focused()
    page.keyboard.press("Enter")
    pause = own(page).get_by_role("button", name="Pause")
    expect(pause).to_be_focused()
    page.keyboard.press("Space")
    expect(own(page).get_by_role("button", name="Resume")).to_be_focused()
    expect(own(page).get_by_role("timer")).to_have_accessible_name("25 minutes left")
