"""Takes the pictures of `docs/tour.md` from a running site, and writes that page: `make tour`, or `make tour ARGS="paused keys"`
for some of them.

Each stop brings a page into a state by what people do, and is taken as it then is: on a desktop by day, on a phone by night.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.support.chromium import chromium
from tests.support.processes import Tomato, tomato
from tests.support.visitors import (
    Line,
    Visitor,
    call_oneself,
    connection,
    go_offline,
    log_in,
    make_operator,
    note,
    own,
    person,
    press,
    shared,
    together,
)
from tests.support.waiting import eventually

DOCS = Path(__file__).resolve().parent.parent / "docs"
PICTURES = DOCS / "pictures" / "tour"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
QUALITY = 80
PASSCODE = "open barley"
PATIENCE_MS = 20_000
"""For what a page says after it has waited some ten seconds."""
COMPLETED_AFTER_MS = 3_000
"""When a phase that was over as its start was heard of is surely completed."""
UNTOUCHED = "Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } });"
"""What a driven browser does counts as a touch."""
OLD_AFTER_MS = 61_000
"""When a focus is no news any more to who comes."""


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


STOPS: list[Stop] = []


def stop(
    title: str, shows: str | None = None, screens: tuple[Screen, ...] = (DESKTOP, PHONE)
) -> Callable[[Callable[[Cast], Page]], Callable[[Cast], Page]]:
    """The function brings a page into a state; its docstring is what the tour says of it."""

    def keep(bring: Callable[[Cast], Page]) -> Callable[[Cast], Page]:
        STOPS.append(Stop(title, " ".join((bring.__doc__ or "").split()), bring, shows, screens))
        return bring

    return keep


# A timer of one's own -------------------------------------------------------------------------------------------------


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


# A room ---------------------------------------------------------------------------------------------------------------


@stop("A new room")
def a_new_room(cast: Cast) -> Page:
    """Whoever makes a room is first there, with the link to send and its picture for a phone's camera. A name is asked for
    once, and need not be given."""
    return cast.somebody().make_room()


@stop("A room at work")
def a_room_at_work(cast: Cast) -> Page:
    """One shared timer for everybody, and each one's own beside it. People are sorted by what they do: who focuses, who has
    a break, who is away."""
    anas, juns = together(cast.somebody(), cast.somebody())
    leas = cast.somebody().open(anas.url)
    call_oneself(leas, "Lea")
    press(own(juns), "Start")
    press(own(leas), "Skip to break")
    press(own(leas), "Start")
    press(shared(juns), "Start for all")
    expect(shared(anas).locator(".ends")).to_contain_text("Started by Jun")
    expect(person(anas, "Lea")).to_contain_text("Break")
    return anas


@stop("In the middle of a focus")
def in_the_middle_of_a_focus(cast: Cast) -> Page:
    """Whoever comes while the shared timer runs is told how much of it is left."""
    anas, juns = together(cast.somebody(), cast.somebody())
    press(shared(juns), "Start for all")
    expect(shared(anas).locator(".ends")).to_contain_text("Started by Jun")
    anas.wait_for_timeout(OLD_AFTER_MS)
    page = cast.somebody().open(anas.url)
    expect(note(page, shared(page))).to_contain_text("join in")
    return page


@stop("An invitation")
def an_invitation(cast: Cast) -> Page:
    """The link, to copy, to share or to point a camera at."""
    page = cast.somebody().make_room()
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("dialog", name="Invite people")).to_be_visible()
    return page


@stop("A knock")
def a_knock(cast: Cast) -> Page:
    """Who would like a word knocks; it is heard when the other's focus is over."""
    anas, juns = together(cast.somebody(), cast.somebody())
    press(own(juns), "Start")
    expect(person(anas, "Jun")).to_contain_text("Focus")
    anas.get_by_role("button", name="Knock at Jun").click()
    expect(anas.get_by_role("button", name=re.compile("^Jun will hear you"))).to_be_visible()
    press(own(juns), "Pause")
    expect(juns.locator("tm-knocks")).to_contain_text("Ana knocked.")
    return juns


@stop("Who controls the timer")
def who_controls_the_timer(cast: Cast) -> Page:
    """Everybody does, until the maker of the room says otherwise; the room can be handed over."""
    anas, _ = together(cast.somebody(), cast.somebody())
    anas.get_by_role("button", name="Change who controls the timer").click()
    anas.get_by_role("switch", name="Only chosen people").click()
    expect(anas.locator("tm-control")).to_contain_text("You control the timer")
    return anas


