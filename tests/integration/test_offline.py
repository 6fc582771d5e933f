"""What a browser keeps for when there is no server, as it is served."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import AsyncClient, override_settings

from tomato.identity import COOKIE

COLLECTED = {**settings.STORAGES, "staticfiles": {"BACKEND": "tomato.static.ModuleStorage"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    with override_settings(STORAGES=COLLECTED, STATIC_ROOT=folder):
        call_command("collectstatic", "--no-input", verbosity=0)
    return folder


@pytest.fixture
def collected(folder: Path) -> Iterator[None]:
    """The static files as a running tomato has them, under names with their hashes."""
    with override_settings(STORAGES=COLLECTED, STATIC_ROOT=folder):
        yield


async def got(path: str) -> Any:
    return await AsyncClient().get(path)


def size_of(url: str) -> int:
    return Path(finders.find(url.removeprefix("/static/")) or "missing").stat().st_size


async def kept(language: str = "en") -> dict[str, Any]:
    script = (await got(f"/sw.js?language={language}")).content.decode()
    found = re.match(r"self\.tomato = (.*);\nimportScripts\(", script)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.usefixtures("collected")
async def test_the_worker_keeps_the_files_of_the_page_under_their_hashed_names() -> None:
    files = (await kept())["files"]
    named = {re.sub(r"\.[0-9a-f]{12}\.", ".", file) for file in files}
    for name in ("page.js", "absence.js", "deeds.js", "company.js", "settings.js", "app.css", "favicons/focus-3.svg"):
        assert f"/static/timers/{name}" in named
    assert not named & set(files)
    assert all(file.startswith("/static/timers/") for file in files)
    page = (await got("/offline")).content.decode()
    wanted = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:js|css|woff2))"', page))
    assert len(wanted) > 15
    assert wanted <= set(files)


@pytest.mark.usefixtures("collected")
async def test_the_worker_keeps_the_page_and_the_words_of_one_language() -> None:
    for language, other in (("en", "de"), ("de", "en")):
        worker = await kept(language)
        page = (await got(worker["page"])).content.decode()
        assert f'<html lang="{language}"' in page
        assert f'<meta name="version" content="{worker["version"]}">' in page
        (import_map,) = re.findall(r'<script type="importmap">(.*?)</script>', page)
        words = {file for name, file in json.loads(import_map)["imports"].items() if name.startswith("#timers/")}
        assert words == {file for file in worker["files"] if f"/{language}/" in file}
        assert not [file for file in worker["files"] if f"/{other}/" in file]


@pytest.mark.usefixtures("collected")
async def test_the_version_is_that_of_all_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    before = (await kept())["version"]
    assert before == (await kept())["version"]
    assert f'<meta name="version" content="{before}">' in (await got("/offline")).content.decode()
    with monkeypatch.context() as patched:
        patched.setattr(staticfiles_storage, "manifest_hash", "another")
        assert (await kept())["version"] not in ("", before)


async def test_while_files_change_nothing_is_kept() -> None:
    assert await kept() == {"version": "", "page": "/offline?language=en", "files": []}


async def test_the_page_that_is_kept_is_nobodys() -> None:
    for path in ("/offline", "/sw.js", "/manifest.webmanifest"):
        answer = await got(path)
        assert answer.status_code == 200
        assert COOKIE not in answer.cookies
        assert answer["Cache-Control"] == "no-cache"
    page = await got("/offline")
    assert "csrfmiddlewaretoken" not in page.content.decode()
    assert page.content == (await got("/offline")).content
    snapshot = json.loads(re.findall(r'id="snapshot"[^>]*>(.*?)</script>', page.content.decode())[0])
    assert (snapshot["you"], snapshot["room"], [timer["id"] for timer in snapshot["timers"]]) == (None, None, ["solo"])


async def test_a_worker_may_be_installed_and_steer_the_whole_site() -> None:
    answer = await got("/sw.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert "worker-src 'self'" in answer["Content-Security-Policy"]
    assert "manifest-src 'self'" in answer["Content-Security-Policy"]


async def test_the_manifest_names_pictures_that_are_there() -> None:
    answer = await got("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    icons = json.loads(answer.content)["icons"]
    assert {(icon["sizes"], icon["purpose"]) for icon in icons} >= {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in icons:
        assert 0 < size_of(icon["src"]) < 30_000
