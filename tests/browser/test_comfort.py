"""What makes a timer one's own: its settings, the keys, the look, the small window, and what the device is told."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.visitors import Visitor, connection, digits, note, own, press, shared
from tests.support.waiting import eventually

RUNNING = re.compile(r"^24:[0-5]\d$")


def settings(page: Page) -> Locator:
    """The sheet of settings, opened."""
    page.get_by_role("button", name="Settings").click()
    return page.get_by_role("dialog", name="Settings")


# The timer's settings


def test_lengths_go_to_the_timer_at_once_and_can_be_undone(ana: Visitor) -> None:
    page, other = ana.open(), ana.open()
    sheet = settings(page)
    sheet.get_by_role("button", name="50 / 10").click()
    expect(digits(own(other))).to_have_text("50:00")
    expect(sheet.get_by_label("Short break")).to_have_value("10")
    sheet.get_by_label("Focus", exact=False).first.fill("40")
    page.keyboard.press("Tab")
    expect(digits(own(other))).to_have_text("40:00")
    sheet.get_by_label("Rounds until").fill("2")
    page.keyboard.press("Enter")
    expect(own(other).locator(".pips")).to_have_attribute("aria-label", "Round 1 of 2")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    expect(page.get_by_role("button", name="Settings")).to_be_focused()
    for left in ("40:00", "50:00", "25:00"):
        page.keyboard.press("u")
        expect(digits(own(page))).to_have_text(left)


def test_a_length_that_makes_no_sense_is_put_back(ana: Visitor) -> None:
    page = ana.open()
    sheet = settings(page)
    rounds, focus = sheet.get_by_label("Rounds until"), sheet.get_by_label("Focus", exact=False).first
    rounds.fill("13")
    page.keyboard.press("Tab")
    expect(rounds).to_have_value("4")
    expect(own(page).locator(".pips")).to_have_attribute("aria-label", "Round 1 of 4")
    expect(sheet.get_by_role("status")).to_have_text("Rounds until the long break: 1 to 12. It stays as it was.")
    expect(rounds).to_have_attribute("aria-invalid", "true")
    for nonsense in ("0", "99999", ""):
        focus.fill(nonsense)
        page.keyboard.press("Tab")
        expect(focus).to_have_value("25")
        expect(sheet.get_by_role("status")).to_have_text("Focus: 0.1 to 1,440 minutes. It stays as it was.")
    expect(rounds).not_to_have_attribute("aria-invalid", "true")
    focus.fill("30")
    page.keyboard.press("Tab")
    expect(sheet.get_by_role("status")).not_to_contain_text("stays")
    expect(focus).not_to_have_attribute("aria-invalid", "true")


def test_lengths_can_be_kept_under_a_name_for_every_timer_of_this_browser(ana: Visitor) -> None:
    ana.keep_offers()
    page = ana.open()
    sheet = settings(page)
    sheet.get_by_label("Focus", exact=False).first.fill("12")
    sheet.get_by_label("Keep as").fill("Sprint")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet.get_by_role("button", name="Sprint", exact=True)).to_have_attribute("aria-pressed", "true")
    room = ana.make_room()
    there = settings(room)
    there.get_by_role("button", name="Sprint", exact=True).click()
    expect(room.locator("tm-timer[kind=room] [role=timer]")).to_have_text("12:00")
    there.get_by_role("button", name="Remove Sprint").click()
    expect(there.get_by_role("button", name="Sprint")).to_have_count(0)
    expect(sheet.get_by_role("button", name="Sprint")).to_have_count(0)
    there.get_by_role("button", name="Undo").click()
    expect(there.get_by_role("button", name="Sprint", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(sheet.get_by_role("button", name="Sprint", exact=True)).to_be_visible()


def test_no_lengths_that_are_kept_make_room_for_others_unasked(ana: Visitor) -> None:
    page = ana.open()
    preset = {"focus_ms": 60_000, "short_break_ms": 60_000, "long_break_ms": 60_000, "rounds": 4}
    kept = {"presets": [{"name": f"My {number}", **preset} for number in range(12)]}
    page.evaluate("(kept) => localStorage.setItem('tomato.preferences', JSON.stringify(kept))", kept)
    page.reload()
    sheet = settings(page)
    expect(sheet).to_contain_text("There is room for 12 of your own.")
    expect(sheet.get_by_label("Keep as")).to_have_count(0)
    sheet.get_by_role("button", name="Remove My 0", exact=True).click()
    expect(sheet.get_by_label("Keep as")).to_be_visible()


def test_a_phase_that_is_under_way_keeps_its_length_and_the_sheet_says_so(ana: Visitor) -> None:
    page = ana.open()
    press(own(page), "Start")
    sheet = settings(page)
    sheet.get_by_role("button", name="90 / 20").click()
    expect(sheet).to_contain_text("A phase that is under way keeps its length.")
    expect(sheet.get_by_role("button", name="90 / 20")).to_have_attribute("aria-pressed", "true")
    expect(digits(own(page))).to_have_text(RUNNING)


# The keys


def test_keys_steer_the_timer(ana: Visitor) -> None:
    page = ana.open()
    page.keyboard.press("Space")
    expect(digits(own(page))).to_have_text(RUNNING)
    page.keyboard.press("Space")
    expect(own(page)).to_contain_text("Paused")
    page.keyboard.press("s")
    expect(page.locator("html")).to_have_attribute("data-phase", "short")
    page.keyboard.press("3")
    expect(digits(own(page))).to_have_text("15:00")
    page.keyboard.press("1")
    page.keyboard.press("r")
    expect(digits(own(page))).to_have_text("25:00")


def test_a_key_in_a_field_on_a_button_or_in_a_sheet_is_meant_for_that(ana: Visitor) -> None:
    page = ana.open()
    page.get_by_label("Room code").focus()
    page.keyboard.type("s r1")
    expect(page.get_by_label("Room code")).to_have_value("s r1")
    own(page).get_by_role("button", name="+5 min").focus()
    page.keyboard.press("Space")
    expect(digits(own(page))).to_have_text("30:00")
    expect(own(page)).to_contain_text("Ready")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    expect(digits(own(page))).to_have_text("30:00")
    expect(page.locator("html")).to_have_attribute("data-phase", "focus")


def test_single_keys_can_be_switched_off(ana: Visitor) -> None:
    page, other = ana.open(), ana.open()
    expect(page.locator(".hint")).to_be_visible()
    page.keyboard.press("?")
    page.get_by_role("switch", name="Single keys").uncheck()
    page.keyboard.press("Escape")
    for tab in (page, other):
        expect(tab.locator(".hint")).to_be_hidden()
        tab.keyboard.press("s")
    press(own(page), "+1 min")
    expect(digits(own(other))).to_have_text("26:00")
    page.keyboard.press("Control+z")
    expect(digits(own(page))).to_have_text("25:00")
    expect(page.locator("html")).to_have_attribute("data-phase", "focus")


# The look


def test_a_theme_is_there_before_the_page_is_painted_and_in_every_tab(visitor: Callable[..., Visitor]) -> None:
    someone = visitor(color_scheme="light")
    page, other = someone.open(), someone.open()
    someone.context.add_init_script(
        """
        new PerformanceObserver(() => (window.painted ??= document.documentElement.dataset.theme ?? "none"))
          .observe({ type: "paint", buffered: true });
        """
    )
    settings(page).get_by_role("radio", name="Dark").check()
    for tab in (page, other):
        expect(tab.locator("html")).to_have_css("background-color", "rgb(21, 18, 16)")
    other.reload()
    eventually(lambda: other.evaluate("window.painted") == "dark")
    bars = other.locator("meta[name=theme-color]").evaluate_all("(bars) => bars.map(({ media }) => media)")
    assert bars == ["not all", "all"]
    page.get_by_role("group", name="Theme").get_by_role("radio", name="System").check()
    expect(other.locator("html")).to_have_css("background-color", "rgb(251, 248, 245)")


# The small window


def test_the_timer_can_stand_in_a_small_window(ana: Visitor) -> None:
    # Chromium may say so of a window that opens all the same, when a debugger, which drives this test, attaches to it.
    ana.expect_complaint("'DocumentPictureInPicture': The provided callback is no longer runnable")
    page = ana.open()
    pop_out = page.get_by_role("button", name="Small window")
    press(own(page), "Start")
    pop_out.click()
    small = "documentPictureInPicture.window?.document"
    eventually(lambda: RUNNING.match(page.evaluate(f"{small}?.querySelector('[role=timer]')?.textContent ?? ''")))
    page.evaluate(f"{small}.querySelector('[data-act=main]').click()")
    expect(own(page)).to_contain_text("Paused")
    eventually(lambda: page.evaluate(f"{small}.querySelector('.ends').textContent") == "Paused")
    pop_out.click()
    eventually(lambda: page.evaluate("documentPictureInPicture.window") is None)


# The edges of what is shown in a small window, from those of the window, and how high its digits are.
TAKEN = """
(mini) => {
  const boxes = [...mini.children].map((part) => part.getBoundingClientRect()).filter(({ width }) => width > 0);
  const least = (side) => Math.min(...boxes.map(side));
  return {
    left: least(({ left }) => left),
    right: least(({ right }) => innerWidth - right),
    top: least(({ top }) => top),
    bottom: least(({ bottom }) => innerHeight - bottom),
    digits: mini.querySelector("[role=timer]").getBoundingClientRect().height,
  };
}
"""
SMALL_WINDOWS = (240, 120), (240, 240), (320, 150), (480, 200), (640, 480), (800, 600), (300, 600)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_timer_fills_the_middle_of_a_small_window_of_any_size(
    visitor: Callable[..., Visitor], language: str
) -> None:
    lea = visitor(locale=language)
    lea.expect_complaint("'DocumentPictureInPicture': The provided callback is no longer runnable")
    page = lea.open()
    own(page).locator("[data-act=main]").click()
    with page.context.expect_page() as opened:
        page.locator("[data-use=mini]").click()
    small = opened.value
    expect(small.locator(".ends")).to_have_text(re.compile(r"\d\d:\d\d"))
    for width, height in SMALL_WINDOWS:
        small.set_viewport_size({"width": width, "height": height})
        taken = small.locator("tm-mini").evaluate(TAKEN)
        assert min(taken["left"], taken["right"], taken["top"], taken["bottom"]) >= 4, (width, height, taken)
        assert abs(taken["left"] - taken["right"]) < 2, (width, height, taken)
        assert abs(taken["top"] - taken["bottom"]) < 2, (width, height, taken)
        assert taken["digits"] >= min(width, height) * 0.12, (width, height, taken)


def test_a_browser_without_small_windows_offers_none(ana: Visitor) -> None:
    ana.context.add_init_script(
        "delete window.documentPictureInPicture; delete Window.prototype.documentPictureInPicture"
    )
    page = ana.open()
    expect(page.get_by_role("button", name="Settings")).to_be_visible()
    expect(page.get_by_role("button", name="Small window")).to_be_hidden()


# The device

WAKE_LOCK = """
window.locked = [];
const sentinel = () => Object.assign(new EventTarget(), { released: false, release() { this.released = true; } });
Object.defineProperty(navigator, "wakeLock", {
  value: {
    async request(kind) {
      if (window.refuses) throw new DOMException("no", "NotAllowedError");
      window.locked.push(sentinel());
      return window.locked.at(-1);
    },
  },
});
"""


def awake(page: Page) -> bool:
    return bool(page.evaluate("window.locked.some(({ released }) => !released)"))


def test_the_screen_stays_on_while_the_timer_runs_for_who_wants_that(ana: Visitor) -> None:
    ana.context.add_init_script(WAKE_LOCK)
    page = ana.open()
    press(own(page), "Start")
    sheet = settings(page)
    expect(digits(own(page))).to_have_text(RUNNING)
    assert not awake(page)
    sheet.get_by_role("switch", name="Keep the screen on").check()
    eventually(lambda: awake(page))
    page.keyboard.press("Escape")
    press(own(page), "Pause")
    eventually(lambda: not awake(page))
    press(own(page), "Resume")
    eventually(lambda: awake(page))
    page.evaluate("window.locked.at(-1).release(); document.dispatchEvent(new Event('visibilitychange'))")
    eventually(lambda: awake(page))


def test_a_device_that_keeps_no_screen_on_says_so(ana: Visitor) -> None:
    ana.context.add_init_script(WAKE_LOCK)
    page = ana.open()
    page.evaluate("window.refuses = true")
    sheet = settings(page)
    switch = sheet.get_by_role("switch", name="Keep the screen on")
    switch.click()
    expect(sheet).to_contain_text("This device does not allow it at the moment.")
    expect(switch).not_to_be_checked()


def test_the_lock_screen_is_told_what_runs(ana: Visitor) -> None:
    page = ana.open()
    press(own(page), "Start")
    eventually(lambda: page.evaluate("navigator.mediaSession.metadata?.title") == "Focus")
    assert page.evaluate("navigator.mediaSession.playbackState") == "playing"
    press(own(page), "Reset")
    eventually(lambda: page.evaluate("navigator.mediaSession.metadata") is None)


def test_an_installed_page_shows_its_minutes_on_its_badge(ana: Visitor) -> None:
    ana.context.add_init_script(
        """
        window.badge = null;
        navigator.setAppBadge = async (minutes) => (window.badge = minutes);
        navigator.clearAppBadge = async () => (window.badge = null);
        const { matchMedia } = window;
        window.matchMedia = (query) => (query.includes("standalone") ? { matches: true } : matchMedia.call(window, query));
        """
    )
    page = ana.open()
    press(own(page), "Start")
    eventually(lambda: page.evaluate("window.badge") == 25)
    press(own(page), "Reset")
    eventually(lambda: page.evaluate("window.badge") is None)


# Milestones, and what cannot be fetched


def test_a_sheet_that_cannot_be_fetched_says_so(ana: Visitor) -> None:
    ana.expect_complaint("Failed to load resource")
    page = ana.open()
    page.route("**/settings*.js", lambda route: route.abort())
    page.get_by_role("button", name="Settings").click()
    expect(note(page)).to_have_text("This could not be fetched from the server. Please try again in a moment.")


def test_a_press_that_has_to_wait_is_not_answered_by_the_last_complaint(ana: Visitor) -> None:
    ana.expect_complaint("Failed to load resource")
    page = ana.make_room()
    page.route("**/settings*.js", lambda route: route.abort())
    page.get_by_role("button", name="Settings").click()
    said = note(page, shared(page))
    expect(said).to_contain_text("could not be fetched")
    page.evaluate("document.dispatchEvent(new Event('freeze'))")
    expect(connection(page)).to_have_text("Reconnecting")
    shared(page).get_by_role("button", name="Start for all").dispatch_event("click")
    expect(said).to_have_text("The buttons wait for the server.")


@pytest.mark.parametrize("path", ["/", "room"])
def test_settings_wait_with_everything_else_while_the_line_is_cut(ana: Visitor, path: str) -> None:
    page = ana.open() if path == "/" else ana.make_room()
    sheet = settings(page)
    page.evaluate("document.dispatchEvent(new Event('freeze'))")
    expect(connection(page)).to_have_text("Reconnecting")
    expect(sheet.get_by_label("Rounds until")).to_be_disabled()
    expect(sheet).to_contain_text("The buttons wait for the server.")
    expect(sheet.get_by_role("switch", name="Chime")).to_be_enabled()
    page.evaluate("document.dispatchEvent(new Event('resume'))")
    expect(sheet.get_by_label("Rounds until")).to_be_enabled()
