"""The language of what is served: how it is chosen, that all of a page is in it, and what stays in English."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import AsyncClient
from redis.exceptions import ConnectionError

from rooms import entering, making
from rooms.models import Room
from tests.support import english
from tests.unit.test_messages import Reading
from tomato.allowances import Allowance
from tomato.language import WORDS
from tools.compile_messages import CHECKOUT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

GERMAN = "de-AT,de;q=0.9,en;q=0.5"


class Reader(AsyncClient):
    """A browser that asks for pages in certain languages. What breaks inside the server comes back as an answer."""

    def __init__(self, accepted: str = GERMAN, **options: Any) -> None:
        super().__init__(raise_request_exception=False, **options)
        self.accepted = accepted

    def generic(self, *args: Any, **options: Any) -> Any:
        return super().generic(*args, **{**options, "headers": {"accept-language": self.accepted}})


def language_of(response: Any) -> str:
    """The language that a page says it is in."""
    (language,) = re.findall(r'<html lang="(\w+)"', response.content.decode())
    assert response["Content-Language"] == language
    return str(language)


@pytest.mark.parametrize(
    ("accepted", "chosen", "path", "language"),
    [
        ("", "", "/", "en"),
        ("de", "", "/", "de"),
        (GERMAN, "", "/", "de"),
        ("fr, de;q=0.8", "", "/", "de"),
        ("fr", "", "/", "en"),
        ("de", "en", "/", "en"),
        ("en", "de", "/you", "de"),
        ("de", "fr", "/", "de"),
        ("de", "../../x", "/", "de"),
        ("en", "en", "/offline?language=de", "de"),
        ("de", "", "/?language=xx", "de"),
    ],
)
async def test_a_page_is_in_the_language_of_its_address_or_the_cookie_or_the_browser(
    accepted: str, chosen: str, path: str, language: str
) -> None:
    browser = Reader(accepted)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = chosen
    response = await browser.get(path)
    assert language_of(response) == language
    assert {"Accept-Language", "Cookie"} <= set(response["Vary"].split(", "))


def english_in(response: Any) -> list[str]:
    """What a page says in the words of the English one."""
    texts = list(Reading(re.sub(r"<script.*?</script>", "", response.content.decode(), flags=re.DOTALL)).texts)
    assert len(texts) > 5
    return english.left_in(texts)


async def test_every_page_is_in_german_to_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    browser, strict = Reader(), Reader(enforce_csrf_checks=True)
    room, locked = await Room.objects.make(), await Room.objects.make(passcode=await entering.hashed("sesame"))
    pages = [
        *[
            await browser.get(path)
            for path in ("/", "/offline", "/you", "/nothing", "/room/NOWHERE", "/rooms/join?code=x")
        ],
        await browser.get(f"/room/{room.code}"),
        await browser.get(f"/room/{locked.code}"),
        await browser.post(f"/room/{locked.code}/enter", {"passcode": "Sesame"}),
        await browser.post("/rooms", {"name": "x" * 41}),
        await strict.post("/rooms"),
    ]
    monkeypatch.setattr(making, "ROOMS", Allowance(at_once=0, every_ms=1_000))
    pages.append(await browser.post("/rooms"))
    monkeypatch.setattr(entering, "WRONG_IN_A_ROOM", Allowance(at_once=0, every_ms=1_000))
    pages.append(await browser.post(f"/room/{locked.code}/enter", {"passcode": "x"}))
    with monkeypatch.context() as broken:
        broken.setattr(making, "make_room", away)
        pages.append(await browser.post("/rooms"))
        broken.setattr("rooms.views.show_home", breaks)
        pages.append(await browser.get("/rooms/join?code=x"))
    pages.append(await browser.post("/forget-me"))
    statuses = [200, 200, 200, 404, 404, 200, 200, 403, 403, 422, 403, 429, 429, 503, 500, 200]
    assert [page.status_code for page in pages] == statuses
    for page in pages:
        assert language_of(page) == "de"
        assert english_in(page) == [], page.request["path"]


async def away(*_: Any) -> None:
    raise ConnectionError("Redis is away.")


async def breaks(*_: Any, **__: Any) -> None:
    raise AssertionError("on purpose")


async def test_english_words_on_a_page_would_be_found() -> None:
    assert "Go to your timer" in english_in(await Reader("en").get("/nothing"))


async def test_what_scripts_developers_and_operators_read_is_in_english() -> None:
    browser = Reader()
    refused = await browser.post("/api/rooms", data="{", content_type="application/json")
    assert refused.json()["message"] == "The body is not valid JSON."
    assert 'lang="en"' in (await browser.get("/api/docs")).content.decode()
    log_in = await browser.get("/admin/login/")
    assert "Log in" in log_in.content.decode()
    for response in (refused, log_in):
        assert "Accept-Language" not in response.get("Vary", "")


async def test_what_the_api_and_a_page_refuse_alike_is_told_by_each_in_its_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(making, "ROOMS", Allowance(at_once=0, every_ms=1_000))
    browser = Reader()
    refused = await browser.post("/api/rooms", data="{}", content_type="application/json")
    assert refused.json()["message"].startswith("Too many rooms")
    assert "zu viele Räume" in (await browser.post("/rooms")).content.decode()


# The words of the scripts ---------------------------------------------------------------------------------------------


async def test_a_page_names_the_modules_with_its_words_and_permits_just_that() -> None:
    for path in ("/", "/offline", f"/room/{(await Room.objects.make()).code}"):
        response = await Reader().get(path)
        (import_map,) = re.findall(r'<script type="importmap">(.*?)</script>', response.content.decode())
        modules = json.loads(import_map)["imports"]
        assert list(modules) == [f"#{words}" for words in WORDS]
        for module in modules.values():
            assert "/de/" in module
            assert finders.find(module.removeprefix(settings.STATIC_URL)), module
        digest = b64encode(sha256(import_map.encode()).digest()).decode()
        assert f"script-src 'self' 'sha256-{digest}';" in response["Content-Security-Policy"] + ";"


@pytest.mark.parametrize("path", ["/you", "/nothing", "/sw.js", "/manifest.webmanifest", "/api/docs"])
async def test_where_there_is_no_such_map_none_is_permitted(path: str) -> None:
    assert "sha256" not in (await Reader().get(path))["Content-Security-Policy"]


def test_what_the_scripts_know_of_languages_is_what_the_server_does() -> None:
    script = Path(finders.find("timers/language.js") or "").read_text()
    assert re.findall(r'(\w+): "(\w+)"', re.findall(r"LANGUAGES = \{(.*)\}", script)[0]) == settings.LANGUAGES
    assert f'COOKIE = "{settings.LANGUAGE_COOKIE_NAME}"' in script
    imports = json.loads((CHECKOUT / "package.json").read_text())["imports"]
    assert list(imports) == [f"#{words}" for words in WORDS]


# What is kept for when there is no server -----------------------------------------------------------------------------


async def test_what_is_installed_is_in_the_language_of_the_page_that_names_it() -> None:
    page = (await Reader().get("/")).content.decode()
    (address,) = re.findall(r'rel="manifest" href="([^"]+)"', page)
    described = (await Reader("en").get(address)).json()
    assert (described["lang"], described["id"]) == ("de", "/")
    assert described["description"].startswith("Ein ruhiger")


async def test_the_language_is_forgotten_with_its_person() -> None:
    browser = Reader("en")
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "de"
    response = await browser.post("/forget-me")
    assert language_of(response) == "de"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME]["max-age"] == 0
