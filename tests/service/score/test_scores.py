"""`/score` of every kind of pipeline: each number is computed again by pandas and shap."""

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
from tests.support.bundles.cases import Case
from tests.support.servers.inprocess import prepared_client

ROWS = (0, 2)  # of two clients, whom every pipeline scores differently


@pytest.fixture(scope="session")
def http(case_app: Application) -> httpx.Client:
    return prepared_client(case_app)


@pytest.fixture(scope="session")
def reference_table(case: Case) -> pd.DataFrame:
    return case.folder.read(REFERENCE_FILE)


@pytest.fixture(scope="session")
def reference_scores(case: Case, reference_table: pd.DataFrame) -> np.ndarray:
    """Probabilities of the reference clients, by the pipeline."""
    return case.pipeline.predict_proba(reference_table[case.inputs.columns])[:, 1]


@pytest.fixture(scope="session")
def single_scores(case: Case) -> dict[int, float]:
    """Probabilities by row, each from a call of the pipeline with that client only."""
    return {row: float(case.pipeline.predict_proba(case.inputs.iloc[[row]])[0, 1]) for row in ROWS}


def score(http: httpx.Client, application: object, **query: object):
    answer = http.post("/score", json=application, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def raw_record(http: httpx.Client, client: int) -> dict[str, object]:
    return json.loads(http.get("/get_test", params={"param_name": client}).json()["data"])


def clients(case: Case) -> list[tuple[int, int]]:
    return [(row, int(case.inputs.index[row])) for row in ROWS]


def test_the_probability_is_that_of_the_pipeline_for_the_client_alone(
    case: Case, http: httpx.Client, single_scores: dict[int, float]
):
    seen = set()
    for row, client in clients(case):
        expected = single_scores[row]
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


def test_a_list_has_the_responses_of_single_applications(case: Case, http: httpx.Client):
    applications = []
    for row, client in clients(case):
        applications.append({"client": client, "reference": f"A-{row}"})
        applications.append({"record": raw_record(http, client)})
    applications.reverse()
    for query in ({"reasons": 0}, {"reasons": 2, "compare": "all"}):
        together = score(http, applications, **query)
        assert together == [score(http, application, **query) for application in applications]
    references = [answer.get("reference") for answer in together[1::2]]
    assert references == [f"A-{row}" for row in reversed(ROWS)]


def test_the_percentile_is_the_share_of_a_class_that_scores_lower(
    case: Case,
    http: httpx.Client,
    reference_table: pd.DataFrame,
    reference_scores: np.ndarray,
    single_scores: dict[int, float],
):
    for row, client in clients(case):
        found = score(http, {"client": client}, reasons=0)["position"]
        mine = single_scores[row]
        for label in (0, 1):
            of_class = reference_scores[reference_table[TARGET] == label]
            tolerance = 1.01 / len(reference_scores)
            assert found[f"class{label}"] == pytest.approx((of_class < mine).mean(), abs=tolerance)


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


def peers_of(
    case: Case, reference_table: pd.DataFrame, reference_scores: np.ndarray, compare: str
) -> pd.DataFrame:
    """The peers of a client, found by pandas."""
    frame = reference_table.assign(score=reference_scores).reset_index(drop=True)
    if compare == "all":
        order = frame.sort_values("score", kind="stable").index
        return frame.loc[order[np.linspace(0, len(frame) - 1, min(500, len(frame))).astype(int)]]
    accepted = frame[frame["score"] < case.bundle.threshold]
    return accepted.sort_values("score", ascending=False, kind="stable").head(500)


@pytest.mark.parametrize("compare", ["near", "all"])
def test_reasons_and_the_rest_add_up_to_the_distance_from_the_peers(
    case: Case,
    http: httpx.Client,
    reference_table: pd.DataFrame,
    reference_scores: np.ndarray,
    compare: str,
):
    peers = peers_of(case, reference_table, reference_scores, compare)
    mean = raw_output(case, peers[case.inputs.columns]).mean()
    is_mean_of_trees = isinstance(
        case.classifier, (RandomForestClassifier, ExtraTreesClassifier, DecisionTreeClassifier)
    )
    for row, client in clients(case):
        mine = raw_output(case, case.inputs.iloc[[row]])[0]
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
    case: Case, http: httpx.Client, reference_table: pd.DataFrame, reference_scores: np.ndarray
):
    """Check outputs that were made from one feature, whose name ends their own."""
    is_lightgbm = isinstance(case.classifier, LGBMClassifier)
    explainer = None if is_lightgbm else shap.TreeExplainer(case.classifier)

    def values(rows: pd.DataFrame) -> np.ndarray:
        if is_lightgbm:
            booster = case.classifier.booster_
            return booster.predict(transformed(case, rows), pred_contrib=True)[:, :-1]
        found = np.asarray(explainer.shap_values(transformed(case, rows), check_additivity=False))
        return found[..., 1] if found.ndim == 3 else found

    names = list(case.transformed().columns)
    peers = peers_of(case, reference_table, reference_scores, "all")
    means = dict(zip(names, values(peers[case.inputs.columns]).mean(axis=0), strict=True))
    found = 0
    for row, client in clients(case):
        mine = dict(zip(names, values(case.inputs.iloc[[row]])[0], strict=True))
        for reason in score(http, {"client": client}, reasons=10, compare="all")["reasons"]:
            (feature,) = reason["features"]  # without features.csv each is its own theme
            if feature["name"] in mine and not any(
                name != feature["name"] and feature["name"] in name for name in mine
            ):
                expected = mine[feature["name"]] - means[feature["name"]]
                assert reason["contribution"] == pytest.approx(expected, abs=1e-9)
                assert reason["contribution"] == pytest.approx(feature["contribution"], abs=1e-12)
                assert reason["group"] == feature["label"] == feature["name"]
                assert reason["text"].startswith(f"{feature['name']}: ")
                found += 1
    assert found or "text" in str(names) or len(names) < 3


def test_a_change_scores_as_the_record_with_that_value(
    case: Case, http: httpx.Client, single_scores: dict[int, float]
):
    numbers = [name for name in case.inputs if pd.api.types.is_float_dtype(case.inputs[name])]
    name = numbers[-1]
    other = case.inputs[name].dropna()
    value = float(other.max()) if len(other) else None
    for row, client in clients(case):
        changed = case.inputs.iloc[[row]].copy()
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
                unchanged = single_scores[row]
                assert before == {
                    "probability": unchanged,
                    "prediction": int(unchanged >= case.bundle.threshold),
                }
            else:
                assert before is None


def test_a_raw_record_has_no_id(case: Case, http: httpx.Client):
    assert ID not in raw_record(http, clients(case)[0][1])
