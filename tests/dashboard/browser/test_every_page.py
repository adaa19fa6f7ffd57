"""Every page in a real browser: axe-core in both languages, both colour schemes and two widths.

The first page's order of reading, forced colours, print and the waiting page are checked here too.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser.inspection import (
    WIDE,
    page_of,
    violations,
    violations_by_look,
)
from tests.dashboard.browser.keyboard import PAGES, wait_for_page
from tests.dashboard.conftest import paused
from tests.support.browser import CHROMIUM
from tests.support.servers.server import Server

NAMES = dict(
    zip(
        ("", "why", "simulate", "compare", "application", "letter", "model"),
        PAGES.items(),
        strict=True,
    )
)
COLOURS = """() => {
    const probe = document.body.appendChild(document.createElement('i'))
    const shown = ['--desk-ink', '--desk-paper', '--desk-favour'].map(name => {
        probe.style.forcedColorAdjust = 'none'
        probe.style.color = `var(${name})`
        return getComputedStyle(probe).color
    })
    probe.remove()
    return shown
}"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(dashboard_url: str) -> Iterator[Page]:
    """The browser's page of a dashboard that calls the service."""
    with page_of(dashboard_url) as page:
        yield page


@pytest.fixture(autouse=True)
def usual_media(page: Page) -> Iterator[None]:
    """After a test, failed or not, the page is on a screen and in light colours again."""
    yield
    page.emulate_media(media="null", color_scheme="light", forced_colors="none")


def visit(page: Page, url: str, name: str, client: int, language: str = "en") -> None:
    """Open a page by its address, and wait until it is complete."""
    page.goto(f"{url}/{name}?{urlencode({'client': client, 'language': language})}")
    title, (_, charts) = NAMES[name]
    if language == "en":
        wait_for_page(page, title)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("[data-testid=stVegaLiteChart] > svg")).to_have_count(charts)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", NAMES)
def test_no_rule_is_broken(
    page: Page, dashboard_url: str, turnable_client: int, name: str, language: str
):
    visit(page, dashboard_url, name, turnable_client, language)
    assert violations_by_look(page) == {}
    assert page.locator(".st-key-header").bounding_box()["height"] <= 100
    assert page.get_by_role("heading", level=1).bounding_box()["y"] <= 130


def test_the_first_page_is_read_in_its_order(page: Page, dashboard_url: str, turnable_client: int):
    """The accessibility tree: links, search, language, client, decision, reasons, what helps."""
    visit(page, dashboard_url, "", turnable_client)
    tree = page.get_by_test_id("stMain").aria_snapshot()
    order = [
        'link "Client"',
        'link "Model"',
        'searchbox "Find a client by id"',
        'radiogroup "Language · Langue"',
        f'heading "Client {turnable_client}" [level=1]',
        "Refused: risk score",
        "Amount of the loan",
        'heading "Why refused"',
        "What would help",
    ]
    places = [tree.find(each) for each in order]
    assert -1 not in places, (dict(zip(order, places, strict=True)), tree)
    assert places == sorted(places)


def test_what_matters_is_above_the_fold(page: Page, dashboard_url: str, turnable_client: int):
    visit(page, dashboard_url, "", turnable_client)
    page.set_viewport_size({"width": 1440, "height": 900})
    for text in ("Refused: risk score", "Amount of the loan", "Why refused", "What would help"):
        box = page.get_by_text(re.compile(text)).first.bounding_box()
        assert box["y"] + box["height"] <= 900, text
    left, right = (
        page.get_by_role("heading", name=text).bounding_box()
        for text in ("Why refused", "What would help")
    )
    assert left["x"] < right["x"]
    assert abs(left["y"] - right["y"]) < 5  # two columns
    page.set_viewport_size({"width": 1024, "height": 768})
    below = page.get_by_role("heading", name="What would help").bounding_box()
    assert below["x"] == page.get_by_role("heading", name="Why refused").bounding_box()["x"]
    page.set_viewport_size(WIDE)


def test_forced_colours_are_the_systems(page: Page, dashboard_url: str, turnable_client: int):
    """Bars and charts keep their forms in the colours of a high-contrast mode."""
    visit(page, dashboard_url, "simulate", turnable_client)
    usual = page.evaluate(COLOURS)
    page.emulate_media(forced_colors="active", color_scheme="dark")
    ink, paper, favour = page.evaluate(COLOURS)
    assert (ink, paper) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")
    assert favour not in (paper, usual[2])
    line = page.locator("[data-testid=stVegaLiteChart] path[stroke*='--desk-favour']").first
    expect(line).to_have_css("stroke", favour)  # the chart is drawn anew in the other scheme
    checked, other = (
        page.locator(f"[data-testid=stRadioOption]{state} > div > div").first
        for state in ("[data-selected=true]", ":not([data-selected])")
    )
    background = "each => getComputedStyle(each).backgroundColor"
    assert checked.evaluate(background) != other.evaluate(background)
    assert violations(page) == []


def test_a_print_is_dark_on_white_without_the_menu(
    page: Page, dashboard_url: str, turnable_client: int
):
    visit(page, dashboard_url, "simulate", turnable_client)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(COLOURS)[:2] == ["rgb(28, 36, 48)", "rgb(255, 255, 255)"]
    expect(page.locator(".st-key-header")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_css("color", "rgb(0, 0, 0)")


def test_a_page_that_waits_has_a_skeleton(
    page: Page, dashboard_url: str, service_server: Server, turnable_client: int
):
    """The links stay; grey bars stand for the page until its first content comes."""
    visit(page, dashboard_url, "", turnable_client)
    skeleton = page.locator(".desk-waiting")
    expect(skeleton).to_be_hidden()
    with paused(service_server):
        page.locator(".st-key-header").get_by_role("link", name="Model").click()
        expect(skeleton).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_count(0)
    wait_for_page(page, "Model")
    expect(skeleton).to_be_hidden()
