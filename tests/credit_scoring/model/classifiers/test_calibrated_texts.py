"""Calibrated and searched tree ensembles that take texts, explained below their calibration."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV

from credit_scoring.explain.tree_kernel.acceleration import accelerate
from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.classifiers.fitted_categories import fitted_categories
from tests.credit_scoring.model.classifiers.test_trees_of_texts import (
    CATBOOST,
    LEVELS,
    MORE_JOBS,
    TEXTS,
    XGBOOST,
    TextCase,
    as_levels,
    clients,
    text_case,
)

CATBOOST_20 = {**CATBOOST, "iterations": 20, "cat_features": None}


def lightgbm(**options: Any) -> LGBMClassifier:
    return LGBMClassifier(n_estimators=20, n_jobs=1, verbose=-1, **options)


def histogram_boosting() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(max_iter=20, categorical_features="from_dtype")


def xgboost(**options: Any) -> Any:
    return pytest.importorskip("xgboost").XGBClassifier(**XGBOOST, **options)


def catboost(**options: Any) -> Any:
    return pytest.importorskip("catboost").CatBoostClassifier(**CATBOOST_20, **options)


MODELS: dict[str, Callable[[], Any]] = {
    "lightgbm": lightgbm,
    "lightgbm one-hot": lambda: lightgbm(max_cat_to_onehot=20),
    "xgboost": xgboost,
    "xgboost, 0 is missing": lambda: xgboost(missing=0.0),
    "histogram boosting": histogram_boosting,
    "catboost": lambda: catboost(one_hot_max_size=1),
    "catboost depthwise": lambda: catboost(grow_policy="Depthwise"),
}


def case_of(name: str, fit: Callable[[Any, pd.DataFrame, np.ndarray, dict], Any]) -> TextCase:
    """A case of a container that a function fits with a model, a table, classes and options."""
    table, classes = clients(900, 0)
    raw, _ = clients(200, 1, MORE_JOBS)
    if name.startswith("catboost"):
        model = fit(MODELS[name](), table, classes, {"cat_features": TEXTS})
        return text_case(model, raw, raw, {})
    model = fit(MODELS[name](), as_levels(table), classes, {})
    return text_case(model, raw, as_levels(raw), LEVELS)


def check(case: TextCase, column: int) -> Any:
    """The classifier, whose probabilities are the model's and whose contributions add up."""
    classifier = choose_classifier(case.wrapped, column)
    expected = case.model.predict_proba(case.table)[:, column]
    np.testing.assert_array_equal(classifier.probabilities(case.rows), expected)
    assert classifier.explained_by == "treeshap"
    values, base = classifier.contributions(case.rows)
    raw = classifier.raw_outputs(case.rows)
    assert np.abs(base + values.sum(axis=1) - raw).max() <= 1e-12
    assert (values.std(axis=0)[[0, 1, 3, 4]] > 0.01).all()
    accelerate(classifier, case.rows[:8])
    assert classifier.is_quick
    assert np.abs(classifier.contributions(case.rows)[0] - values).max() <= 1e-12
    return classifier


@pytest.mark.parametrize("column", [1, 0])
@pytest.mark.parametrize("name", MODELS)
def test_a_margin_is_the_mean_of_the_folds(name: str, column: int):
    def fit(model: Any, table: pd.DataFrame, classes: np.ndarray, options: dict) -> Any:
        calibrated = CalibratedClassifierCV(model, method="isotonic", cv=3)
        return calibrated.fit(table, classes, **options)

    case = case_of(name, fit)
    classifier = check(case, column)
    assert classifier.raw_output == "margin"
    folds = [one.estimator for one in case.model.calibrated_classifiers_]
    of_1 = np.array([fold.predict_proba(case.table)[:, 1] for fold in folds], np.float64)
    margin = np.log(of_1 / (1 - of_1)).mean(axis=0) * (1 if column == 1 else -1)
    # XGBoost rounds to single precision: to 6e-8 of a probability near 1.
    accuracy = 1e-9 if "xgboost" not in name else 1e-4
    assert np.abs(classifier.raw_outputs(case.rows) - margin).max() <= accuracy
    if name == "lightgbm":
        own = [fold.predict_proba(case.table, pred_contrib=True) for fold in folds]
        found, sign = classifier.contributions(case.rows)[0], 1 if column == 1 else -1
        assert np.abs(found - sign * np.mean(own, axis=0)[:, :-1]).max() <= 1e-10


