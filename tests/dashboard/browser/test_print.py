"""Pages as the browser prints them or saves them as PDF, on A4."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.dashboard.browser.inspection import WIDE, dashboard_of, page_of
from tests.support.browser import CHROMIUM
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server

PAPER: ViewportSize = {"width": 794, "height": 1123}  # A4 in pixels
SHEET = re.compile(rb"/Type\s*/Page\b")
CUT_OFF = """main => [...main.querySelectorAll("*")].filter(each => {
    const {overflowX, overflowY} = getComputedStyle(each), hides = value => value !== "visible"
    const isTold = each.closest(".desk-heard, [data-testid=stSlider], [data-testid=stNumberInput]")
    return !isTold && each.clientHeight > 1
        && (hides(overflowY) && each.scrollHeight > each.clientHeight + 1
            || hides(overflowX) && each.scrollWidth > each.clientWidth + 1)
}).map(each => each.outerHTML.slice(0, 120))"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def dashboard_url(service_server: Server, forks: Forks) -> Iterator[str]:
    with dashboard_of(service_server.url, forks) as url:
        yield url


@pytest.fixture(scope="module")
def page(dashboard_url: str) -> Iterator[Page]:
    with page_of(dashboard_url) as page:
        yield page


@pytest.fixture
def printed(page: Page) -> Iterator[Page]:
    """The page in the browser's style of paper, as wide as a sheet."""
    page.emulate_media(media="print")
    page.set_viewport_size(PAPER)
    yield page
    page.emulate_media(media="null")
    page.set_viewport_size(WIDE)


@pytest.mark.parametrize("name", ["", "why", "simulate", "letter"])
def test_a_page_is_printed_whole_without_its_menu(
    printed: Page, dashboard_url: str, turnable_client: int, name: str
):
    page = printed
    page.goto(f"{dashboard_url}/{name}?client={turnable_client}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
    for control in (".st-key-header", ".stButton", ".stDownloadButton", "[class*=_link_]"):
        expect(page.locator(control).locator("visible=true")).to_have_count(0)
    main = page.get_by_test_id("stMain")
    assert main.evaluate(CUT_OFF) == []
    height = main.evaluate("main => main.scrollHeight")
    sheets = len(SHEET.findall(page.pdf(format="A4")))
    assert sheets >= height // PAPER["height"]
    assert height > 100
    if name == "why":
        assert sheets > 1


def test_the_letters_page_is_printed_without_the_editor(
    printed: Page, dashboard_url: str, turnable_client: int
):
    printed.goto(f"{dashboard_url}/letter?client={turnable_client}")
    paper = printed.locator("iframe")
    body = paper.content_frame.locator("body")
    expect(body).to_contain_text(f"Client {turnable_client}")
    expect(printed.locator("#print-letter")).to_be_hidden()
    expect(printed.get_by_role("textbox")).to_have_count(0)
    expect(printed.locator(".st-key-letter_editor textarea")).to_be_hidden()
    assert body.evaluate("body => body.scrollHeight") <= paper.bounding_box()["height"]
