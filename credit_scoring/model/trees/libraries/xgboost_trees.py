"""XGBoost's trees, read from its JSON format."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.model.trees.ensemble import (
    CATEGORICAL,
    DEFAULT_LEFT,
    NAN_IS_MISSING,
    NO_LEVELS,
    Levels,
    NotCovered,
    TreeEnsemble,
)
from credit_scoring.model.trees.libraries.tree_nodes import Nodes, Tree, edges_of, in_order, joined
from credit_scoring.model.trees.single_precision import (
    around_single,
    largest_doubles,
    smaller_singles,
)

LOGISTIC = ("binary:logistic", "reg:logistic")


def read_xgboost(fitted: Any, levels: Levels = NO_LEVELS) -> TreeEnsemble:
    """The trees of an ``XGBClassifier`` up to its best iteration, in log-odds.

    The shares are by the sums of hessians, as in ``pred_contribs``.

    Args:
        fitted: the classifier.
        levels: see `Levels`; any value that is not among them is missing. NaN also stands for a
            category whose code counts as missing.

    Raises:
        NotCovered: it is linear, has more than two classes or another objective.
    """
    model = json.loads(bytes(fitted.get_booster().save_raw("json")))["learner"]
    objective, parameters = model["objective"]["name"], model["learner_model_param"]
    if objective not in LOGISTIC:
        raise NotCovered(f"its objective is {objective}")
    booster = model["gradient_booster"]
    if booster["name"] not in ("gbtree", "dart"):
        raise NotCovered(f"its booster is {booster['name']}")
    weights = booster.get("weight_drop")
    saved = booster.get("gbtree", booster)["model"]
    end = len(saved["trees"])
    best = getattr(fitted, "best_iteration", None)  # only after early stopping
    if best is not None:
        end = saved["iteration_indptr"][best + 1]
    missing = float("nan") if fitted.missing is None else float(fitted.missing)
    trees = [_tree(tree, levels) for tree in saved["trees"][:end]]
    if not np.isnan(missing):
        trees = [_with_missing(tree, missing, levels) for tree in trees]
    if weights is not None:
        trees = [
            tree._replace(leaf=tree.leaf * np.float32(weight))
            for tree, weight in zip(trees, weights, strict=False)
        ]
    probability = np.float64(np.float32(json.loads(parameters["base_score"].strip("[]"))))
    base = float(np.log(probability / (1 - probability)))
    return joined(trees, base, "log-odds")


def _tree(saved: Mapping[str, Any], levels: Levels) -> Tree:
    if int(saved["tree_param"]["size_leaf_vector"]) > 1:
        raise NotCovered("a leaf has several values")
    left = np.array(saved["left_children"], np.int64)
    right = np.array(saved["right_children"], np.int64)
    condition = np.array(saved["split_conditions"], np.float32)
    by_category = np.array(saved.get("split_type", np.zeros(len(left))), np.int64) == 1
    default_left = np.array(saved["default_left"], np.bool_)
    feature = np.array(saved["split_indices"], np.int64)
    # A value goes left if it is less than the condition, or not in the set of categories.
    at = largest_doubles(smaller_singles(condition))
    swapped, default_left = by_category.copy(), default_left ^ by_category
    edges = []
    for number, (node, first, size) in enumerate(
        zip(
            saved["categories_nodes"],
            saved["categories_segments"],
            saved["categories_sizes"],
            strict=True,
        )
    ):
        at[node] = number
        codes = np.array(saved["categories"][first : first + size], np.int64)
        known = levels.get(int(feature[node]))
        if known is None:
            edges.append(_edges(codes.astype(np.float32)))
            continue
        # Unknown values go with NaN: the set is of the known categories on the other side.
        chosen = np.isin(np.arange(len(known)), codes)
        if default_left[node]:
            chosen, swapped[node], default_left[node] = ~chosen, False, False
        values = known[chosen & ~np.isnan(known)]
        edges.append(edges_of(np.stack([below(values), values], axis=1)))
    return in_order(
        Nodes(
            left=np.where(swapped, right, left),
            right=np.where(swapped, left, right),
            is_leaf=left < 0,
            feature=feature,
            threshold=at,
            decision=NAN_IS_MISSING | default_left * DEFAULT_LEFT | by_category * CATEGORICAL,
            cover=np.array(saved["sum_hessian"], np.float64),
            value=condition.astype(np.float64),
        ),
        edges,
    )


def _with_missing(tree: Tree, missing: float, levels: Levels) -> Tree:
    """A tree whose nodes send a value where NaN goes.

    A node that would send it elsewhere tests a set of intervals with or without that value, except
    in columns with levels, which never have it.
    """
    by_category = tree.decision & CATEGORICAL != 0
    default_left = tree.decision & DEFAULT_LEFT != 0
    left = missing <= tree.threshold
    for node in np.flatnonzero(by_category):
        left[node] = np.searchsorted(tree.edges[int(tree.threshold[node])], missing) % 2 == 1
    is_other = (left != default_left) & ~np.isin(tree.feature, list(levels))
    around, edges = around_single(missing), list(tree.edges)
    threshold, decision, child = tree.threshold.copy(), tree.decision.copy(), tree.child.copy()
    share = tree.share.copy()
    for node in np.flatnonzero(is_other):
        if by_category[node]:
            at = int(threshold[node])
            edges[at] = np.setxor1d(edges[at], around)
            continue
        # The set is of the values above the threshold, which go left then.
        edges.append(np.setxor1d(threshold[node], around))
        threshold[node], child[node] = len(edges) - 1, child[node, ::-1].copy()
        decision[node] ^= CATEGORICAL | DEFAULT_LEFT
        share[node] = 1 - share[node]
    return tree._replace(
        threshold=threshold, decision=decision, child=child, share=share, edges=edges
    )


def _edges(categories: Matrix) -> Matrix:
    """The edges of a set of categories; fractions are cut off, values below 0 are in no set."""
    before = smaller_singles(np.stack([categories, categories + 1], axis=1))
    return edges_of(largest_doubles(before))
