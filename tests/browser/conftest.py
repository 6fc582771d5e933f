"""A really running site, and people with browsers of their own. Whatever a browser complains of fails the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.support.chromium import FLAGS, chromium, headless_shell
from tests.support.processes import Tomato, tomato
from tests.support.visitors import Visitor
from tests.support.waiting import WITHIN_S

expect.set_options(timeout=WITHIN_S * 1000)


@pytest.fixture(scope="session")
def site() -> Iterator[Tomato]:
    with tomato() as started:
        yield started


# Playwright keeps an event loop on this thread, which tests of other folders must not meet: hence not for the session.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    yield from _launched(playwright, headless_shell() or chromium())


@pytest.fixture(scope="module")
def whole_browser(playwright: Playwright) -> Iterator[Browser]:
    """With what is around pages too: the notifications of a service worker."""
    yield from _launched(playwright, chromium())


def _launched(playwright: Playwright, path: Path | None) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def visitor(browser: Browser, site: Tomato) -> Iterator[Callable[..., Visitor]]:
    """Somebody with a browser of their own: `visitor(color_scheme="dark", …)` takes Playwright's context options."""
    visitors: list[Visitor] = []

    def arrive(with_browser: Browser = browser, **options: object) -> Visitor:
        visitors.append(Visitor(with_browser, site.url, **options))
        return visitors[-1]

    yield arrive
    for each in visitors:
        each.leave()
    assert [complaint for each in visitors for complaint in each.complaints] == []


@pytest.fixture
def ana(visitor: Callable[..., Visitor]) -> Visitor:
    return visitor()


@pytest.fixture
def jun(visitor: Callable[..., Visitor]) -> Visitor:
    return visitor()
