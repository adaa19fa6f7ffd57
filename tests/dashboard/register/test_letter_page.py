"""The page of a letter where the service has a register: its letter, or today's draft."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor.paper import without_scripts
from advisor.register.register_api import RegisterApi
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of
from tests.dashboard.register.conftest import CALLERS

LANGUAGES = {"en": "English", "fr": "Français"}


def field(page: AppTest) -> Any:
    """The field with the text of a draft."""
    (found,) = page.main.text_area
    return found


@pytest.fixture
def told_refusal(unrecorded_refusals: Iterator[int], register_service: ServiceApi) -> int:
    """A refused client without a decision, and without a protected trait among the reasons."""
    scores = ((each, register_service.score({"client": each})) for each in unrecorded_refusals)
    return next(
        client
        for client, score in scores
        if not any(reason["protected"] for reason in score["reasons"])
    )


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
    assert not page.main.text_area  # of a draft
    said = {"en": "Final decision: accepted.", "fr": "Décision finale\u00a0: accepté."}
    assert said[language] in text_of(page)


def test_the_letter_in_another_language_than_the_page(
    open_register_page: PageOpener, register: RegisterApi, refusal: int, printable: str
):
    page = open_register_page("letter", refusal)
    page.main.radio(key="letter_language").set_value("fr").run()
    (frame,) = page.main.get("iframe")
    assert frame.proto.srcdoc == without_scripts(register.letter(printable, "fr"))
    assert page.title[0].value == f"Letter to client {refusal}"


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
    assert page.main.error[0].value.startswith("Letter held: a person must write")
    assert "If a review on the page History accepts the application" in text_of(page)
    assert not page.main.get("iframe")
    assert not page.main.text_area


def test_without_a_decision_there_is_a_draft(open_register_page: PageOpener, told_refusal: int):
    page = open_register_page("letter", told_refusal)
    assert "The register has no decision on this client." in page.main.info[0].value
    assert field(page).value.startswith("DRAFT: this decision is not recorded\n\nOur decision on")
    assert page.main.get("page_link")[-1].proto.label == "Record this decision"


def test_an_offer_is_a_draft_beside_the_recorded_letter(
    open_register_page: PageOpener, printable: str, refusal: int
):
    page = open_register_page("letter", refusal, changes={"AMT_CREDIT": 50_000.0})
    if page.main.text_area:  # unless a protected trait is among its reasons
        assert field(page).value.startswith("Your application with changes\n")
    page.main.radio(key="letter_about").set_value("decision").run()
    assert len(page.main.get("iframe")) == 1
    assert page.main.selectbox(key="letter_of").value == printable


def test_a_key_that_may_not_read_has_the_draft(
    open_register_page: PageOpener, told_refusal: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("API_KEY", CALLERS["clerk"][0])
    page = open_register_page("letter", told_refusal)
    assert "the key of clerk lacks the role read" in page.main.error[0].value
    assert field(page).value.startswith("DRAFT: ")
