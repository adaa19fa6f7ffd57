"""Chromium without a window, where one is installed."""

import contextlib
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, expect, sync_playwright

# The first is what Playwright itself takes where no window is wanted: the same pages for less.
BROWSERS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    "--js-flags=--single-threaded --no-opt",  # compiling costs more than a page's few calls take
]
PATIENCE = 120_000  # milliseconds, for a machine that is busy


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; expectations of its pages wait `PATIENCE`."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextlib.contextmanager
def silent_page(browser: Browser) -> Iterator[Page]:
    """A page that must ask no host and break no policy."""
    urls: list[str] = []
    said: list[str] = []
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.on("request", lambda request: urls.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    yield page
    page.close()
    assert urls == []
    assert said == []
