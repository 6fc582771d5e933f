"""Pages of other sites: those that the operator names may use the API and read streams, and no others."""

from typing import Any

import pytest
from django.conf import settings
from django.test import AsyncClient

from rooms.models import Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_redis")]

NAMED, OTHER = "https://named.example", "https://other.example"


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.TOMATO.__dict__, "cors_origins", (NAMED,))


async def asked(path: str, origin: str, method: str = "GET", **headers: str) -> Any:
    return await AsyncClient().generic(method, path, headers={"origin": origin, **headers})


def permissions(response: Any) -> list[str]:
    return [name for name in response.headers if name.lower().startswith("access-control")]


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(
    "path", ["/api/rooms/{code}", "/api/rooms/{code}/timer", "/room/{code}/events", "/api/nothing"]
)
async def test_a_named_page_may_read_whatever_the_api_answers(path: str) -> None:
    room = await Room.objects.make()
    method = "HEAD" if path.endswith("events") else "GET"
    response = await asked(path.format(code=room.code), NAMED, method)
    assert response["Access-Control-Allow-Origin"] == NAMED
    assert "Origin" in response["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.usefixtures("named")
async def test_a_browser_is_told_beforehand_what_such_a_page_may_send() -> None:
    wish = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    response = await asked("/api/rooms", NAMED, "OPTIONS", **wish)
    assert (response.status_code, response.content) == (204, b"")
    assert "POST" in response["Access-Control-Allow-Methods"]
    assert {"Content-Type", "X-Room-Passcode"} <= set(response["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("origin", [OTHER, "https://named.example.evil.example", "http://named.example", "null", ""])
async def test_another_page_may_not(origin: str) -> None:
    room = await Room.objects.make()
    response = await asked(f"/api/rooms/{room.code}", origin)
    assert (permissions(response), "Origin" in response["Vary"]) == ([], True)
    response = await asked("/api/rooms", origin, "OPTIONS", **{"access-control-request-method": "POST"})
    assert (response.status_code, permissions(response)) == (405, [])


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize("path", ["/", "/you", "/healthz"])
async def test_pages_are_nobody_elses(path: str) -> None:
    assert permissions(await asked(path, NAMED)) == []


async def test_nobody_is_named_by_default() -> None:
    assert permissions(await asked("/api/nothing", NAMED)) == []
