"""Which Chromium the browser tests use; as a command, `make test` makes sure that there is one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> Path | None:
    """The machine's own Chromium, else the one Playwright has downloaded, else nothing."""
    return next((path for path in (*_on_the_path(), _playwrights_own()) if _works(path)), None)


def main() -> None:
    if chromium():
        return
    print("Installing a Chromium for the tests.", flush=True)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "update", "-qq")
        _run("apt-get", "install", "-qq", "--yes", "--no-install-recommends", "chromium")
    if not chromium():
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    if not chromium():
        sys.exit("The browser tests need a Chromium, and none could be installed: put one on the PATH as chromium.")


def _on_the_path() -> list[Path]:
    return [Path(found) for name in NAMES if (found := shutil.which(name))]


def _playwrights_own() -> Path:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def _works(path: Path) -> bool:
    # Where Chromium comes as a snap, the name can be on the PATH without a browser behind it.
    return path.exists() and subprocess.run([path, "--version"], capture_output=True, check=False).returncode == 0


def _run(*command: str) -> None:
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