@stop("Whose timer it is")
def whose_timer_it_is(cast: Cast) -> Page:
    """Whoever may not steer the shared timer is told who may; their own timer is theirs as ever."""
    anas, juns = together(cast.somebody(), cast.somebody())
    press(shared(anas), "Start for all")
    anas.get_by_role("button", name="Change who controls the timer").click()
    anas.get_by_role("switch", name="Only chosen people").click()
    expect(juns.locator("tm-control")).to_contain_text("Ana controls the timer")
    return juns


@stop("A room with a passcode")
def a_room_with_a_passcode(cast: Cast) -> Page:
    """Asked for once; this browser is let in for 30 days."""
    maker = cast.somebody().open()
    maker.get_by_text("Name and passcode").click()
    maker.get_by_label("Name", exact=True).fill("Deep work")
    maker.get_by_label("Passcode").fill(PASSCODE)
    maker.get_by_role("button", name="Make a room").click()
    expect(connection(maker)).to_have_text("Live")
    return cast.somebody().look_at(maker.url)


@stop("The wrong passcode")
def the_wrong_passcode(cast: Cast) -> Page:
    """Said at the field. After too many tries the next ones have to wait."""
    page = a_room_with_a_passcode(cast)
    page.get_by_placeholder("Passcode").fill("open sesame")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_text("not the passcode")).to_be_visible()
    return page


@stop("A connection that is lost")
def a_connection_that_is_lost(cast: Cast) -> Page:
    """After two seconds the word in the corner changes, after ten a line says since when, and when the next try is. The
    countdown goes on."""
    anas, juns = together(cast.somebody(), cast.somebody())
    page, line = wired(cast.somebody(), anas.url)
    call_oneself(page, "Lea")
    press(shared(juns), "Start for all")
    expect(shared(page).locator(".ends")).to_contain_text("Started by Jun")
    line.cut()
    expect(page.locator("tm-connection .notice")).to_contain_text("Connection lost", timeout=PATIENCE_MS)
    return page


@stop("A room while the line is cut")
def a_room_while_the_line_is_cut(cast: Cast) -> Page:
    """It shows what it knew, since when, and what cannot be done meanwhile."""
    anas, juns = together(cast.somebody(), cast.somebody())
    page, line = wired(cast.somebody(), anas.url)
    press(shared(juns), "Start for all")
    expect(shared(page).locator(".ends")).to_contain_text("Started by Jun")
    cut(page, line)
    return page


@stop("Rooms to go back to", shows="tm-recent")
def rooms_to_go_back_to(cast: Cast) -> Page:
    """The rooms one was in lately, remembered by this browser alone."""
    somebody = cast.somebody()
    somebody.make_room()
    somebody.make_room()
    page = somebody.open()
    expect(page.locator("tm-recent li")).to_have_count(2)
    return page


@stop("No such room")
def no_such_room(cast: Cast) -> Page:
    """A mistyped code, or a room nobody used for 30 days: what happened, and one thing to do."""
    somebody = cast.somebody()
    somebody.expect_complaint("404")
    return somebody.look_at("/room/ABC234")


@stop("A room that is gone")
def a_room_that_is_gone(cast: Cast) -> Page:
    """Whoever had it open is told, and offered a new one."""
    return refused(cast, 4404)


@stop("Outside a room")
def outside_a_room(cast: Cast) -> Page:
    """It was given a passcode meanwhile, or whoever runs the site has sent one out."""
    return refused(cast, 4403)


@stop("Too much at once")
def too_much_at_once(cast: Cast) -> Page:
    """A full room, or more tabs and commands than one browser needs."""
    return refused(cast, 4429)


@stop("A browser without its cookie")
def a_browser_without_its_cookie(cast: Cast) -> Page:
    """Nothing tells its timer from others; a reload makes a new one."""
    return refused(cast, 4401)


@stop("Your data")
def your_data(cast: Cast) -> Page:
    """All that is kept, and a button that removes it."""
    return cast.somebody().look_at("/you")


@stop("Forgotten")
def forgotten(cast: Cast) -> Page:
    """Nothing is kept of this browser any more, here or there."""
    page = cast.somebody().look_at("/you")
    page.get_by_role("button", name="Forget me").click()
    expect(page.get_by_role("heading", name="You are forgotten")).to_be_visible()
    return page


@stop("The API")
def the_api(cast: Cast) -> Page:
    """For scripts: rooms, snapshots, commands and event streams, each with a line of curl."""
    return cast.somebody().look_at("/api/docs")