@pytest.mark.parametrize("column", [1, 0])
@pytest.mark.parametrize("name", ["lightgbm", "histogram boosting"])
def test_one_sigmoid_of_log_odds_is_explained_in_log_odds(name: str, column: int):
    """The sigmoid's slope times the library's own contributions."""

    def fit(model: Any, table: pd.DataFrame, classes: np.ndarray, _: dict) -> Any:
        frozen = FrozenEstimator(model.fit(table, classes))
        return CalibratedClassifierCV(frozen, method="sigmoid").fit(table, classes)

    case = case_of(name, fit)
    classifier = check(case, column)
    assert classifier.raw_output == "log-odds"
    expected = case.model.predict_proba(case.table)[:, column]
    assert np.abs(expit(classifier.raw_outputs(case.rows)) - expected).max() <= 1e-12
    if name == "lightgbm":
        (one,) = case.model.calibrated_classifiers_
        own = one.estimator.estimator.predict_proba(case.table, pred_contrib=True)
        slope = -one.calibrators[0].a_ * (1 if column == 1 else -1)
        found = classifier.contributions(case.rows)[0]
        assert np.abs(found - slope * own[:, :-1]).max() <= 1e-10


def test_searches_and_thresholds_below_a_calibration_are_opened():
    def fit(model: Any, table: pd.DataFrame, classes: np.ndarray, _: dict) -> Any:
        search = GridSearchCV(model, {"min_child_samples": [5]}, cv=2)
        inner = FixedThresholdClassifier(search, threshold=0.3)
        return CalibratedClassifierCV(inner, method="sigmoid", cv=2).fit(table, classes)

    case = case_of("lightgbm", fit)
    assert check(case, 1).raw_output == "margin"


@pytest.mark.parametrize("name", ["lightgbm", "xgboost, 0 is missing", "catboost depthwise"])
def test_scores_change_at_split_points_of_all_folds_only(name: str):
    def fit(model: Any, table: pd.DataFrame, classes: np.ndarray, options: dict) -> Any:
        return CalibratedClassifierCV(model, method="sigmoid", cv=2).fit(table, classes, **options)

    case = case_of(name, fit)
    classifier = choose_classifier(case.wrapped)
    changes = 0
    for feature in range(3):
        points = classifier.split_points[feature]
        values = np.linspace(-4, 4, 401)
        for row in case.rows[:4]:
            moved = np.tile(row, (len(values), 1))
            moved[:, feature] = values
            changed = np.diff(classifier.probabilities(moved)) != 0
            assert (np.diff(np.searchsorted(points, values)) > 0)[changed].all()
            changes += changed.sum()
    assert changes > 20


def test_levels_of_classifiers_in_a_vote_are_found_if_they_are_the_same():
    table, classes = clients(300, 0)
    frame = as_levels(table)
    members = [("one", lightgbm()), ("other", histogram_boosting())]
    vote = VotingClassifier(members, voting="soft").fit(frame, classes)
    found = fitted_categories(vote)
    assert list(found.columns) == [3, 4, 5]
    assert list(found.known[4]) == list(LEVELS["job"].categories)
    assert found.takes_levels
    other = frame.assign(job=frame["job"].cat.reorder_categories(sorted(LEVELS["job"].categories)))
    vote.estimators_[1] = lightgbm().fit(other, classes)
    assert fitted_categories(vote) is None
