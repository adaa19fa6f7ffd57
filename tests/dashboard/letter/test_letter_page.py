"""The page of a letter without a register: a draft that the advisor edits and prints."""

import datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from advisor import paper
from advisor.formatting.formats import Words
from advisor.letter.draft import LetterWriter
from advisor.letter.sender import Sender
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.service_api import ServiceApi
from tests.dashboard.conftest import PageOpener, text_of

EN = Words("en")


@pytest.fixture(scope="module")
def told_refusal(score_by_client: dict[int, dict[str, Any]]) -> int:
    """A refused client whose letter is not held."""
    return next(
        client
        for client, score in score_by_client.items()
        if score["prediction"] and not any(each["protected"] for each in score["reasons"])
    )


@pytest.fixture(scope="module")
def held_refusal(api: ServiceApi) -> int:
    """A refused client whose letter is held."""
    scores = ((client, api.score({"client": client})) for client in api.ids())
    return next(
        int(client)
        for client, score in scores
        if score["prediction"] and any(each["protected"] for each in score["reasons"])
    )


def draft(api: ServiceApi, client: int, language: str = "en") -> str:
    """Today's draft about a client."""
    words = Words("fr" if language == "fr" else "en")
    service = PinnedService(api, words.language)
    writer = LetterWriter(words, service, {"client": client}, service.score({"client": client}))
    return writer.text(datetime.datetime.now(datetime.UTC).date())


def field(page: AppTest) -> Any:
    """The field with the letter's text."""
    (found,) = page.main.text_area
    return found


def frame_of(page: AppTest) -> str:
    """The document that is printed."""
    (frame,) = page.main.get("iframe")
    return str(frame.proto.srcdoc)


def printed(text: str, language: str = "en") -> str:
    """The document that the frame has for a text."""
    return paper.without_scripts(paper.document(text, language))


def button(page: AppTest, label: str) -> Any:
    (found,) = (each for each in page.main.button if each.label == label)
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
def test_it_starts_with_the_draft(
    open_page: PageOpener, api: ServiceApi, told_refusal: int, language: str
):
    page = open_page("letter", told_refusal, language=language)
    text = draft(api, told_refusal, language)
    assert field(page).value == text
    assert frame_of(page) == printed(text, language)
    assert {"en": "This is a draft.", "fr": "Ceci est un brouillon."}[language] in text_of(page)
    assert len(page.main.download_button) == 1


def test_an_edit_is_printed_and_may_be_undone(
    open_page: PageOpener, api: ServiceApi, told_refusal: int
):
    page = open_page("letter", told_refusal)
    own = "My letter\n\nDear client"
    field(page).set_value(own).run()
    assert frame_of(page) == printed(own)
    button(page, "Start again from the draft").click().run()
    text = draft(api, told_refusal)
    assert field(page).value == text
    assert frame_of(page) == printed(text)


def test_an_edit_survives_a_change_of_language(
    open_page: PageOpener, api: ServiceApi, told_refusal: int
):
    page = open_page("letter", told_refusal)
    own = "My letter\n\nDear client"
    field(page).set_value(own).run()
    page.query_params["language"] = "fr"
    page.run()
    assert field(page).value == own
    assert frame_of(page) == printed(own, "en")
    assert "Vous avez modifié ce texte" in text_of(page)
    button(page, "Repartir du brouillon").click().run()
    assert field(page).value == draft(api, told_refusal, "fr")
    assert "Vous avez modifié ce texte" not in text_of(page)


def test_an_unedited_draft_follows_the_language(
    open_page: PageOpener, api: ServiceApi, told_refusal: int
):
    page = open_page("letter", told_refusal)
    page.query_params["language"] = "fr"
    page.run()
    assert field(page).value == draft(api, told_refusal, "fr")
    assert not [each for each in page.main.button if each.label == "Repartir du brouillon"]


def test_a_protected_trait_holds_the_letter(
    open_page: PageOpener, api: ServiceApi, held_refusal: int
):
    reasons = api.score({"client": held_refusal})["reasons"]
    protected = [each["text"] for each in reasons if each["protected"]]
    page = open_page("letter", held_refusal)
    (error,) = page.main.error
    assert error.value.replace("\\", "") == (
        "Letter held: a person must decide. The law protects a trait among the reasons:"
        f" {' · '.join(protected)}."
    )
    assert "Do not tell the client these reasons." in text_of(page)
    assert not page.main.text_area
    assert not page.main.get("iframe")
    assert not page.main.download_button


def test_changes_in_the_address_make_an_offer(
    open_page: PageOpener, api: ServiceApi, told_refusal: int
):
    changes = {"AMT_CREDIT": 100_000.0}
    page = open_page("letter", told_refusal, changes=changes)
    assert field(page).value.startswith("Your application with changes\n")
    assert "- Amount of the loan: 100,000\u00a0currency instead of " in field(page).value
    page.main.radio(key="letter_about").set_value("decision").run()
    assert field(page).value == draft(api, told_refusal)


SENDER = {
    "LENDER_NAME": "A & B Bank",
    "LENDER_ADDRESS": "1 Quay Street\nPort Town",
    "LENDER_CONTACT": "desk@bank.example",
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_lender_of_the_settings_is_the_sender(
    open_page: PageOpener,
    told_refusal: int,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
):
    bare = field(open_page("letter", told_refusal, language)).value
    for name, text in SENDER.items():
        monkeypatch.setenv(name, text)
    page = open_page("letter", told_refusal, language)
    closing = Words("fr" if language == "fr" else "en")("letter_closing")
    text = field(page).value
    assert text == bare.replace(closing, f"{closing}\nA & B Bank")
    frame = frame_of(page)
    head = frame.partition("<header>")[2].partition("</header>")[0]
    assert head == ("<p>A &amp; B Bank</p><p>1 Quay Street\nPort Town</p><p>desk@bank.example</p>")
    assert frame.index("</header>") < frame.index("<h1>")


def test_a_detail_that_is_not_set_is_left_out(
    open_page: PageOpener, told_refusal: int, monkeypatch: pytest.MonkeyPatch
):
    assert "<header>" not in frame_of(open_page("letter", told_refusal))
    monkeypatch.setenv("LENDER_NAME", "A & B Bank")
    monkeypatch.setenv("LENDER_ADDRESS", "  ")
    frame = frame_of(open_page("letter", told_refusal))
    assert "<header><p>A &amp; B Bank</p></header>" in frame
    assert Sender.of_environment().text == "A & B Bank\n\n"
    assert Sender().text == ""
