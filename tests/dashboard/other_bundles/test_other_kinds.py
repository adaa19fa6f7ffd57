"""Pages of models without trees: lines, estimated contributions, and a score before calibration."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from advisor import session
from advisor.formatting.formats import Words
from advisor.plots import ice_curve
from advisor.service_client.service_api import ServiceApi
from advisor.statements import decision
from credit_scoring.data.artifacts import FEATURES_FILE
from tests.dashboard.conftest import PageOpener, PagesOf, chart_texts, service_in_process, text_of
from tests.support.bundles.artefacts import NUMBERS, make_folder

MODELS: dict[str, Callable[[], Any]] = {
    "log-odds": LogisticRegression,
    "probability": lambda: MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0),
    "margin": lambda: CalibratedClassifierCV(
        LogisticRegression(), method="isotonic", ensemble=False, cv=3
    ),
}


def begun(path: Any, unit: str, change: str | None) -> None:
    """Write the folder of a model whose contributions have a unit."""
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    folder = make_folder(path, make_pipeline(scaled, MODELS[unit]()), NUMBERS, new_clients=10)
    if change:
        rows = pd.DataFrame({"name": NUMBERS, "change": change})
        rows.to_csv(folder / FEATURES_FILE, index=False)


@pytest.fixture(scope="module", params=MODELS)
def unit(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def other_api(unit: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceApi]:
    path = tmp_path_factory.mktemp("other") / "ressources"
    begun(path, unit, "any")
    with service_in_process(path) as api:
        yield api


@pytest.fixture
def open_other_page(other_api: ServiceApi, open_page_of: PagesOf) -> PageOpener:
    return open_page_of(other_api)


@pytest.fixture(params=["en", "fr"])
def words(request: pytest.FixtureRequest) -> Words:
    return Words(request.param)


def test_raw_effects_have_their_unit_and_say_if_they_are_estimates(
    open_other_page: PageOpener, other_api: ServiceApi, unit: str, words: Words
):
    client = other_api.ids()[0]
    score = other_api.score({"client": client}, reasons=10, strengths=10)
    assert score["contributions_in"] == unit
    text = text_of(open_other_page("why", client, words.language, raw_figures=True))
    name = words("other_raw", unit=words(f"unit_{unit}"))
    other = words.number(score["other"], 3, sign=True)
    assert f">{other}<" in text.partition(f">{name}</th>")[2].partition("</tr>")[0]
    assert (words("contributions_in_margin") in text) == (unit == "margin")
    is_estimated = score["explained_by"] == "permutation"
    assert (words("contributions_estimated") in text) == is_estimated == (unit == "probability")


def test_effects_have_words_in_every_unit(
    open_other_page: PageOpener, other_api: ServiceApi, words: Words
):
    client = other_api.ids()[0]
    score = other_api.score({"client": client}, reasons=10, strengths=10)
    themes = [*score["reasons"], *score["strengths"]]
    largest = other_api.importance()["groups"][0]["importance"]
    text = text_of(open_other_page("why", client, words.language))
    for theme in themes:
        size = abs(theme["contribution"]) / largest
        strength = words("strong" if size >= 1 / 2 else "medium" if size >= 1 / 6 else "weak")
        side = words("against" if theme["contribution"] > 0 else "for")
        row = text.partition(f">{theme['group']}</")[2].partition("</summary>")[0]
        assert f">{side}, {strength}<" in row


def test_a_model_without_calibration_gives_a_rank(
    open_other_page: PageOpener, other_api: ServiceApi, words: Words
):
    client = other_api.ids()[0]
    text = text_of(open_other_page("client", client, words.language))
    assert words("rank") in text
    assert decision.verdict(words, other_api.score({"client": client})) in text


def test_the_curve_is_a_line_where_the_score_is(
    open_other_page: PageOpener, other_api: ServiceApi, unit: str, words: Words
):
    client = other_api.ids()[0]
    found = other_api.sensitivity({"client": client}, "AMT_CREDIT")
    page = open_other_page("simulate", client, words.language, simulate_curve="AMT_CREDIT")
    (chart,) = page.get("vega_lite_chart")
    layer = json.loads(chart.proto.spec)["layer"][0]
    expected = {"line": "linear", "steps": "step-after"}[found["shape"]]
    assert layer["mark"]["interpolate"] == expected
    assert found["shape"] == "line" or unit == "margin"
    is_said = words(f"not_exact_{found['shape']}") in chart_texts(page)[0]
    assert is_said == (not found["exact"]) == (unit != "log-odds")
    if unit == "log-odds":
        for row in layer["data"]["values"][::10]:
            changed = {"client": client, "changes": {"AMT_CREDIT": row["x"]}}
            assert other_api.score(changed)["probability"] == pytest.approx(
                row["y"] / 100, abs=1e-9
            )


def test_suggestions_that_were_found_by_trying_say_so(
    open_other_page: PageOpener, other_api: ServiceApi, unit: str, words: Words
):
    client = other_api.ids()[0]
    found = other_api.counterfactuals(client)
    assert found["exact"] == (unit == "log-odds")
    text = text_of(open_other_page("simulate", client, words.language))
    key = "nearer_may_exist" if found["alternatives"] else "none_found_by_trying"
    assert (words(key) in text) == (not found["exact"])


def test_without_a_change_nothing_is_suggested_and_the_page_says_where_to_give_one(
    open_page: PageOpener,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    words: Words,
):
    path = tmp_path_factory.mktemp("unchangeable") / "ressources"
    begun(path, "log-odds", None)
    with service_in_process(path) as api:
        monkeypatch.setattr(session, "service_api", lambda: api)
        client = api.ids()[0]
        assert api.counterfactuals(client)["alternatives"] == []
        assert words("nothing_may_change") in text_of(open_page("simulate", client, words.language))


def test_a_line_between_knots_and_beside_refused_values():
    found: Any = {"shape": "line", "steps": [[0.0, 0.2], [1.0, 0.8], [2.0, None], [3.0, 1.0]]}
    assert ice_curve.score_at(found, 0.5) == pytest.approx(0.5)
    assert ice_curve.score_at(found, 0.0) == pytest.approx(0.2)
    assert ice_curve.score_at(found, 2.5) is None
    assert ice_curve.score_at(found, 3.0) == 1.0
    assert ice_curve.between_knots(1.0, 0.5, 0.5) == 0.75
