"""CatBoost's trees, read from its JSON format."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import Integers, NotCovered, TreeEnsemble
from credit_scoring.model.trees.libraries.catboost_inputs import CatBoostInputs
from credit_scoring.model.trees.libraries.tree_nodes import Nodes, Tree, in_order, joined
from credit_scoring.model.trees.single_precision import largest_doubles

LOGISTIC = ("Logloss", "CrossEntropy")


# Of a model and rows of shape (m, n): the leaf of each row in each tree, shape (m, trees).
Leaves = Callable[[Any, Matrix], Integers]


def read_catboost(fitted: Any, leaves: Leaves | None = None) -> TreeEnsemble:
    """The trees of a ``CatBoostClassifier``, symmetric or not, in log-odds.

    The shares are by the weights of the leaves, as in CatBoost's ``ShapValues``. A split by
    categories is a derived column, 1 for rows that pass it: CatBoost itself decides, because it
    keeps hashes of categories. As in ``ShapValues``, splits by the same categories are one player,
    whose contribution they share evenly; a test of a number, or of one category, in their
    combination has no part in it.

    Args:
        fitted: the classifier.
        leaves: CatBoost's ``calc_leaf_indexes``; needed for splits by categories.

    Raises:
        NotCovered: it has more than two classes or another loss, or a split is by texts or
            embeddings.
    """
    if leaves is None and fitted.get_cat_feature_indices():
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
    inputs = CatBoostInputs(model["features_info"], len(fitted.feature_names_))
    trees = [
        _symmetric(tree, at, inputs) for at, tree in enumerate(model.get("oblivious_trees", ()))
    ]
    trees += [_asymmetric(tree, inputs) for tree in model.get("trees", ())]
    trees = [tree._replace(leaf=tree.leaf * scale) for tree in trees]
    ensemble = joined(trees, float(bias[0]), "log-odds")
    if leaves is None:
        return ensemble
    deciding = _with_trees(model, inputs.stumps) if inputs.stumps else fitted
    return replace(ensemble, derived=inputs.derived(partial(leaves, deciding)))


def _with_trees(model: Mapping[str, Any], trees: Sequence[Mapping[str, Any]]) -> Any:
    """A model of CatBoost with other trees, which are symmetric."""
    from catboost import CatBoost  # the model has imported it

    others = {name: part for name, part in model.items() if name != "trees"}
    found = CatBoost()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        path.write_text(json.dumps({**others, "oblivious_trees": trees}))
        found.load_model(str(path), format="json")
    return found


def _symmetric(saved: Mapping[str, Any], index: int, inputs: CatBoostInputs) -> Tree:
    """A tree whose nodes of one level have one split; the first split is the leaf's lowest bit."""
    splits = [
        inputs.split(split, (index, level)) for level, split in enumerate(saved.get("splits") or ())
    ][::-1]
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


def _asymmetric(saved: Mapping[str, Any], inputs: CatBoostInputs) -> Tree:
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
