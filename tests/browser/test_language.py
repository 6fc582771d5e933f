"""The pages in German: every word of them in every state, how they look, and how one language becomes the other."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_looks import (
    CSS_BUDGET,
    DESKTOP,
    DRAWN,
    JS_BUDGET,
    PHONE,
    SMALLEST,
    assert_accessible,
    assert_drawn_alike,
    assert_nothing_is_cut_off,
    boxes,
    compressed,
    scripts_of,
)
from tests.support import english
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

# All that somebody can read or hear of a page.
SAID = """
() => {
  const said = [document.title];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    if (!texts.currentNode.parentElement.closest("script, noscript")) said.push(texts.currentNode.data.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"]) {
    for (const element of document.querySelectorAll(`body [${name}]`)) said.push(element.getAttribute(name));
  }
  return said.filter(Boolean);
}
"""


@pytest.fixture
def heidi(visitor: Callable[..., Visitor]) -> Visitor:
    """Somebody whose browser asks for German."""
    return visitor(locale="de-DE")


def assert_german(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert english.left_in(page.evaluate(SAID)) == []


def settings(page: Page) -> Locator:
    page.locator("[data-use=settings]").click()
    return page.get_by_role("dialog")


def test_a_timer_of_ones_own_is_german_from_the_start_to_its_end(heidi: Visitor) -> None:
    page = heidi.context.new_page()
    line = Line(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    assert_german(page)
    press(own(page), "Start")
    expect(own(page).locator(".ends")).to_have_text(re.compile(r"^Endet um \d\d:\d\d\sUhr$"))
    expect(digits(own(page))).to_have_attribute("aria-label", "Noch 25 Minuten")
    expect(note(page)).to_have_text("Du hast den Timer gestartet")
    expect(page).to_have_title(re.compile(r"^2\d:\d\d · Fokus — tomato$"))
    assert_german(page)
    press(own(page), "Anhalten")
    is_told(page, "Angehalten, noch 25 Minuten")
    press(own(page), "+5 Min.")
    press(own(page), "Rückgängig")
    expect(note(page)).to_have_text("Du hast dein Ändern der Zeit rückgängig gemacht")
    assert_german(page)
    line.say(type="timer:start", duration_ms=1_000)
    expect(page.locator("html")).to_have_attribute("data-phase", "short")
    expect(note(page)).to_contain_text(re.compile(r"^Fokus endete um \d\d:\d\d Uhr\.$"))
    assert_german(page)
    line.cut()
    expect(connection(page)).to_have_text("Verbindet neu")
    assert_german(page)


def test_a_room_is_german_with_all_that_people_do_in_it(heidi: Visitor, jun: Visitor) -> None:
    heidi.expect_complaint("WebSocket connection to")
    page = heidi.open()
    page.get_by_role("button", name="Raum öffnen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Raum [A-Z2-9]{6}$"))
    expect(connection(page)).to_have_text("Live")
    other = jun.open(page.url)
    expect(page.locator("tm-people")).to_contain_text("Gast 2")
    expect(other.locator("tm-people")).to_contain_text("User 1")
    press(shared(other), "Start for all")
    expect(note(page, shared(page))).to_have_text("Gast 2 hat den Timer gestartet")
    expect(shared(page).locator(".ends")).to_contain_text("Gestartet von Gast 2, bis")
    page.get_by_role("button", name="Bei Gast 2 anklopfen").click()
    expect(page.locator("tm-people .knocked")).to_contain_text(re.compile(r"hört dich um \d\d:\d\d Uhr"))
    assert_german(page)
    page.get_by_role("button", name="Ändern, wer den Timer steuert").click()
    page.get_by_label("Nur ausgewählte Leute").click()
    expect(page.get_by_role("switch", name="Gast 2")).to_be_visible()
    assert_german(page)
    page.keyboard.press("Escape")
    expect(page.locator("tm-control")).to_have_text("Du steuerst den Timer.Ändern")
    expect(other.locator("tm-control")).to_have_text("User 1 controls the timer.")
    press(shared(page), "Anhalten für alle")
    page.get_by_role("button", name="Einladen").click()
    expect(page.get_by_role("dialog")).to_contain_text("Wer diesen Link öffnet, ist im Raum.")
    assert_german(page)


def test_what_the_server_draws_in_german_the_script_draws_alike(heidi: Visitor) -> None:
    page = heidi.open()
    assert_drawn_alike(page, "tm-timer")
    page.get_by_role("button", name="Raum öffnen").click()
    page.wait_for_url(re.compile("/room/"))
    page.get_by_role("button", name="Später", exact=True).click()
    assert_drawn_alike(page, *DRAWN)


def test_the_language_is_chosen_in_the_settings_and_kept(heidi: Visitor) -> None:
    page = heidi.open()
    for name, title, language in (("English", "Settings", "en"), ("Deutsch", "Einstellungen", "de")):
        with page.expect_navigation():
            settings(page).get_by_role("radio", name=name).click()
        expect(connection(page)).to_have_text("Live")
        expect(page.locator("html")).to_have_attribute("lang", language)
        sheet = settings(page)
        expect(sheet).to_contain_text(title)
        expect(sheet.get_by_role("radio", name=name)).to_be_checked()
        page.goto("/you")
        expect(page.locator("html")).to_have_attribute("lang", language)
        page.goto("/")
        expect(connection(page)).to_have_text("Live")
    (cookie,) = [cookie for cookie in heidi.context.cookies() if cookie["name"] == "tomato_language"]
    assert (cookie["value"], cookie["sameSite"], cookie["path"]) == ("de", "Lax", "/")
    with page.expect_navigation():
        settings(page).get_by_role("group", name="Sprache").get_by_role("radio", name="System").click()
    expect(connection(page)).to_have_text("Live")
    assert not [cookie for cookie in heidi.context.cookies() if cookie["name"] == "tomato_language"]


def test_another_language_is_kept_for_when_there_is_no_server(visitor: Callable[..., Visitor]) -> None:
    someone = visitor(service_workers="allow", locale="de-DE")
    page = someone.context.new_page()
    line = Line(page)
    page.goto("/")
    expect(connection(page)).to_have_text("Live")
    eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))
    go_offline(page, line)
    page.reload()
    expect(page.locator("tm-connection .notice")).to_contain_text("Offline. Dein Timer funktioniert")
    press(own(page), "Start")
    expect(own(page).locator(".ends")).to_contain_text("Endet um")
    settings(page)
    assert_german(page)
    go_online(page, line)


@pytest.mark.parametrize(("screen", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_the_german_pages_are_accessible(visitor: Callable[..., Visitor], screen: dict[str, int], scheme: str) -> None:
    page = visitor(locale="de-DE", viewport=screen, color_scheme=scheme).open()
    assert_accessible(page)
    settings(page)
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Raum öffnen").click()
    page.wait_for_url(re.compile("/room/"))
    expect(connection(page)).to_have_text("Live")
    assert_accessible(page)


def test_longer_words_fit_on_the_smallest_screen(visitor: Callable[..., Visitor]) -> None:
    page = visitor(locale="de-DE", viewport=SMALLEST).open()
    for words in ("", " für alle"):
        timer = page.locator("tm-timer").first
        before = boxes(page)
        for word, then in (
            ("Start", r"^Endet|bis"),
            ("Anhalten", "Angehalten"),
            ("Weiter", r"^Endet|bis"),
            ("Zurücksetzen", "Bereit"),
        ):
            press(timer, word if word == "Zurücksetzen" else word + words)
            expect(timer.locator(".ends")).to_have_text(re.compile(then))
            assert boxes(page) == before, f"after {word}"
            assert_nothing_is_cut_off(page)
        for sheet in ("settings", "help"):
            page.keyboard.press("?") if sheet == "help" else settings(page)
            expect(page.get_by_role("dialog")).to_be_visible()
            assert_nothing_is_cut_off(page)
            page.keyboard.press("Escape")
        if not words:
            page.get_by_role("button", name="Raum öffnen").click()
            page.wait_for_url(re.compile("/room/"))
            expect(connection(page)).to_have_text("Live")


def test_a_page_loads_the_words_of_its_language_only(heidi: Visitor) -> None:
    answers: list = []
    heidi.context.on("response", lambda answer: answers.append(answer))
    page = heidi.open()
    scripts = scripts_of(page, answers)
    assert any("/de/words." in answer.url for answer in scripts)
    assert sum(compressed(answer) for answer in scripts) < JS_BUDGET
    assert sum(compressed(answer) for answer in answers if answer.request.resource_type == "stylesheet") < CSS_BUDGET
    press(own(page), "Start")
    settings(page)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert not [answer.url for answer in answers if "/en/" in answer.url]
