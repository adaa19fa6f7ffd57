"""The page of a letter where the service has a register: its letter, or today's draft."""

import pytest

from advisor.register.recorded_letter import without_scripts
from advisor.register.register_api import RegisterApi
from advisor.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.register.conftest import CALLERS

LANGUAGES = {"en": "English", "fr": "Français"}


@pytest.fixture
def printable(register: RegisterApi, refusal: int) -> str:
    """A decision on a refused client that a person has accepted, so that its letter is not held."""
    decision = register.record({"client": refusal}, f"letter-{refusal}")["id"]
    register.review(decision, 0, 0, "GUARANTEE", "The father stands in")
    return decision


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_letter_is_the_registers(
    open_register_page: PageOpener,
    register: RegisterApi,
    refusal: int,
    printable: str,
    language: str,
):
    page = open_register_page("letter", refusal, language=language)
    (frame,) = page.main.get("iframe")
    letter = register.letter(printable, language)
    assert f'<html lang="{language}"' in letter
    assert frame.proto.srcdoc == without_scripts(letter)
    assert not page.main.code  # today's draft
    assert not page.main.warning
    said = {"en": "The decision is: accepted.", "fr": "La décision est : accepté."}
    assert said[language] in text_of(page)


def test_the_letter_in_another_language_than_the_page(
    open_register_page: PageOpener, register: RegisterApi, refusal: int, printable: str
):
    page = open_register_page("letter", refusal)
    page.main.radio(key="letter_language").set_value("fr").run()
    (frame,) = page.main.get("iframe")
    assert frame.proto.srcdoc == without_scripts(register.letter(printable, "fr"))
    assert page.title[0].value == f"A letter about client {refusal}"


def test_an_older_decision(
    open_register_page: PageOpener, register: RegisterApi, refusal: int, printable: str
):
    newest = register.record({"client": refusal}, f"newest-{refusal}")["id"]
    page = open_register_page("letter", refusal)
    choice = page.main.selectbox(key="letter_of")
    assert choice.value == newest
    choice.set_value(printable).run()
    (frame,) = page.main.get("iframe")
    assert frame.proto.srcdoc == without_scripts(register.letter(printable, "en"))


def test_a_letter_that_is_held(
    open_register_page: PageOpener,
    register: RegisterApi,
    register_service: ServiceApi,
    printable: str,
):
    """A person's refusal of an accepted application has no reasons on record."""
    client = next(
        client
        for client in register_service.ids()
        if not register_service.score({"client": client}, reasons=0)["prediction"]
    )
    accepted = register.record({"client": client}, f"accepted-{client}")
    register.review(accepted["id"], 0, 1, "POLICY", "A rule")
    page = open_register_page("letter", client)
    assert page.main.error[0].value.startswith("This letter is held back: a person must write")
    assert "If a review on the page History accepts the application" in text_of(page)
    assert not page.main.get("iframe")
    assert not page.main.code


def test_without_a_decision_there_is_a_draft(open_register_page: PageOpener, refusal: int):
    page = open_register_page("letter", refusal)
    assert "A letter to a client needs a recorded decision." in page.main.info[0].value
    (code,) = page.main.code
    assert code.value.startswith("DRAFT, to be read and decided by an advisor")
    assert page.main.get("page_link")[-1].proto.label == "Record this decision"


def test_a_key_that_may_not_read_has_the_draft(
    open_register_page: PageOpener, refusal: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("API_KEY", CALLERS["clerk"][0])
    page = open_register_page("letter", refusal)
    assert "the key of clerk lacks the role read" in page.main.error[0].value
    assert page.main.code[0].value.startswith("DRAFT")


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<html><HEAD lang=en><title>", "<html><HEAD lang=en>{rule}<title>"),
        ("<p>A text", "{rule}<p>A text"),
    ],
)
def test_no_script_runs_in_a_letter(html: str, found: str):
    rule = (
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
    )
    assert without_scripts(html) == found.format(rule=rule)
