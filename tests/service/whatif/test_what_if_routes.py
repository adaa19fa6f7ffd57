"""`/sensitivity`, `/alternatives`, `/score` and `/importance` of models without trees.

Refusals are in `test_score_refusals`.
"""

from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from credit_scoring.data.artifacts import FEATURES_FILE, MODEL_FILE
from main import create_app
from service.settings import Settings
from tests.support.bundles.artefacts import NUMBERS, Folder, make_folder
from tests.support.servers.inprocess import prepared_client

CLIENT = 200_001
FEATURE = "AMT_CREDIT"


def folder_of(path: Path, classifier: Any) -> Folder:
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    return make_folder(path, make_pipeline(scaled, classifier), NUMBERS)


def client_of(folder: Folder) -> httpx.Client:
    return prepared_client(create_app(Settings(ressources_dir=folder.path, request_log=False)))


@pytest.fixture(scope="module")
def linear_folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return folder_of(tmp_path_factory.mktemp("linear") / "ressources", LogisticRegression())


@pytest.fixture(scope="module")
def http(linear_folder: Folder) -> httpx.Client:
    return client_of(linear_folder)


@pytest.fixture(scope="module")
def estimated(tmp_path_factory: pytest.TempPathFactory) -> httpx.Client:
    net = MLPClassifier((5,), solver="lbfgs", max_iter=2000, random_state=0)
    folder = folder_of(tmp_path_factory.mktemp("net") / "ressources", net)
    pd.DataFrame({"name": NUMBERS, "change": "any"}).to_csv(folder / FEATURES_FILE, index=False)
    return client_of(folder)


def test_a_curve_has_a_shape_and_a_range(http: httpx.Client, linear_folder: Folder):
    values = pd.concat([linear_folder.read(name) for name in ("train_samp.csv", "test_samp.csv")])
    low, high = values[FEATURE].min(), values[FEATURE].max()
    found = http.get("/sensitivity", params={"client": CLIENT, "feature": FEATURE}).json()
    model = http.get("/model").json()["sha256"][MODEL_FILE]
    scores = [
        http.post("/score", json={"client": CLIENT, "changes": {FEATURE: value}}).json()
        for value in (low, high)
    ]
    own = http.post("/score", json={"client": CLIENT}).json()
    steps = [
        [value, score["probability"]] for value, score in zip((low, high), scores, strict=True)
    ]
    assert found == {
        "client": CLIENT,
        "feature": FEATURE,
        "value": linear_folder.read("test_samp.csv").set_index("SK_ID_CURR").at[CLIENT, FEATURE],
        "probability": own["probability"],
        "steps": steps,
        "exact": True,
        "flip": found["flip"],
        "recomputed": [],
        "stale": [],
        "shape": "line",
        "low": low,
        "high": high,
        "model": model,
    }
    turns = min(each[1] for each in steps) < own["threshold"] <= max(each[1] for each in steps)
    assert (found["flip"] is not None) == turns


def test_without_a_change_the_alternatives_say_so(http: httpx.Client):
    found = http.get("/alternatives", params={"client": CLIENT}).json()
    score = http.post("/score", json={"client": CLIENT}).json()
    assert found == {
        "client": CLIENT,
        "probability": score["probability"],
        "prediction": score["prediction"],
        "threshold": score["threshold"],
        "alternatives": [],
        "model": score["model"],
        "exact": True,
        "note": "no feature may change: set the column change of features.csv to up, down or any"
        " for those that a client can change",
    }


@pytest.mark.parametrize(
    ("fixture", "method", "unit"),
    [("http", "linear", "log-odds"), ("estimated", "permutation", "probability")],
)
def test_answers_name_the_method_and_the_unit_of_contributions(
    request: pytest.FixtureRequest, fixture: str, method: str, unit: str
):
    client = request.getfixturevalue(fixture)
    answers = [
        client.post("/score", json={"client": CLIENT}).json(),
        client.post("/score?reasons=0", json=[{"client": CLIENT}]).json()[0],
        client.get("/importance").json(),
    ]
    assert {answer["explained_by"] for answer in answers} == {method}
    assert {answer["contributions_in"] for answer in answers} == {unit}
    # The routes of the first contract have no new fields.
    for path in ("/model", "/get_shap?param_name=200001", "/get_kde?param_name=AMT_CREDIT"):
        assert "explained_by" not in client.get(path).json()


def test_peers_are_as_many_as_are_explained_in_time(http: httpx.Client, estimated: httpx.Client):
    assert http.get("/importance").json()["clients"] == 300
    assert estimated.get("/importance").json()["clients"] == 50


def test_values_that_were_found_by_trying_turn_the_decision(estimated: httpx.Client):
    turned = 0
    for client in range(CLIENT, CLIENT + 6):
        found = estimated.get("/alternatives", params={"client": client}).json()
        assert (found["exact"], found["note"]) == (False, None)
        for each in found["alternatives"]:
            turned += 1
            changes = {each["feature"]: each["value"]}
            score = estimated.post("/score", json={"client": client, "changes": changes}).json()
            assert score["probability"] == each["probability"]
            assert score["prediction"] != found["prediction"]
    assert turned > 2
