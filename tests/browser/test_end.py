"""The end of a phase, which nobody should miss: its sound, its notification, its line, its title and its icon."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_looks import SMALLEST
from tests.support.visitors import (
    Line,
    Visitor,
    connection,
    digits,
    is_told,
    note,
    own,
    person,
    press,
    shared,
    together,
)
from tests.support.waiting import eventually

# Every strike of the chime: in how many seconds, how high, and whether it was called off before.
STRIKES = """
window.strikes = [];
const { start, stop } = AudioScheduledSourceNode.prototype;
AudioScheduledSourceNode.prototype.start = function (at) {
  this.strike = { in_s: at - this.context.currentTime, hertz: this.frequency.value, off: false };
  strikes.push(this.strike);
  start.call(this, at);
};
AudioScheduledSourceNode.prototype.stop = function (at) {
  this.strike.off ||= at === undefined;
  stop.call(this, at);
};
"""
# A look at a page by a test counts as a press of a person, which this undoes.
PRESSES = """
Object.defineProperty(navigator, "userActivation", { value: { hasBeenActive: false } });
addEventListener("click", () => (navigator.userActivation.hasBeenActive = true), { capture: true });
"""
# Notifications that were shown, and how often the browser was asked for them.
NOTIFICATIONS = """
window.shown = [];
window.asked = 0;
window.Notification = class {
  static permission = "default";
  static async requestPermission() {
    window.asked += 1;
    return (Notification.permission = "granted");
  }
  constructor(title, { body, tag }) { window.shown.push({ title, body, tag }); }
  close() {}
};
"""
# As phones have it.
NO_CONSTRUCTOR = """
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return (Notification.permission = "granted"); }
  constructor() { throw new TypeError("Illegal constructor. Use ServiceWorkerRegistration.showNotification() instead."); }
};
"""
SIGHT = """
Object.defineProperty(document, "hidden", { get: () => window.isOutOfSight === true });
Object.defineProperty(document, "visibilityState", { get: () => (document.hidden ? "hidden" : "visible") });
"""
SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...args) { super(...args); window.sockets.push(this); }
};
"""
IS_ACCOMPANIED = "() => performance.getEntriesByType('resource').some(({ name }) => /company[^/]*\\.js$/.test(name))"
MINUTE_MS = 60_000


