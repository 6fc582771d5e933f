"""Which Chromium the browser tests use."""

import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path | None:
    """The machine's own Chromium, else the one Playwright has downloaded, else nothing."""
    return next((path for path in (*_on_the_path(), _playwrights_own()) if _works(path)), None)


def _on_the_path() -> list[Path]:
    return [Path(found) for name in NAMES if (found := shutil.which(name))]


def _playwrights_own() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _works(path: Path) -> bool:
    # Where Chromium comes as a snap, the name can be on the PATH without a browser behind it.
    return path.exists() and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
