"""The stops at a timer of one's own."""

import signal
from time import time

from playwright.sync_api import Page, expect

from tests.support.visitors import connection, note, own, press
from tests.support.waiting import eventually
from tools.tour.stops import DESKTOP, PATIENCE_MS, PHONE, SIDEWAYS, SMALL, Cast, began, cut, stop, wired

COMPLETED_AFTER_MS = 3_000
"""When a phase that was over as its start was heard of is surely completed."""
UNTOUCHED = "Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } });"
"""What a driven browser does counts as a touch."""


@stop("The first visit")
def the_first_visit(cast: Cast) -> Page:
    """Open `/` and press Start; nothing has to be set up before. Who is new is told what this is, beside a timer that is ready."""
    return cast.newcomer().open()


@stop("The timer")
def the_timer(cast: Cast) -> Page:
    """From the second visit on, the timer alone. A room is one press away, and so is the code of somebody else's."""
    return cast.somebody().open()


@stop("A focus")
def a_focus(cast: Cast) -> Page:
    """Nothing moves but the ring and the digits. What was just done can be taken back, ten steps deep."""
    page, line = wired(cast.somebody(), "/")
    began(line, minutes_ago=12)
    expect(own(page).locator(".ends")).to_contain_text("Ends at")
    press(own(page), "+5 min")
    expect(note(page)).to_contain_text("5 minutes")
    return page


@stop("Paused")
def paused(cast: Cast) -> Page:
    """A pause keeps what is left, in every tab, through a closed browser and a restarted server."""
    page, line = wired(cast.somebody(), "/")
    began(line, minutes_ago=8)
    expect(own(page).locator(".ends")).to_contain_text("Ends at")
    press(own(page), "Pause")
    expect(own(page).locator(".ends")).to_have_text("Paused")
    return page


@stop("A focus has ended")
def a_focus_has_ended(cast: Cast) -> Page:
    """The end is gentle and hard to miss: a chime, the title, the icon, the colour, a line that says when. Whether a
    notification is wanted is asked here, after the first finished phase, and never on arrival."""
    page, line = wired(cast.somebody(), "/")
    line.say(type="timer:start", duration_ms=1500)
    expect(note(page)).to_contain_text("Focus ended at")
    return page


@stop("A focus that ended meanwhile")
def a_focus_that_ended_meanwhile(cast: Cast) -> Page:
    """Who closed the tab is told on return what has ended and since when the break is, with what to do next."""
    somebody = cast.somebody()
    page, line = wired(somebody, "/")
    began(line, minutes_ago=29)
    page.wait_for_function("() => localStorage['tomato.timer']?.includes('running')")
    page.close()
    somebody.look_at("/you").wait_for_timeout(COMPLETED_AFTER_MS)
    page = somebody.open()
    expect(note(page)).to_contain_text("break since 4 min")
    return page


@stop("The long break")
def the_long_break(cast: Cast) -> Page:
    """Every phase has its colour, and a word besides."""
    page = cast.somebody().open()
    page.get_by_role("radio", name="Long break").check()
    press(own(page), "Start")
    expect(own(page).locator(".ends")).to_contain_text("Ends at")
    return page


@stop("Sound that the browser holds back", screens=(DESKTOP, PHONE))
def sound_that_is_held_back(cast: Cast) -> Page:
    """Browsers let a page sound once it was touched. Until then the button says what to do."""
    somebody = cast.somebody()
    somebody.context.add_init_script(UNTOUCHED)
    _, line = wired(somebody, "/")
    began(line, minutes_ago=5)
    page = somebody.open()
    expect(page.get_by_role("button", name="Tap to allow sound")).to_be_visible()
    return page


@stop("The small window", screens=(SMALL,))
def the_small_window(cast: Cast) -> Page:
    """Where a browser has such windows, the timer can stay above all others."""
    page, line = wired(cast.somebody(), "/")
    began(line, minutes_ago=7)
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Small window").click()
    expect(opened.value.get_by_role("timer")).to_be_visible()
    return opened.value


@stop("On its side", screens=(SIDEWAYS,))
def on_its_side(cast: Cast) -> Page:
    """A phone that is turned shows the countdown and its buttons without scrolling."""
    page, line = wired(cast.somebody(), "/")
    began(line, minutes_ago=3)
    expect(own(page).locator(".ends")).to_contain_text("Ends at")
    return page


@stop("Settings")
def settings(cast: Cast) -> Page:
    """Lengths with presets of one's own, what starts by itself, sound, notifications, screen and theme."""
    page = cast.somebody().open()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    return page


@stop("Keys")
def keys(cast: Cast) -> Page:
    """Everything that is pressed often has a key; the keys can be switched off."""
    page = cast.somebody().open()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@stop("A clock that is wrong", shows="dialog p.small >> nth=-1")
def a_clock_that_is_wrong(cast: Cast) -> Page:
    """Timers follow the server's clock. That this device's own is off is only noted, in the settings."""
    somebody = cast.somebody()
    page = somebody.context.new_page()
    page.clock.install(time=time() - 4_000)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog")).to_contain_text("slow")
    return page


@stop("What the server could not do")
def what_the_server_could_not_do(cast: Cast) -> Page:
    """No worker answered within ten seconds: what was pressed is taken back, and said where it was pressed."""
    page = cast.somebody().open()
    worker = cast.site.kill("worker", signal.SIGSTOP)
    cast.leaving.callback(worker.send_signal, signal.SIGCONT)
    press(own(page), "+5 min")
    expect(note(page)).to_contain_text("so nothing was changed", timeout=PATIENCE_MS)
    return page


@stop("Without a connection")
def without_a_connection(cast: Cast) -> Page:
    """The timer goes on and can be steered; the server agrees with it again on return."""
    page, line = wired(cast.somebody(), "/")
    press(own(page), "Start")
    expect(own(page).locator(".ends")).to_contain_text("Ends at")
    cut(page, line)
    return page


@stop("Opened without a server")
def opened_without_a_server(cast: Cast) -> Page:
    """The page opens all the same, with the timer of last time, which goes on."""
    keeper = cast.somebody(service_workers="allow")
    page, line = wired(keeper, "/")
    began(line, minutes_ago=9)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.wait_for_function("() => localStorage['tomato.timer']?.includes('running')")
    cut(page, line)
    page.reload()
    expect(page.locator("tm-connection .notice")).to_contain_text("Offline. Your timer works")
    return page


@stop("What came too late")
def what_came_too_late(cast: Cast) -> Page:
    """A pause that was pressed offline, in a focus that meanwhile ended on the server: the last by time wins, and that is said."""
    somebody = cast.somebody()
    page, line = wired(somebody, "/")
    line.say(type="timer:start", duration_ms=5_000)
    expect(own(page).locator(".ends")).to_contain_text("Ends at")
    line.cut()
    press(own(page), "Pause")
    eventually(lambda: 'data-phase="short"' in page.request.get("/").text(), within_s=12)
    line.mend()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(note(page)).to_contain_text("did not count")
    return page
