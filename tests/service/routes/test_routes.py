"""Every kind of pipeline over HTTP: all routes, each client and feature, by value."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from httpx import Client
from lightgbm import LGBMClassifier
from scipy.special import expit

from credit_scoring.data.artifacts import NEW_FILE, REFERENCE_FILE, TARGET
from main import Application
from tests.service.known_answers import known_answers
from tests.support.bundles.cases import Case
from tests.support.servers.forks import Forks
from tests.support.servers.inprocess import client_of
from tests.support.servers.server import Server
from tests.support.tables import cells, null, value

Get = Callable[..., Any]


def getter(http: Client) -> Get:
    """A function that gives the JSON of a path, whose status must be 200."""

    def get(path: str, parameter: object = None) -> Any:
        query = {} if parameter is None else {"param_name": parameter}
        answer = http.get(path, params=query)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    return get


def check_every_answer(http: Client, case: Case) -> None:
    get = getter(http)
    new = cells(case.folder / NEW_FILE)
    expected = case.transformed()
    names = list(expected)
    probabilities = case.pipeline.predict_proba(case.inputs)[:, 1].tolist()
    features = get("/get_feat")["data"]
    assert features == case.folder.read(REFERENCE_FILE).columns[2:-2].tolist()
    assert get("/get_ids") == {"data": list(new)}
    for (client_id, row), probability in zip(new.items(), probabilities, strict=True):
        raw = json.loads(get("/get_test", client_id)["data"])
        assert raw == {name: value(row[name]) for name in features}
        text = get("/get_json", client_id)["data"]
        record = null(dict(zip(names, expected.loc[client_id].tolist(), strict=True)))
        assert json.loads(text) == record
        decision = {"probability": probability, "prediction": int(probability >= 0.4)}
        for method in ("GET", "POST"):
            answer = http.request(method, "/prediction/", content=text)
            assert answer.json() == decision | {"threshold": 0.4}
        check_explanation(case, get("/get_shap", client_id), record, probability)
    rows = cells(case.folder / REFERENCE_FILE).values()
    for feature in features:
        by_class = [
            [value(row[feature]) for row in rows if row[TARGET] == of_class and row[feature]]
            for of_class in "01"
        ]
        assert get("/get_kde", feature) == {"feat0": by_class[0], "feat1": by_class[1]}
    health, model = get("/health"), get("/model")
    assert health == {"status": "ok", "sha256": model["sha256"]["model.joblib"]}
    sizes = ("features", "transformed_features", "reference_clients", "new_clients")
    assert [model[name] for name in sizes] == [len(features), len(names), len(rows), len(new)]
    assert "paths" in get("/openapi.json")


def check_explanation(case: Case, answer: Any, record: dict[str, Any], probability: float) -> None:
    """The explanation is of that record, and adds up to the model's output."""
    assert answer["feat"] == list(record)
    assert answer["data"] == [list(record.values())]
    (values,), (base,) = answer["values"], answer["base"]
    output = base + math.fsum(values)
    if isinstance(case.classifier, LGBMClassifier):
        row = np.array([list(record.values())], dtype=float)
        (margin,) = case.classifier.booster_.predict(row, raw_score=True)
        assert output == pytest.approx(margin, abs=1e-9, rel=0)
    log_odds = hasattr(case.classifier, "decision_function") or isinstance(
        case.classifier, LGBMClassifier
    )
    assert (expit(output) if log_odds else output) == pytest.approx(probability, abs=1e-9, rel=0)


def test_every_answer(case: Case, case_app: Application):
    check_every_answer(client_of(case_app), case)


@pytest.mark.parametrize("case", ["forest"], indirect=True)
def test_every_answer_of_a_server(case: Case, forks: Forks):
    """The model is one that shap explains."""
    with (
        Server(case.folder.path, workers=1, begin=forks.begin, MODEL_SHA256="") as server,
        Client(base_url=server.url, timeout=120, verify=False) as http,
    ):
        check_every_answer(http, case)


def test_a_server_gives_the_bytes_of_the_application_in_this_process(
    server: Server, open_app: Application
):
    """The model is LightGBM."""
    http = client_of(open_app)
    for asked_for, answered in known_answers(server).items():
        head, _, body = asked_for.partition(b"\r\n\r\n")
        method, path, *_ = head.decode().split()
        assert http.request(method, path, content=body).content == answered


# The transformer's own names


@pytest.mark.parametrize(
    "case", ["lightgbm text dense", "nested prefixes", "lightgbm text sparse"], indirect=True
)
def test_full_names_are_understood(case: Case, case_app: Application):
    http = client_of(case_app)
    get = getter(http)
    short = case.full_names()
    assert any(full != name for full, name in short.items())
    features = get("/get_feat")["data"]
    for client_id in case.bundle.client_ids:
        record = json.loads(get("/get_json", client_id)["data"])
        right = http.post("/prediction/", json=record).json()
        full = {name: record[served] for name, served in short.items()}
        mixed = {
            name if position % 2 else served: record[served]
            for position, (name, served) in enumerate(short.items())
        }
        assert http.post("/prediction/", json=full).json() == right
        assert http.post("/prediction/", json=mixed).json() == right
    for full, name in short.items():
        if name in features:
            assert get("/get_kde", full) == get("/get_kde", name)
            unescaped = http.get("/get_kde?param_name=" + full.replace("+", "%20"))
            assert unescaped.json() == get("/get_kde", name)
        else:
            assert http.get("/get_kde", params={"param_name": full}).status_code == 404


@pytest.mark.parametrize("case", ["nested prefixes"], indirect=True)
def test_a_feature_by_both_of_its_names_is_refused(case: Case, case_app: Application):
    http = client_of(case_app)
    record = json.loads(getter(http)("/get_json", case.bundle.client_ids[0])["data"])
    answer = http.post("/prediction/", json=record | {"few__zero__OWN_CAR_AGE": 1.0})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("more than once: OWN_CAR_AGE. Accepted: ")
