"""The journey of an advisor in a real browser, by keyboard only; axe-core checks every page.

The tests follow one advisor through one browser page: each starts where the last one ended.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from advisor.formatting.formats import Words
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.browser.inspection import inspect_page, page_of
from tests.dashboard.browser.keyboard import PAGES, Keyboard, links, wait_for_page
from tests.support.browser import CHROMIUM

CREDIT = "Amount of the loan"
Inspection = Callable[[str], None]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(dashboard_url: str) -> Iterator[Page]:
    """The browser's page of a dashboard that calls the service."""
    with page_of(dashboard_url) as page:
        yield page


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text)


def button(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=text)


def search(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Find a client by id")


def expect_result(page: Page, api: ServiceApi, client: int) -> None:
    """The page's live region tells the decision with the changes in the page's address."""
    changes = json.loads(parse_qs(urlsplit(page.url).query)["changes"][0])
    score = api.score({"client": client, "changes": changes})
    decision = "Refused" if score["prediction"] else "Accepted"
    told = re.compile(f"{decision}: risk score {100 * score['probability']:.1f}")
    expect(page.get_by_role("status")).to_contain_text(told)


@pytest.fixture
def inspect(page: Page, tmp_path: Path) -> Inspection:
    """Inspects a page, see `inspect_page`."""
    return lambda name: inspect_page(page, tmp_path / f"{name}.png")


def test_the_first_stops_are_links_and_controls(page: Page, keyboard: Keyboard):
    expect(search(page)).to_be_visible()
    expect(page.get_by_text("Choose a client first")).to_be_visible()
    expect(page).to_have_title("Client · Credit desk")
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    keyboard.reach(page.get_by_role("link", name="Skip to main content"))
    stops = [keyboard.next_stop()["text"] for _ in range(len(PAGES) + 4)]
    assert stops[1:] == [*PAGES, "Find a client by id", "The first 50 of 60 clients", "English"]


def test_a_client_is_found_by_id(
    page: Page, keyboard: Keyboard, turnable_client: int, inspect: Inspection
):
    keyboard.reach(search(page), "Shift+Tab")
    keyboard.type(str(turnable_client))
    keyboard.press("Enter")
    expect(heading(page, f"Client {turnable_client}")).to_be_visible()
    expect(heading(page, "Refused: risk score")).to_be_visible()
    wait_for_page(page, "Client")
    expect(page).to_have_title(f"Client {turnable_client} · Credit desk")
    assert f"client={turnable_client}" in page.url
    stops = [stop for stop in keyboard.remaining_stops() if stop["inMain"]]
    assert len(stops) > 5
    inspect("client")


def test_a_suggestion_is_simulated_with_one_key(
    page: Page, keyboard: Keyboard, api: ServiceApi, turnable_client: int, inspect: Inspection
):
    suggestion = page.locator("[class*=st-key-action_link_], [class*=st-key-primary_link_]")
    link = suggestion.get_by_role("link").and_(page.locator("[href*=changes]")).first
    keyboard.activate(link)
    wait_for_page(page, "Simulate")
    expect(page.get_by_role("status")).to_contain_text("Accepted")
    expect_result(page, api, turnable_client)
    inspect("simulate")


def test_a_typed_value_is_told_beside_the_form(
    page: Page, keyboard: Keyboard, api: ServiceApi, turnable_client: int
):
    """Back and Forward undo and redo it; a reload keeps it."""
    field = page.get_by_role("spinbutton", name=CREDIT)
    keyboard.reach(field)
    keyboard.press("Control+a")
    keyboard.type("1500000")
    keyboard.press("Enter")
    page.wait_for_url(re.compile("1500000"))
    expect_result(page, api, turnable_client)
    page.go_back()
    expect(field).not_to_have_value("1500000")
    expect_result(page, api, turnable_client)
    page.go_forward()
    expect(field).to_have_value("1500000")
    page.reload()
    wait_for_page(page, "Simulate")
    expect(field).to_have_value("1500000")
    expect_result(page, api, turnable_client)


def test_an_impossible_value_is_refused_with_the_range(
    page: Page, keyboard: Keyboard, inspect: Inspection
):
    keyboard.reach(page.get_by_role("spinbutton", name=CREDIT))
    keyboard.press("Control+a")
    keyboard.type("-5")
    keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text(CREDIT)
    wait_for_page(page, "Simulate")
    assert "1500000" not in page.url
    inspect("refused-value")


def test_reasons_are_read(
    page: Page, keyboard: Keyboard, api: ServiceApi, turnable_client: int, inspect: Inspection
):
    score = api.score({"client": turnable_client}, reasons=10, compare="all", strengths=10)
    keyboard.open_page("Why")
    keyboard.reach(page.get_by_role("radiogroup", name="Compared with").get_by_role("radio").first)
    keyboard.press("ArrowDown")
    wait_for_page(page, "Why")
    themes = [each["group"] for each in [*score["reasons"], *(score["strengths"] or [])]]
    main = page.get_by_test_id("stMain")
    raw = Words("en").number(score["reasons"][0]["contribution"], 3, sign=True)
    expect(main).to_contain_text(raw)  # in a row that is closed: of all earlier clients
    expect(main).to_contain_text(themes[0])
    text = main.inner_text()
    assert len(themes) > 5
    assert [theme for theme in themes if theme not in text] == []
    keyboard.activate(page.locator("summary").first)
    inspect("why")


def test_a_feature_is_compared(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("Compare")
    keyboard.choose(page.get_by_role("combobox", name="Feature"), CREDIT)
    expect(page.get_by_text(f"{CREDIT}: the middle value is ").first).to_be_visible()
    wait_for_page(page, "Compare")
    inspect("compare")


def test_a_new_application_is_entered(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("New application")
    keyboard.reach(page.get_by_role("spinbutton", name=CREDIT))
    keyboard.type("250000")
    keyboard.press("Enter")
    wait_for_page(page, "New application")
    expect(page.get_by_role("spinbutton", name=CREDIT)).to_have_value("250000")
    inspect("application")


def test_a_letter_is_changed_and_downloaded(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("Letter")
    field = page.get_by_role("textbox", name="Text of the letter")
    keyboard.reach(field)
    keyboard.press("Control+Home")
    keyboard.type("Dear client,\n")
    keyboard.press("Control+Enter")
    paper = page.locator("iframe").first.content_frame
    expect(paper.locator("body")).to_contain_text("Dear client,")
    inspect("letter")
    keyboard.reach(button(page, "Download the text"))
    with page.expect_download() as download:
        keyboard.press("Enter")
    assert download.value.path().read_text().startswith("Dear client,")


def test_the_model_is_inspected(keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("Model")
    inspect("model")


def test_two_tabs_have_two_clients(
    page: Page, api: ServiceApi, turnable_client: int, accepted_client: int
):
    """A second tab begins with the address of the first; neither changes the other."""
    other = page.context.new_page()
    other.goto(page.url)
    wait_for_page(other, "Model")
    expect(search(other)).to_have_value(str(turnable_client))
    search(other).fill(str(accepted_client))
    search(other).press("Enter")
    other.wait_for_url(re.compile(f"client={accepted_client}"))
    links(page).filter(has_text="Client").click()
    expect(heading(page, f"Client {turnable_client}")).to_be_visible()
    links(other).filter(has_text="Client").click()
    expect(heading(other, f"Client {accepted_client}")).to_be_visible()
    other.go_back()
    wait_for_page(other, "Model")
    other.go_back()
    expect(search(other)).to_have_value(str(turnable_client))
    other.close()


def test_a_page_declares_its_language(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("Why")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.locator("[lang]").count() == 1  # labels are in the same language
    keyboard.reach(page.get_by_role("radio", name="English"), "Shift+Tab")
    keyboard.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert "language=fr" in page.url
    expect(links(page).nth(1)).to_have_text("Pourquoi")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Pourquoi"))
    expect(page.get_by_text("Scores de crédit externes").first).to_be_visible()  # a theme
    assert page.locator("[lang]").count() == 1  # labels are in French, too
    inspect("french")
