"""The live page in a browser: it stays fresh by itself, what is pressed there happens in the room, and everybody can use it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_looks import PHONE, assert_accessible
from tests.support.processes import Tomato
from tests.support.visitors import Visitor, call_oneself, log_in, make_operator, press, shared


@pytest.fixture(scope="module", autouse=True)
def account(site: Tomato) -> None:
    make_operator(site)


def stays_fresh(page: Page) -> None:
    """Its socket is open: a browser complains of one that is left before it is."""
    expect(page.get_by_role("status")).to_have_text("Live")


def test_an_operator_watches_a_room_and_acts_on_it(visitor: Callable[..., Visitor], ana: Visitor) -> None:
    olga = visitor()
    page = log_in(olga, "/admin/timers/live/?kind=room&sort=-started")
    stays_fresh(page)
    room = ana.make_room()
    code = room.url[-6:]
    call_oneself(room, "<b>Ana</b>")
    press(shared(room), "Start for all")
    row = page.get_by_role("row").filter(has_text=f"Room {code}")
    expect(row).to_contain_text("running")
    assert_accessible(page)

    link = row.get_by_role("link")
    link.focus()
    left = row.get_by_role("cell").nth(3)
    expect(left).not_to_have_text(left.inner_text())
    expect(link).to_be_focused()
    link.press("Enter")
    expect(page.get_by_role("row").filter(has_text="<b>Ana</b>").first).to_be_visible()
    stays_fresh(page)
    assert_accessible(page)

    page.get_by_role("button", name="Pause").first.click()
    expect(page.get_by_text("Paused the shared timer.")).to_be_visible()
    expect(shared(room).get_by_role("button", name="Resume for all")).to_be_visible()
    stays_fresh(page)
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Yes, remove")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Yes, remove").click()
    expect(page.get_by_text("Removed <b>Ana</b>.")).to_be_visible()
    stays_fresh(page)
    expect(room.locator("tm-connection section").get_by_role("heading")).to_have_text("You are outside this room")


def test_it_is_whole_without_a_script(visitor: Callable[..., Visitor], ana: Visitor) -> None:
    room = ana.make_room()
    press(shared(room), "Start for all")
    page = log_in(visitor(java_script_enabled=False), "/admin/timers/live/?kind=room&sort=-started")
    row = page.get_by_role("row").filter(has_text=f"Room {room.url[-6:]}")
    expect(row).to_contain_text("running")
    row.get_by_role("link").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused the shared timer.")).to_be_visible()
    expect(shared(room).get_by_role("button", name="Resume for all")).to_be_visible()


def test_it_fits_a_phone_in_the_dark(visitor: Callable[..., Visitor]) -> None:
    page = log_in(visitor(viewport=PHONE, color_scheme="dark"), "/admin/timers/live/")
    stays_fresh(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert_accessible(page)
