"""One's own timer, in one tab and in several."""

import json
import re
import signal

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.support.processes import Tomato
from tests.support.visitors import Line, Visitor, connection, digits, own, press

RUNNING = re.compile(r"^24:[0-5]\d$")


def started(page: Page) -> Page:
    press(own(page), "Start")
    expect(digits(own(page))).to_have_text(RUNNING)
    return page


def test_a_first_visit_shows_a_timer_that_is_ready(ana: Visitor) -> None:
    page = ana.open()
    expect(digits(own(page))).to_have_text("25:00")
    expect(own(page)).to_contain_text("Ready")
    expect(page).to_have_title("tomato — a calm timer for one, or for the whole team")


def test_start_counts_down_here_in_the_title_and_in_every_other_tab(ana: Visitor) -> None:
    here, there = ana.open(), ana.open()
    started(here)
    expect(here).to_have_title(re.compile(r"^24:\d\d · Focus — tomato$"))
    expect(digits(own(there))).to_have_text(RUNNING)
    expect(own(there).get_by_role("button", name="Pause")).to_be_visible()


def test_another_tab_is_told_that_it_was_oneself(ana: Visitor) -> None:
    here, there = started(ana.open()), ana.open()
    press(own(here), "Pause")
    expect(own(there).locator(".note")).to_have_text("You paused it in another tab")
    expect(there.locator("#announcements")).to_contain_text("You paused it in another tab")
    expect(own(here).locator(".note")).to_have_text("")
    press(own(there), "Resume")
    expect(own(here).locator(".note")).to_have_text("You resumed it in another tab")
    expect(own(there).locator(".note")).to_have_text("")


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


def test_what_was_lost_by_a_press_can_be_undone_for_a_moment(ana: Visitor) -> None:
    page = started(ana.open())
    end = own(page).locator(".ends").inner_text()
    press(own(page), "Reset")
    expect(own(page).locator(".note")).to_contain_text("Timer reset.")
    press(own(page), "Undo")
    expect(own(page).locator(".ends")).to_have_text(end)
    expect(own(page).get_by_role("button", name="Pause")).to_be_focused()
    page.get_by_role("radio", name="Long break").check()
    press(own(page), "Undo")
    expect(page.get_by_role("radio", name="Focus")).to_be_checked()
    press(own(page), "Skip to break")
    expect(own(page).get_by_role("button", name="Undo")).to_be_visible()
    expect(own(page).get_by_role("button", name="Undo")).to_have_count(0, timeout=10_000)


def test_a_running_timer_that_is_skipped_goes_into_its_break_by_itself(ana: Visitor) -> None:
    page = started(ana.open())
    press(own(page), "Skip to break")
    expect(digits(own(page))).to_have_text(re.compile(r"^04:5\d$"))
    expect(own(page).locator(".pips .on")).to_have_count(1)


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


class Holding:
    """A wire that keeps every command to itself; the test answers it, or lets it go. Made before the page is opened."""

    def __init__(self, page: Page) -> None:
        self.held: list[str | bytes] = []
        page.route_web_socket("**/ws/**", self._connect)

    def refuse(self, text: str | bytes, sentence: str) -> None:
        refusal = {"type": "error", "id": json.loads(text)["id"], "code": "unavailable", "message": sentence}
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
    wire.refuse(wire.held[0], "No worker answered.")
    expect(digits(own(page))).to_have_text("25:00")
    expect(own(page).locator(".note")).to_have_text("No worker answered.")


def test_the_word_about_a_refused_press_goes_when_the_timer_moves(ana: Visitor) -> None:
    page = ana.context.new_page()
    wire = Holding(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    started(page)
    page.get_by_role("radio", name="Long break").check()
    wire.refuse(wire.held[0], "No worker answered.")
    expect(own(page).locator(".note")).to_have_text("No worker answered.")
    wire.let_go(wire.held[1])
    expect(own(page).locator(".note")).to_have_text("")
    expect(digits(own(page))).to_have_text("15:00")


def test_a_lost_connection_is_shown_and_the_countdown_goes_on(ana: Visitor) -> None:
    page = ana.context.new_page()
    line = Line(page)
    page.clock.install()
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    started(page)
    line.cut()
    page.clock.run_for(3_000)
    expect(connection(page)).to_have_text("Reconnecting")
    pause = own(page).get_by_role("button", name="Pause")
    expect(pause).to_have_attribute("aria-disabled", "true")
    expect(pause).to_have_accessible_description(re.compile("^Reconnecting"))
    pause.click(force=True)
    expect(pause).to_be_visible()
    page.clock.run_for(8_000)
    notice = page.locator("tm-connection .notice")
    expect(notice).to_contain_text(re.compile(r"Connection lost at \d\d:\d\d\..*try \d+"))
    expect(digits(own(page))).to_have_text(re.compile(r"^24:4\d$"))
    line.mend()
    notice.get_by_role("button", name="Retry now").click()
    expect(notice).to_have_count(0)
    expect(connection(page)).to_have_text("Live")
    expect(page.locator("#announcements")).to_contain_text("Back online.")
    expect(pause).not_to_have_attribute("aria-disabled", "true")


def test_a_browser_without_its_cookie_is_told_what_to_do(ana: Visitor) -> None:
    page = ana.context.new_page()
    Line(page).cut(4401)
    page.goto("/")
    card = page.locator("tm-connection section")
    expect(card.get_by_role("heading")).to_have_text("We do not know this browser")
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
    expect(own(page).locator(".note")).to_have_text(re.compile(r"^Focus ended at \d\d:\d\d\.$"))
    expect(page.locator("#announcements")).to_contain_text("Focus finished. Short break, 5 minutes.")


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