@pytest.fixture
def eva(visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody whose browser is watched closely."""
    someone = visitor()
    for script in (STRIKES, PRESSES, NOTIFICATIONS, SIGHT, SOCKETS):
        someone.context.add_init_script(script)
    return someone


def put_out_of_sight(page: Page, out: bool = True) -> None:
    page.evaluate("(out) => { window.isOutOfSight = out; document.dispatchEvent(new Event('visibilitychange')); }", out)


def run_out(page: Page, ms: int = 1_500) -> None:
    """The timer's phase ends soon."""
    say(page, type="timer:start", duration_ms=ms)


def say(page: Page, **message: object) -> None:
    page.evaluate("(message) => sockets.at(-1).send(JSON.stringify(message))", message)


def bring_company(*pages: Page) -> None:
    """What goes along with a timer is loaded with the first that runs, and may take longer than a short one lasts."""
    if all(page.evaluate(IS_ACCOMPANIED) for page in pages):
        return
    run_out(pages[0], MINUTE_MS)
    for page in pages:
        page.wait_for_function(IS_ACCOMPANIED)
    say(pages[0], type="timer:reset")


def end_a_focus(page: Page) -> None:
    bring_company(page)
    run_out(page)
    expect(page.locator("html")).to_have_attribute("data-phase", "short")


def strikes(page: Page) -> list[dict[str, Any]]:
    """Those that are going to sound, or have."""
    return [strike for strike in page.evaluate("window.strikes") if not strike["off"]]


def first_strike(page: Page) -> float:
    """In how many seconds from its planning the next sound begins."""
    return min(strike["in_s"] for strike in eventually(lambda: strikes(page)))


# The sound


def test_the_chime_is_laid_out_for_the_very_end_and_follows_the_timer(eva: Visitor) -> None:
    page = eva.open()
    press(own(page), "Start")
    assert first_strike(page) == pytest.approx(1_500, abs=1.5)
    press(own(page), "Pause")
    eventually(lambda: strikes(page) == [])
    press(own(page), "Resume")
    assert first_strike(page) == pytest.approx(1_500, abs=3)
    press(own(page), "+5 min")
    eventually(lambda: 1_700 < first_strike(page) < 1_801)


def test_what_sounds_at_the_end_is_not_cut_off_by_it_and_the_break_has_its_own(eva: Visitor) -> None:
    page = eva.open()
    press(own(page), "Start")
    assert first_strike(page) > 0
    press(own(page), "Reset")
    eventually(lambda: strikes(page) == [])
    end_a_focus(page)
    eventually(lambda: len({round(strike["in_s"]) for strike in strikes(page)}) > 1)
    ends = [strike["in_s"] for strike in strikes(page)]
    assert min(ends) == pytest.approx(1.5, abs=0.6)
    assert max(ends) == pytest.approx(300.3, abs=1)


def test_only_one_of_two_tabs_sounds_and_the_other_one_when_that_is_closed(eva: Visitor) -> None:
    here, there = eva.open(), eva.open()
    press(own(here), "Start")
    assert first_strike(here) > 1_400
    press(own(there), "+1 min")
    expect(digits(own(here))).to_have_text(re.compile(r"^2[56]:"))
    assert strikes(there) == []
    here.close()
    assert first_strike(there) > 1_400


def test_a_page_that_may_not_sound_says_so_and_does_once_it_is_touched(eva: Visitor) -> None:
    first = eva.open()
    press(own(first), "Start")
    expect(digits(own(first))).to_have_text(re.compile("^24:"))
    first.close()
    page = eva.open()
    sound = page.get_by_role("button", name="Tap to allow sound")
    expect(sound).to_be_visible()
    page.set_viewport_size({"width": SMALLEST["width"], "height": SMALLEST["height"]})
    expect(page.get_by_text("Tap to allow sound")).to_be_in_viewport(ratio=1)
    assert strikes(page) == []
    sound.click()
    assert first_strike(page) > 1_400
    expect(page.get_by_role("button", name="Sound", exact=True)).to_have_attribute("aria-pressed", "true")


def test_the_sound_can_be_turned_off_and_on_and_a_warning_asked_for(eva: Visitor) -> None:
    page = eva.open()
    press(own(page), "Start")
    assert first_strike(page) > 1_400
    page.get_by_role("button", name="Sound").click()
    eventually(lambda: strikes(page) == [])
    is_told(page, "Sound off.")
    page.keyboard.press("m")
    assert first_strike(page) > 1_400
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="A soft sound one minute before").check()
    eventually(lambda: first_strike(page) == pytest.approx(1_440, abs=10))


def test_the_chime_can_be_tried_at_its_volume(eva: Visitor) -> None:
    page = eva.open()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("slider", name="Volume").fill("30")
    page.get_by_role("button", name="Test").click()
    assert first_strike(page) < 1
    assert page.evaluate("JSON.parse(localStorage.getItem('tomato.preferences')).volume") == 0.3


def test_a_knock_is_heard_softly_unless_sound_is_off(eva: Visitor, jun: Visitor) -> None:
    evas, juns = together(eva, jun)
    press(own(evas), "Start")
    expect(person(juns, "Ana")).to_contain_text("Focus")
    juns.get_by_role("button", name="Knock at Ana").click()
    expect(person(juns, "Ana")).to_contain_text("will hear you")
    assert first_strike(evas) > 1_400
    assert knocks(evas) == []
    press(own(evas), "Skip to break")
    assert eventually(lambda: knocks(evas))[0] == pytest.approx(0.5, abs=0.5)
    evas.get_by_role("button", name="Sound").click()
    before = knocks(evas)
    again = jun.open(evas.url)
    again.get_by_role("button", name="Knock at Ana").click()
    expect(person(again, "Ana")).to_contain_text("has heard you")
    assert knocks(evas) == before


