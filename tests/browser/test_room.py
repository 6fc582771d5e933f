"""A room and the people in it."""

import re
import signal

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.support.processes import Tomato
from tests.support.visitors import (
    Line,
    Visitor,
    call_oneself,
    connection,
    digits,
    is_told,
    note,
    own,
    person,
    press,
    shared,
)

RUNNING = re.compile(r"^24:[0-5]\d$")
SCRIPT = "<img src=x onerror=alert(1)>"


def test_two_people_see_one_timer_and_who_moved_it(ana: Visitor, jun: Visitor) -> None:
    anas = ana.make_room()
    juns = jun.open(anas.url)
    call_oneself(anas, "Ana")
    press(shared(anas), "Start for all")
    for page in (anas, juns):
        expect(digits(shared(page))).to_have_text(RUNNING)
    expect(shared(juns).locator(".ends")).to_have_text(re.compile(r"^Started by Ana,\sends \d\d:\d\d$"))
    expect(shared(anas).locator(".ends")).to_contain_text("Started by you")
    expect(note(juns, shared(juns))).to_have_text("Ana started the timer")
    call_oneself(juns, "Jun")
    press(shared(juns), "Pause for all")
    expect(note(anas, shared(anas))).to_have_text("Jun paused the timer")
    is_told(anas, "Jun paused the timer")
    expect(note(juns, shared(juns))).to_have_text("You paused the timer")
    expect(digits(shared(anas))).to_have_text(digits(shared(juns)).inner_text())


def test_what_another_person_did_can_be_undone_by_whoever_sees_it(ana: Visitor, jun: Visitor) -> None:
    anas = ana.make_room()
    juns = jun.open(anas.url)
    call_oneself(juns, "Jun")
    press(shared(juns), "Start for all")
    expect(digits(shared(anas))).to_have_text(RUNNING)
    press(shared(juns), "Reset")
    expect(note(anas, shared(anas))).to_have_text("Jun reset the timer")
    press(shared(anas), "Undo")
    expect(digits(shared(juns))).to_have_text(RUNNING)
    expect(shared(juns).get_by_role("button", name="Redo")).to_be_visible()
    expect(note(anas, shared(anas))).to_have_text("You undid Jun’s reset")


def test_keys_steer_the_timer_that_is_shared(ana: Visitor) -> None:
    page = ana.make_room()
    page.keyboard.press("Space")
    expect(digits(shared(page))).to_have_text(RUNNING)
    expect(digits(own(page))).to_have_text("25:00")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("the timer that the room shares")


def test_each_timer_of_a_room_has_its_lengths(ana: Visitor, jun: Visitor) -> None:
    page = ana.make_room()
    juns = jun.open(page.url)
    page.get_by_role("button", name="Settings").click()
    settings = page.get_by_role("dialog", name="Settings")
    settings.get_by_role("button", name="50 / 10").click()
    expect(digits(shared(juns))).to_have_text("50:00")
    settings.get_by_role("radio", name="Your own timer").check()
    expect(settings.get_by_label("Focus", exact=False).first).to_have_value("25")
    settings.get_by_role("button", name="90 / 20").click()
    expect(digits(own(page))).to_have_text("1:30:00")
    expect(digits(shared(page))).to_have_text("50:00")


def test_ones_own_timer_is_seen_by_the_others_and_moves_nobody_else(ana: Visitor, jun: Visitor) -> None:
    anas = ana.make_room()
    juns = jun.open(anas.url)
    call_oneself(juns, "Jun")
    press(own(juns), "Start")
    expect(person(anas, "Jun").locator("small")).to_have_text("Focus · free in 25 min")
    expect(digits(own(anas))).to_have_text("25:00")
    expect(digits(shared(anas))).to_have_text("25:00")
    press(own(juns), "Pause")
    expect(person(anas, "Jun")).to_contain_text("Paused")
    press(own(juns), "Skip to break")
    expect(person(anas, "Jun")).to_contain_text("Break · 5 min left")
    press(own(juns), "Reset")
    expect(person(anas, "Jun")).to_contain_text("Not timing")


def test_people_come_and_go(ana: Visitor, jun: Visitor) -> None:
    anas = ana.make_room()
    expect(anas.locator("tm-people")).to_contain_text("You are alone here")
    juns = jun.open(anas.url)
    call_oneself(juns, "Jun")
    expect(anas.locator("tm-people")).to_contain_text("2 here")
    expect(anas.locator("tm-people")).not_to_contain_text("You are alone here")
    juns.close()
    expect(person(anas, "Jun")).to_have_count(0)
    is_told(anas, "Jun")


def test_a_name_is_text_wherever_it_is_shown(ana: Visitor, jun: Visitor) -> None:
    anas = ana.make_room()
    juns = jun.open(anas.url)
    call_oneself(juns, SCRIPT)
    press(shared(juns), "Start for all")
    expect(person(anas, SCRIPT)).to_be_visible()
    expect(note(anas, shared(anas))).to_have_text(f"{SCRIPT} started the timer")
    juns.reload()
    expect(person(juns, SCRIPT)).to_be_visible()
    assert anas.locator("main img").count() == juns.locator("main img").count() == 0


def test_a_name_goes_along_to_the_next_room_and_replaces_none(ana: Visitor, jun: Visitor) -> None:
    first = ana.make_room()
    call_oneself(first, "Ana")
    call_oneself(ana.make_room(), "Anna")
    second = jun.open(jun.make_room().url)
    expect(person(ana.open(second.url), "You ·")).to_contain_text("Anna")
    expect(person(second, "Anna")).to_be_visible()
    first.reload()
    expect(connection(first)).to_have_text("Live")
    expect(person(first, "You ·").locator("strong")).to_have_text("Ana")


