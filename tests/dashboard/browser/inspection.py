"""The dashboard in a real browser, and the inspection of a page there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import axe_playwright_python
from playwright.sync_api import Frame, Page, ViewportSize

from tests.dashboard.browser.page_scripts import COVERED, FITS, RECOLOURED
from tests.support.browser import PATIENCE, chromium
from tests.support.servers.forks import Forks
from tests.support.servers.server import ROOT, AnyServer, free_port

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE: ViewportSize = {"width": 1280, "height": 1000}
ZOOMED: ViewportSize = {"width": 640, "height": 512}  # 1280 x 1024 at 200 %
NARROW: list[ViewportSize] = [ZOOMED, {"width": 320, "height": 512}]  # at 200 % and 400 %
SCHEMES: list[Literal["light", "dark"]] = ["light", "dark"]


@contextmanager
def dashboard_of(service: str, forks: Forks, **settings: str) -> Iterator[str]:
    """The address of a dashboard that calls the service at another one."""
    port = free_port()
    run = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard/app.py")]
    command = [*run, "--server.port", str(port)]
    environment = {"API_URL": service} | settings
    with AnyServer(command, port, environment, begin=forks.begin) as server:
        server.wait("/_stcore/health")
        yield server.url
        log = server.log()
        assert "Traceback" not in log, log[log.index("Traceback") :]


@contextmanager
def page_of(url: str) -> Iterator[Page]:
    """A page in the browser, which must not call any other host."""
    urls: list[str] = []
    with chromium() as browser:
        page = browser.new_context(viewport=WIDE).new_page()  # a second tab shares the context
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: urls.append(request.url))
        page.goto(url)
        yield page
    own = (url, url.replace("http", "ws"), "data:", "blob:")
    assert [each for each in urls if not each.startswith(own)] == []


def violations(page: Page | Frame, least: int = 16) -> list[str]:
    """The elements that break axe-core's rules, of which at least some must apply."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    options = {"runOnly": RULES, "resultTypes": ["violations"]}  # shorter lists of passed rules
    found = page.evaluate("options => axe.run(document, options)", options)
    assert len(found["passes"]) >= least
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def violations_by_look(page: Page) -> dict[str, list[str]]:
    """The elements that break axe-core's rules, by colour scheme and width, if there are any."""
    found = {}
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(RECOLOURED)
        for size in (ZOOMED, WIDE):
            page.set_viewport_size(size)
            page.wait_for_function(FITS)
            found[f"{scheme}, {size['width']} wide"] = violations(page)
    page.emulate_media(color_scheme="light")
    return {look: elements for look, elements in found.items() if elements}


def inspect_page(page: Page, file: Path, *sizes: ViewportSize) -> None:
    """Take a screenshot of a page, and check it against axe-core's rules and at high zoom.

    In a window as narrow as zoom makes it, no element is covered and only tables scroll sideways.
    Each chart has a sentence as its alternative text.

    Args:
        page: the page.
        file: the screenshot.
        sizes: of other windows to check.
    """
    assert len(page.screenshot(path=file)) > 20_000
    assert violations(page) == [], file.stem
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        assert (chart.get_attribute("aria-label") or "").endswith(".")
    for size in (*NARROW, *sizes):
        page.set_viewport_size(size)
        page.wait_for_function(FITS)  # charts follow the window a moment later
        assert page.evaluate(COVERED) == [], (file.stem, size)
    page.set_viewport_size(WIDE)
    page.wait_for_function(FITS)
