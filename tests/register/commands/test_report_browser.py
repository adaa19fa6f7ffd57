"""The monthly report in Chromium: axe-core's rules, narrow windows, printed pages."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from register.commands.monthly_report.page import report_page
from tests.register.commands.made_report import made_figures, with_challenger, with_groups
from tests.support.browser import CHROMIUM, silent_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
INCOMPLETE = {"color-contrast"}  # of texts in charts, whose ground axe cannot tell
# A4 less the margins of `@page`, in CSS pixels, 96 an inch.
PRINTED = {"width": round((21 - 3) / 2.54 * 96), "height": round((29.7 - 3.4) / 2.54 * 96)}
BOXES = """selector => [...document.querySelectorAll(selector)].map(element => {
    const box = element.getBoundingClientRect();
    return [box.width, box.height, getComputedStyle(element).breakInside];
})"""


@pytest.fixture(scope="module")
def source() -> str:
    figures = with_challenger(with_groups(made_figures()))
    cells = [replace(cell, key=f"desk {at}") for at, cell in enumerate(figures.cells[:4])]
    breakdown = replace(figures.history, by="caller", cells=cells)
    return report_page(replace(figures, breakdown=breakdown))


@pytest.fixture
def page(browser: Browser, source: str) -> Iterator[Page]:
    """The report, which asks no host and breaks no policy."""
    with silent_page(browser) as page:
        page.set_content(source)
        yield page


@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("width", [1280, 640])
def test_axe_finds_nothing(page: Page, media: Literal["screen", "print"], width: int):
    page.emulate_media(media=media)
    page.set_viewport_size({"width": width, "height": 1000})
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations', 'incomplete']})")
    assert len(found["passes"]) > 30
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
    assert {rule["id"] for rule in found["incomplete"]} <= INCOMPLETE
    if width == 1280:  # a narrow window hides cells of tables until a reader scrolls
        doubtful = [node["html"] for rule in found["incomplete"] for node in rule["nodes"]]
        assert [html for html in doubtful if not html.startswith("<text")] == []


@pytest.mark.parametrize("width", [1280, 800, 640, 320])
def test_only_tables_scroll_sideways(page: Page, width: int):
    page.set_viewport_size({"width": width, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1280:  # as wide as the page is made for: no table is cut
        hidden = page.evaluate("""() => [...document.querySelectorAll('.scroll')]
            .filter(element => element.scrollWidth > element.clientWidth)
            .map(element => element.getAttribute('aria-label'))""")
        assert hidden == []


def test_no_table_or_chart_is_cut_by_the_end_of_a_printed_page(page: Page):
    page.emulate_media(media="print")
    page.set_viewport_size(PRINTED)
    for selector in ("table", "figure"):
        boxes = page.evaluate(BOXES, selector)
        assert len(boxes) >= 13
        for width, height, break_inside in boxes:
            assert width <= PRINTED["width"]
            assert height <= PRINTED["height"]
            assert break_inside == "avoid"
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    summary = page.evaluate(BOXES, "section.summary")[0]
    assert summary[1] <= 0.6 * PRINTED["height"]
    pages = page.pdf(prefer_css_page_size=True).count(b"/Type /Page\n")
    assert 10 <= pages <= 25


def test_weeks_are_printed_with_the_header_on_each_page(browser: Browser):
    figures = made_figures()
    cells = [replace(figures.cells[0], key=f"2026-W{at:02}") for at in range(1, 53)]
    history = replace(figures.history, by="week", cells=cells)
    page = browser.new_page(viewport=PRINTED)
    page.set_content(report_page(replace(figures, history=history)))
    page.emulate_media(media="print")
    assert page.evaluate(BOXES, "table.long")[0][2] == "auto"
    header = page.evaluate("getComputedStyle(document.querySelector('table.long thead')).display")
    assert header == "table-header-group"
    page.close()