def knocks(page: Page) -> list[float]:
    """In how many seconds each knock begins, from its planning."""
    return [strike["in_s"] for strike in strikes(page) if strike["hertz"] == 392]


# The notification


def test_nobody_is_asked_for_notifications_before_a_phase_has_ended_nor_without_a_press(eva: Visitor) -> None:
    page = eva.open()
    end_a_focus(page)
    expect(note(page)).to_have_text(re.compile(r"^Focus ended at \d\d:\d\d\.$"))
    assert page.evaluate("window.asked") == 0
    press(own(page), "Tell me next time")
    expect(note(page)).to_have_text("You will be told when the next phase ends.")
    assert page.evaluate("window.asked") == 1


def test_who_says_no_is_not_asked_again(eva: Visitor) -> None:
    page = eva.open()
    end_a_focus(page)
    own(page).get_by_role("button", name="No", exact=True).click()
    expect(note(page)).to_have_text("You will not be asked again. The settings can change that.")
    press(own(page), "Reset")
    page.get_by_role("radio", name="Focus").check()
    end_a_focus(page)
    expect(note(page)).to_contain_text("Focus ended at")
    expect(own(page).get_by_role("button", name="Tell me next time")).to_have_count(0)
    assert page.evaluate("window.asked") == 0


def test_the_settings_ask_the_browser_too_and_say_when_it_blocks_them(eva: Visitor) -> None:
    page = eva.open()
    page.get_by_role("button", name="Settings").click()
    switch = page.get_by_role("switch", name="Notification at the end of a phase")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    assert page.evaluate("window.asked") == 1
    switch.click()
    expect(switch).not_to_be_checked()
    page.keyboard.press("Escape")
    page.evaluate("Notification.permission = 'denied'")
    page.get_by_role("button", name="Settings").click()
    expect(switch).to_be_disabled()
    expect(page.get_by_role("dialog")).to_contain_text("Blocked by this browser")


def test_a_person_with_three_tabs_out_of_sight_is_told_once(eva: Visitor) -> None:
    eva.context.add_init_script("Notification.permission = 'granted'")
    tabs = [eva.open() for _ in range(3)]
    for page in tabs:
        put_out_of_sight(page)
    bring_company(*tabs)
    end_a_focus(tabs[0])
    shown = eventually(lambda: [each for page in tabs for each in page.evaluate("window.shown")])
    tabs[0].evaluate("new Promise((done) => setTimeout(done, 600))")
    assert [each for page in tabs for each in page.evaluate("window.shown")] == shown
    assert [(each["title"], each["body"]) for each in shown] == [("Focus finished.", "Short break, 5 minutes.")]
    assert shown[0]["tag"]


def test_who_has_a_tab_in_sight_is_not_told_besides(eva: Visitor) -> None:
    eva.context.add_init_script("Notification.permission = 'granted'")
    seen, hidden = eva.open(), eva.open()
    put_out_of_sight(hidden)
    bring_company(seen, hidden)
    end_a_focus(seen)
    expect(note(hidden)).to_contain_text("Focus ended")
    hidden.evaluate("new Promise((done) => setTimeout(done, 900))")
    assert seen.evaluate("window.shown") == hidden.evaluate("window.shown") == []


