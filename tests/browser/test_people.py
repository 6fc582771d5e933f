"""The people of a room: their names, what they do, who is away, knocks, newcomers, and who controls the shared timer."""

import json
import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser.test_looks import PHONE, SMALLEST, assert_accessible, boxes, parametrize_both_looks
from tests.support.visitors import (
    Visitor,
    box,
    call_oneself,
    connection,
    digits,
    is_told,
    note,
    own,
    person,
    press,
    shared,
    stay_nameless,
    together,
)

RUNNING = re.compile(r"^24:[0-5]\d$")
MINUTE_MS = 60_000

# Of each dot between the words of a line, whether it shows.
SEEN_DOTS = """
(line) => {
  const { x } = line.querySelector("span").getBoundingClientRect();
  return [...line.querySelectorAll("i")].map((dot) => dot.getBoundingClientRect().x > x);
}
"""


def names(page: Page) -> list[str]:
    return page.locator("tm-people li strong").all_inner_texts()


def notice(page: Page) -> str:
    return page.locator("tm-knocks").inner_text()


# Names ----------------------------------------------------------------------------------------------------------------


def test_a_name_is_asked_for_once_and_for_every_room(ana: Visitor) -> None:
    page = ana.make_room()
    expect(page.get_by_label("Your name", exact=True)).to_have_value("")
    page.get_by_label("Your name", exact=True).fill("Ana")
    page.keyboard.press("Enter")
    expect(person(page, "You ·").locator("strong")).to_have_text("Ana")
    expect(page.get_by_role("button", name="Change your name")).to_be_focused()
    other = ana.make_room()
    expect(person(other, "You ·").locator("strong")).to_have_text("Ana")
    expect(other.get_by_label("Your name", exact=True)).to_have_count(0)


def test_who_would_rather_give_no_name_is_not_asked_again(ana: Visitor) -> None:
    page = ana.make_room()
    stay_nameless(page)
    expect(person(page, "You ·").locator("strong")).to_have_text("User 1")
    other = ana.make_room()
    expect(person(other, "You ·").locator("strong")).to_have_text("User 1")
    expect(other.get_by_label("Your name", exact=True)).to_have_count(0)


def test_a_new_name_is_given_up_by_a_button_or_a_key(ana: Visitor) -> None:
    page = ana.make_room()
    call_oneself(page, "Ana")
    change, field = page.get_by_role("button", name="Change your name"), page.get_by_label("Your name", exact=True)
    for give_up in (lambda: page.get_by_role("button", name="Cancel").click(), lambda: page.keyboard.press("Escape")):
        change.click()
        field.fill("Somebody else")
        give_up()
        expect(change).to_be_focused()
        expect(person(page, "You ·").locator("strong")).to_have_text("Ana")


def test_a_newcomer_on_a_phone_is_asked_in_sight_and_answers_without_moving_the_timers(
    visitor: Callable[..., Visitor],
) -> None:
    page = visitor(viewport=PHONE).make_room()
    field = page.get_by_label("Your name", exact=True)
    expect(field).to_be_in_viewport(ratio=1)
    expect(person(page, "You ·").locator("strong")).to_be_visible()
    before = boxes(page)
    assert page.evaluate("scrollY") == 0
    call_oneself(page, "Ana")
    expect(field).to_have_count(0)
    assert boxes(page) == before
    assert page.evaluate("scrollY") == 0


def test_where_there_is_little_height_the_question_for_a_name_covers_nothing(visitor: Callable[..., Visitor]) -> None:
    for screen in (
        SMALLEST,
        {"width": 844, "height": 390},
        {"width": 412, "height": 732},
        {"width": 820, "height": 1180},
    ):
        page = visitor(viewport=screen).make_room()
        asked = page.locator(".asked")
        expect(asked).to_be_visible()
        assert asked.evaluate("(form) => getComputedStyle(form).position") == "static"


# Where they stand -----------------------------------------------------------------------------------------------------


def test_people_come_before_ones_own_timer_and_beside_them_the_shared_one_stays_in_sight(ana: Visitor) -> None:
    page = ana.make_room()
    stay_nameless(page)
    people, mine = page.locator("section:has(tm-people)"), page.locator("section.own")
    assert box(mine)["y"] < box(people)["y"], "beside the shared timer"
    page.locator("tm-people").evaluate("(list) => (list.style.minHeight = '200rem')")
    page.evaluate("scrollTo(0, 1500)")
    expect(digits(shared(page))).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    assert box(mine)["y"] > box(people)["y"]


