"""Chromium without a window, where one is installed."""

import contextlib
import json
import shutil
from collections.abc import Iterator

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

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
    """The browser, with patience for what is expected of it."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


def operation(page: Page, method: str, path: str) -> Locator:
    return page.locator(f".opblock-{method}").filter(
        has=page.locator(f'.opblock-summary-path[data-path="{path}"]')
    )


def tried(
    page: Page, method: str, path: str, value: str = "", body: str = "", status: int = 200
) -> dict:
    """What the page shows after "Try it out" and "Execute" of an operation that nobody opened."""
    block = operation(page, method, path)
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    if value:
        block.locator(".parameters input").fill(value)
    if body:
        block.locator("textarea.body-param__text").fill(body)
    block.get_by_role("button", name="Execute").click()
    shown = block.locator(".live-responses-table .response")
    expect(shown.locator(".response-col_status")).to_contain_text(str(status))
    return json.loads(shown.locator("pre code").first.inner_text())
