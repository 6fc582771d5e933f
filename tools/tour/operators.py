"""The stops in the admin."""

from playwright.sync_api import Page, expect

from tests.support.visitors import log_in, own, press, shared, together
from tools.tour.stops import Cast, stop


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


def watched(cast: Cast) -> tuple[Page, str]:
    """The live page of an operator, and the code of a room on it in which two timers run."""
    anas, juns = together(cast.somebody(), cast.somebody())
    press(shared(anas), "Start for all")
    press(own(juns), "Start")
    expect(own(juns).locator(".ends")).to_contain_text("Ends at")
    return log_in(cast.somebody(), "/admin/timers/live/?kind=room&sort=-started"), anas.url[-6:]