def test_a_line_begins_and_ends_with_words(visitor: Callable[..., Visitor]) -> None:
    page = visitor(viewport=SMALLEST).make_room()
    press(shared(page), "Start for all")
    stay_nameless(page)
    said = person(page, "You ·").locator("small")
    expect(said).to_have_text("You · Shared focus · free in 25 min")
    seen = said.evaluate(SEEN_DOTS)
    assert len(seen) == 2
    assert False in seen, "which begins a line"


# What they do ---------------------------------------------------------------------------------------------------------


def test_who_focuses_stands_above_who_does_not(ana: Visitor, jun: Visitor, visitor: Callable[..., Visitor]) -> None:
    anas, juns = together(ana, jun)
    leas = visitor().open(anas.url)
    call_oneself(leas, "Lea")
    expect(person(anas, "Lea")).to_be_visible()
    assert names(anas) == ["Ana", "Jun", "Lea"]
    anas.get_by_role("button", name="Knock at Lea").focus()
    press(own(leas), "Start")
    expect(anas.locator("tm-people li strong").nth(1)).to_have_text("Lea")
    assert names(anas) == ["Ana", "Lea", "Jun"]
    expect(anas.get_by_role("button", name="Knock at Lea")).to_be_focused()
    press(shared(juns), "Start for all")
    expect(person(anas, "Jun").locator("small")).to_have_text("Shared focus · free in 25 min")
    expect(person(anas, "Lea").locator("small")).to_have_text("Focus · free in 25 min")
    ana.open(anas.url)
    expect(person(anas, "Ana")).to_contain_text("You and 2 tabs · Shared focus")
    assert colours(anas) == colours(juns) == colours(leas)
    assert len(set(colours(anas).values())) == 3


def colours(page: Page) -> dict[str, str | None]:
    """The number of the colour of each, by name."""
    rows = page.locator("tm-people li").all()
    return {row.locator("strong").inner_text(): row.locator(".avatar").get_attribute("data-tint") for row in rows}


def test_a_tab_that_is_hidden_for_a_minute_is_away_until_it_is_seen(ana: Visitor, jun: Visitor) -> None:
    anas = ana.make_room()
    juns = jun.context.new_page()
    juns.clock.install()
    juns.goto(anas.url)
    expect(connection(juns)).to_have_text("Live")
    call_oneself(juns, "Jun")
    turn(juns, "hidden")
    juns.clock.fast_forward(MINUTE_MS)
    expect(person(anas, "Jun").locator("small")).to_have_text("Away")
    expect(anas.locator("tm-people header")).to_contain_text("1 here, 1 away")
    turn(juns, "visible")
    expect(person(anas, "Jun").locator("small")).to_have_text("Not timing")
    expect(anas.locator("tm-people header")).to_contain_text("2 here")


