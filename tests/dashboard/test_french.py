"""Every page in French: nothing of the interface stays English."""

import pytest

from advisor.client import Service
from advisor.texts import texts
from tests.dashboard.conftest import Open, words_of

PAGES = ["client", "why", "what_if", "compare", "application", "model", "letter"]
ENGLISH = {
    by_language["en"]
    for by_language in texts().values()
    if by_language["en"] != by_language["fr"] and "{" not in by_language["en"]
}
LONG = 12  # characters: shorter texts are also words of the data team's labels


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_french(open_page: Open, refused: int, name: str):
    page = open_page(name, refused, language="fr")
    widgets = [*page.main.selectbox, *page.main.radio, *page.main.button, *page.main.text_input]
    said = words_of(page) + "\n".join(widget.label for widget in widgets)
    assert [text for text in ENGLISH if len(text) >= LONG and text in said] == []
    assert page.title[0].value in {
        *(t["fr"].format(client=refused) for key, t in texts().items() if key.endswith("_title")),
        *(t["fr"] for key, t in texts().items() if key.startswith("page_")),
    }


def test_a_decision_in_french(open_page: Open, refused: int):
    page = open_page("client", refused, language="fr")
    assert page.header[0].value.startswith("Refusé : ")
    assert "avaient une probabilité de défaut plus basse" in words_of(page)


def test_the_data_teams_words_say_their_language(
    open_page: Open, asked: Service, refused: int, monkeypatch: pytest.MonkeyPatch
):
    reason = asked.score({"client": refused})["reasons"][0]
    own = f'<li><span lang="en">{reason["text"]}</span> ('
    assert own in words_of(open_page("why", refused, language="fr"))
    said = words_of(open_page("what_if", refused, language="fr"))
    assert f'<span lang="en">{asked.features()[0]["label"]}</span> : ' in said
    assert "lang=" not in words_of(open_page("why", refused))
    monkeypatch.setenv("LABELS_LANGUAGE", "fr")
    assert own.replace('"en"', '"fr"') in words_of(open_page("why", refused))
    assert "lang=" not in words_of(open_page("why", refused, language="fr"))


@pytest.mark.parametrize(("language", "notes"), [("en", 0), ("fr", 1)])
def test_a_letter_says_that_its_reasons_are_in_another_language(
    open_page: Open, refused: int, language: str, notes: int
):
    assert len(open_page("letter", refused, language=language).main.info) == notes
