"""Split points of trees: between two of them no score of the classifier changes."""

import re

import numpy as np
import pytest
from lightgbm import Booster, LGBMClassifier
from scipy.special import expit
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier

from credit_scoring.float_search import LARGEST_DOUBLE, above, below
from credit_scoring.model.trees.contributions import raw_outputs
from credit_scoring.model.trees.ensemble import LIGHTGBM_ZERO, split_points
from credit_scoring.model.trees.libraries.lightgbm_text import read_lightgbm
from credit_scoring.model.trees.readers import read_ensemble
from credit_scoring.model.trees.single_precision import around_single, largest_doubles
from tests.credit_scoring.tree_models import FEATURES, MODELS, fitted
from tests.support.bundles.recipes import forest

LARGEST_FLOAT = float(np.finfo(np.float32).max)
TINY = 1.2 * LIGHTGBM_ZERO
LIGHTGBM = {"n_estimators": 8, "min_child_samples": 1, "verbose": -1, "n_jobs": 1}


def limits_of(model):
    return split_points(read_ensemble(model), 3)


def clients(zeros: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Values of three features, some of the second next to zero, and classes that follow them."""
    random = np.random.default_rng(3)
    rows = random.normal(size=(300, 3))
    rows[:, 1] = random.choice([-1, -TINY, -1e-36, 0, 1e-36, TINY, 1], 300)
    rows[random.random((300, 3)) < zeros] = 0
    classes = (rows[:, 0] + (rows[:, 1] > 0) + (rows[:, 1] < -0.5) > 0.5).astype(int)
    return rows, classes


def assert_steps(classifier, thresholds, rows: np.ndarray, largest: float) -> None:
    """Each score changes only behind a split point, and some do."""
    changes = 0
    edges = np.array([-LIGHTGBM_ZERO, -1e-36, 0, 1e-36, LIGHTGBM_ZERO])
    for feature, limits in enumerate(thresholds):
        inside = limits[np.abs(limits) < largest]
        near = [np.nextafter(edges, -1), edges, above(edges), inside, above(inside)]
        values = np.unique(np.concatenate([*near, np.linspace(-4, 8, 97)]))
        for row in rows[:3]:
            rows_of_values = np.tile(row, (len(values), 1))
            rows_of_values[:, feature] = values
            scores = classifier.predict_proba(rows_of_values)[:, 1]
            between = np.searchsorted(limits, values)
            changed = scores[1:] != scores[:-1]
            assert (between[1:] != between[:-1])[changed].all()
            changes += changed.sum()
    assert changes > 5


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", [name for name in MODELS if "no split" not in name])
def test_scores_of_every_kind_change_at_split_points_only(name: str, seed: int):
    """At least one of them is the last value before a change, for each kind."""
    case = fitted(name, seed)
    largest = LARGEST_DOUBLE if name.startswith(("lightgbm", "histogram")) else LARGEST_FLOAT
    limits = split_points(case.ensemble, FEATURES)
    assert len(limits) == FEATURES
    assert all((np.diff(points) > 0).all() for points in limits)
    assert_steps(case.model, limits, case.rows, largest)


@pytest.mark.parametrize("options", [
    {}, {"zero_as_missing": True}, {"use_missing": False}, {"min_data_in_bin": 1},
])  # fmt: skip
def test_scores_of_lightgbm_change_at_split_points_only(options: dict):
    rows, classes = clients(zeros=0.2)
    rows[::9, 2] = np.nan
    model = LGBMClassifier(**LIGHTGBM, **options).fit(rows, classes)
    assert_steps(model, limits_of(model), rows, np.inf)


@pytest.mark.parametrize("at", ["0", "1e-36", "-1e-36", "-1.0000000180025095e-35"])
def test_scores_of_lightgbm_next_to_zero_change_at_split_points_only(at: str):
    """Other trainers write such split points: LightGBM takes values next to zero as zero."""
    rows, classes = clients(zeros=0.2)
    text = LGBMClassifier(**LIGHTGBM).fit(rows, classes).booster_.model_to_string()
    assert "1.0000000180025095e-35" in text
    text = re.sub("tree_sizes=.*\n", "", text)  # the text of each would have to be as long
    booster = Booster(model_str=re.sub(r"(?<=[ =])1\.0000000180025095e-35", at, text))
    ensemble = read_lightgbm(booster)
    values = np.array([-TINY, -LIGHTGBM_ZERO, -1e-36, 0, 1e-36, LIGHTGBM_ZERO, TINY])
    scores = []
    for row in rows[:40]:
        rows_of_values = np.tile(row, (len(values), 1))
        rows_of_values[:, 1] = values
        scores.append(booster.predict(rows_of_values))
        margins = booster.predict(rows_of_values, raw_score=True)
        assert np.abs(raw_outputs(ensemble, rows_of_values) - margins).max() <= 1e-12
    changed = (np.diff(scores) != 0).any(axis=0)
    between = np.searchsorted(split_points(ensemble, 3)[1], values)
    np.testing.assert_array_equal(changed, between[1:] != between[:-1])
    assert changed.any()


def test_a_tree_without_a_split_has_no_split_point():
    rows, classes = clients()
    model = LGBMClassifier(**LIGHTGBM | {"min_child_samples": 300}).fit(rows, classes)
    assert [len(limits) for limits in limits_of(model)] == [0, 0, 0]


@pytest.mark.parametrize("name", [
    "lightgbm categories", "xgboost categories", "histogram boosting categories",
])  # fmt: skip
def test_categories_are_split_on_both_sides(name: str):
    """A category's split points are the last value before it and the last one that is in it."""
    case = fitted(name)
    points = split_points(case.ensemble, FEATURES)[1]
    assert len(points) > 4
    if name.startswith("histogram"):  # 2.5 is an unknown category
        assert set(points) <= {*range(7), *below(np.arange(7.0))}
    elif name.startswith("lightgbm"):  # 2.5 is 2, -0.5 is 0
        assert set(points) <= {-1.0, *below(np.arange(1, 8.0))}
    else:
        assert set(points) <= {around_single(value)[0] for value in range(8)}


def test_a_value_that_stands_for_missing_is_split_on_both_sides():
    """Here XGBoost's 3, as any double that rounds to it in single precision."""
    case = fitted("xgboost missing 3")
    limits = split_points(case.ensemble, FEATURES)
    before, last = around_single(3.0)
    assert before < 3 < last
    assert {before, last} <= set(limits[0])
    rows = np.tile(case.rows[:1], (4, 1))
    rows[:, 0] = before, above(before), last, np.nan
    scores = case.model.predict_proba(rows)[:, 1]
    assert scores[1] == scores[2] == scores[3]
    found = expit(raw_outputs(case.ensemble, rows))
    assert np.abs(found - scores).max() <= case.accuracy
    assert found[0] != found[1] == found[2] == found[3]


@pytest.mark.parametrize("classifier", [
    forest(), ExtraTreesClassifier(5, random_state=0), DecisionTreeClassifier(random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
])  # fmt: skip
def test_scores_of_float32_trees_change_at_split_points_only(classifier):
    rows, classes = clients()
    classifier.fit(rows, classes)
    assert_steps(classifier, limits_of(classifier), rows, LARGEST_FLOAT)


def test_scores_of_trees_with_missing_values_change_at_split_points_only():
    rows, classes = clients()
    rows[::3, 0] = np.nan
    model = RandomForestClassifier(5, random_state=0).fit(rows, classes)
    assert_steps(model, limits_of(model), np.nan_to_num(rows), LARGEST_FLOAT)


def test_missing_against_all_numbers_is_a_split_at_infinity():
    rows, classes = np.zeros((300, 3)), np.arange(300) % 2
    rows[classes == 1, 2] = np.nan
    model = HistGradientBoostingClassifier(max_iter=2).fit(rows, classes)
    assert limits_of(model)[2].tolist() == [np.inf]
    scores = model.predict_proba(np.array([[0, 0, LARGEST_DOUBLE], [0, 0, np.nan]]))[:, 1]
    found = raw_outputs(read_ensemble(model), np.array([[0, 0, LARGEST_DOUBLE], [0, 0, np.nan]]))
    assert (found > 0).tolist() == (scores > 0.5).tolist() == [False, True]


def test_the_largest_double_that_rounds_to_a_float32():
    random = np.random.default_rng(0)
    thresholds = np.concatenate(
        [random.normal(size=500) * 10.0 ** random.integers(-40, 38, 500),
         np.array([0.0, -0.0, 1.0, 0.1, -LARGEST_FLOAT, 1e-45, -1e-45])]
    )  # fmt: skip
    found = largest_doubles(thresholds)
    assert (found.astype(np.float32) <= thresholds).all()
    assert (above(found).astype(np.float32) > thresholds).all()
