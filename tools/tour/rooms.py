"""The stops in a room, and at what else there is for whoever comes."""

import re

from playwright.sync_api import Page, expect

from tests.support.visitors import call_oneself, connection, note, own, person, press, shared, together
from tools.tour.stops import PATIENCE_MS, Cast, cut, stop, wired

PASSCODE = "open barley"
OLD_AFTER_MS = 61_000
"""When a focus is no news any more to who comes."""


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
    page = a_room_with_a_passcode.bring(cast)
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


def refused(cast: Cast, code: int) -> Page:
    """A room whose server has closed the line with a code."""
    page, line = wired(cast.somebody(), cast.somebody().make_room().url)
    line.cut(code)
    expect(page.locator("tm-connection section")).to_be_visible()
    return page
