"""Draws the icons of an installed tomato from its favicon: `make icons`, after the drawing has changed."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support.chromium import FLAGS, chromium

STATIC = Path(__file__).resolve().parent.parent / "timers" / "static" / "timers"
PAPER = "#FBF8F5"
ICONS = {
    "180": (180, PAPER, 0.76),
    "192": (192, "transparent", 1.0),
    "512": (512, "transparent", 1.0),
    "512-maskable": (512, PAPER, 0.66),
}
"""By name: how large it is, its ground, and how much of it the fruit takes; a device may cut a maskable one to any shape."""


def main() -> None:
    drawing = (STATIC / "favicon.svg").read_text().replace('viewBox="0 0 24 24"', 'viewBox="2 2.6 20 20"')
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for name, (size, ground, part) in ICONS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(
                f"<body style='margin:0;height:100vh;display:grid;place-items:center;background:{ground}'>"
                f"<div style='width:{part * 100}%;line-height:0'>{drawing}</div>"
            )
            page.screenshot(path=STATIC / "icons" / f"{name}.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
