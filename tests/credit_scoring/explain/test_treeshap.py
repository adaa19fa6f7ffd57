"""SHAP values of LightGBM's trees, against their definition and LightGBM's own values."""

import logging
import math
import sys
from itertools import combinations

import lightgbm
import numpy as np
import pytest
from lightgbm import Booster, LGBMClassifier, early_stopping

from credit_scoring.explain import treeshap_numba
from credit_scoring.explain.acceleration import accelerate
from credit_scoring.explain.treeshap import MOST_FEATURES, NotCovered, read_trees
from credit_scoring.explain.treeshap_numba import ROWS, contributions
from credit_scoring.float_search import LARGEST_DOUBLE
from credit_scoring.model.classifiers.lightgbm import LightGBMClassifier
from credit_scoring.model.classifiers.lightgbm_text import tree_fields
from tests.support.commands import run
from tests.support.server import ROOT

FEATURES = 12
CLIENTS = 700
AWKWARD = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-35, 2e-35, LARGEST_DOUBLE, -LARGEST_DOUBLE, 1.0]
USUAL = {"n_estimators": 12, "min_child_samples": 3, "verbose": -1, "n_jobs": 1, "random_state": 0}


def clients(features: int = FEATURES) -> tuple[np.ndarray, np.ndarray]:
    """Values, many of them awkward, and classes that depend on several features together."""
    random = np.random.default_rng(5)
    rows = random.normal(size=(CLIENTS, features))
    classes = (rows[:, 0] * rows[:, 1] + rows[:, 2] + random.normal(size=CLIENTS) > 0).astype(int)
    awkward = random.random(rows.shape) < 0.15
    rows[awkward] = random.choice(AWKWARD, awkward.sum())
    return rows, classes


def stopped_early() -> LGBMClassifier:
    rows, classes = clients()
    model = LGBMClassifier(**USUAL | {"n_estimators": 60, "learning_rate": 0.5})
    model.fit(
        rows[:500],
        classes[:500],
        eval_X=rows[500:],
        eval_y=classes[500:],
        callbacks=[early_stopping(3, verbose=False)],
    )
    assert 0 < model.best_iteration_ < 50
    return model


def fitted(**parameters: object) -> LGBMClassifier:
    return LGBMClassifier(**USUAL | parameters).fit(*clients())


MODELS = {
    "usual": fitted,
    "zero as missing": lambda: fitted(zero_as_missing=True),
    "nothing missing": lambda: fitted(use_missing=False),
    "200 leaves": lambda: fitted(num_leaves=200, min_child_samples=1, n_estimators=6),
    "stumps": lambda: fitted(num_leaves=2),
    "stopped early": stopped_early,
    "dart": lambda: fitted(boosting_type="dart", drop_rate=0.5, max_drop=5),
    "no split": lambda: fitted(min_child_samples=CLIENTS),
    "weighted": lambda: fitted(is_unbalance=True, bagging_fraction=0.6, bagging_freq=1),
}


def own(booster: Booster, rows: np.ndarray) -> np.ndarray:
    return np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1))


@pytest.mark.parametrize("name", MODELS)
def test_values_are_those_of_lightgbm(name: str):
    booster = MODELS[name]().booster_
    rows = clients()[0]
    found = contributions(read_trees(tree_fields(booster)), rows)
    expected = own(booster, rows)
    assert np.abs(found - expected[:, :-1]).max() <= 1e-11
    margins = booster.predict(rows, raw_score=True)
    assert np.abs(found.sum(axis=1) + expected[:, -1] - margins).max() <= 1e-9
    assert len(np.unique(found)) > 5 or name == "no split"


def test_values_are_those_of_their_definition():
    """For one tree: the mean gain of each feature over all orders of the features."""
    booster = fitted(n_estimators=1, num_leaves=14).booster_
    rows = clients()[0][:2]
    tree = booster.dump_model()["tree_info"][0]["tree_structure"]
    used = set(booster.trees_to_dataframe()["split_feature"].dropna())
    features = [booster.feature_name().index(name) for name in used]
    assert len(features) >= 5
    found = contributions(read_trees(tree_fields(booster)), rows)
    for row, values in zip(rows, found, strict=True):
        leaves = booster.predict(row[np.newaxis], pred_leaf=True)
        reached = path_to(tree, int(leaves[0, 0]))
        for feature in features:
            others = [other for other in features if other != feature]
            value = 0.0
            for size in range(len(features)):
                for some in combinations(others, size):
                    weight = 1 / len(features) / math.comb(len(others), size)
                    gained = [
                        worth(tree, reached, row, booster, {*some, *more})
                        for more in ((feature,), ())
                    ]
                    value += weight * (gained[0] - gained[1])
            assert values[feature] == pytest.approx(value, abs=1e-12)


def path_to(node: dict, leaf: int) -> list[int] | None:
    """The inner nodes above a leaf."""
    if "leaf_index" in node or "split_index" not in node:
        return [] if node.get("leaf_index") == leaf else None
    for side in ("left_child", "right_child"):
        if (below := path_to(node[side], leaf)) is not None:
            return [node["split_index"], *below]
    return None


