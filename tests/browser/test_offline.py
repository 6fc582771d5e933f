"""Without the server: the timer goes on, is steered, and agrees with the server again; pages open; a new version is offered."""

import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.test_looks import DESKTOP, PHONE, assert_accessible, parametrize_schemes
from tests.support.processes import Tomato
from tests.support.visitors import (
    Line,
    Visitor,
    connection,
    digits,
    go_offline,
    go_online,
    is_told,
    note,
    own,
    press,
    shared,
)
from tests.support.waiting import eventually


@pytest.fixture
def keeper(visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody whose browser keeps what the timer needs."""
    return visitor(service_workers="allow")


def kept(someone: Visitor) -> tuple[Page, Line]:
    """A tab whose service worker is there, and its wire."""
    page = someone.context.new_page()
    line = Line(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    return page, line


@contextmanager
def offline(page: Page, line: Line) -> Iterator[None]:
    go_offline(page, line)
    yield
    go_online(page, line)


def all_handed_over(page: Page) -> None:
    eventually(lambda: page.evaluate("localStorage.getItem('tomato.deeds')") is None)


def steerable(page: Page) -> None:
    expect(connection(page)).to_have_text("Offline")
    expect(own(page).get_by_role("button", name="Reset")).not_to_have_attribute("aria-disabled", "true")


def test_a_timer_is_steered_offline_and_the_server_agrees_on_return(keeper: Visitor) -> None:
    page, line = kept(keeper)
    with offline(page, line):
        steerable(page)
        expect(page.locator("tm-connection .notice")).to_contain_text("Offline. Your timer works")
        press(own(page), "+5 min")
        press(own(page), "Start")
        expect(digits(own(page))).to_have_text(re.compile(r"^29:5\d$"))
        press(own(page), "Pause")
        expect(own(page).locator(".ends")).to_have_text("Paused")
        press(own(page), "Undo")
        end = own(page).locator(".ends").inner_text()
        assert end.startswith("Ends at")
    expect(connection(page)).to_have_text("Live")
    expect(page.locator("tm-connection .notice")).to_have_count(0)
    is_told(page, "Back online.")
    all_handed_over(page)
    other = keeper.open()
    expect(own(other).locator(".ends")).to_have_text(end)
    expect(own(page).locator(".ends")).to_have_text(end)
    expect(note(page)).not_to_contain_text("did not count")


def test_a_page_is_opened_offline_with_the_timer_of_last_time_and_what_was_done_to_it_stays(keeper: Visitor) -> None:
    page, line = kept(keeper)
    page.get_by_role("radio", name="Long break").check()
    expect(digits(own(page))).to_have_text("15:00")
    with offline(page, line):
        page.reload()
        steerable(page)
        expect(digits(own(page))).to_have_text("15:00")
        press(own(page), "Start")
        end = own(page).locator(".ends").inner_text()
        page.goto("/room/ABC234")
        steerable(page)
        expect(own(page).locator(".ends")).to_have_text(end)
        assert_accessible(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    all_handed_over(page)
    page.reload()
    expect(own(page).locator(".ends")).to_have_text(end)
    expect(page.get_by_role("button", name="Make a room")).to_be_visible()


@pytest.mark.parametrize(
    ("locale", "before", "back", "told"),
    [
        ("en-GB", "Rooms need the server.", "You are online again.", "Back online."),
        ("de-DE", "Räume brauchen den Server.", "Du bist wieder online.", "Wieder online."),
    ],
)
def test_the_page_without_a_server_says_when_there_is_one_again(
    visitor: Callable[..., Visitor], locale: str, before: str, back: str, told: str
) -> None:
    someone = visitor(locale=locale)
    title = someone.open().title()
    line = Line(page := someone.context.new_page())
    line.cut()
    page.goto("/offline")
    said = page.locator("section p.muted:visible")
    expect(said).to_contain_text(before)
    line.mend()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(said).to_have_text(back)
    is_told(page, told)
    expect(page).to_have_title(title)
    line.cut()
    expect(said).to_contain_text(before)


def test_what_came_too_late_is_told(ana: Visitor) -> None:
    page = ana.context.new_page()
    line = Line(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    line.say(type="timer:start", duration_ms=5_000)
    expect(own(page).locator(".ends")).to_contain_text("Ends at")
    line.cut()
    press(own(page), "Pause")
    expect(own(page).locator(".ends")).to_have_text("Paused")
    eventually(lambda: 'data-phase="short"' in page.request.get("/").text(), within_s=12)
    expect(own(page).locator(".ends")).to_have_text("Paused")
    line.mend()
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(note(page)).to_contain_text("one thing you did before that did not count")
    expect(page.locator("html")).to_have_attribute("data-phase", "short")
    expect(own(page).locator(".ends")).to_contain_text("Ends at")


def test_a_room_shows_what_it_knew_and_says_since_when(visitor: Callable[..., Visitor]) -> None:
    someone = visitor(viewport=PHONE)
    url = someone.make_room().url
    page = someone.context.new_page()
    line = Line(page)
    page.goto(url)
    expect(connection(page)).to_have_text("Live")
    expect(page.locator("tm-step")).to_have_text(re.compile(r"^In step ± \d+ ms$"))
    press(shared(page), "Start for all")
    expect(digits(shared(page))).to_have_text(re.compile("^24:"))
    with offline(page, line):
        expect(connection(page)).to_have_text("Offline")
        notice = page.locator("tm-connection .notice")
        expect(notice).to_contain_text(
            re.compile(r"Offline\. The timers keep their time; the room will catch up\..*as of \d\d:\d\d")
        )
        expect(shared(page).get_by_role("button", name="Pause for all")).to_have_attribute("aria-disabled", "true")
        expect(note(page, shared(page))).to_have_text("The buttons wait for the server.")
        expect(page.locator("tm-step")).to_have_text("")
        assert_accessible(page)
    expect(connection(page)).to_have_text("Live")
    expect(page.locator(".stale")).to_have_count(0)


def test_a_socket_that_hears_and_says_nothing_is_replaced_soon_after_the_page_is_shown_again(ana: Visitor) -> None:
    page = ana.context.new_page()
    routes: list[WebSocketRoute] = []

    def connect(route: WebSocketRoute) -> None:
        routes.append(route)
        if len(routes) == 1:
            server = route.connect_to_server()
            route.on_message(lambda text: server.send(text) if not deaf else None)
            server.on_message(lambda text: route.send(text) if not deaf else None)
        else:
            route.connect_to_server()

    deaf: list[bool] = []
    page.route_web_socket("**/ws/**", connect)
    page.clock.install()
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    deaf.append(True)
    page.clock.run_for(5_000)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(2_900)
    eventually(lambda: len(routes) == 2)
    expect(connection(page)).to_have_text("Live")


def test_a_page_that_was_frozen_is_connected_again_when_it_is_shown(ana: Visitor) -> None:
    page = ana.open()
    with page.expect_event("websocket"):
        page.evaluate("document.dispatchEvent(new Event('freeze'))")
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(connection(page)).to_have_text("Live")


def test_a_wrong_clock_is_noted_in_the_settings(ana: Visitor) -> None:
    page = ana.context.new_page()
    page.clock.install(time="2021-05-05T12:00:00")
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(r"In step ± \d+ ms\..* minutes slow"))


def test_a_new_version_is_offered_and_taken(keeper: Visitor, site: Tomato) -> None:
    keeper.expect_complaint("WebSocket connection to")
    page, _ = kept(keeper)
    version = page.locator("meta[name=version]").get_attribute("content")
    manifest = site.data_dir / "static" / "staticfiles.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "hash": "another"}))
    site.kill("web", signal.SIGKILL)
    press_reload = own(page).get_by_role("button", name="Reload")
    expect(press_reload).to_be_visible(timeout=30_000)
    expect(note(page)).to_have_text("A new version is here.")
    with page.expect_navigation():
        press_reload.click()
    expect(connection(page)).to_have_text("Live")
    newer = page.locator("meta[name=version]").get_attribute("content")
    assert newer not in ("", version)
    eventually(lambda: page.evaluate("caches.keys()") == [newer])


def test_what_is_kept_goes_when_one_is_forgotten(keeper: Visitor) -> None:
    keeper.expect_complaint("Clear-Site-Data")
    page, _ = kept(keeper)
    page.goto("/you")
    page.get_by_role("button", name="Forget me").click()
    expect(page.get_by_role("heading")).to_have_text("You are forgotten")
    eventually(lambda: page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0)
    assert page.evaluate("caches.keys()") == []


@parametrize_schemes
def test_the_page_without_a_server_is_accessible(visitor: Callable[..., Visitor], scheme: str) -> None:
    someone = visitor(viewport=DESKTOP, color_scheme=scheme)
    Line(page := someone.context.new_page()).cut()
    page.goto("/offline")
    expect(page.get_by_role("link", name="Load the page again")).to_be_visible()
    assert_accessible(page)
