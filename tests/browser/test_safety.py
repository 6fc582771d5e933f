"""What a page withstands: names that were chosen to harm, and scripts that are not ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets import Origin
from websockets.sync.client import ClientConnection, connect

from tests.browser.test_looks import SMALLEST
from tests.support.hostile import HOSTILE
from tests.support.http import http_get, http_post
from tests.support.processes import Tomato
from tests.support.visitors import Visitor, connection, is_told, note, shared, stay_nameless
from tests.support.waiting import eventually
from timers.names import clean

HARMLESS = ("a formula", "a wide formula", "controls", "nothing to see")
"""In a browser, since it never sees what is taken out."""
NAMES = {name: clean(name) for kind, name in HOSTILE.items() if kind not in HARMLESS}
"""As they are given and as they are shown."""
# From a timer, since what a test says at once is exempt from some of the policy.
REFUSED = """() => new Promise((tell) => setTimeout(() => {
  const harms = {
    markup: () => (document.body.innerHTML = "<img>"),
    inserted: () => document.body.insertAdjacentHTML("beforeend", "<img>"),
    written: () => document.write("<img>"),
    handler: () => document.body.setAttribute("onclick", "1"),
    loaded: () => (document.createElement("script").src = "/sw.js"),
    worker: () => new Worker("/sw.js"),
    evaluated: () => eval("1"),
    made: () => new Function("1"),
    policy: () => trustedTypes.createPolicy("anybody", { createHTML: (text) => text }),
  };
  tell(Object.keys(harms).filter((name) => {
    try {
      harms[name]();
      return false;
    } catch {
      return true;
    }
  }));
}))"""
HARMS = ["markup", "inserted", "written", "handler", "loaded", "worker", "evaluated", "made", "policy"]
COMPLAINTS = ("content policy", "Content Security Policy", "TrustedHTML", "TrustedScript", "Trusted", "eval")


class Stranger:
    """Somebody in a room, without a browser."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def says(self, kind: str, **fields: str) -> None:
        self._socket.send(json.dumps({"type": kind, **fields}))


@contextmanager
def stranger(site: Tomato, code: str) -> Iterator[Stranger]:
    device = http_get(site.url).cookies["tomato_device"]
    address, cookie = f"{site.socket_url}/ws/room/{code}", {"Cookie": f"tomato_device={device}"}
    ways: dict[str, Any] = {"compression": None, "ping_interval": None, "max_queue": None}
    with connect(address, origin=Origin(site.url), additional_headers=cookie, **ways) as socket:
        yield Stranger(socket)


def assert_harmless(page: Page) -> None:
    """No name became an element or a script, and none pushes the page out of the screen."""
    assert page.evaluate("typeof hit") == "undefined"
    assert page.locator("main :is(img:not(.qr), script:not([type='application/json']), [onfocus])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == SMALLEST["width"]


def is_among_people(page: Page, name: str) -> bool:
    return name in texts(page, "tm-people strong")


def first(name: str) -> str:
    """What there is room for below the time."""
    return name.split(" ")[0][:5]


def texts(page: Page, selector: str) -> list[str]:
    return [text.strip() for text in page.locator(selector).all_text_contents()]


def test_a_name_of_somebody_is_text_wherever_it_is_shown(visitor: Callable[..., Visitor], site: Tomato) -> None:
    page = visitor(viewport=SMALLEST).make_room()
    stay_nameless(page)
    code, me = (page.locator("main").get_attribute(name) or "" for name in ("data-code", "data-member"))
    with ExitStack() as people:
        for name, shown in NAMES.items():
            someone = people.enter_context(stranger(site, code))
            someone.says("session:rename", name=name)
            eventually(partial(is_among_people, page, shown))
            someone.says("timer:start", timer="room")
            expect(note(page, shared(page))).to_have_text(f"{shown} started the timer")
            expect(shared(page).locator(".ends")).to_contain_text(f"Started by {first(shown)}")
            is_told(page, f"{shown} started the timer")
            assert_harmless(page)
            someone.says("timer:reset", timer="room")
            someone.says("session:knock", member=me)
            expect(page.locator("tm-knocks")).to_contain_text(f"{shown} knocked.")
            assert_harmless(page)
            page.locator("tm-knocks").get_by_role("button").click()
        page.get_by_role("button", name="Change who controls the timer").click()
        sheet = page.get_by_role("dialog")
        sheet.get_by_role("switch", name="Only chosen people").click()
        eventually(lambda: set(NAMES.values()) <= set(texts(page, "dialog option")))
        assert_harmless(page)
        bare = visitor(viewport=SMALLEST, java_script_enabled=False).look_at(page.url)
        assert set(NAMES.values()) <= set(texts(bare, "tm-people strong"))
        assert bare.locator("main :is(img:not(.qr), [onfocus])").count() == 0
    assert not [shown for shown in NAMES.values() if shown in site.output()]


def test_the_name_of_a_room_is_text_wherever_it_is_shown(visitor: Callable[..., Visitor], site: Tomato) -> None:
    page = visitor(viewport=SMALLEST).open()
    for name, shown in NAMES.items():
        code = http_post(f"{site.url}/api/rooms", json={"name": name}).json()["code"]
        page.goto(f"/room/{code}")
        expect(connection(page)).to_have_text("Live")
        assert page.locator("h1").text_content() == f"{shown} {code}"
        assert page.title().endswith(" — tomato")
        assert_harmless(page)
    page.get_by_role("link", name="Timer").click()
    latest = list(NAMES.values())[:-7:-1]
    eventually(lambda: texts(page, "tm-recent strong") == latest)
    assert_harmless(page)
    assert not [shown for shown in NAMES.values() if shown in site.output()]


@pytest.mark.parametrize(
    "path", ["/", "/room", "/locked", "/room/nothing", "/you", "/offline", "/api/docs", "/nothing"]
)
def test_a_script_that_is_not_ours_can_do_nothing_to_a_page(ana: Visitor, site: Tomato, path: str) -> None:
    ana.expected += [*COMPLAINTS, "Failed to load resource"]
    page = ana.look_at(_address(site, path))
    assert page.evaluate(REFUSED) == HARMS


def _address(site: Tomato, path: str) -> str:
    if path not in ("/room", "/locked"):
        return path
    fields = {"passcode": "sesame"} if path == "/locked" else {}
    code = http_post(f"{site.url}/api/rooms", json=fields).json()["code"]
    return f"/room/{code}"
