"""What every answer forbids the browser: the policies, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import AsyncClient

from rooms import entering
from rooms.models import Room
from tomato.headers import UNUSED

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

PAGES = ("/", "/offline", "/you", "/api/docs", "/nothing", "/room/nothing", "/rooms/join?code=nonsense")
NO_PAGES = ("/sw.js", "/manifest.webmanifest", "/api/openapi.json", "/healthz")


def policy_of(response: Any) -> dict[str, set[str]]:
    directives = (directive.split() for directive in response["Content-Security-Policy"].split(";"))
    return {name: set(allowed) for name, *allowed in directives}


def without_hashes(sources: set[str]) -> set[str]:
    """But for those of texts that are ours to the letter, such as the import map."""
    return {source for source in sources if not source.startswith("'sha256-")}


async def pages() -> list[Any]:
    browser, strict = AsyncClient(), AsyncClient(enforce_csrf_checks=True)
    room, locked = await Room.objects.make(), await Room.objects.make(passcode=await entering.hashed("sesame"))
    addresses = (*PAGES, f"/room/{room.code}", f"/room/{locked.code}")
    return [
        *[await browser.get(address) for address in addresses],
        await strict.post("/rooms"),
        await browser.post("/forget-me"),
    ]


async def test_a_page_of_ours_writes_html_and_loads_scripts_by_two_names_only() -> None:
    for response in await pages():
        assert response["Content-Type"].startswith("text/html"), response.request["path"]
        policy = policy_of(response)
        assert policy["require-trusted-types-for"] == {"'script'"}
        assert policy["trusted-types"] == {"lit-html", "service-worker"}
        assert policy["style-src"] == policy["connect-src"] == {"'self'"}
        assert without_hashes(policy["script-src"]) == {"'self'"}


@pytest.mark.parametrize("path", ["/admin/login/", *NO_PAGES])
async def test_what_is_no_page_of_ours_is_as_strict_in_all_else(path: str) -> None:
    policy = policy_of(await AsyncClient().get(path))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == {"'none'"}
    assert policy["script-src"] == {"'self'"}
    assert not {"require-trusted-types-for", "trusted-types"} & set(policy)


@pytest.mark.parametrize("path", [*PAGES, *NO_PAGES, "/admin/login/"])
async def test_of_the_device_a_page_may_use_only_what_it_needs(path: str) -> None:
    allowed = (await AsyncClient().get(path))["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()"} < set(allowed) == {f"{feature}=()" for feature in UNUSED}