def test_a_phone_lets_the_service_worker_tell_and_a_press_leads_to_the_page(
    visitor: Callable[..., Visitor], whole_browser: Browser
) -> None:
    someone = visitor(whole_browser, service_workers="allow", permissions=["notifications"])
    someone.context.add_init_script(NO_CONSTRUCTOR)
    for script in (SIGHT, SOCKETS):
        someone.context.add_init_script(script)
    page = someone.open()
    eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Notification at the end of a phase").click()
    eventually(lambda: shown_by_worker(page) == [["tomato", "You will be told when the next phase ends."]])
    page.keyboard.press("Escape")
    put_out_of_sight(page)
    end_a_focus(page)
    eventually(lambda: ["Focus finished.", "Short break, 5 minutes."] in shown_by_worker(page))
    assert press_shown(page, "Focus finished.") == ["focus", page.url]
    page.goto("/you")
    assert press_shown(page, "tomato") == ["openWindow", "/"]
    eventually(lambda: shown_by_worker(page) == [])


def shown_by_worker(page: Page) -> list[list[str]]:
    return page.evaluate(
        """async () => {
          const registration = await navigator.serviceWorker.getRegistration();
          return (await registration.getNotifications()).map(({ title, body }) => [title, body]);
        }"""
    )


def press_shown(page: Page, title: str) -> list[str]:
    """What the service worker does when somebody presses the notification. It hears of the press as of a real one; but since a
    browser lets only a hand bring windows forward, what would is written down."""
    [worker] = page.context.service_workers
    return worker.evaluate(
        """async (title) => {
          const shown = await registration.getNotifications();
          const notification = shown.find((each) => each.title === title);
          const press = new NotificationEvent("notificationclick", { notification });
          let done, came;
          press.waitUntil = (work) => (done = work);
          WindowClient.prototype.focus = async function () { came = ["focus", this.url]; };
          clients.openWindow = async (path) => { came = ["openWindow", path]; };
          dispatchEvent(press);
          await done;
          return came;
        }""",
        title,
    )


# What the page says