def worth(node: dict, reached: list[int], row: np.ndarray, booster: Booster, known: set) -> float:
    """The output of a tree if some features are known: the mean of both ways for others."""
    if "split_index" not in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        goes = left if sent_left(node, row[node["split_feature"]]) else right
        return worth(goes, reached, row, booster, known)
    counts = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    values = [worth(child, reached, row, booster, known) for child in (left, right)]
    return float(np.average(values, weights=counts))


def sent_left(node: dict, value: float) -> bool:
    """LightGBM's rule for numbers where missing values are NaN."""
    if np.isnan(value) and node["missing_type"] == "NaN":
        return node["default_left"]
    value = 0.0 if np.isnan(value) or abs(value) <= 1e-35 else value
    return value <= node["threshold"]


def test_a_row_among_others_gets_what_it_gets_alone():
    trees, rows = read_trees(tree_fields(fitted().booster_)), clients()[0]
    together = contributions(trees, rows)
    assert len(rows) > 2 * ROWS
    for at in (0, 1, ROWS - 1, ROWS, CLIENTS - 1):
        assert contributions(trees, rows[at : at + 1]).tobytes() == together[at].tobytes()
    assert contributions(trees, rows[::-1].copy()).tobytes() == together[::-1].copy().tobytes()


def chain(features: int) -> Booster:
    """A tree of one path, each node of which splits off the largest remaining value."""
    rows = np.tril(np.ones((features + 1, features)), -1).repeat(5, axis=0)
    values = 2.6 ** np.arange(features + 1).repeat(5)
    options = {"num_leaves": features + 1, "min_data_in_leaf": 1, "verbose": -1,
               "boost_from_average": False, "num_threads": 1}  # fmt: skip
    booster = lightgbm.train(options, lightgbm.Dataset(rows, values), num_boost_round=1)
    assert booster.trees_to_dataframe()["node_depth"].max() == features + 1
    return booster


@pytest.mark.parametrize(("features", "sets"), [(16, 1), (17, 2), (MOST_FEATURES, 2)])
def test_a_path_of_more_features_gets_more_points(features: int, sets: int):
    """Gauss and Legendre's n points are exact up to degree 2n - 1."""
    booster = chain(features)
    trees = read_trees(tree_fields(booster))
    assert trees.end_point - trees.first_point == sets
    rows = np.random.default_rng(2).choice([0.0, 1.0], (60, features))
    expected = own(booster, rows)[:, :-1]
    found = contributions(trees, rows)
    assert np.abs(found - expected).max() <= 1e-13 * np.abs(expected).max()


def categories() -> Booster:
    rows, classes = clients()
    rows[:, 3] = np.arange(CLIENTS) % 9
    classes = (rows[:, 3] % 2 == 0).astype(int)
    return LGBMClassifier(**USUAL).fit(rows, classes, categorical_feature=[3]).booster_


@pytest.mark.parametrize(
    ("booster", "reason"),
    [
        (categories, "a split is by categories"),
        (lambda: chain(MOST_FEATURES + 1), f"a path tests {MOST_FEATURES + 1} features"),
    ],
    ids=["categories", "deep"],
)
def test_a_model_that_is_not_covered_is_explained_by_lightgbm(booster, reason: str, caplog):
    made = booster()
    with pytest.raises(NotCovered, match=f"^{reason}$"):
        read_trees(tree_fields(made))
    classifier, rows = LightGBMClassifier(made), np.zeros((3, made.num_feature()))
    with caplog.at_level(logging.INFO):
        accelerate(classifier, rows)
    assert caplog.messages == [f"explained by LightGBM itself: {reason}"]
    assert not classifier.is_quick
    assert (classifier.contributions(rows)[0] == own(made, rows)[:, :-1]).all()


def test_a_classifier_is_quick_once_both_ways_agree():
    booster, rows = fitted().booster_, clients()[0]
    classifier = LightGBMClassifier(booster)
    slowly, base = classifier.contributions(rows)
    accelerate(classifier, rows[:20])
    assert classifier.is_quick
    quickly, same = classifier.contributions(rows)
    assert same == base
    assert (quickly == contributions(read_trees(tree_fields(booster)), rows)).all()
    assert 0 < np.abs(quickly - slowly).max() <= 1e-11


def test_a_classifier_stays_as_it_is_where_they_do_not(monkeypatch, caplog):
    monkeypatch.setattr(
        treeshap_numba, "contributions", lambda trees, rows: contributions(trees, rows) + 1e-9
    )
    classifier = LightGBMClassifier(fitted().booster_)
    accelerate(classifier, clients()[0][:20])
    assert not classifier.is_quick
    assert caplog.messages == ["explained by LightGBM itself: treeshap gives other values"]


def test_a_new_process_finds_the_compiled_code_on_the_disk():
    contributions(read_trees(tree_fields(fitted().booster_)), clients()[0][:1])  # compiles it
    question = "from credit_scoring.explain.treeshap_numba import is_at_hand; print(is_at_hand())"
    done = run(sys.executable, "-c", question, cwd=ROOT)
    is_kept = contributions.stats.cache_path is not None  # there is a folder that can be written
    assert (done.stdout, done.stderr) == (f"{is_kept}\n", "")
