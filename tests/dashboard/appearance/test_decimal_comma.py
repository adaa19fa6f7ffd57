"""French decimal commas, typed and pasted into number fields of a browser that takes points."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.browser.inspection import page_of
from tests.support.browser import CHROMIUM

PASTE = """(field, text) => {
    const data = new DataTransfer()
    data.setData("text", text)
    field.dispatchEvent(
        new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}))
}"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(dashboard_url: str) -> Iterator[Page]:
    """The browser's page of a dashboard that calls the service."""
    with page_of(dashboard_url) as page:
        yield page


@pytest.fixture
def field(page: Page, turnable_client: int, request: pytest.FixtureRequest) -> Locator:
    """The empty field of the loan, on the page Simulate in a language."""
    address, _, _ = page.url.partition("?")
    root = address.removesuffix("simulate").rstrip("/")
    page.goto(f"{root}/simulate?client={turnable_client}&language={request.param}")
    found = page.get_by_role("spinbutton", name="Amount of the loan").or_(
        page.get_by_role("spinbutton", name="Montant du prêt")
    )
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.locator("html")).to_have_attribute("lang", request.param)
    found.first.fill("")
    return found.first


@pytest.mark.parametrize(
    ("field", "typed", "taken"),
    [("fr", "250000,5", "250000.5"), ("fr", "250000.5", "250000.5"), ("en", "250,000", "250000")],
    indirect=["field"],
)
def test_a_typed_comma(field: Locator, typed: str, taken: str):
    field.press_sequentially(typed)
    expect(field).to_have_value(taken)


@pytest.mark.parametrize("field", ["fr"], indirect=True)
def test_a_pasted_comma(field: Locator):
    field.focus()
    field.evaluate(PASTE, "250 000,75")
    expect(field).to_have_value("250000.75")
