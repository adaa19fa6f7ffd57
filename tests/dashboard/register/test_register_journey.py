"""The journey of an advisor who records decisions, in a real browser; axe-core checks each page.

The tests follow one advisor through one browser page: each starts where the last one ended.
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
    violations,
    violations_by_look,
)
from tests.dashboard.browser.keyboard import PAGES, REGISTER_PAGES, Keyboard, links, wait_for_page
from tests.dashboard.register.conftest import KEY
from tests.support.browser import CHROMIUM
from tests.support.servers.forks import Forks
from tests.support.servers.server import Server

WIDTHS: list[ViewportSize] = [{**WIDE, "width": width} for width in (1024, 1440)]
Inspection = Callable[[str], None]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def page(register_server: Server, forks: Forks) -> Iterator[Page]:
    """The browser's page of a dashboard whose service has a register."""
    with dashboard_of(register_server.url, forks, API_KEY=KEY) as url, page_of(url) as page:
        yield page


@pytest.fixture(scope="module")
def client(unrecorded_refusals: Iterator[int]) -> int:
    """The refused client of the journey."""
    return next(unrecorded_refusals)


@pytest.fixture(scope="module")
def other_client(unrecorded_refusals: Iterator[int]) -> int:
    """A second refused client."""
    return next(unrecorded_refusals)


@pytest.fixture
def inspect(page: Page, tmp_path: Path) -> Inspection:
    """Inspects a page, see `inspect_page`, also at widths of usual screens."""
    return lambda name: inspect_page(page, tmp_path / f"{name}.png", *WIDTHS)


def button(page: Page, text: str) -> Locator:
    return page.get_by_role("button", name=text, exact=True)


def alert(page: Page, text: str) -> Locator:
    """The message with this text."""
    return page.get_by_test_id("stAlert").filter(has_text=text)


def open_client(page: Page, client: int) -> None:
    """Choose a client by id on the first page."""
    links(page).filter(has_text=re.compile("^Client$")).click()
    expect(page.locator("a[aria-current=page]")).to_have_text("Client")
    field = page.get_by_role("searchbox", name="Find a client by id")
    field.fill(str(client))
    field.press("Enter")
    expect(page.get_by_role("heading", name=f"Client {client}")).to_be_visible()
    wait_for_page(page, "Client")


def test_an_override_is_recorded_by_keyboard(
    page: Page, keyboard: Keyboard, register: RegisterApi, client: int, inspect: Inspection
):
    expect(links(page)).to_have_text([*PAGES, *REGISTER_PAGES])
    open_client(page, client)
    keyboard.reach(page.get_by_role("radio", name="Follow: refuse"))
    keyboard.press("Space")
    expect(page.get_by_role("textbox", name="Note (may be empty)")).to_be_visible()
    wait_for_page(page, "Client")
    keyboard.press("ArrowDown")
    expect(page.get_by_role("textbox", name="Note (required)")).to_be_visible()
    wait_for_page(page, "Client")
    keyboard.activate(button(page, "Record"))
    expect(alert(page, "A different decision needs a reason and a note.")).to_be_visible()
    wait_for_page(page, "Client")
    inspect("form")
    keyboard.choose(page.get_by_role("combobox", name="Reason"), "Income proved")
    keyboard.reach(page.get_by_role("textbox", name="Note (required)"))
    keyboard.type("Payslips of three months")
    keyboard.activate(button(page, "Record"))
    expect(alert(page, "Your override is recorded too: accepted.")).to_be_visible()
    wait_for_page(page, "Client")
    inspect("recorded")
    assert violations_by_look(page) == {}
    (summary,) = register.decisions(client=client)["decisions"]
    (review,) = register.decision(summary["id"])["reviewed"]
    assert (review["decision"], review["reason"]) == (0, "INCOME_PROVED")
    assert review["comment"] == "Payslips of three months"


def test_a_double_click_records_once(page: Page, register: RegisterApi, other_client: int):
    open_client(page, other_client)
    page.get_by_text("Follow: refuse").click()
    page.get_by_role("textbox", name="Note (may be empty)").fill("Twice")
    button(page, "Record").dblclick()
    expect(alert(page, "Your note is recorded too.")).to_be_visible()
    wait_for_page(page, "Client")
    (summary,) = register.decisions(client=other_client)["decisions"]
    (review,) = register.decision(summary["id"])["reviewed"]
    assert review["comment"] == "Twice"


def test_a_change_of_language_keeps_the_form(
    page: Page, register: RegisterApi, unrecorded_refusals: Iterator[int]
):
    client = next(unrecorded_refusals)
    open_client(page, client)
    page.get_by_text("Override: accept").click()
    page.get_by_role("combobox", name="Reason").click()
    page.get_by_role("option", name="A rule of the lender").click()
    page.get_by_role("textbox", name="Note (required)").fill("Said in English")
    page.get_by_text("Français", exact=True).click()
    note = page.get_by_role("textbox", name="Remarque (obligatoire)")
    expect(note).to_have_value("Said in English")
    expect(page.get_by_role("radio", name="Passer outre\u00a0: accepter")).to_be_checked()
    button(page, "Enregistrer").click()
    expect(alert(page, "Raison\u00a0: Une règle du prêteur.")).to_be_visible()
    page.get_by_text("English", exact=True).click()
    expect(alert(page, "Reason: A rule of the lender.")).to_be_visible()
    (summary,) = register.decisions(client=client)["decisions"]
    assert summary["final"] == 0


