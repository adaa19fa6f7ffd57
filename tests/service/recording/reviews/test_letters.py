"""Letters over HTTP: the page of the library, its headers, and the event."""

import json
import re
import shutil
from collections.abc import Callable, Collection
from html import unescape
from pathlib import Path
from uuid import UUID

import httpx
import pandas as pd
import pytest

from credit_scoring.data.artifacts import FEATURES_FILE
from main import Application
from register.letter.languages.texts import Language
from register.letter.letter import Letter, letter_html
from register.letter.style import POLICY
from register.reading.decision import read_decision
from tests.service.recording.asking import LENDER, decide, opened
from tests.support.bundles.folders import write_metadata

HELD = "letters cannot be written before LENDER_NAME and LENDER_ADDRESS and LENDER_CONTACT is set"


@pytest.fixture
def accepted(http: httpx.Client, clients: list[int]) -> str:
    """The id of a decision in a client's favour."""
    scores = http.post("/score?reasons=0", json=[{"client": client} for client in clients]).json()
    client = next(score["client"] for score in scores if score["prediction"] == 0)
    return decide(http, {"client": client})["id"]


in_each_language = pytest.mark.parametrize(
    ("query", "language"), [("", "en"), ("?language=fr", "fr")]
)


@in_each_language
def test_nobody_keeps_a_letter_and_it_runs_nothing(
    http: httpx.Client, accepted: str, query: str, language: Language
):
    answer = http.get(f"/decisions/{accepted}/letter{query}")
    assert f'<html lang="{language}"' in answer.text
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_features_of_0_and_1_are_flags_for_a_letter(register_app: Application, http: httpx.Client):
    flags = flags_of(register_app)
    assert "CODE_GENDER_F" in flags
    assert "AMT_CREDIT" not in flags


def flags_of(register_app: Application) -> Collection[str]:
    service = register_app.service
    return service.register.archive.keep(service.current).result().flags


def library_letter(register_app: Application, decision: str, language: Language) -> Letter:
    """The letter of the library."""
    service = register_app.service
    with service.register.store.database.reading() as connection:
        stored = read_decision(connection, UUID(decision))
    return letter_html(stored, service.settings, language, flags_of(register_app))


@in_each_language
def test_a_letter_is_that_of_the_library(
    register_app: Application, http: httpx.Client, accepted: str, query: str, language: Language
):
    answer = http.get(f"/decisions/{accepted}/letter{query}")
    assert answer.status_code == 200, answer.text
    assert answer.text == library_letter(register_app, accepted, language).html


@in_each_language
def test_a_letter_is_an_event(
    register_app: Application,
    http: httpx.Client,
    accepted: str,
    query: str,
    language: Language,
    events: Callable,
):
    before = len(events("letter"))
    http.get(f"/decisions/{accepted}/letter{query}")
    (event,) = events("letter")[before:]
    assert (event["caller"], event["decision"]) == ("anyone", UUID(accepted))
    letter = library_letter(register_app, accepted, language)
    assert json.loads(event["detail"]) == {"template": letter.version, "language": language}


def test_reasons_are_in_french_by_the_file_of_the_day(
    new_app: Callable[..., Application], small_bundle_folder: Path, tmp_path: Path
):
    """The file in use has lost its French words, and the label of the reason, since."""
    folder = Path(shutil.copytree(small_bundle_folder, tmp_path / "ressources"))
    app = new_app(ressources_dir=folder, **LENDER)
    http = opened(app)
    scores = http.post(
        "/score", json=[{"client": each} for each in app.service.current.bundle.client_ids]
    )
    refused = next(
        score
        for score in scores.json()
        if score["prediction"] and not any(reason["protected"] for reason in score["reasons"])
    )
    decision = decide(http, {"client": refused["client"]})["id"]
    rows = pd.read_csv(folder / FEATURES_FILE, dtype=str, keep_default_na=False)
    rows[["name", "formula", "group"]].to_csv(folder / FEATURES_FILE, index=False)
    write_metadata(folder)
    assert app.service.folder.reload()
    http = opened(app)
    assert http.get("/model").json()["languages"] == []
    page = http.get(f"/decisions/{decision}/letter?language=fr").text
    titles = [unescape(title) for title in re.findall("<strong><bdi>(.*?)</bdi></strong>", page)]
    french = rows.set_index("name")
    expected = []
    for reason in refused["reasons"]:
        name = max(reason["features"], key=lambda feature: feature["contribution"])["name"]
        said = french.loc[name]
        texts = {said[f"reason_{at}"]: said[f"reason_{at}_fr"] for at in ("high", "low", "missing")}
        expected.append(texts.get(reason["text"], said["label_fr"]))
    assert titles == expected
    assert ' lang="en"' not in page
    assert "dans la langue de nos dossiers" not in page


def test_other_languages_are_refused(http: httpx.Client, accepted: str):
    answer = http.get(f"/decisions/{accepted}/letter?language=de")
    assert answer.status_code == 422
    assert answer.json() == {"detail": "language: Input should be 'en' or 'fr'"}


def test_a_letter_needs_a_sender(new_app: Callable[..., Application]):
    http = opened(new_app())
    answer = decide(http, {"client": 248124})
    letter = http.get(f"/decisions/{answer['id']}/letter")
    assert (letter.status_code, letter.json()) == (409, {"detail": HELD})
