"""SHAP values by `treeshap`, against their definition, the plain way and LightGBM's own values."""

import math
import sys
from itertools import combinations

import lightgbm
import numpy as np
import pytest
from lightgbm import Booster, LGBMClassifier, early_stopping
from sklearn.ensemble import ExtraTreesClassifier

from credit_scoring.explain.tree_kernel import treeshap_numba
from credit_scoring.explain.tree_kernel.treeshap import LANES, Trees, read_trees
from credit_scoring.explain.tree_kernel.treeshap_numba import ROWS, SMALL, contributions, with_gains
from credit_scoring.float_search import LARGEST_DOUBLE
from credit_scoring.model.trees import contributions as plain
from credit_scoring.model.trees.libraries.lightgbm_text import read_lightgbm
from credit_scoring.model.trees.libraries.tree_nodes import joined
from credit_scoring.model.trees.readers import read_ensemble
from tests.credit_scoring import shapley, tree_models
from tests.credit_scoring.shapley import by_definition, of_chain, unfed
from tests.support.commands import run
from tests.support.servers.server import ROOT

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


def trees_of(booster: Booster) -> Trees:
    return read_trees(read_lightgbm(booster))


def own(booster: Booster, rows: np.ndarray) -> np.ndarray:
    return np.asarray(booster.predict(rows, pred_contrib=True, num_threads=1))


@pytest.mark.parametrize("name", MODELS)
def test_values_are_those_of_lightgbm(name: str):
    booster = MODELS[name]().booster_
    rows = clients()[0]
    found = contributions(trees_of(booster), rows)
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
    found = contributions(trees_of(booster), rows)
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
    trees, rows = trees_of(fitted().booster_), clients()[0]
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


