"""Takes the pictures of `docs/tour.md` from a running site, and writes that page: `make tour`, or `make tour ARGS="paused keys"`
for some of them.

Each stop brings a page into a state by what people do, and is taken as it then is: on a desktop by day, on a phone by night.
"""

import sys
from contextlib import ExitStack

from playwright.sync_api import Page, sync_playwright

from tests.support.chromium import FLAGS, chromium
from tests.support.processes import tomato
from tests.support.visitors import make_operator
from tools.tour.page import DOCS, PICTURES, STOPS, picture, tour
from tools.tour.stops import Cast, Stop, size

QUALITY = 80


def take(page: Page, each: Stop) -> None:
    for screen in each.screens:
        page.set_viewport_size(size(screen))
        page.emulate_media(color_scheme=screen.scheme)
        page.mouse.move(0, 0)
        page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
        if each.shows is not None:
            page.locator(each.shows).scroll_into_view_if_needed()
        page.screenshot(path=picture(each, screen), type="jpeg", quality=QUALITY)


def main(names: list[str]) -> None:
    """Takes the stops of those names anew, or all of them, and removes the pictures of stops that are no more."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = {picture(each, screen) for each in STOPS for screen in each.screens}
    for old in set(PICTURES.glob("*.jpg")) - wanted:
        old.unlink()
    with tomato() as site, sync_playwright() as playwright:
        make_operator(site)
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for each in STOPS:
            if not names or each.name in names:
                with ExitStack() as leaving:
                    take(each.bring(Cast(browser, site, leaving)), each)
        browser.close()
    (DOCS / "tour.md").write_text(tour())


if __name__ == "__main__":
    main(sys.argv[1:])
