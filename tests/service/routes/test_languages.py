"""`language` on each route with words: other texts, the same numbers; and `CURRENCY` in units."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from credit_scoring.data.artifacts import FEATURES_FILE
from main import Application
from tests.service.recording.asking import PEPPER, decide, migrated, opened
from tests.support.bundles.artefacts import Folder
from tests.support.servers.application import application
from tests.support.servers.inprocess import prepared_client

TEXTS = ("label", "unit", "group", "text")
ROUTES = ("/features", "/importance", "/drift")
FRENCH_NUMBER = re.compile(r"^-?[0-9\u202f\u2212]+(,[0-9]+)?$")


@pytest.fixture(scope="module")
def http(open_app: Application) -> httpx.Client:
    return prepared_client(open_app)


@pytest.fixture(scope="module")
def in_euros(small_bundle_folder: Path) -> httpx.Client:
    return prepared_client(application(ressources_dir=small_bundle_folder, currency="€"))


@pytest.fixture(scope="module")
def rows(small_bundle_folder: Path) -> pd.DataFrame:
    """The rows of `features.csv`, by name."""
    rows = pd.read_csv(small_bundle_folder / FEATURES_FILE, dtype=str, keep_default_na=False)
    return rows.set_index("name", drop=False)


@pytest.fixture(scope="module")
def clients(http: httpx.Client) -> list[int]:
    return http.get("/get_ids").json()["data"]


def without_texts(answer: Any) -> Any:
    """An answer without its texts; the other fields in their order."""
    if isinstance(answer, dict):
        return {name: without_texts(each) for name, each in answer.items() if name not in TEXTS}
    return [without_texts(each) for each in answer] if isinstance(answer, list) else answer


def words(answer: Any) -> Iterator[tuple[str, str]]:
    """All texts of an answer, each with the name of its field."""
    if isinstance(answer, dict):
        yield from ((name, each) for name, each in answer.items() if name in TEXTS)
        answer = list(answer.values())
    if isinstance(answer, list):
        for each in answer:
            yield from words(each)


def answers(http: httpx.Client, clients: list[int], language: str) -> dict[str, Any]:
    """The answers of each route with words, in a language or without one."""
    query = {"language": language} if language else {}
    found = {route: http.get(route, params=query) for route in ROUTES}
    body = [{"client": client} for client in clients]
    for compare in ("near", "all"):
        scores = query | {"reasons": "10", "strengths": "10", "compare": compare}
        found[f"/score {compare}"] = http.post("/score", json=body, params=scores)
        found[f"/score one {compare}"] = http.post("/score", json=body[0], params=scores)
    for route in ("/alternatives", "/combinations"):
        for client in clients[:6]:
            found[f"{route} {client}"] = http.get(route, params=query | {"client": client})
    assert {answer.status_code for answer in found.values()} == {200}
    return {name: answer.json() for name, answer in found.items()}


def test_only_texts_change_and_all_of_them_are_those_of_the_file(
    http: httpx.Client, clients: list[int], rows: pd.DataFrame
):
    base, french = (answers(http, clients, language) for language in ("", "fr"))
    assert without_texts(base) == without_texts(french)
    units = rows["unit_fr"].str.replace("currency", "unités")
    known = {
        "label": {*rows["label_fr"]},
        "unit": {*units},
        "group": {*rows["group_fr"]},
        "text": {*rows["reason_high_fr"], *rows["reason_low_fr"], *rows["reason_missing_fr"]},
    }
    starts = tuple(f"{label}\u00a0: " for label in rows["label_fr"])
    told = {"own words": 0, "values": 0}
    for name, text in words(french):
        if name == "text" and text.startswith(starts):
            told["values"] += 1
            assert "(valeur habituelle\u00a0: " in text or "(c\u2019est la valeur" in text
        else:
            told["own words"] += name == "text"
            assert text in known[name], (name, text)
    assert min(told.values()) > 100
    assert sum(text != other for (_, text), (_, other) in zip(
        words(base), words(french), strict=True)) > 1000  # fmt: skip


def test_numbers_of_reasons_are_written_as_in_french(
    http: httpx.Client, clients: list[int], rows: pd.DataFrame
):
    """A strength that has an amount: its value with thousands and decimals of the language."""
    query = {"strengths": 10, "language": "fr"}
    body = [{"client": client} for client in clients]
    money = set(rows.index[rows["unit"] == "currency"])
    found = 0
    for score in http.post("/score", json=body, params=query).json():
        for strength in score["strengths"]:
            least = min(strength["features"], key=lambda feature: feature["contribution"])
            value = least["value"]
            if least["name"] in money and value and value == int(value) and value >= 1000:
                written = f"{value:,.0f}".replace(",", "\u202f")
                assert strength["text"].startswith(f"{least['label']}\u00a0: {written} (")
                found += 1
    assert found > 5


def test_without_the_parameter_answers_are_the_same_after_a_french_one(
    http: httpx.Client, clients: list[int]
):
    before = answers(http, clients[:5], "")
    answers(http, clients[:5], "fr")
    assert answers(http, clients[:5], "") == before


@pytest.mark.parametrize("language", ["xx", "FR", "fra", "", "en"])
def test_an_unknown_language_is_refused_with_those_there_are(
    http: httpx.Client, clients: list[int], language: str
):
    query = {"language": language}
    asked = [
        *(http.get(route, params=query) for route in ROUTES),
        http.get("/alternatives", params=query | {"client": clients[0]}),
        http.get("/combinations", params=query | {"client": clients[0]}),
        http.post("/combinations", params=query, json={"client": clients[0]}),
        http.post("/score", params=query, json={"client": clients[0]}),
        http.post("/score", params=query | {"reasons": 0}, json={"client": clients[0]}),
        http.post("/score", params=query, json=[{"client": clients[0]}]),
    ]
    detail = {"detail": f"language {language} is not one of features.csv: fr"}
    assert [(each.status_code, each.json()) for each in asked] == [(422, detail)] * len(asked)


def test_a_file_in_one_language_says_so(lightgbm_folder: Folder):
    http = prepared_client(application(ressources_dir=lightgbm_folder.path))
    assert http.get("/model").json()["languages"] == []
    refused = http.get("/features?language=fr")
    assert (refused.status_code, refused.json()) == (
        422,
        {"detail": "features.csv has no words in further languages: leave language out"},
    )


def test_the_model_names_the_languages(http: httpx.Client):
    assert http.get("/model").json()["languages"] == ["fr"]


def test_the_currency_stands_in_units_and_reasons(
    http: httpx.Client, in_euros: httpx.Client, clients: list[int], rows: pd.DataFrame
):
    for language, column in (("", "unit"), ("fr", "unit_fr")):
        plain, named = (answers(each, clients, language) for each in (http, in_euros))
        assert without_texts(plain) == without_texts(named)
        units = rows[column].str.replace("currency", "€")
        found = {each["name"]: each["unit"] for each in named["/features"]["features"]}
        assert found == units.to_dict()
        bases = {each["name"]: each["base_unit"] for each in named["/features"]["features"]}
        assert bases == rows["unit"].to_dict()
        told = [
            (before, after)
            for (name, before), (_, after) in zip(words(plain), words(named), strict=True)
            if name == "text" and before != after
        ]
        sign = r"€(?=[0-9])" if not language else "\u00a0€"
        assert len(told) > 10
        for before, after in told:
            assert re.sub(sign, "", after) == before


def test_recorded_decisions_have_neither_language_nor_currency(
    small_bundle_folder: Path, tmp_path: Path, http: httpx.Client, clients: list[int]
):
    app = application(
        ressources_dir=small_bundle_folder,
        currency="EUR",
        register_url=migrated(f"sqlite:///{tmp_path}/register.db"),
        register_pepper=PEPPER,
    )
    recording = opened(app)
    query = {"reasons": 10}
    for client in clients[:8]:
        answer = decide(recording, {"client": client}, **query)
        plain = http.post("/score", json={"client": client}, params=query).json()
        assert {name: answer[name] for name in plain} == plain
    named = recording.post("/score", json=[{"client": each} for each in clients], params=query)
    assert "EUR" in named.text
    app.service.register.close()
