"""The journey of an advisor in a real browser, and axe-core's rules on every page of it."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Locator, Page, expect

from advisor.client import Service
from tests.support.browser import CHROMIUM, PATIENCE, chromium
from tests.support.server import ROOT, AnyServer, Server, free_port

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# The heading of each page, and how many pictures it has.
PAGES = {
    "Client": (r"^Client \d+$", 2),
    "Why": ("^Why client", 2),
    "What if": ("^What if: client", 1),
    "Compare": ("among earlier clients$", 2),
    "New application": ("^New application$", 0),
    "Model": ("^Model$", 1),
    "Letter": ("^A letter about", 0),
}
WIDE = {"width": 1280, "height": 1000}
ZOOMED = {"width": 640, "height": 500}  # what a window of 1280 has at 200 %
FITS = """() => {
    const main = document.querySelector('[data-testid=stMain]')
    return main.scrollWidth <= main.clientWidth
}"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def dashboard(desk_server: Server) -> Iterator[str]:
    """The address of a dashboard that asks the service."""
    port = free_port()
    run = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard/app.py")]
    command = [*run, "--server.port", str(port)]
    with AnyServer(command, port, {"API_URL": desk_server.url}) as server:
        server.wait("/_stcore/health")
        yield server.url
        assert "Traceback" not in server.log()


@pytest.fixture(scope="module")
def page(dashboard: str) -> Iterator[Page]:
    """One page for all tests, in their order. It asks no other host."""
    asked: list[str] = []
    with chromium() as browser:
        page = browser.new_page(viewport=WIDE)
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(dashboard)
        yield page
    own = (dashboard, dashboard.replace("http", "ws"), "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == []


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text)


def go(page: Page, name: str) -> None:
    """To a page, by keyboard, until all of it is there."""
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).press("Enter")
    settled(page, name)


def settled(page: Page, name: str) -> None:
    """Until a page is there, with its pictures."""
    title, pictures = PAGES[name]
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(title))
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    expect(page.locator("[data-testid=stVegaLiteChart] > svg")).to_have_count(pictures)


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("levels => axe.run(document, {runOnly: levels})", LEVELS)
    assert len(found["passes"]) > 15
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.fixture
def look(page: Page, tmp_path: Path) -> Callable[[str], None]:
    """Takes a picture of a page, and holds it against axe-core's rules."""

    def taken(name: str) -> None:
        assert len(page.screenshot(path=tmp_path / f"{name}.png")) > 20_000
        assert violations(page) == [], name

    return taken


def test_from_refusal_to_letter_by_keyboard(page: Page, asked: Service, turned: int, look):
    score = asked.score({"client": turned})
    suggestion = asked.alternatives(turned)["alternatives"][0]
    search = page.get_by_role("textbox", name="First digits of a client's id")
    search.fill(str(turned))
    search.press("Enter")
    expect(heading(page, f"Client {turned}")).to_be_visible()
    expect(heading(page, "Refused: ")).to_be_visible()
    settled(page, "Client")
    look("client")

    go(page, "Why")
    expect(page.get_by_text(score["reasons"][0]["text"]).first).to_be_visible()
    look("why")

    go(page, "What if")
    page.get_by_role("button", name=f"Try it: {suggestion['label']}").press("Enter")
    expect(page.get_by_text(f"{suggestion['probability']:.4f}", exact=True)).to_be_visible()
    expect(page.get_by_text("Accepted: ")).to_be_visible()
    page.get_by_role("button", name="Score these values").press("Enter")  # with no digit lost
    settled(page, "What if")
    expect(page.get_by_text("Accepted: ")).to_be_visible()
    look("what-if")

    go(page, "Letter")
    letter = page.get_by_test_id("stCode")
    expect(letter).to_contain_text(f"1. {score['reasons'][0]['text']}.")
    expect(letter).to_contain_text(score["model"])
    look("letter")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the letter").press("Enter")
    assert score["model"] in download.value.path().read_text()


@pytest.mark.parametrize("name", ["Compare", "New application", "Model"])
def test_the_other_pages_break_no_rule(page: Page, look, name: str):
    go(page, name)
    look(name)


def test_every_picture_says_what_it_shows(page: Page):
    for name in ("Client", "Why", "Compare"):
        go(page, name)
        shown = page.get_by_test_id("stMain").inner_text()
        for picture in page.get_by_test_id("stVegaLiteChart").all():
            expect(picture).to_have_attribute("aria-label", re.compile("[.] *$"))
            assert picture.get_attribute("aria-label") in shown


def test_at_200_percent_nothing_is_cut_off(page: Page, tmp_path: Path):
    page.set_viewport_size(ZOOMED)
    try:
        for name in PAGES:
            if not page.get_by_test_id("stSidebarNav").is_visible():
                page.get_by_test_id("stExpandSidebarButton").press("Enter")
            go(page, name)
            page.wait_for_function(FITS)  # pictures follow the window a moment later
            assert len(page.screenshot(path=tmp_path / f"{name}.png")) > 10_000
    finally:
        page.set_viewport_size(WIDE)


def test_the_page_says_its_language(page: Page, look):
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_text("Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_test_id("stSidebarNav")).to_contain_text("Pourquoi")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Une lettre"))
    look("french")
