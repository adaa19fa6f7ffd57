"""Every page in French: no text of the interface stays English."""

import pytest

from advisor.service_api import ServiceApi
from advisor.texts import texts
from tests.dashboard.conftest import PageOpener, text_of

PAGES = ["client", "why", "what_if", "compare", "application", "model", "letter"]
ENGLISH = {
    by_language["en"]
    for by_language in texts().values()
    if by_language["en"] != by_language["fr"] and "{" not in by_language["en"]
}
LONG = 12  # characters; shorter texts are also words in labels


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_french(open_page: PageOpener, refused_client: int, name: str):
    page = open_page(name, refused_client, language="fr")
    widgets = [*page.main.selectbox, *page.main.radio, *page.main.button, *page.main.text_input]
    shown = text_of(page) + "\n".join(widget.label for widget in widgets)
    assert [text for text in ENGLISH if len(text) >= LONG and text in shown] == []
    assert page.title[0].value in {
        *(
            each["fr"].format(client=refused_client)
            for key, each in texts().items()
            if key.endswith("_title")
        ),
        *(each["fr"] for key, each in texts().items() if key.startswith("page_")),
    }


def test_a_decision_in_french(open_page: PageOpener, refused_client: int):
    page = open_page("client", refused_client, language="fr")
    assert page.header[0].value.startswith("Refusé : ")
    assert "avaient une probabilité de défaut plus basse" in text_of(page)


class TestLanguageOfLabels:
    """Labels, themes and reasons carry their language if it is not the interface's."""

    @pytest.fixture
    def reason(self, api: ServiceApi, refused_client: int) -> str:
        """The first reason as a French page writes it."""
        text = api.score({"client": refused_client})["reasons"][0]["text"]
        return f'<li><span lang="en">{text}</span> ('

    def test_english_labels_on_a_french_page(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int, reason: str
    ):
        assert reason in text_of(open_page("why", refused_client, language="fr"))
        label = f'<span lang="en">{api.features()[0]["label"]}</span> : '
        assert label in text_of(open_page("what_if", refused_client, language="fr"))

    def test_english_labels_on_an_english_page(self, open_page: PageOpener, refused_client: int):
        assert "lang=" not in text_of(open_page("why", refused_client))

    def test_french_labels(
        self,
        open_page: PageOpener,
        refused_client: int,
        reason: str,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setenv("LABELS_LANGUAGE", "fr")
        assert reason.replace('"en"', '"fr"') in text_of(open_page("why", refused_client))
        assert "lang=" not in text_of(open_page("why", refused_client, language="fr"))


@pytest.mark.parametrize(("language", "notes"), [("en", 0), ("fr", 1)])
def test_a_letter_names_the_language_of_its_reasons_if_it_is_another(
    open_page: PageOpener, refused_client: int, language: str, notes: int
):
    assert len(open_page("letter", refused_client, language=language).main.info) == notes