@stop("In German")
def in_german(cast: Cast) -> Page:
    """Every page speaks the language of its browser, or the one chosen in the settings."""
    page = cast.somebody(locale="de-DE").look_at("/")
    press(own(page), "Start")
    expect(own(page).locator(".ends")).to_contain_text("Endet um")
    return page


# For operators --------------------------------------------------------------------------------------------------------


@stop("Live timers")
def live_timers(cast: Cast) -> Page:
    """Every timer there is, second by second, in Django's own admin; filtered, sorted, and cheap with fifty thousand of them."""
    page, _ = watched(cast)
    expect(page.locator(".live-tiles div").filter(has_text="ticks late, p99")).to_contain_text("ms", timeout=20_000)
    return page


@stop("A room, as operators see it")
def a_room_as_operators_see_it(cast: Cast) -> Page:
    """Its timers, its people and what happened lately. Whoever may, steers a timer, sends somebody out or closes the room."""
    page, code = watched(cast)
    page.get_by_role("link", name=f"Room {code}").first.click()
    expect(page.get_by_role("status")).to_have_text("Live")
    return page


# How they are brought about -------------------------------------------------------------------------------------------


def began(line: Line, minutes_ago: float) -> None:
    """One's own timer was started some time ago, and that is only heard now."""
    line.say(type="timer:start", at=int((time() - 60 * minutes_ago) * 1000))


def watched(cast: Cast) -> tuple[Page, str]:
    """The live page of an operator, and the code of a room on it in which two timers run."""
    anas, juns = together(cast.somebody(), cast.somebody())
    press(shared(anas), "Start for all")
    press(own(juns), "Start")
    expect(own(juns).locator(".ends")).to_contain_text("Ends at")
    return log_in(cast.somebody(), "/admin/timers/live/?kind=room&sort=-started"), anas.url[-6:]


def wired(visitor: Visitor, path: str) -> tuple[Page, Line]:
    page = visitor.context.new_page()
    line = Line(page)
    page.goto(path)
    expect(connection(page)).to_have_text("Live")
    return page, line


def refused(cast: Cast, code: int) -> Page:
    """A room whose server has closed the line with a code."""
    page, line = wired(cast.somebody(), cast.somebody().make_room().url)
    line.cut(code)
    expect(page.locator("tm-connection section")).to_be_visible()
    return page


def cut(page: Page, line: Line) -> None:
    go_offline(page, line)
    expect(connection(page)).to_have_text("Offline")


# Taking and writing ---------------------------------------------------------------------------------------------------


def take(page: Page, each: Stop) -> None:
    for screen in each.screens:
        page.set_viewport_size(size(screen))
        page.emulate_media(color_scheme=screen.scheme)
        page.mouse.move(0, 0)
        page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
        if each.shows is not None:
            page.locator(each.shows).scroll_into_view_if_needed()
        page.screenshot(path=picture(each, screen), type="jpeg", quality=QUALITY)


def size(screen: Screen) -> ViewportSize:
    return {"width": screen.width, "height": screen.height}


def picture(each: Stop, screen: Screen) -> Path:
    return PICTURES / f"{each.name}-{screen.name}.jpg"


def tour() -> str:
    """The page around the pictures."""
    return (
        "# A tour\n\nEvery picture is taken from a running tomato, in the state named, by `make tour`: on a desktop in the "
        "light theme, on a phone in the dark one.\n" + "".join(_section(each) for each in STOPS)
    )


def _section(each: Stop) -> str:
    pictures = (
        f'<img src="pictures/tour/{picture(each, screen).name}" width="{screen.shown_px}" alt="{each.title}, {screen.words}">'
        for screen in each.screens
    )
    return f"\n## {each.title}\n\n{each.words}\n\n" + "\n".join(pictures) + "\n"


def main(names: list[str]) -> None:
    """Takes the stops of those names anew, or all of them, and removes the pictures of stops that are no more."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = {picture(each, screen) for each in STOPS for screen in each.screens}
    for old in set(PICTURES.glob("*.jpg")) - wanted:
        old.unlink()
    path = chromium()
    with tomato() as site, sync_playwright() as playwright:
        make_operator(site)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for each in STOPS:
            if not names or each.name in names:
                with ExitStack() as leaving:
                    take(each.bring(Cast(browser, site, leaving)), each)
        browser.close()
    (DOCS / "tour.md").write_text(tour())


if __name__ == "__main__":
    main(sys.argv[1:])
