"""The journey of an advisor in a real browser, by keyboard only; axe-core checks every page.

The tests follow one advisor through one browser page: each starts where the last one ended.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from advisor.service_api import ServiceApi
from tests.dashboard.inspection import dashboard_of, inspect_page, page_of
from tests.dashboard.keyboard import PAGES, Keyboard, wait_for_page
from tests.support.browser import CHROMIUM
from tests.support.forks import Forks
from tests.support.server import Server

Inspection = Callable[[str], None]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(service_server: Server, forks: Forks) -> Iterator[Page]:
    """The browser's page of a dashboard that calls the service."""
    with dashboard_of(service_server.url, forks) as url, page_of(url) as page:
        yield page


def heading(page: Page, text: str) -> Locator:
    return page.get_by_role("heading", name=text)


def button(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=text)


@pytest.fixture
def inspect(page: Page, tmp_path: Path) -> Inspection:
    """Inspects a page, see `inspect_page`."""
    return lambda name: inspect_page(page, tmp_path / f"{name}.png")


def test_the_first_stops_are_links_and_controls(page: Page, keyboard: Keyboard):
    expect(page.get_by_role("textbox", name="Beginning of a client's id")).to_be_visible()
    expect(page.get_by_text("Choose a client first")).to_be_visible()
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    stops = [keyboard.next_stop()["text"] for _ in range(len(PAGES) + 5)]
    assert stops[0] == "Skip to main content"
    controls = ["English", "Beginning of a client's id", "Client"]
    assert stops[-len(PAGES) - 3 :] == [*PAGES, *controls]


def test_a_client_is_found_by_id(
    page: Page, keyboard: Keyboard, turnable_client: int, inspect: Inspection
):
    keyboard.press("Shift+Tab")  # from the list back to the search
    keyboard.type(str(turnable_client))
    keyboard.press("Enter")
    expect(heading(page, f"Client {turnable_client}")).to_be_visible()
    expect(heading(page, "Refused: ")).to_be_visible()
    wait_for_page(page, "Client")
    heights = [stop["y"] for stop in keyboard.remaining_stops() if stop["inMain"]]
    assert len(heights) > 10
    assert heights == sorted(heights)  # the order of reading
    inspect("client")


def test_reasons_are_read(
    page: Page, keyboard: Keyboard, api: ServiceApi, turnable_client: int, inspect: Inspection
):
    reason = api.score({"client": turnable_client}, compare="all")["reasons"][0]
    keyboard.open_page("Why")
    keyboard.reach(page.get_by_role("radio", name="earlier clients who were just accepted"))
    keyboard.press("ArrowDown")
    expect(page.locator("li").first).to_contain_text(f"{reason['text']} (")
    expect(page.locator("li").first).to_contain_text(f"{reason['contribution']:.3f}")
    wait_for_page(page, "Why")
    keyboard.activate(page.locator("summary").first)
    expect(page.get_by_role("region", name=reason["group"], exact=True)).to_be_visible()
    keyboard.choose(page.get_by_role("combobox", name="Show the features of a theme"), "Income")
    expect(page.get_by_role("region", name="Features of the theme Income")).to_be_visible()
    wait_for_page(page, "Why")
    inspect("why")


def test_a_suggestion_is_tried(
    page: Page, keyboard: Keyboard, api: ServiceApi, turnable_client: int, inspect: Inspection
):
    label = api.counterfactuals(turnable_client)["alternatives"][0]["label"]
    keyboard.open_page("What if")
    keyboard.activate(button(page, f"Try it: {label}"))
    expect(page.get_by_text("Accepted: ")).to_be_visible()
    wait_for_page(page, "What if")
    keyboard.activate(button(page, "Score these values"))  # no digit is lost
    wait_for_page(page, "What if")
    expect(page.get_by_text("Accepted: ")).to_be_visible()
    keyboard.choose(page.get_by_role("combobox", name="Feature"), label)
    expect(page.get_by_text(f"{label} is ")).to_be_visible()
    wait_for_page(page, "What if")
    inspect("what-if")


def test_a_feature_is_compared(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("Compare")
    keyboard.choose(page.get_by_role("combobox", name="Feature"), "Amount of the loan")
    expect(page.get_by_text("Amount of the loan: the median is ")).to_be_visible()
    wait_for_page(page, "Compare")
    inspect("compare")


def test_a_new_application_is_scored(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("New application")
    keyboard.activate(button(page, "Score these values"))
    expect(heading(page, "From the clients compared with to this application")).to_be_visible()
    wait_for_page(page, "New application", charts=4)
    inspect("application")


def test_a_letter_is_downloaded(
    page: Page, keyboard: Keyboard, api: ServiceApi, turnable_client: int, inspect: Inspection
):
    score = api.score({"client": turnable_client})
    keyboard.open_page("Letter")
    letter = page.get_by_test_id("stCode")
    expect(letter).to_contain_text(f"1. {score['reasons'][0]['text']}.")
    expect(letter).to_contain_text(score["model"])
    inspect("letter")
    keyboard.reach(button(page, "Download the letter"))
    with page.expect_download() as download:
        keyboard.press("Enter")
    assert score["model"] in download.value.path().read_text()


def test_the_model_is_inspected(keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("Model")
    inspect("model")


def test_a_change_of_language_changes_no_value(page: Page, api: ServiceApi, turnable_client: int):
    """A form that is sent after it has one change only: the typed amount."""
    credit = next(each for each in api.features() if each["name"] == "AMT_CREDIT")
    links = page.get_by_test_id("stPageLink-NavLink")
    links.filter(has_text="New application").click()
    wait_for_page(page, "New application", charts=4)  # the application that was sent last
    amount = page.get_by_role("spinbutton", name=credit["label"])
    page.locator("summary").filter(has_text=re.compile(f"{credit['group']}$")).click()
    for language, label, typed in (
        ("Français", "Évaluer ces valeurs", 1_500_000),
        ("English", "Score these values", 90_000),
    ):
        changed = {"client": turnable_client, "changes": {"AMT_CREDIT": typed}}
        probability = api.score(changed)["probability"]
        page.get_by_text(language, exact=True).click()
        expect(button(page, label)).to_be_visible()
        amount.fill(str(typed))
        button(page, label).click()
        written = [f"{probability:.4f}", f"{probability:.4f}".replace(".", ",")]
        figure = page.get_by_test_id("stMain").get_by_role("cell").first
        expect(figure).to_have_text(re.compile("|".join(written)))


def test_a_page_declares_its_language(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.open_page("Why")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.locator("[lang]").count() == 1  # labels are in the same language
    keyboard.reach(page.get_by_role("radio", name="English"), "Shift+Tab")
    keyboard.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_test_id("stPageLink-NavLink").nth(1)).to_have_text("Pourquoi")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Pourquoi ce score"))
    expect(page.locator("li > span[lang=en]").first).to_be_visible()  # a reason
    expect(page.locator("caption > span[lang=en]").first).to_be_attached()  # a theme
    expect(page.locator("th > span[lang=en]:visible").first).to_be_visible()  # a feature
    inspect("french")
