"""Sparse outputs of a transformer: XGBoost takes an entry that is not stored for missing."""

from collections.abc import Callable

import pytest
from scipy.special import expit
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from main import create_app
from service.settings import Settings
from tests.credit_scoring.foreign_model import ForeignModel, lightgbm, record
from tests.support.servers.inprocess import prepared_client


def xgboost() -> object:
    module = pytest.importorskip("xgboost")
    return module.XGBClassifier(n_estimators=9, max_depth=3, n_jobs=1)


def sparse() -> ColumnTransformer:
    one_hot = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer(
        [("n", StandardScaler(), ["AGE"]), ("t", one_hot, ["BRANCH", "CHILDREN", "OWNER"])],
        sparse_threshold=1,
    )


CLASSIFIERS: dict[str, Callable[[], object]] = {
    "XGBoost": xgboost,
    "LightGBM": lightgbm,
    "logistic regression": LogisticRegression,
}


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_a_sparse_output_is_scored_as_the_pipeline_does(tmp_path, kind):
    foreign = ForeignModel(tmp_path / "folder", make_pipeline(sparse(), CLASSIFIERS[kind]()))
    tolerance = 0 if kind != "logistic regression" else 1e-15
    for door, found in foreign.doors().items():
        assert found == pytest.approx(foreign.expected, abs=tolerance, rel=0), door


def test_an_entry_that_is_not_stored_is_missing_to_xgboost(tmp_path):
    foreign = ForeignModel(tmp_path / "folder", make_pipeline(sparse(), xgboost()))
    client = prepared_client(create_app(Settings(ressources_dir=foreign.path)))
    transformed = record(client, "/get_json", foreign.ids[0])
    age = transformed.pop("AGE")
    assert isinstance(age, float)
    assert sorted(transformed.values(), key=str) == [1.0] * 3 + [None] * (len(transformed) - 3)
    for number, probability in zip(foreign.ids[:5], foreign.expected, strict=False):
        explained = client.get("/get_shap", params={"param_name": number}).json()
        assert explained["feat"] == ["AGE", *transformed]
        log_odds = explained["base"][0] + sum(explained["values"][0])
        assert expit(log_odds) == pytest.approx(probability, abs=1e-6)
