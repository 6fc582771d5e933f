"""Which pages may open a socket here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import settings
from django.test import override_settings

from tomato import origin

HERE = "tomato.example"


@pytest.fixture(autouse=True)
def _hosts() -> Iterator[None]:
    with override_settings(ALLOWED_HOSTS=[HERE, ".team.example", "127.0.0.1", "[::1]"]):
        origin._validator.cache_clear()
        yield
    origin._validator.cache_clear()


def is_allowed(page: str | None, asked: str | None = HERE, https: bool = False) -> bool:
    headers = [(b"origin", page.encode("latin-1"))] if page is not None else []
    headers += [(b"host", asked.encode("latin-1"))] if asked is not None else []
    with override_settings(TOMATO=replace(settings.TOMATO, https=https)):
        return origin.is_allowed({"headers": headers})


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        (f"http://{HERE}", HERE),
        (f"https://{HERE}", HERE),
        (f"https://{HERE}", f"{HERE}:443"),
        (f"https://{HERE}:443", HERE),
        (f"https://{HERE.upper()}", HERE),
        (f"http://{HERE}:8000", f"{HERE}:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://ana.team.example", "ana.team.example"),
    ],
)
def test_a_page_of_the_address_that_is_asked_may(page: str, asked: str) -> None:
    assert is_allowed(page, asked)


@pytest.mark.parametrize("asked", ["127.0.0.1:8000", "inner-name:9000", "", None])
def test_a_page_of_one_of_our_hosts_may_whatever_name_a_proxy_asks_by(asked: str | None) -> None:
    assert is_allowed(f"https://{HERE}", asked)


@pytest.mark.parametrize(
    "page",
    [
        None,
        "",
        "null",
        HERE,
        "http://",
        "http://evil.example",
        f"http://evil.example/{HERE}",
        f"http://{HERE}.evil.example",
        f"http://evil{HERE}",
        f"http://{HERE}@evil.example",
        "http://[",
        "http://\xff",
        "file://",
    ],
)
def test_a_page_from_elsewhere_may_not(page: str | None) -> None:
    assert not is_allowed(page)


@pytest.mark.parametrize(
    ("page", "asked"),
    [
        (f"http://{HERE}:9000", f"{HERE}:8000"),
        (f"http://{HERE}", f"{HERE}:8000"),
        (f"https://{HERE}:8443", HERE),
        (f"http://{HERE}", f"{HERE}:443"),
        ("http://[::1]:9000", "[::1]:8000"),
        (f"https://{HERE}:nonsense", HERE),
        (f"https://{HERE}", f"{HERE}:nonsense"),
        (f"https://{HERE}", "["),
    ],
)
def test_another_service_of_the_same_host_may_not(page: str, asked: str) -> None:
    assert not is_allowed(page, asked)


def test_where_the_site_is_secure_a_page_is_too() -> None:
    assert is_allowed(f"https://{HERE}", https=True)
    assert not is_allowed(f"http://{HERE}", https=True)
    assert not is_allowed(f"http://{HERE}:443", https=True)
