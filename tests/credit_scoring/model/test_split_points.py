"""Split points of trees: between two of them no score of the classifier changes."""

import re

import numpy as np
import pytest
from lightgbm import Booster, LGBMClassifier
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier

from credit_scoring.float_search import above
from credit_scoring.model.classifiers.lightgbm_text import LIGHTGBM_ZERO, tree_fields
from credit_scoring.model.classifiers.sklearn_trees import LARGEST_FLOAT
from credit_scoring.model.classifiers.split_points import of_lightgbm, of_trees
from tests.support.recipes import forest

TINY = 1.2 * LIGHTGBM_ZERO
LIGHTGBM = {"n_estimators": 8, "min_child_samples": 1, "verbose": -1, "n_jobs": 1}


def limits_of(booster: Booster):
    return of_lightgbm(tree_fields(booster), booster.num_feature())


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
        values = np.unique(np.concatenate([*near, np.linspace(-4, 4, 50)]))
        for row in rows[:3]:
            rows_of_values = np.tile(row, (len(values), 1))
            rows_of_values[:, feature] = values
            scores = classifier.predict_proba(rows_of_values)[:, 1]
            between = np.searchsorted(limits, values)
            changed = scores[1:] != scores[:-1]
            assert (between[1:] != between[:-1])[changed].all()
            changes += changed.sum()
    assert changes > 5


@pytest.mark.parametrize("options", [
    {}, {"zero_as_missing": True}, {"use_missing": False}, {"min_data_in_bin": 1},
])  # fmt: skip
def test_scores_of_lightgbm_change_at_split_points_only(options: dict):
    rows, classes = clients(zeros=0.2)
    rows[::9, 2] = np.nan
    fitted = LGBMClassifier(**LIGHTGBM, **options).fit(rows, classes)
    assert_steps(fitted, limits_of(fitted.booster_), rows, np.inf)


@pytest.mark.parametrize("at", ["0", "1e-36", "-1e-36", "-1.0000000180025095e-35"])
def test_scores_of_lightgbm_next_to_zero_change_at_split_points_only(at: str):
    """Other trainers write such split points: LightGBM takes values next to zero as zero."""
    rows, classes = clients(zeros=0.2)
    text = LGBMClassifier(**LIGHTGBM).fit(rows, classes).booster_.model_to_string()
    assert "1.0000000180025095e-35" in text
    text = re.sub("tree_sizes=.*\n", "", text)  # the text of each would have to be as long
    booster = Booster(model_str=re.sub(r"(?<=[ =])1\.0000000180025095e-35", at, text))
    values = np.array([-TINY, -LIGHTGBM_ZERO, -1e-36, 0, 1e-36, LIGHTGBM_ZERO, TINY])
    scores = []
    for row in rows[:40]:
        rows_of_values = np.tile(row, (len(values), 1))
        rows_of_values[:, 1] = values
        scores.append(booster.predict(rows_of_values))
    changed = (np.diff(scores) != 0).any(axis=0)
    between = np.searchsorted(limits_of(booster)[1], values)
    np.testing.assert_array_equal(changed, between[1:] != between[:-1])
    assert changed.any()


def test_a_tree_without_a_split_has_no_split_point():
    rows, classes = clients()
    fitted = LGBMClassifier(**LIGHTGBM | {"min_child_samples": 300}).fit(rows, classes)
    assert [len(limits) for limits in limits_of(fitted.booster_)] == [0, 0, 0]


def test_lightgbm_with_categories_or_linear_trees_has_no_split_points():
    rows, classes = clients()
    rows[:, 1] = np.arange(300) % 7
    classes = (rows[:, 1] % 3 == 1).astype(int)
    by_category = LGBMClassifier(**LIGHTGBM).fit(rows, classes, categorical_feature=[1])
    assert limits_of(by_category.booster_) is None
    linear = LGBMClassifier(**LIGHTGBM, linear_tree=True).fit(rows, classes)
    assert limits_of(linear.booster_) is None


@pytest.mark.parametrize("classifier", [
    forest(), ExtraTreesClassifier(5, random_state=0), DecisionTreeClassifier(random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
])  # fmt: skip
def test_scores_of_float32_trees_change_at_split_points_only(classifier):
    rows, classes = clients()
    classifier.fit(rows, classes)
    assert_steps(classifier, of_trees(classifier), rows, LARGEST_FLOAT)


def test_scores_of_trees_with_missing_values_change_at_split_points_only():
    rows, classes = clients()
    rows[::3, 0] = np.nan
    fitted = RandomForestClassifier(5, random_state=0).fit(rows, classes)
    assert_steps(fitted, of_trees(fitted), np.nan_to_num(rows), LARGEST_FLOAT)


def test_other_classifiers_have_no_known_split_points():
    rows, classes = clients()
    beginning = GradientBoostingClassifier(n_estimators=2, init=DummyClassifier())
    for classifier in (AdaBoostClassifier(n_estimators=2), beginning):
        assert of_trees(classifier.fit(rows, classes)) is None