def test_a_name_can_be_left_as_it_was(ana: Visitor) -> None:
    page = ana.make_room()
    call_oneself(page, "Ana")
    change = page.get_by_role("button", name="Change your name")
    change.press("Enter")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Somebody else")
    page.keyboard.press("Escape")
    expect(change).to_be_focused()
    expect(person(page, "Ana")).to_be_visible()


def test_a_room_is_joined_by_its_code_or_its_link(ana: Visitor, jun: Visitor) -> None:
    url = ana.make_room().url
    for typed in (url[-6:].lower(), url):
        page = jun.open()
        page.get_by_label("Room code").fill(typed)
        page.get_by_role("button", name="Join").click()
        expect(page).to_have_url(url)
        expect(connection(page)).to_have_text("Live")


def test_what_is_no_code_is_said_at_the_field(ana: Visitor) -> None:
    page = ana.open()
    page.get_by_label("Room code").fill("hello")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_label("Room code")).to_have_accessible_description(re.compile("six letters and digits"))
    expect(page.get_by_label("Room code")).to_have_value("hello")


@pytest.mark.parametrize("path", ["/room/ZZZZZZ", "/room/no-code"])
def test_an_unknown_room_offers_to_make_one(ana: Visitor, path: str) -> None:
    ana.expect_complaint("404")
    page = ana.look_at(path)
    expect(page.get_by_role("heading")).to_have_text("There is no such room")
    page.get_by_role("button", name="Make a room").click()
    expect(connection(page)).to_have_text("Live")


def test_a_server_that_stalls_is_noticed_and_what_it_missed_does_not_happen_later(ana: Visitor, site: Tomato) -> None:
    page = ana.make_room()
    press(shared(page), "Start for all")
    expect(shared(page).locator(".ends")).to_contain_text("Started by you")
    web = site.kill("web", signal.SIGSTOP)
    try:
        press(shared(page), "Pause for all")
        expect(connection(page)).to_have_text("Reconnecting")
        expect(note(page, shared(page))).to_contain_text("so this was dropped")
        ana.expect_complaint("WebSocket connection to")
    finally:
        web.send_signal(signal.SIGCONT)
    expect(connection(page)).to_have_text("Live", timeout=30_000)
    expect(note(page, shared(page))).to_have_text("")
    expect(digits(shared(page))).to_have_text(re.compile(r"^24:[0-5]\d$"))
    expect(shared(page).get_by_role("button", name="Pause for all")).to_be_visible()


@pytest.mark.parametrize(
    ("code", "title", "action"),
    [
        (4403, "You are outside this room", "Enter again"),
        (4404, "This room is gone", "Make a new room"),
        (4429, "Too much at once", "Try again"),
    ],
)
def test_a_refusal_is_explained_with_one_thing_to_do(ana: Visitor, code: int, title: str, action: str) -> None:
    url = ana.make_room().url
    page = ana.context.new_page()
    line = Line(page)
    page.goto(url)
    expect(connection(page)).to_have_text("Live")
    line.cut(code)
    card = page.locator("tm-connection section")
    expect(card.get_by_role("heading")).to_have_text(title)
    expect(shared(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Invite")).to_be_hidden()
    line.mend()
    card.locator("a, button").click()
    if action == "Make a new room":
        expect(page).to_have_url(re.compile("/#together$"))
    else:
        expect(shared(page)).to_be_visible()


def test_the_own_timer_takes_over_the_title_only_of_the_room(ana: Visitor) -> None:
    page = ana.make_room()
    code = page.url[-6:]
    expect(page).to_have_title(f"Room {code} — tomato")
    press(own(page), "Start")
    expect(digits(own(page))).to_have_text(RUNNING)
    expect(page).to_have_title(f"Room {code} — tomato")
    press(shared(page), "Start for all")
    expect(page).to_have_title(re.compile(rf"^24:\d\d · Room {code} — tomato$"))


def test_a_tab_of_a_browser_that_has_become_another_is_loaded_anew(ana: Visitor) -> None:
    url = ana.make_room().url
    page = ana.context.new_page()
    line = Line(page)
    page.goto(url)
    expect(connection(page)).to_have_text("Live")
    before = member_of(page)
    line.cut()
    ana.context.clear_cookies()
    ana.open()
    with page.expect_event("load"):
        line.mend()
    expect(connection(page)).to_have_text("Live")
    assert member_of(page) != before
    press(own(page), "Start")
    expect(own(page)).to_contain_text("Ends at")


def test_a_page_that_is_of_somebody_else_every_time_is_loaded_anew_but_once(ana: Visitor) -> None:
    room = ana.make_room()
    you, another = member_of(room), "0" * 16
    page = ana.context.new_page()
    opened: list[WebSocketRoute] = []

    def mistake(route: WebSocketRoute) -> None:
        opened.append(route)
        route.connect_to_server().on_message(lambda message: route.send(str(message).replace(you, another)))

    page.route_web_socket("**/ws/**", mistake)
    page.goto(room.url)
    page.wait_for_function("() => history.state !== null && performance.now() > 2_000")
    assert (len(opened), page.evaluate("history.state"), member_of(page)) == (2, another, you)


def member_of(page: Page) -> str:
    return str(page.locator("main").get_attribute("data-member"))