@pytest.mark.parametrize(("features", "sets"), [(16, 1), (17, 2), (32, 2), (33, 3)])
def test_a_path_of_more_features_gets_more_points(features: int, sets: int):
    """Gauss and Legendre's n points are exact up to degree 2n - 1."""
    booster = chain(features)
    trees = trees_of(booster)
    assert trees.end_point - trees.first_point == sets == -(-features // (2 * LANES))
    rows = np.random.default_rng(2).choice([0.0, 1.0], (60, features))
    expected = own(booster, rows)[:, :-1]
    found = contributions(trees, rows)
    assert np.abs(found - expected).max() <= 1e-13 * np.abs(expected).max()
    assert len(trees.point) == sets


@pytest.mark.parametrize("features", [1, 33, 64, 90])
def test_a_long_path_is_explained_exactly(features: int):
    tree = shapley.chain(features, seed=features)
    ensemble = joined([tree], 0.0, "log-odds")
    row = np.random.default_rng(features).random(features) ** 0.2  # most pass most tests
    expected = of_chain(tree, row)
    assert np.abs(contributions(read_trees(ensemble), row[np.newaxis])[0] - expected).max() <= 1e-13
    assert np.abs(plain.contributions(ensemble, row[np.newaxis])[0][0] - expected).max() <= 1e-13
    assert np.abs(expected).max() > 1e-3


def test_trees_of_several_depths_have_points_of_their_own():
    lengths = [40, 5, 20, 1, 33]
    ensemble = joined([shapley.chain(length, length) for length in lengths], 0.5, "log-odds")
    trees = read_trees(ensemble)
    assert (trees.end_point - trees.first_point).tolist() == [3, 1, 2, 1, 3]
    assert trees.first_point.tolist() == [3, 0, 1, 0, 3]
    assert trees.point.shape == trees.weight.shape == (6, LANES)
    assert trees.weight[:1].sum() == pytest.approx(1)
    assert trees.weight[1:3].sum() == pytest.approx(1)
    assert trees.weight[3:].sum() == pytest.approx(1)
    rows = np.random.default_rng(1).random((5, 40))
    expected = plain.contributions(ensemble, rows)[0]
    assert np.abs(contributions(trees, rows) - expected).max() <= 1e-13


@pytest.mark.parametrize("most", [4_000_000, 500])
@pytest.mark.parametrize("name", [
    "adaboost", "gradient boosting", "gradient boosting exponential", "small lightgbm",
])  # fmt: skip
def test_gains_of_small_trees_change_no_value(name: str, most: int, monkeypatch):
    """A tree of up to 7 nodes adds gains that were computed before; LightGBM's bits stay."""
    if name.startswith("small"):
        rows, _ = clients()
        ensemble = read_lightgbm(fitted(num_leaves=8, zero_as_missing=True).booster_)
    else:
        case = tree_models.fitted(name)
        ensemble, rows = case.ensemble, case.rows
    monkeypatch.setattr(treeshap_numba, "MOST_GAINS", most)
    trees = read_trees(ensemble)
    quick = with_gains(trees)
    small = np.diff(trees.first_node) <= SMALL
    assert small.any()
    assert not (quick.first_gain[~small] >= 0).any()
    assert (quick.first_gain[small] >= 0).all() == (most > 500)
    assert len(quick.gain) <= most
    expected = contributions(trees, rows)
    assert np.abs(contributions(quick, rows) - expected).max() <= 1e-15
    alone = contributions(quick, rows[3:4])
    assert alone.tobytes() == contributions(quick, rows)[3:4].tobytes()


@pytest.mark.parametrize("first", [0.5, 1.0, 1.5, 2.2, 2.7, 3.0, 3.5, np.nan])
def test_gains_of_sides_that_no_row_of_training_took(first: float):
    trees, row = read_trees(unfed()), np.array([[first, -1.0]])
    quick = with_gains(trees)
    assert quick.first_gain.tolist() == [0, 24, -1]
    assert np.abs(contributions(quick, row) - contributions(trees, row)).max() <= 1e-15


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", tree_models.MODELS)
def test_values_of_every_kind_are_those_of_the_plain_way(name: str, seed: int):
    case = tree_models.fitted(name, seed)
    found = contributions(read_trees(case.ensemble), case.rows)
    expected, base = plain.contributions(case.ensemble, case.rows)
    assert np.abs(found - expected).max() <= 1e-12
    margins = plain.raw_outputs(case.ensemble, case.rows)
    assert np.abs(base + found.sum(axis=1) - margins).max() <= 1e-12


def test_a_forest_of_long_paths_is_explained():
    """Default forests on many features: paths of more than 32 of them."""
    random = np.random.default_rng(4)
    rows = random.normal(size=(3000, 200)).astype(np.float32).astype(np.float64)
    classes = (rows[:, :20].sum(axis=1) + 3 * random.normal(size=3000) > 0).astype(int)
    forest = ExtraTreesClassifier(4, max_features=1, random_state=0).fit(rows, classes)
    ensemble = read_ensemble(forest)
    trees = read_trees(ensemble)
    assert (trees.end_point - trees.first_point).max() > 2
    found = contributions(trees, rows[:4])
    expected, base = plain.contributions(ensemble, rows[:4])
    assert np.abs(found - expected).max() <= 1e-14
    assert np.abs(base + found.sum(axis=1) - forest.predict_proba(rows[:4])[:, 1]).max() <= 1e-13


@pytest.mark.parametrize("first", [0.5, 1.0, 1.5, 2.2, 2.7, 3.0, 3.5, np.nan])
def test_sides_that_no_row_of_training_took_are_explained(first: float):
    ensemble, row = unfed(), np.array([first, -1.0])
    expected, _ = by_definition(ensemble, row)
    found = contributions(read_trees(ensemble), row[np.newaxis])[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)


def test_a_new_process_finds_the_compiled_code_on_the_disk():
    contributions(trees_of(fitted().booster_), clients()[0][:1])  # compiles it
    module = "credit_scoring.explain.tree_kernel.treeshap_numba"
    question = f"from {module} import is_at_hand; print(is_at_hand())"
    done = run(sys.executable, "-c", question, cwd=ROOT)
    is_kept = treeshap_numba.cache_folder() is not None
    assert (done.stdout, done.stderr) == (f"{is_kept}\n", "")