def turn(page: Page, state: str) -> None:
    page.evaluate(
        """(state) => {
          Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


# Knocks ---------------------------------------------------------------------------------------------------------------


def test_a_knock_is_heard_when_the_focus_is_over(ana: Visitor, jun: Visitor) -> None:
    anas, juns = together(ana, jun)
    press(own(juns), "Start")
    expect(person(anas, "Jun")).to_contain_text("Focus")
    anas.get_by_role("button", name="Knock at Jun").click()
    waits = anas.get_by_role("button", name=re.compile(r"^Jun will hear you at \d\d:\d\d$"))
    expect(waits).to_be_focused()
    expect(waits).to_have_attribute("aria-disabled", "true")
    assert notice(juns) == ""
    press(own(juns), "Pause")
    expect(juns.locator("tm-knocks")).to_contain_text("Ana knocked.")
    is_told(juns, "Ana knocked.")
    expect(person(anas, "Jun")).to_contain_text("has heard you")
    is_told(anas, "Jun has heard you.")
    expect(anas.get_by_role("button", name="Knock at Jun")).to_be_visible()
    press(juns.locator("tm-knocks"), "OK")
    assert notice(juns) == ""


def test_who_has_seen_a_knock_in_one_tab_has_seen_it_in_all(ana: Visitor, jun: Visitor) -> None:
    anas, juns = together(ana, jun)
    another = jun.open(anas.url)
    anas.get_by_role("button", name="Knock at Jun").click()
    for page in (juns, another):
        expect(page.locator("tm-knocks")).to_contain_text("Ana knocked.")
    press(juns.locator("tm-knocks"), "OK")
    for page in (juns, another):
        expect(page.locator("tm-knocks")).to_be_empty()


# Newcomers ------------------------------------------------------------------------------------------------------------


def one_comes_in_the_middle(ana: Visitor, jun: Visitor) -> tuple[Page, Page]:
    """Ana's page, on which the shared timer runs, and Jun's, which is told that it began a minute earlier."""
    anas = ana.make_room()
    press(shared(anas), "Start for all")
    expect(digits(shared(anas))).to_have_text(RUNNING)
    juns = jun.context.new_page()
    juns.route_web_socket("**/ws/room/*", a_minute_earlier)
    juns.goto(anas.url)
    return anas, juns


def test_whoever_comes_in_the_middle_is_told_once(ana: Visitor, jun: Visitor) -> None:
    anas, juns = one_comes_in_the_middle(ana, jun)
    told = re.compile(r"^25 minutes left: join in, or wait for the break at \d\d:\d\d\.$")
    expect(note(juns, shared(juns))).to_have_text(told)
    press(shared(juns), "OK")
    expect(note(juns, shared(juns))).to_have_text("")
    expect(shared(juns).get_by_role("button", name="Pause for all")).to_be_focused()
    juns.reload()
    expect(connection(juns)).to_have_text("Live")
    expect(note(juns, shared(juns))).to_have_text("")
    expect(note(anas, shared(anas))).not_to_contain_text("join in")


def test_what_a_newcomer_was_told_goes_with_the_timer(ana: Visitor, jun: Visitor) -> None:
    anas, juns = one_comes_in_the_middle(ana, jun)
    expect(note(juns, shared(juns))).to_contain_text("join in")
    press(shared(anas), "Reset")
    expect(digits(shared(juns))).to_have_text("25:00")
    expect(note(juns, shared(juns))).to_have_text("")


def a_minute_earlier(route: WebSocketRoute) -> None:
    """A server on which the shared timer has run for a minute more, and expires when it is reset."""
    server = route.connect_to_server()

    def tell(text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "session:joined":
            next(timer for timer in message["timers"] if timer["id"] == "room")["started_at"] -= MINUTE_MS
        if message["type"] == "timer:state" and message["action"] == "reset":
            message["action"] = "expire"
        route.send(json.dumps(message))

    server.on_message(tell)
    route.on_message(server.send)


# Control --------------------------------------------------------------------------------------------------------------


def test_the_maker_says_who_controls_the_timer(ana: Visitor, jun: Visitor) -> None:
    anas, juns = together(ana, jun)
    start = shared(juns).get_by_role("button", name="Start for all")
    expect(juns.get_by_role("button", name="Change who controls the timer")).to_have_count(0)
    sheet = control(anas)
    sheet.get_by_role("switch", name="Only chosen people").click()
    expect(juns.locator("tm-control")).to_have_text("Ana controls the timer.")
    is_told(juns, "Ana changed who controls the timer.")
    expect(start).to_have_attribute("aria-disabled", "true")
    expect(start).to_have_accessible_description("Ana controls the timer.")
    juns.keyboard.press("s")
    expect(note(juns, shared(juns))).to_have_text("Ana controls the timer.")
    expect(digits(shared(juns))).to_have_text("25:00")
    sheet.get_by_role("switch", name="Jun").click()
    expect(juns.locator("tm-control")).to_have_text("You and Ana control the timer.")
    sheet.get_by_role("switch", name="Pausing").click()
    expect(juns.locator("tm-control")).to_contain_text("A running focus is not paused or cut short.")
    start.click()
    expect(digits(shared(anas))).to_have_text(RUNNING)
    pause = shared(juns).get_by_role("button", name="Pause for all")
    expect(pause).to_have_attribute("aria-disabled", "true")
    pause.click(force=True)
    expect(note(juns, shared(juns))).to_have_text("A running focus is not paused or cut short.")


def test_a_room_is_handed_over(ana: Visitor, jun: Visitor) -> None:
    anas, juns = together(ana, jun)
    sheet = control(anas)
    sheet.get_by_label("Hand the room over to").select_option("Jun")
    sheet.get_by_role("button", name="Hand over").click()
    expect(sheet).to_contain_text("The room is Jun’s")
    expect(note(juns, shared(juns))).to_have_text("The room is yours now: you say who controls its timer.")
    control(juns).get_by_role("switch", name="Only chosen people").click()
    expect(anas.locator("tm-control")).to_have_text("Jun controls the timer.")


def test_what_the_maker_has_changed_is_changed_back(ana: Visitor, jun: Visitor) -> None:
    ana.keep_offers()
    anas, juns = together(ana, jun)
    sheet = control(anas)
    chosen = sheet.get_by_role("switch", name="Only chosen people")
    chosen.click()
    expect(juns.locator("tm-control")).to_have_text("Ana controls the timer.")
    expect(sheet).to_contain_text("You changed who controls the timer.")
    sheet.get_by_role("button", name="Undo").click()
    expect(chosen).not_to_be_checked()
    expect(juns.locator("tm-control")).to_have_text("")
    expect(sheet.get_by_role("button", name="Close")).to_be_focused()


def test_a_room_that_was_handed_over_is_taken_back(ana: Visitor, jun: Visitor) -> None:
    ana.keep_offers()
    anas, juns = together(ana, jun)
    sheet = control(anas)
    sheet.get_by_label("Hand the room over to").select_option("Jun")
    sheet.get_by_role("button", name="Hand over").click()
    expect(sheet).to_contain_text("You handed the room over to Jun.")
    anas.keyboard.press("Escape")
    press(shared(anas), "Undo")
    expect(note(anas, shared(anas))).to_have_text("You took the room back.")
    expect(note(juns, shared(juns))).to_have_text("Ana took the room back.")
    expect(juns.get_by_role("button", name="Change who controls the timer")).to_have_count(0)
    expect(anas.get_by_role("button", name="Change who controls the timer")).to_be_visible()


def test_whoever_is_left_controls_the_timer(ana: Visitor, jun: Visitor) -> None:
    anas, juns = together(ana, jun)
    control(anas).get_by_role("switch", name="Only chosen people").click()
    pause = shared(juns).get_by_role("button", name="Start for all")
    expect(pause).to_have_attribute("aria-disabled", "true")
    anas.close()
    expect(juns.locator("tm-control")).to_have_text("Nobody who controls the timer is here, so everyone does.")
    pause.click()
    expect(digits(shared(juns))).to_have_text(RUNNING)
    ana.open(juns.url)
    expect(juns.locator("tm-control")).to_have_text("Ana controls the timer.")


def test_what_the_server_refuses_is_said_where_it_was_asked(ana: Visitor, jun: Visitor) -> None:
    anas, juns = together(ana, jun)
    page = ana.context.new_page()
    page.route_web_socket("**/ws/room/*", refuse_to_configure)
    page.goto(anas.url)
    expect(connection(page)).to_have_text("Live")
    sheet = control(page)
    switch = sheet.get_by_role("switch", name="Only chosen people")
    switch.click()
    expect(sheet.locator(".problem")).to_have_text("This is not allowed in this room now, so nothing was changed.")
    expect(switch).not_to_be_checked()
    expect(juns.locator("tm-control")).to_have_text("")


def refuse_to_configure(route: WebSocketRoute) -> None:
    server = route.connect_to_server()

    def hear(text: str | bytes) -> None:
        message = json.loads(text)
        if message["type"] == "room:configure":
            answer = {"type": "error", "id": message["id"], "code": "forbidden", "message": "Only the maker may."}
            route.send(json.dumps(answer))
        else:
            server.send(text)

    route.on_message(hear)


def control(page: Page) -> Locator:
    """The sheet of the room, opened."""
    page.get_by_role("button", name="Change who controls the timer").click()
    sheet = page.get_by_role("dialog", name="This room")
    expect(sheet).to_be_visible()
    return sheet


def test_in_forced_colours_no_button_sticks_out(visitor: Callable[..., Visitor], jun: Visitor) -> None:
    page = visitor(viewport={"width": 390, "height": 844}, forced_colors="active").make_room()
    jun.open(page.url)
    expect(person(page, "User 2")).to_be_visible()
    stay_nameless(page)
    right = {"main": 390 - 16, ".own": 390 - 32, "section:has(tm-people)": 390 - 32}
    for where, most in right.items():
        for button in page.locator(f"{where} .btn:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["x"] + box["width"] <= most, button.inner_text() or button.get_attribute("aria-label")


# For everybody --------------------------------------------------------------------------------------------------------


@parametrize_both_looks
def test_all_of_it_is_accessible(
    visitor: Callable[..., Visitor], jun: Visitor, screen: dict[str, int], scheme: str
) -> None:
    anas = visitor(viewport=screen, color_scheme=scheme).make_room()
    juns = jun.open(anas.url)
    expect(person(anas, "User 2")).to_be_visible()
    assert_accessible(anas)
    call_oneself(anas, "Ana")
    press(own(juns), "Start")
    expect(person(anas, "User 2")).to_contain_text("free in")
    anas.get_by_role("button", name="Knock at User 2").click()
    juns.get_by_role("button", name="Knock at Ana").click()
    expect(anas.locator("tm-knocks")).to_contain_text("knocked")
    assert_accessible(anas)
    sheet = control(anas)
    sheet.get_by_role("switch", name="Only chosen people").click()
    sheet.get_by_role("switch", name="Pausing").click()
    expect(sheet.get_by_role("switch", name="User 2")).to_be_visible()
    assert_accessible(anas)
    anas.keyboard.press("Escape")
    assert_accessible(anas)
