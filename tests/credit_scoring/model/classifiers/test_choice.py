"""The choice of a wrapper: boosters without predict_proba, texts, and refusals."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from lightgbm import Booster, LGBMClassifier
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.svm import LinearSVC

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.errors import BadFile
from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.classifiers.frame_model import FrameModel
from tests.credit_scoring.model.classifiers.fitted_classifiers import (
    catboost,
    clients,
    fitted,
    lightgbm,
)
from tests.support.servers.server import ROOT


@pytest.mark.parametrize("column", [1, 0])
@pytest.mark.parametrize("options", [{}, {"sigmoid": 2.0}])
def test_a_bare_lightgbm_booster_is_a_classifier(options: dict, column: int):
    rows, classes = clients(with_nan=True)
    booster = lightgbm(**options).fit(rows, classes).booster_
    booster = Booster(model_str=booster.model_to_string())
    classifier = choose_classifier(booster, column)
    of_1 = booster.predict(rows)
    np.testing.assert_array_equal(classifier.probabilities(rows), of_1 if column else 1 - of_1)
    values, base = classifier.contributions(rows)
    np.testing.assert_allclose(expit(base + values.sum(axis=1)), of_1 if column else 1 - of_1)


@pytest.mark.parametrize("column", [1, 0])
def test_a_bare_xgboost_booster_is_a_classifier(column: int):
    xgboost = pytest.importorskip("xgboost")
    rows, classes = clients(with_nan=True)
    matrix = xgboost.DMatrix(rows, classes)
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 3}, matrix, 10)
    booster = pickle.loads(pickle.dumps(booster))
    classifier = choose_classifier(booster, column)
    of_1 = booster.predict(matrix)
    expected = of_1 if column else 1 - of_1
    np.testing.assert_array_equal(classifier.probabilities(rows), expected)
    values, base = classifier.contributions(rows)
    np.testing.assert_allclose(expit(base + values.sum(axis=1)), expected, atol=1e-6)
    assert classifier.explained_by == "treeshap"


def codes_and_texts() -> tuple[np.ndarray, pd.DataFrame, dict[int, list[str]], np.ndarray]:
    """Rows of a number, a text, a whole number and a number, as codes and as CatBoost's table."""
    random = np.random.default_rng(2)
    texts = {1: ["flat", "house", "with parents"]}
    codes = np.column_stack(
        [random.normal(size=300), random.integers(0, 3, 300), random.integers(0, 5, 300),
         random.normal(size=300)]
    )  # fmt: skip
    table = pd.DataFrame(
        {
            "income": codes[:, 0],
            "housing": np.array(texts[1])[codes[:, 1].astype(int)],
            "children": codes[:, 2].astype(int),
            "age": codes[:, 3],
        }
    )
    risk = codes[:, 0] + (codes[:, 1] == 2) - 0.3 * codes[:, 2] + 0.3 * random.normal(size=300)
    return codes, table, texts, (risk > 0).astype(int)


@pytest.mark.parametrize("column", [1, 0])
def test_a_catboost_with_texts_and_codes_is_explained_by_its_trees(column: int):
    codes, table, texts, classes = codes_and_texts()
    own = catboost(cat_features=["housing", "children"]).fit(table, classes)
    own = pickle.loads(pickle.dumps(own))
    model = FrameModel(own, tuple(table.columns), dict(table.dtypes), texts)
    classifier = choose_classifier(model, column)
    expected = own.predict_proba(table)[:, column]
    np.testing.assert_array_equal(classifier.probabilities(codes), expected)
    np.testing.assert_array_equal([classifier.probability(row) for row in codes], expected)
    values, base = classifier.contributions(codes)
    np.testing.assert_allclose(expit(base + values.sum(axis=1)), expected, atol=1e-9)
    assert classifier.explained_by == "treeshap"
    assert (values.std(axis=0)[:3] > 0.01).all()


