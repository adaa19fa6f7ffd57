"""Every page in French: no text of the interface stays English."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from advisor import session
from advisor.formatting.formats import Words
from advisor.service_client.pinned_service import PinnedService
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from advisor.texts import texts
from credit_scoring.data.artifacts import FEATURES_FILE
from tests.dashboard.conftest import PageOpener, service_in_process, text_of
from tests.dashboard.foreign_words import english_words, words_of_data

PAGES = ["client", "why", "simulate", "compare", "application", "model", "letter"]
ENGLISH = {
    by_language["en"]
    for by_language in texts().values()
    if by_language["en"] != by_language["fr"] and "{" not in by_language["en"]
}
LONG = 12  # characters; shorter texts are also words in labels


def pattern(text: str) -> str:
    """A regular expression of a text, whose placeholders may be anything."""
    return ".+".join(map(re.escape, re.split(r"\{\w+\}", text)))


@pytest.fixture(scope="module")
def english_api(
    small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceApi]:
    """A service whose features.csv has words in one language."""
    folder = tmp_path_factory.mktemp("english") / "ressources"
    shutil.copytree(small_bundle_folder, folder)
    rows = pd.read_csv(folder / FEATURES_FILE, dtype=str, keep_default_na=False)
    rows[[name for name in rows if not name.endswith("_fr")]].to_csv(
        folder / FEATURES_FILE, index=False
    )
    facts = json.loads((folder / "model.json").read_text())
    facts["sha256"].pop(FEATURES_FILE, None)
    (folder / "model.json").write_text(json.dumps(facts))
    with service_in_process(folder) as api:
        assert api.model()["languages"] == []
        yield api


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_french(open_page: PageOpener, refused_client: int, name: str):
    page = open_page(name, refused_client, language="fr")
    widgets = [*page.main.selectbox, *page.main.radio, *page.main.button, *page.main.text_input]
    shown = text_of(page) + "\n".join(widget.label for widget in widgets)
    assert [text for text in ENGLISH if len(text) >= LONG and text in shown] == []
    titles = [
        pattern(by_language["fr"])
        for key, by_language in texts().items()
        if key.endswith("_title") or key.startswith("page_")
    ]
    assert any(re.fullmatch(title, page.title[0].value) for title in titles)


@pytest.mark.parametrize("name", PAGES)
def test_no_english_word_is_on_a_page(
    open_page: PageOpener, api: ServiceApi, refused_client: int, accepted_client: int, name: str
):
    """The shipped words of the data are in French, too; names of features are not."""
    features = PinnedService(api, "fr").features()
    allowed = words_of_data(features)
    states: list[dict[str, Any]] = {
        "client": [{}, {"details": "Facts"}],
        "simulate": [{}, {"changes": {"AMT_CREDIT": 200_000.0}}],
        "application": [{}, *({"way_in": way} for way in ("upload", "paste", "client"))],
        "why": [{}, {"raw_figures": True}],
    }.get(name, [{}])
    for client in (refused_client, accepted_client):
        taken = {"way_in": "client", "new_taken": client} if name == "application" else {}
        for state in (*states, taken):
            page = open_page(name, client, language="fr", **state)
            assert english_words(page, allowed) == [], state


def test_english_words_are_found(open_page: PageOpener, api: ServiceApi, refused_client: int):
    page = open_page("client", refused_client)
    found = english_words(page, words_of_data(api.features()))
    assert {"limit", "refused", "typical"} <= {*found}


def test_a_decision_in_french(open_page: PageOpener, api: ServiceApi, refused_client: int):
    text = text_of(open_page("client", refused_client, language="fr"))
    verdict = decision.verdict(Words("fr"), api.score({"client": refused_client}))
    assert verdict.startswith("Refusé\u00a0: score de risque ")
    assert verdict in text
    assert "Plus risqué que " in text


class TestLanguageOfLabels:
    """Labels, themes and reasons carry their language if features.csv has no other."""

    @pytest.fixture
    def open_english_page(
        self, english_api: ServiceApi, open_page: PageOpener, monkeypatch: pytest.MonkeyPatch
    ) -> PageOpener:
        monkeypatch.setattr(session, "service_api", lambda: english_api)
        return open_page

    @pytest.fixture
    def theme(self, english_api: ServiceApi, refused_client: int) -> str:
        """The theme of the first reason, as Why writes it if it is of another language."""
        score = english_api.score({"client": refused_client})
        return f'<strong><span lang="en">{score["reasons"][0]["group"]}</span></strong>'

    def test_english_labels_on_a_french_page(
        self,
        open_english_page: PageOpener,
        english_api: ServiceApi,
        refused_client: int,
        theme: str,
    ):
        assert theme in text_of(open_english_page("why", refused_client, language="fr"))
        label = f'<dt><span lang="en">{english_api.features()[0]["label"]}</span></dt>'
        assert label in text_of(open_english_page("client", refused_client, language="fr"))

    def test_english_labels_on_an_english_page(
        self, open_english_page: PageOpener, refused_client: int
    ):
        assert "lang=" not in text_of(open_english_page("why", refused_client))

    def test_french_labels(
        self,
        open_english_page: PageOpener,
        refused_client: int,
        theme: str,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setenv("LABELS_LANGUAGE", "fr")
        text = text_of(open_english_page("why", refused_client))
        assert theme.replace('"en"', '"fr"') in text
        assert "lang=" not in text_of(open_english_page("why", refused_client, language="fr"))

    @pytest.mark.parametrize(("language", "notes"), [("en", 0), ("fr", 1)])
    def test_a_letter_names_the_language_of_its_reasons_if_it_is_another(
        self, open_english_page: PageOpener, refused_client: int, language: str, notes: int
    ):
        page = open_english_page("letter", refused_client, language=language)
        assert len(page.main.info) == notes

    def test_french_words_of_the_file_need_no_mark(
        self, open_page: PageOpener, api: ServiceApi, refused_client: int
    ):
        page = open_page("why", refused_client, language="fr")
        assert "lang=" not in text_of(page)
        words = {each["group"] for each in api.features()}
        assert not any(f"<strong>{word}</strong>" in text_of(page) for word in words)
