"""The journey of a manager through the model at work and the work list, in a real browser.

The tests follow one person through one browser page: each starts where the last one ended. axe-core
checks each page in both colour schemes.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

from advisor.register.register_api import RegisterApi
from tests.dashboard.browser.inspection import (
    WIDE,
    dashboard_of,
    inspect_page,
    page_of,
    violations_by_look,
)
from tests.dashboard.browser.keyboard import Keyboard, links, wait_for_page
from tests.dashboard.monitoring.conftest import FIRST, LAST, name, waiting
from tests.dashboard.register.conftest import KEY
from tests.support.browser import CHROMIUM
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server

AT_WORK = "The model at work"
WIDTHS: list[ViewportSize] = [{**WIDE, "width": width} for width in (1024, 1440)]
TOPICS = {  # and the number of their charts
    "Applications": 2,
    "Shift of applicants": 1,
    "Defaults and ranking": 3,
    "Calibration and grades": 2,
    "Defaults by age": 1,
    "People and the model": 2,
    "Challenger": 1,
}
Inspection = Callable[[str], None]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(monitored_server: Server, forks: Forks) -> Iterator[Page]:
    """The browser's page of a dashboard whose service has two simulated years."""
    with dashboard_of(monitored_server.url, forks, API_KEY=KEY) as url, page_of(url) as page:
        yield page


@pytest.fixture
def inspect(page: Page, tmp_path: Path) -> Inspection:
    """Inspects a page, see `inspect_page`, also at widths of usual screens."""
    return lambda name: inspect_page(page, tmp_path / f"{name}.png", *WIDTHS)


def button(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=text, exact=True)


def choose_topic(page: Page, topic: str) -> None:
    """Choose a topic, and wait for its pictures."""
    page.get_by_role("radiogroup", name="What to look at").get_by_text(topic, exact=True).click()
    wait_for_page(page, AT_WORK, TOPICS[topic])


def test_the_months_are_chosen_by_keyboard(page: Page, keyboard: Keyboard, inspect: Inspection):
    links(page).filter(has_text=re.compile(f"^{AT_WORK}$")).click()
    expect(page.get_by_text("decisions, as counted on")).to_be_visible()
    keyboard.choose(page.get_by_role("combobox", name="First month"), FIRST)
    keyboard.choose(page.get_by_role("combobox", name="Last month"), LAST)
    expect(page.get_by_text("4,800 decisions, as counted on")).to_be_visible()
    wait_for_page(page, AT_WORK)
    keyboard.activate(page.locator("summary").filter(has_text="the numbers").last)
    expect(page.get_by_role("table", name="Applications accepted")).to_be_visible()
    expect(page.get_by_text("The bar is Wilson's 95 % interval")).to_be_visible()
    inspect("applications")


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_is_accessible(page: Page, inspect: Inspection, topic: str):
    choose_topic(page, topic)
    inspect(topic.replace(" ", "-").lower())
    assert violations_by_look(page) == {}


def test_the_features_are_counted_on_demand(page: Page, keyboard: Keyboard, inspect: Inspection):
    choose_topic(page, "Shift of applicants")
    keyboard.activate(button(page, "Count the features"))
    expect(page.get_by_role("combobox", name="Features of")).to_be_visible()
    wait_for_page(page, AT_WORK, 2)
    inspect("features")


def test_groups_are_compared(page: Page, keyboard: Keyboard, inspect: Inspection):
    keyboard.choose(page.get_by_role("combobox", name="Figures by"), "group")
    field = page.get_by_role("textbox", name="Name of the groups")
    expect(field).to_be_visible()
    wait_for_page(page, AT_WORK, 0)
    keyboard.reach(field)
    keyboard.type("sex")
    keyboard.press("Enter")
    expect(page.get_by_role("radiogroup", name="What to look at")).to_be_visible()
    page.get_by_role("radiogroup", name="What to look at").get_by_text("Groups").click()
    wait_for_page(page, AT_WORK, 3)
    inspect("groups")


def test_a_change_of_language_keeps_the_question(page: Page, inspect: Inspection):
    page.get_by_text("Français", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Le modèle"))
    expect(page.get_by_role("textbox", name="Nom des groupes")).to_have_value("sex")
    expect(page.get_by_role("radio", name="Groupes")).to_be_checked()
    expect(page.locator("[data-testid=stVegaLiteChart] > svg")).to_have_count(3)
    inspect("groups-fr")
    assert violations_by_look(page) == {}
    page.get_by_text("English", exact=True).click()
    wait_for_page(page, AT_WORK, 3)


def test_the_oldest_request_is_reviewed_by_keyboard(
    page: Page, keyboard: Keyboard, monitored_register: RegisterApi, inspect: Inspection
):
    first, second = waiting(monitored_register)[:2]
    keyboard.open_page("Work list")
    expect(page.get_by_role("rowheader", name=name(1, first))).to_be_visible()
    inspect("work-list")
    assert violations_by_look(page) == {}
    keyboard.activate(button(page, "Open the case"))
    expect(page.get_by_role("textbox", name="Id of the decision")).to_have_value(first["id"])
    wait_for_page(page, "History")
    inspect("opened")
    assert first["final"] == 1
    keyboard.reach(page.get_by_role("radio", name="accept", exact=True))
    keyboard.press("Space")
    expect(page.get_by_role("textbox", name="Note (required)")).to_be_visible()
    wait_for_page(page, "History")
    keyboard.press("ArrowDown")  # refuse, as before
    expect(page.get_by_role("textbox", name="Note (may be empty)")).to_be_visible()
    wait_for_page(page, "History")
    keyboard.activate(button(page, "Record the review"))
    expect(page.get_by_test_id("stAlert").filter(has_text="is recorded")).to_be_visible()
    wait_for_page(page, "History")
    keyboard.open_page("Work list")
    expect(page.get_by_role("rowheader", name=name(1, second))).to_be_visible()
    expect(page.get_by_role("rowheader", name=name(1, first))).to_have_count(0)
    assert monitored_register.decision(first["id"])["review_requested"] is False
