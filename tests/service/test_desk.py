"""The credit desk over HTTP: every kind of pipeline, each number computed again by its library."""

import json

import httpx
import numpy as np
import pandas as pd
import pytest
import shap
from lightgbm import LGBMClassifier
from scipy.sparse import issparse
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier

from credit_scoring.data.artifacts import ID, REFERENCE_FILE, TARGET
from main import Application
from tests.support.inprocess import prepared_client
from tests.support.recipes import Case

ASKED = (0, 2)  # positions of clients, whom every pipeline scores differently


@pytest.fixture(scope="session")
def http(application: Application) -> httpx.Client:
    return prepared_client(application)


@pytest.fixture(scope="session")
def reference(case: Case) -> pd.DataFrame:
    return case.folder.read(REFERENCE_FILE)


@pytest.fixture(scope="session")
def scores(case: Case, reference: pd.DataFrame) -> np.ndarray:
    """Of the reference clients, by the pipeline."""
    return case.pipeline.predict_proba(reference[case.inputs.columns])[:, 1]


@pytest.fixture(scope="session")
def alone(case: Case) -> dict[int, float]:
    """The probability that the pipeline gives each client who is asked for, and him alone."""
    return {
        position: float(case.pipeline.predict_proba(case.inputs.iloc[[position]])[0, 1])
        for position in ASKED
    }