def test_a_review_is_requested_and_given_by_keyboard(
    page: Page, keyboard: Keyboard, register: RegisterApi, client: int, inspect: Inspection
):
    open_client(page, client)
    keyboard.open_page("History")
    expect(page.get_by_text("A person reviewed it: accepted.")).to_be_visible()
    keyboard.reach(page.get_by_role("textbox", name="The client's own words"))
    keyboard.type("I have a guarantor.")
    keyboard.activate(button(page, "Record the request"))
    expect(alert(page, "The client's request is recorded.")).to_be_visible()
    expect(page.get_by_text("The client asks for a review.", exact=False)).to_be_visible()
    wait_for_page(page, "History")
    keyboard.reach(page.get_by_role("radio", name="accept", exact=True), "Shift+Tab")
    keyboard.press("Space")
    expect(page.get_by_role("combobox", name="Reason")).to_be_visible()
    wait_for_page(page, "History")
    inspect("history")
    assert violations_by_look(page) == {}
    keyboard.reach(page.get_by_role("textbox", name="Note (may be empty)"))
    keyboard.type("The guarantor signed")
    keyboard.activate(button(page, "Record the review"))
    expect(alert(page, "The review is recorded.")).to_be_visible()
    wait_for_page(page, "History")
    (summary,) = register.decisions(client=client)["decisions"]
    decision = register.decision(summary["id"])
    assert [each["statement"] for each in decision["review_requests"]] == ["I have a guarantor."]
    assert decision["reviewed"][-1]["comment"] == "The guarantor signed"
    assert decision["review_requested"] is False


def test_a_request_and_a_review_are_sent_once_by_a_double_click(
    page: Page, register: RegisterApi, other_client: int
):
    open_client(page, other_client)
    Keyboard(page).open_page("History")
    page.get_by_role("textbox", name="The client's own words").fill("Once, please")
    button(page, "Record the request").dblclick()
    expect(alert(page, "The client's request is recorded.")).to_be_visible()
    wait_for_page(page, "History")
    (summary,) = register.decisions(client=other_client)["decisions"]
    assert len(register.decision(summary["id"])["review_requests"]) == 1
    page.get_by_role("radiogroup", name="Final decision").get_by_text("refuse").click()
    expect(button(page, "Record the review")).to_be_visible()
    wait_for_page(page, "History")
    button(page, "Record the review").dblclick()
    expect(alert(page, "The review is recorded.")).to_be_visible()
    wait_for_page(page, "History")
    assert len(register.decision(summary["id"])["reviewed"]) == 2  # with the note from before


def test_the_letter_is_read_printed_and_downloaded(
    page: Page, keyboard: Keyboard, register: RegisterApi, client: int, inspect: Inspection
):
    open_client(page, client)
    keyboard.open_page("Letter")
    frame = page.get_by_title("The letter as it is printed")
    letter = frame.content_frame
    expect(letter.locator("html")).to_have_attribute("lang", "en")
    (summary,) = register.decisions(client=client)["decisions"]
    expect(letter.locator("body")).to_contain_text("Test Bank")
    inspect("letter")
    assert violations(page.frames[-1], least=6) == []
    height = frame.evaluate("each => each.contentDocument.documentElement.scrollHeight")
    assert frame.bounding_box()["height"] >= height  # nothing scrolls within the frame
    page.evaluate(
        "() => {document.querySelector('[data-testid=stIFrame]').contentWindow.print"
        " = () => { window.printed = (window.printed ?? 0) + 1 }}"
    )
    keyboard.activate(button(page, "Print or save as PDF"))
    page.wait_for_function("window.printed === 1")
    keyboard.reach(button(page, "Download the letter"), "Shift+Tab")
    with page.expect_download() as download:
        keyboard.press("Enter")
    assert download.value.path().read_text() == register.letter(summary["id"], "en")
    assert download.value.suggested_filename == f"letter-{summary['id']}-en.html"
    keyboard.reach(page.get_by_role("radio", name="English").nth(1), "Shift+Tab")
    keyboard.press("ArrowRight")
    expect(letter.locator("html")).to_have_attribute("lang", "fr")
    wait_for_page(page, "Letter")
    inspect("letter-fr")


PAGES_IN_FRENCH = {
    "": "^Client ",
    "history": "^Décisions enregistrées$",
    "work_list": "^À revoir$",
    "monitoring": "^Le modèle",
}


@pytest.mark.parametrize("name", PAGES_IN_FRENCH)
def test_a_page_in_french_breaks_no_rule(page: Page, client: int, name: str):
    """Ten links, the search and the language have at most two rows above each page."""
    root = page.url.partition("//")[2].partition("/")[0]
    page.goto(f"http://{root}/{name}?client={client}&language=fr")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(PAGES_IN_FRENCH[name]))
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(links(page)).to_have_count(len(PAGES) + len(REGISTER_PAGES))
    assert violations_by_look(page) == {}
    assert page.locator(".st-key-header").bounding_box()["height"] <= 100
    assert page.get_by_role("heading", level=1).bounding_box()["y"] <= 140
