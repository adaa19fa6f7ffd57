"""Letters in Chromium: axe-core's rules on screen and in print, narrow windows, no other file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from register.letter.languages.texts import Language
from register.letter.letter import letter_html
from tests.register.letter.recorded import (
    US,
    acceptance,
    after_reviews,
    decision,
    feature,
    lender,
    reason,
)
from tests.support.browser import CHROMIUM, silent_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
LONG = "previous_PRODUCT_COMBINATION_Cash_X-Sell_high_mean_" * 3
NAMED_BY_COLUMNS = reason(LONG, LONG, feature(LONG, -1.5e-5, 1234567.5, LONG))
NARROW = (640, 320)  # a window of 1280 at 200 and 400 %


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that asks no host and breaks no policy."""
    with silent_page(browser) as page:
        yield page


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("media", ["screen", "print"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    page: Page,
    language: Language,
    media: Literal["screen", "print"],
    scheme: Literal["light", "dark"],
):
    page.emulate_media(media=media, color_scheme=scheme)
    for recorded in (after_reviews(decision(), 1), acceptance(), decision([NAMED_BY_COLUMNS])):
        page.set_content(letter_html(recorded, lender(**US), language).html)
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert len(found["passes"]) > 15
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("width", NARROW)
def test_a_narrow_window_shows_the_letter_without_scrolling_sideways(
    page: Page, language: Language, width: int
):
    page.set_viewport_size({"width": width, "height": 512})
    for recorded in (decision(), decision([NAMED_BY_COLUMNS])):
        page.set_content(letter_html(recorded, lender(**US), language).html)
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1] == width


def test_the_structure_is_that_of_a_document(page: Page):
    page.set_content(letter_html(decision(), lender(**US), "en").html)
    headings = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].map(h => [h.tagName, h.textContent])"
    )
    assert headings == [
        ["H1", "Refusal of your application for credit"],
        ["H2", "The principal reasons"],
        ["H2", "How the decision was taken"],
        ["H2", "The data that we used"],
        ["H2", "Your rights"],
        ["H2", "Notice under the Equal Credit Opportunity Act"],
        ["H2", "Notice under the Fair Credit Reporting Act"],
    ]
    assert page.title() == "Refusal of your application for credit \u2013 Example Lender"
    assert page.locator("main > section > ol > li").count() == 4
    assert page.locator("table").count() == 0
    style = page.evaluate("getComputedStyle(document.querySelector('.lender')).fontWeight")
    assert style == "700"  # the policy lets the document's own style through


def test_a_letter_prints_on_two_pages_and_an_acceptance_on_one(page: Page):
    for recorded, pages in ((decision(), 2), (acceptance(), 1)):
        for language in ("en", "fr"):
            page.set_content(letter_html(recorded, lender(), language).html)
            assert page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n") == pages