def score(http: httpx.Client, application: object, **query: object):
    answer = http.post("/score", json=application, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def raw_record(http: httpx.Client, client: int) -> dict[str, object]:
    return json.loads(http.get("/get_test", params={"param_name": client}).json()["data"])


def clients(case: Case) -> list[tuple[int, int]]:
    return [(position, int(case.inputs.index[position])) for position in ASKED]


def test_probability_is_that_of_the_pipeline_for_the_client_alone(
    case: Case, http: httpx.Client, alone: dict[int, float]
):
    seen = set()
    for position, client in clients(case):
        expected = alone[position]
        record = raw_record(http, client)
        backwards = dict(reversed(record.items()))
        for application in ({"client": client}, {"record": record}, {"record": backwards}):
            answer = score(http, application, reasons=0)
            assert answer["probability"] == expected
            assert answer["prediction"] == int(expected >= case.bundle.threshold)
            assert answer["threshold"] == case.bundle.threshold
            assert answer["model"] == case.bundle.sha256["model.joblib"]
            assert ("client" in answer) == ("client" in application)
        seen.add(expected)
    assert len(seen) > 1


def test_what_is_in_a_list_is_what_it_is_alone(case: Case, http: httpx.Client):
    applications = []
    for position, client in clients(case):
        applications.append({"client": client, "reference": f"A-{position}"})
        applications.append({"record": raw_record(http, client)})
    applications.reverse()
    for query in ({"reasons": 0}, {"reasons": 2, "compare": "all"}):
        together = score(http, applications, **query)
        assert together == [score(http, application, **query) for application in applications]
    assert [answer.get("reference") for answer in together[1::2]] == [
        f"A-{position}" for position in ASKED
    ][::-1]


def test_position_is_the_share_of_a_class_that_scores_lower(
    case: Case,
    http: httpx.Client,
    reference: pd.DataFrame,
    scores: np.ndarray,
    alone: dict[int, float],
):
    for position, client in clients(case):
        found = score(http, {"client": client}, reasons=0)["position"]
        mine = alone[position]
        for label in (0, 1):
            expected = (scores[(reference[TARGET] == label).to_numpy()] < mine).mean()
            assert found[f"class{label}"] == pytest.approx(expected, abs=1.01 / len(scores))


def transformed(case: Case, rows: pd.DataFrame) -> np.ndarray:
    output = case.pipeline[0].transform(rows)
    return np.asarray(output.toarray() if issparse(output) else output, dtype=float)


def raw_output(case: Case, rows: pd.DataFrame) -> np.ndarray:
    """Log-odds of boosted trees, the probability of others."""
    values = case.pipeline[0].transform(rows)
    if isinstance(case.classifier, LGBMClassifier):
        return case.classifier.predict_proba(values, raw_score=True)
    if isinstance(case.classifier, (GradientBoostingClassifier, HistGradientBoostingClassifier)):
        return case.classifier.decision_function(values)
    return case.classifier.predict_proba(values)[:, 1]


def compared(case: Case, reference: pd.DataFrame, scores: np.ndarray, compare: str) -> pd.DataFrame:
    """Whom reasons compare with, found by pandas."""
    frame = reference.assign(score=scores).reset_index(drop=True)
    if compare == "all":
        order = frame.sort_values("score", kind="stable").index
        return frame.loc[order[np.linspace(0, len(frame) - 1, min(500, len(frame))).astype(int)]]
    accepted = frame[frame["score"] < case.bundle.threshold]
    return accepted.sort_values("score", ascending=False, kind="stable").head(500)


@pytest.mark.parametrize("compare", ["near", "all"])
def test_reasons_and_the_rest_are_the_distance_to_those_compared_with(
    case: Case, http: httpx.Client, reference: pd.DataFrame, scores: np.ndarray, compare: str
):
    group = compared(case, reference, scores, compare)
    mean = raw_output(case, group[case.inputs.columns]).mean()
    is_mean_of_trees = isinstance(
        case.classifier, (RandomForestClassifier, ExtraTreesClassifier, DecisionTreeClassifier)
    )
    for position, client in clients(case):
        mine = raw_output(case, case.inputs.iloc[[position]])[0]
        for most in (1, 10):
            answer = score(http, {"client": client}, reasons=most, compare=compare)
            sizes = [reason["contribution"] for reason in answer["reasons"]]
            unit = "probability" if is_mean_of_trees else "log-odds"
            assert answer["contributions_in"] == unit
            assert sum(sizes) + answer["other"] == pytest.approx(mine - mean, abs=1e-9)
            assert sizes == sorted(sizes, reverse=True)
            assert all(size > 0 for size in sizes)
            assert len(sizes) <= most


def test_contributions_are_those_of_shap_by_feature(
    case: Case, http: httpx.Client, reference: pd.DataFrame, scores: np.ndarray
):
    """Of each output that was made from one feature, whose name its own name begins with."""
    is_lightgbm = isinstance(case.classifier, LGBMClassifier)
    explainer = None if is_lightgbm else shap.TreeExplainer(case.classifier)

    def values(rows: pd.DataFrame) -> np.ndarray:
        if is_lightgbm:
            booster = case.classifier.booster_
            return booster.predict(transformed(case, rows), pred_contrib=True)[:, :-1]
        found = np.asarray(explainer.shap_values(transformed(case, rows), check_additivity=False))
        return found[..., 1] if found.ndim == 3 else found

    names = list(case.transformed().columns)
    group = compared(case, reference, scores, "all")
    means = dict(zip(names, values(group[case.inputs.columns]).mean(axis=0), strict=True))
    found = 0
    for position, client in clients(case):
        mine = dict(zip(names, values(case.inputs.iloc[[position]])[0], strict=True))
        for reason in score(http, {"client": client}, reasons=10, compare="all")["reasons"]:
            (feature,) = reason["features"]  # without features.csv each is its own theme
            if feature["name"] in mine and not any(
                name != feature["name"] and feature["name"] in name for name in mine
            ):
                expected = mine[feature["name"]] - means[feature["name"]]
                assert reason["contribution"] == pytest.approx(expected, abs=1e-9)
                assert reason["contribution"] == pytest.approx(feature["contribution"], abs=1e-12)
                assert reason["group"] == reason["text"] == feature["label"] == feature["name"]
                found += 1
    assert found or "text" in str(names) or len(names) < 3


def test_a_change_is_the_record_with_that_value(
    case: Case, http: httpx.Client, alone: dict[int, float]
):
    numbers = [name for name in case.inputs if pd.api.types.is_float_dtype(case.inputs[name])]
    name = numbers[-1]
    other = case.inputs[name].dropna()
    value = float(other.max()) if len(other) else None
    for position, client in clients(case):
        changed = case.inputs.iloc[[position]].copy()
        changed[name] = np.nan if value is None else value
        expected = float(case.pipeline.predict_proba(changed)[0, 1])
        record = raw_record(http, client)
        for application in (
            {"client": client, "changes": {name: value}},
            {"record": record, "changes": {name: value}},
            {"record": record | {name: value}},
        ):
            answer = score(http, application)
            assert answer["probability"] == expected
            before = answer.get("before")
            if "changes" in application:
                unchanged = alone[position]
                assert before == {
                    "probability": unchanged,
                    "prediction": int(unchanged >= case.bundle.threshold),
                }
            else:
                assert before is None


def test_ids_of_a_record_are_not_needed(case: Case, http: httpx.Client):
    assert ID not in raw_record(http, clients(case)[0][1])
