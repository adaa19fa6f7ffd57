"""CatBoost's trees, read from its JSON format."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from credit_scoring.model.trees.ensemble import (
    DEFAULT_LEFT,
    NAN_IS_MISSING,
    Integers,
    NotCovered,
    TreeEnsemble,
)
from credit_scoring.model.trees.single_precision import largest_doubles
from credit_scoring.model.trees.tree_nodes import Nodes, Tree, in_order, joined

LOGISTIC = ("Logloss", "CrossEntropy")


def read_catboost(fitted: Any) -> TreeEnsemble:
    """The trees of a ``CatBoostClassifier``, symmetric or not, in log-odds.

    The shares are by the weights of the leaves, as in CatBoost's ``ShapValues``.

    Raises:
        NotCovered: it has more than two classes or another loss, or a split is by categories,
            texts or embeddings, or it keeps no weights of leaves.
    """
    if fitted.get_cat_feature_indices():
        raise NotCovered("it has categories")
    with TemporaryDirectory() as folder:  # CatBoost writes this format into files only
        path = Path(folder) / "model.json"
        fitted.save_model(str(path), format="json")
        model = json.loads(path.read_bytes())
    scale, bias = model["scale_and_bias"]
    loss = model["model_info"]["params"]["loss_function"]["type"]
    if len(bias) > 1:
        raise NotCovered("it has more than two classes")
    if loss not in LOGISTIC:
        raise NotCovered(f"its loss is {loss}")
    inputs = _Inputs(model["features_info"].get("float_features", ()))
    trees = [_symmetric(tree, inputs) for tree in model.get("oblivious_trees", ())]
    trees += [_asymmetric(tree, inputs) for tree in model.get("trees", ())]
    trees = [tree._replace(leaf=tree.leaf * scale) for tree in trees]
    return joined(trees, float(bias[0]), "log-odds")


class _Inputs:
    """The numeric features of a model: their columns, and where NaN goes."""

    def __init__(self, saved: Sequence[Mapping[str, Any]]) -> None:
        self.column = {one["feature_index"]: one["flat_feature_index"] for one in saved}
        self.nan_goes_right = {
            one["feature_index"]: one["nan_value_treatment"] == "AsTrue" for one in saved
        }

    def split(self, saved: Mapping[str, Any]) -> tuple[int, float, int]:
        """The column, the border and the decision of a split."""
        if saved["split_type"] != "FloatFeature":
            raise NotCovered(f"a split is a {saved['split_type']}")
        feature = saved["float_feature_index"]
        decision = NAN_IS_MISSING | (0 if self.nan_goes_right[feature] else DEFAULT_LEFT)
        return self.column[feature], saved["border"], decision


def _symmetric(saved: Mapping[str, Any], inputs: _Inputs) -> Tree:
    """A tree whose nodes of one level have one split; the first split is the leaf's lowest bit."""
    splits = [inputs.split(split) for split in saved.get("splits") or ()][::-1]
    depth = len(splits)
    inner, leaves = 2**depth - 1, 2**depth
    # Nodes are numbered by level: the children of node i are 2i + 1 and 2i + 2.
    weights = [np.array(saved["leaf_weights"], np.float64)]
    for _ in range(depth):
        weights.append(weights[-1].reshape(-1, 2).sum(axis=1))
    level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
    unused = np.zeros(leaves)
    at = np.arange(inner + leaves)
    feature, border, decision = (
        np.concatenate([np.array(values)[level], unused])
        for values in (zip(*splits, strict=True) if splits else ((), (), ()))
    )
    return in_order(
        Nodes(
            left=2 * at + 1,
            right=2 * at + 2,
            is_leaf=at >= inner,
            feature=feature.astype(np.int64),
            threshold=largest_doubles(border),
            decision=decision.astype(np.int64),
            cover=np.concatenate(weights[::-1]),
            value=np.concatenate([np.zeros(inner), saved["leaf_values"]]),
        )
    )


def _asymmetric(saved: Mapping[str, Any], inputs: _Inputs) -> Tree:
    found = [saved]
    left: list[int] = []
    splits: list[tuple[int, float, int]] = []
    for node in found:  # grows
        left.append(len(found) if "split" in node else -1)
        splits.append(inputs.split(node["split"]) if "split" in node else (0, 0.0, 0))
        if "split" in node:
            found += [node["left"], node["right"]]
    first: Integers = np.array(left, np.int64)
    cover = np.array([node.get("weight", 0.0) for node in found], np.float64)
    for parent in np.flatnonzero(first >= 0)[::-1].tolist():
        cover[parent] = cover[first[parent]] + cover[first[parent] + 1]
    feature, border, decision = zip(*splits, strict=True)
    return in_order(
        Nodes(
            left=first,
            right=first + 1,
            is_leaf=first < 0,
            feature=np.array(feature, np.int64),
            threshold=largest_doubles(np.array(border, np.float64)),
            decision=np.array(decision, np.int64),
            cover=cover,
            value=np.array([node.get("value", 0.0) for node in found], np.float64),
        )
    )