def test_a_phase_that_ended_out_of_sight_is_told_with_what_to_do_until_something_is_done(eva: Visitor) -> None:
    page = eva.open()
    put_out_of_sight(page)
    end_a_focus(page)
    expect(note(page)).to_have_text(re.compile(r"^Focus ended at \d\d:\d\d\.$"))
    own(page).get_by_role("button", name="Skip", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-phase", "focus")
    expect(note(page)).to_have_text("You skipped to the focus")


def test_a_break_that_does_not_start_by_itself_can_be_started_from_the_line(eva: Visitor) -> None:
    page = eva.open()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("switch", name="Start breaks by themselves").uncheck()
    page.keyboard.press("Escape")
    put_out_of_sight(page)
    end_a_focus(page)
    press(own(page), "Start break")
    expect(digits(own(page))).to_have_text(re.compile(r"^04:5\d$"))


def test_a_phase_that_ended_while_the_page_was_cut_off_is_told_when_it_is_back(eva: Visitor) -> None:
    eva.expect_complaint("WebSocket connection to")
    first, page = eva.open(), eva.open()
    run_out(first, 2_500)
    expect(own(page).get_by_role("button", name="Pause")).to_be_visible()
    page.evaluate("document.dispatchEvent(new Event('freeze'))")
    expect(first.locator("html")).to_have_attribute("data-phase", "short")
    page.evaluate("document.dispatchEvent(new Event('resume'))")
    expect(note(page)).to_have_text(re.compile(r"^Focus ended at \d\d:\d\d\.$"))


# A tab that is gone before the end, however slow the machine is: it keeps nothing of what comes then.
GONE_BEFORE = """
const { setItem } = Storage.prototype;
Storage.prototype.setItem = function (name, value) {
  if (!value.includes('"phase":"short_break"')) setItem.call(this, name, value);
};
"""


@pytest.mark.parametrize("kind", ["solo", "me", "room"])
def test_who_closed_the_tab_in_a_focus_is_told_of_its_end_on_return(eva: Visitor, kind: str) -> None:
    url = a_room_left_by(eva) if kind != "solo" else "/"
    close_in_a_focus(eva, url, kind)
    page = eva.open(url)
    timer = page.locator(f"tm-timer[kind={kind}]")
    expect(note(page, timer)).to_have_text(re.compile(r"^Focus ended at \d\d:\d\d\.$"))
    expect(timer.get_by_role("button", name="Skip", exact=True)).to_be_visible()


def test_who_was_not_there_or_may_be_wrong_is_told_of_no_end(eva: Visitor, jun: Visitor) -> None:
    url = a_room_left_by(eva)
    known = close_in_a_focus(eva, url, "room")
    known["shared"]["ends_at"] -= 1
    page = eva.look_at("/you")
    page.evaluate("(known) => (localStorage['tomato.room'] = JSON.stringify(known))", known)
    for someone in (eva, jun):
        page = someone.open(url)
        page.wait_for_function("() => JSON.parse(localStorage['tomato.room'] ?? null)?.shared.phase === 'short_break'")
        expect(note(page, shared(page))).to_have_text("")


def test_an_end_is_told_once_by_a_page_that_knows_of_it_twice(eva: Visitor) -> None:
    other = eva.context.new_page()
    other.add_init_script(GONE_BEFORE)
    other.goto("/")
    eventually(lambda: kept(other, "solo"))
    run_out(other, 3_000)
    expect(own(other)).to_contain_text("Ends at")
    page = eva.context.new_page()
    line = Line(page)
    line.cut()
    page.goto("/")
    expect(other.locator(".phase")).to_have_text("Short break")
    other.close()
    line.mend()
    page.evaluate("dispatchEvent(new Event('focus'))")
    eventually(lambda: kept(page, "solo")["timer"]["phase"] == "short_break")
    assert [told for told in page.evaluate("heard") if "Focus finished" in told] == [
        "Focus finished. Short break, 5 minutes."
    ]


def a_room_left_by(someone: Visitor) -> str:
    page = someone.make_room()
    page.close()
    return page.url


def close_in_a_focus(someone: Visitor, url: str, kind: str) -> Any:
    """The focus ends; what the browser has kept of the page that was closed before."""
    page = someone.context.new_page()
    page.add_init_script(GONE_BEFORE)
    page.goto(url)
    expect(connection(page)).to_have_text("Live")
    eventually(lambda: kept(page, kind))
    start = {"type": "timer:start", "duration_ms": 1_500} | ({} if kind == "solo" else {"timer": kind})
    say(page, **start)
    expect(page.locator(f"tm-timer[kind={kind}] .phase")).to_have_text("Short break")
    known = kept(page, kind)
    page.close()
    return known


def kept(page: Page, kind: str) -> Any:
    return page.evaluate(f"JSON.parse(localStorage.getItem('tomato.{'timer' if kind == 'solo' else 'room'}'))")


def test_the_title_says_what_it_is_time_for_until_somebody_looks(eva: Visitor) -> None:
    page = eva.open()
    put_out_of_sight(page)
    end_a_focus(page)
    expect(page).to_have_title("● Break time — tomato")
    press(own(page), "Pause")
    expect(page).to_have_title(re.compile(r"^0[45]:\d\d · Short break — tomato$"))


def test_the_icon_follows_phase_and_quarter(eva: Visitor) -> None:
    eva.expect_complaint("WebSocket connection to")
    first, page = eva.open(), eva.context.new_page()
    line = Line(page)
    page.clock.install()
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    icon = page.locator("link[rel=icon]")
    plain = icon.get_attribute("href")
    press(own(first), "Start")
    expect(icon).to_have_attribute("href", re.compile("/favicons/focus-4.svg$"))
    line.cut()
    page.clock.fast_forward("07:00")
    expect(icon).to_have_attribute("href", re.compile("/favicons/focus-3.svg$"))
    assert page.request.get(str(icon.get_attribute("href"))).headers["content-type"] == "image/svg+xml"
    line.mend()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(connection(page)).to_have_text("Live")
    press(own(page), "Skip to break")
    expect(icon).to_have_attribute("href", re.compile("/favicons/short-4.svg$"))
    press(own(page), "Reset")
    expect(icon).to_have_attribute("href", re.compile(f"{plain}$"))
