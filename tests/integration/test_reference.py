"""The description of the API as a site serves it: to programs, and to people on a page."""

import pytest
from django.test import AsyncClient

from rooms import openapi

pytestmark = pytest.mark.django_db


async def test_programs_get_the_whole_of_it() -> None:
    response = await AsyncClient().get("/api/openapi.json")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json() == openapi.describe("http://testserver")
    assert response.json()["openapi"] == "3.1.0"
    assert not response.cookies


async def test_people_get_a_page_with_every_operation_and_its_example() -> None:
    response = await AsyncClient().get("/api/docs")
    assert response.status_code == 200
    shown = response.content.decode()
    for operation in openapi.OPERATIONS:
        assert operation.path in shown
        assert operation.summary in shown
    assert "curl http://testserver/api/rooms/ABC234/timer" in shown
    assert "integer 1,000–86,400,000" in shown
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "//" not in shown.replace("http://testserver", "").replace("http://www.w3.org", "")


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
async def test_it_is_only_looked_at(path: str) -> None:
    assert (await AsyncClient().head(path)).status_code == 200
    assert (await AsyncClient().post(path)).status_code == 405
