"""Rooms from outside: inviting, being let in, coming back, leaving, and being forgotten."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_looks import (
    PHONE,
    SMALLEST,
    assert_accessible,
    parametrize_both_looks,
)
from tests.support.visitors import (
    ROOM_URL,
    Visitor,
    box,
    call_oneself,
    connection,
    is_told,
    own,
    person,
    press,
    shared,
    stay_nameless,
)

PASSCODE = "open sesame"
COPYING = ["clipboard-read", "clipboard-write"]


def invite(page: Page) -> Page:
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("dialog", name="Invite people")).to_be_visible()
    return page


def make_locked_room(someone: Visitor, name: str = "", passcode: str = PASSCODE) -> Page:
    page = someone.open()
    page.get_by_text("Name and passcode").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Passcode", exact=True).fill(passcode)
    page.get_by_role("button", name="Make a room").click()
    page.wait_for_url(ROOM_URL)
    expect(connection(page)).to_have_text("Live")
    return page


def locked_out(someone: Visitor, url: str) -> Page:
    someone.expect_complaint("403")
    return someone.look_at(url)


def enter(page: Page, passcode: str) -> None:
    page.get_by_placeholder("Passcode").fill(passcode)
    page.get_by_role("button", name="Enter").click()


# Making ---------------------------------------------------------------------------------------------------------------


def test_whoever_names_a_room_comes_next_to_the_button_that_makes_it(ana: Visitor) -> None:
    page = ana.open()
    summary, make = page.get_by_text("Name and passcode"), page.get_by_role("button", name="Make a room")
    before = summary.bounding_box()
    summary.click()
    assert summary.bounding_box() == before, "what was pressed stays where it was"
    passcode = page.get_by_label("Passcode", exact=True)
    passcode.focus()
    page.keyboard.press("Tab")
    expect(make).to_be_focused()
    field, button, code = (box(part) for part in (passcode, make, page.get_by_label("Room code")))
    assert field["y"] < button["y"] < code["y"]


# Inviting -------------------------------------------------------------------------------------------------------------


def test_the_invitation_is_the_link_of_the_room(visitor: Callable[..., Visitor]) -> None:
    page = invite(visitor(permissions=COPYING).make_room())
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Link")).to_have_value(page.url)
    expect(dialog.get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    expect(dialog.get_by_role("status")).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    expect(dialog.get_by_role("button", name="Copy", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Invite")).to_be_focused()


def test_where_there_is_no_clipboard_the_link_is_copied_all_the_same(visitor: Callable[..., Visitor]) -> None:
    someone = visitor(permissions=COPYING)
    someone.context.add_init_script(
        "if (navigator.clipboard) navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    page = invite(someone.make_room())
    press(page.get_by_role("dialog"), "Copy")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_the_picture_of_the_link_is_there_at_once_for_who_is_alone(ana: Visitor, jun: Visitor) -> None:
    page = ana.make_room()
    alone = page.locator("tm-people .alone")
    expect(alone).to_contain_text("You are alone here")
    for picture in (alone.locator("img"), invite(page).get_by_role("dialog").get_by_role("img")):
        picture.scroll_into_view_if_needed()
        page.wait_for_function("(image) => image.naturalWidth > 0", arg=picture.element_handle())
    jun.open(page.url)
    expect(alone).to_have_count(0)


@pytest.mark.parametrize("can", [True, False])
def test_a_device_that_can_share_offers_it(ana: Visitor, can: bool) -> None:
    share = "async (what) => void (window.shared = what)" if can else "undefined"
    ana.context.add_init_script(f"Object.defineProperty(navigator, 'share', {{ value: {share} }})")
    page = invite(ana.make_room())
    button = page.get_by_role("dialog").get_by_role("button", name="Share")
    expect(button).to_be_visible(visible=can)
    if can:
        button.click()
        assert page.evaluate("window.shared.url") == page.url


@parametrize_both_looks
def test_the_invitation_is_accessible(visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str) -> None:
    page = invite(visitor(viewport=screen, color_scheme=scheme).make_room())
    assert_accessible(page)
    picture = page.get_by_role("dialog").get_by_role("img")
    assert picture.evaluate("(image) => getComputedStyle(image).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("screen", [PHONE, SMALLEST])
def test_the_invitation_fits_on_a_small_screen(visitor: Callable[..., Visitor], screen: dict[str, int]) -> None:
    page = invite(visitor(viewport=screen).make_room())
    box = page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert box["x"] > 0
    assert box["x"] + box["width"] < screen["width"]
    for button in page.get_by_role("dialog").get_by_role("button").all():
        size = button.bounding_box()
        assert size is not None
        assert min(size["width"], size["height"]) >= 44


# Locked rooms ---------------------------------------------------------------------------------------------------------


def test_a_room_with_a_passcode_lets_in_who_knows_it(ana: Visitor, jun: Visitor) -> None:
    anas = make_locked_room(ana, "Deep work")
    expect(anas.get_by_role("heading", level=1)).to_contain_text("Deep work")
    invite(anas)
    expect(anas.get_by_role("dialog")).to_contain_text("once they have entered the passcode")
    page = locked_out(jun, anas.url)
    expect(page.get_by_role("heading")).to_have_text(f"Room {anas.url[-6:]} has a passcode")
    expect(page.get_by_placeholder("Passcode")).to_be_focused()
    enter(page, "open barley")
    expect(page.get_by_placeholder("Passcode")).to_have_accessible_description(re.compile("not the passcode"))
    enter(page, PASSCODE)
    expect(page).to_have_url(anas.url)
    expect(connection(page)).to_have_text("Live")
    press(shared(page), "Start for all")
    expect(shared(anas).locator(".ends")).to_contain_text("Started by")
    page.reload()
    expect(connection(page)).to_have_text("Live")


def test_a_locked_room_needs_no_script_to_be_entered(ana: Visitor, visitor: Callable[..., Visitor]) -> None:
    url = make_locked_room(ana).url
    page = locked_out(visitor(java_script_enabled=False), url)
    enter(page, PASSCODE)
    expect(page).to_have_url(url)
    expect(page.locator("noscript .notice")).to_contain_text(url)


def test_whose_grant_is_gone_is_asked_again(ana: Visitor) -> None:
    page = make_locked_room(ana)
    ana.context.clear_cookies(name=re.compile("grant"))
    ana.expect_complaint("403")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    card = page.locator("tm-connection section")
    expect(card.get_by_role("heading")).to_have_text("You are outside this room")
    card.get_by_role("link", name="Enter again").click()
    enter(page, PASSCODE)
    expect(connection(page)).to_have_text("Live")


def test_a_passcode_is_set_and_taken_back_by_whose_room_it_is(ana: Visitor, jun: Visitor) -> None:
    ana.keep_offers()
    anas = ana.make_room()
    juns = jun.open(anas.url)
    locks = [page.get_by_text("Locked", exact=True) for page in (anas, juns)]
    press(invite(juns).get_by_role("dialog"), "Close")
    expect(juns.get_by_role("button", name="Change who gets in", include_hidden=True)).to_be_hidden()
    press(invite(anas).get_by_role("dialog"), "Change who gets in")
    sheet = anas.get_by_role("dialog", name="This room")
    sheet.get_by_label("Passcode").fill(PASSCODE)
    press(sheet, "Set")
    expect(sheet).to_contain_text("The passcode is set.")
    for lock in locks:
        expect(lock).to_be_visible()
    locked_out(jun, anas.url).close()
    press(sheet, "Undo")
    for lock in locks:
        expect(lock).to_be_hidden()
    sheet.get_by_label("Passcode").fill(PASSCODE)
    press(sheet, "Set")
    press(sheet, "Remove")
    expect(sheet).to_contain_text("The room has no passcode any more.")
    for lock in locks:
        expect(lock).to_be_hidden()
    anas.reload()
    expect(connection(anas)).to_have_text("Live")
    expect(locks[0]).to_be_hidden()


@parametrize_both_looks
def test_being_asked_for_the_passcode_is_accessible(
    ana: Visitor, visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str
) -> None:
    page = locked_out(visitor(viewport=screen, color_scheme=scheme), make_locked_room(ana).url)
    assert_accessible(page)
    enter(page, "open barley")
    expect(page.get_by_text("That is not the passcode")).to_be_visible()
    assert_accessible(page)


def test_the_field_for_a_passcode_stays_in_its_card(ana: Visitor, visitor: Callable[..., Visitor]) -> None:
    page = locked_out(visitor(viewport=SMALLEST), make_locked_room(ana).url)
    card, row = box(page.locator(".problem-card")), box(page.locator(".addline"))
    assert row["x"] - card["x"] == card["x"] + card["width"] - row["x"] - row["width"] >= 16


@parametrize_both_looks
def test_making_a_room_with_a_name_is_accessible(
    visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str
) -> None:
    page = visitor(viewport=screen, color_scheme=scheme).open()
    page.get_by_text("Name and passcode").click()
    assert_accessible(page)


# Coming back ----------------------------------------------------------------------------------------------------------


def listed(page: Page) -> list[str]:
    return page.locator("tm-recent li strong").all_inner_texts()


def test_the_rooms_one_was_in_are_listed_to_go_back_to(ana: Visitor) -> None:
    assert listed(ana.open()) == []
    first = ana.make_room().url
    make_locked_room(ana, "Deep work")
    page = ana.open()
    expect(page.locator("tm-recent li")).to_have_count(2)
    assert listed(page) == ["Deep work", f"Room {first[-6:]}"]
    expect(page.locator("tm-recent li").first).to_contain_text(re.compile(r"[A-Z2-9]{6} · just now"))
    page.get_by_role("link", name=first[-6:]).click()
    expect(page).to_have_url(first)
    expect(connection(page)).to_have_text("Live")
    page.goto("/")
    expect(page.locator("tm-recent li")).to_have_count(2)
    assert listed(page) == [f"Room {first[-6:]}", "Deep work"]


def test_a_room_is_forgotten_for_good(ana: Visitor) -> None:
    code = ana.make_room().url[-6:]
    page = ana.open()
    page.get_by_role("button", name=f"Forget Room {code}").click()
    expect(page.locator("tm-recent li")).to_have_count(0)
    expect(page.get_by_label("Room code")).to_be_focused()
    is_told(page, "The room is forgotten.")
    page.reload()
    expect(connection(page)).to_have_text("Live")
    assert listed(page) == []


def test_a_room_that_was_forgotten_is_back_where_it_was(ana: Visitor) -> None:
    ana.keep_offers()
    codes = [ana.make_room().url[-6:] for _ in range(2)]
    page = ana.open()
    before = [f"Room {code}" for code in reversed(codes)]
    assert listed(page) == before
    for code in (codes[0], codes[1]):
        page.get_by_role("button", name=f"Forget Room {code}").click()
    expect(page.locator("tm-recent li")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    assert listed(page) == before[:1]
    expect(page.get_by_role("button", name=f"Forget Room {codes[1]}")).to_be_focused()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_room_that_is_gone_is_no_longer_listed(ana: Visitor) -> None:
    page = ana.open()
    page.evaluate('localStorage[\'tomato.rooms\'] = \'[{"code": "ZZZZZZ", "name": "Gone", "at": 0}]\'')
    page.reload()
    ana.expect_complaint("404")
    page.get_by_role("link", name="Gone").click()
    expect(page.get_by_role("heading")).to_have_text("There is no such room")
    page.wait_for_function("() => localStorage['tomato.rooms'] === '[]'")


def test_the_name_of_a_room_is_text_in_the_list(ana: Visitor) -> None:
    make_locked_room(ana, "<img src=x onerror=alert(1)>", "")
    page = ana.open()
    expect(page.locator("tm-recent li")).to_contain_text("<img src=x")
    expect(page.locator("tm-recent img")).to_have_count(0)


@parametrize_both_looks
def test_the_list_of_rooms_is_accessible(visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str) -> None:
    someone = visitor(viewport=screen, color_scheme=scheme)
    someone.make_room()
    page = someone.open()
    expect(page.locator("tm-recent li")).to_have_count(1)
    assert_accessible(page)


# Leaving --------------------------------------------------------------------------------------------------------------


def test_who_leaves_is_at_the_own_timer_and_gone_for_the_others(ana: Visitor, jun: Visitor) -> None:
    anas = ana.make_room()
    juns = jun.open(anas.url)
    expect(anas.locator("tm-people")).to_contain_text("2 here")
    with juns.expect_event("websocket", lambda socket: socket.url.endswith("/ws/solo")):
        juns.get_by_role("link", name="Leave").click()
    expect(juns).to_have_url(jun.url + "/")
    expect(anas.locator("tm-people")).to_contain_text("1 here")


def test_who_comes_back_by_back_is_in_the_room_again(ana: Visitor, jun: Visitor) -> None:
    anas, juns = ana.make_room(), None
    juns = jun.open(anas.url)
    juns.get_by_role("link", name="Leave").click()
    expect(anas.locator("tm-people")).to_contain_text("1 here")
    juns.go_back()
    expect(connection(juns)).to_have_text("Live")
    expect(anas.locator("tm-people")).to_contain_text("2 here")


def test_a_page_that_was_kept_after_leaving_comes_to_life_again(ana: Visitor, jun: Visitor) -> None:
    page = ana.make_room()
    juns = jun.open(page.url)
    page.get_by_role("link", name="Leave").evaluate(
        "(link) => link.addEventListener('click', (event) => event.preventDefault())"
    )
    page.get_by_role("link", name="Leave").click()
    expect(juns.locator("tm-people")).to_contain_text("1 here")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(juns.locator("tm-people")).to_contain_text("2 here")
    expect(connection(page)).to_have_text("Live")


# Being forgotten ------------------------------------------------------------------------------------------------------


def test_who_wants_to_be_forgotten_is_a_stranger_afterwards(ana: Visitor, jun: Visitor) -> None:
    ana.expect_complaint("Clear-Site-Data")  # of which Chromium makes a note
    room = ana.make_room()
    call_oneself(room, "Ana")
    juns = jun.open(room.url)
    expect(person(juns, "Ana")).to_be_visible()
    solo = ana.open()
    press(own(solo), "Start")
    expect(own(solo)).to_contain_text("Ends at")
    page = ana.look_at("/")
    page.get_by_role("link", name="Your data").click()
    page.get_by_role("button", name="Forget me").click()
    expect(page.get_by_role("heading")).to_have_text("You are forgotten")
    expect(person(juns, "Ana")).to_have_count(0)
    for tab in (room, solo):
        expect(tab.locator("tm-connection section").get_by_role("heading")).to_have_text("We do not know this browser")
    assert page.evaluate("localStorage.length") == 0
    page.get_by_role("link", name="Start anew").click()
    expect(own(page)).to_contain_text("Ready")
    assert listed(page) == []
    page.goto(room.url)
    stay_nameless(page)
    expect(person(page, "You ·")).to_contain_text("User ")


def fulfil_without_the_header(route: Route) -> None:
    response = route.fetch()
    headers = {name: value for name, value in response.headers.items() if name != "clear-site-data"}
    route.fulfill(response=response, headers=headers)


def test_without_the_header_the_page_forgets_too(ana: Visitor) -> None:
    ana.make_room()
    ana.context.route("**/forget-me", fulfil_without_the_header)
    page = ana.look_at("/you")
    page.get_by_role("button", name="Forget me").click()
    expect(page.get_by_role("heading")).to_have_text("You are forgotten")
    page.wait_for_function("() => localStorage.length === 0")


@parametrize_both_looks
def test_the_page_about_ones_data_is_accessible(
    visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str
) -> None:
    someone = visitor(viewport=screen, color_scheme=scheme)
    someone.expect_complaint("Clear-Site-Data")
    page = someone.look_at("/you")
    assert_accessible(page)
    page.get_by_role("button", name="Forget me").click()
    expect(page.get_by_role("heading")).to_have_text("You are forgotten")
    assert_accessible(page)