def test_a_catboost_with_whole_numbers_as_categories_takes_doubles():
    codes, table, _, classes = codes_and_texts()
    table = table.drop(columns="housing")
    own = catboost(cat_features=["children"]).fit(table, classes)
    classifier = choose_classifier(pickle.loads(pickle.dumps(own)))
    found = classifier.probabilities(np.delete(codes, 1, axis=1))
    np.testing.assert_array_equal(found, own.predict_proba(table)[:, 1])


def test_a_classifier_of_texts_is_explained_by_permutations_of_codes():
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    codes, table, texts, classes = codes_and_texts()
    encoder = make_column_transformer((OneHotEncoder(), ["housing"]), remainder="passthrough")
    own = make_pipeline(encoder, LogisticRegression()).fit(table, classes)
    model = FrameModel(own, tuple(table.columns), dict(table.dtypes), texts)
    classifier = choose_classifier(model).explained_against(codes)
    expected = own.predict_proba(table)[:, 1]
    np.testing.assert_array_equal(classifier.probabilities_together(codes), expected)
    alone = [own.predict_proba(table.iloc[[row]])[0, 1] for row in range(20)]
    np.testing.assert_array_equal(classifier.probabilities(codes[:20]), alone)
    values, base = classifier.contributions(codes[:20])
    np.testing.assert_allclose(base + values.sum(axis=1), expected[:20], atol=1e-12)


def own_objective(_: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return predicted, np.ones_like(predicted)


def booster_of(objective: str) -> Booster:
    rows, classes = clients(with_nan=False)
    return lightgbm(objective=objective).fit(rows, classes).booster_


def of_three_classes() -> LogisticRegression:
    rows, _ = clients(with_nan=False)
    return LogisticRegression().fit(rows, np.arange(len(rows)) % 3)


REFUSALS = {
    "no probabilities": (
        lambda: LinearSVC().fit(*clients(with_nan=False)), "its LinearSVC has no predict_proba"
    ),
    "ridge": (
        lambda: RidgeClassifier().fit(*clients(with_nan=False)),
        "its RidgeClassifier has no predict_proba",
    ),
    "three classes": (of_three_classes, "its LogisticRegression has 3 classes, not two"),
    "own objective": (
        lambda: LGBMClassifier(objective=own_objective, n_estimators=2, verbose=-1).fit(
            *clients(with_nan=False)
        ),
        "was trained by LightGBM with an objective of its own, so its predict_proba gives no"
        " probabilities",
    ),
    "booster of a regression": (
        lambda: booster_of("poisson"),
        "is a LightGBM booster that predicts no probability of two classes (objective=poisson)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_model_without_two_probabilities_is_refused(name: str):
    make, problem = REFUSALS[name]
    with pytest.raises(BadFile) as refusal:
        choose_classifier(make())
    assert str(refusal.value) == f"{MODEL_FILE}: {problem}"


def test_an_xgboost_booster_of_a_regression_is_refused():
    xgboost = pytest.importorskip("xgboost")
    rows, classes = clients(with_nan=False)
    booster = xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(rows, classes), 2)
    with pytest.raises(BadFile) as refusal:
        choose_classifier(booster)
    assert str(refusal.value) == (
        f"{MODEL_FILE}: is an XGBoost booster with the objective reg:squarederror, which predicts"
        " no probability of two classes"
    )


def test_lightgbm_needs_no_other_library(tmp_path):
    (tmp_path / "model").write_bytes(fitted("lightgbm"))
    code = (
        "import pickle, sys; from credit_scoring.model.classifiers.choice import choose_classifier;"
        f"choose_classifier(pickle.load(open({str(tmp_path / 'model')!r}, 'rb')));"
        "print(sorted({'xgboost', 'catboost', 'shap', 'numba', 'optbinning'} & set(sys.modules)))"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, cwd=ROOT, capture_output=True, text=True).stdout == "[]\n"
