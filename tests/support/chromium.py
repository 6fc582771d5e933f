"""Which Chromium the browser tests use: whole, or the shell that is nothing but pages and shows them at half the cost."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

SHELL = "chromium-headless-shell"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path | None:
    """The machine's own Chromium, else the one Playwright has downloaded, else nothing."""
    return next(filter(_works, _candidates()), None)


def headless_shell() -> Path | None:
    """The machine's own, as Debian has it. It shows no notifications."""
    return Path(found) if (found := shutil.which(SHELL)) else None


def _candidates() -> Iterator[Path]:
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)


def _works(path: Path) -> bool:
    # Where Chromium comes as a snap, the name can be on the PATH without a browser behind it.
    return path.exists() and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0
