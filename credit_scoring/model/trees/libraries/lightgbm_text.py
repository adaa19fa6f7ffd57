"""LightGBM's trees, read from its text format."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.model.trees.ensemble import (
    CATEGORICAL,
    LIGHTGBM_ZERO,
    NAN_IS_MISSING,
    NO_LEVELS,
    Integers,
    Levels,
    NotCovered,
    TreeEnsemble,
)
from credit_scoring.model.trees.libraries.tree_nodes import Tree, edges_of, joined, share_of

Fields = Mapping[str, str]


def read_lightgbm(booster: Any, levels: Levels = NO_LEVELS) -> TreeEnsemble:
    """The trees of a booster up to its best iteration, in log-odds.

    Args:
        booster: a ``lightgbm.Booster``.
        levels: see `Levels`; any value that is not among them is missing.

    Raises:
        NotCovered: it has several outputs, or its leaves are linear functions.
    """
    head, *fields = _sections(booster.model_to_string())
    if head.get("num_tree_per_iteration", "1") != "1":
        raise NotCovered("it has more than two classes")
    ensemble = joined([_tree(tree, levels) for tree in fields], 0.0, "log-odds")
    factor = _factor(head, len(fields))
    return ensemble if factor == 1 else ensemble.scaled(factor)


def _factor(head: Fields, trees: int) -> float:
    """The log-odds per unit of the sum of leaves: 1 with LightGBM's default options."""
    name, *options = head.get("objective", "").split() or [""]
    given = dict(option.split(":", 1) for option in options if ":" in option)
    factor = float(given.get("sigmoid", 1)) if name == "binary" else 1.0
    return factor / trees if "average_output" in head else factor


def _sections(text: str) -> Iterator[Fields]:
    """The fields of the head, then those of each tree."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name in ("Tree", "end of trees"):
            yield fields
            fields = {}
        fields[name] = value
        if name == "end of trees":
            return


def _tree(fields: Fields, levels: Levels) -> Tree:
    def integers(name: str) -> Integers:
        return np.array(fields.get(name, "").split(), np.int64)

    if fields.get("is_linear", "0") != "0":
        raise NotCovered("its leaves are linear functions")
    feature, decision = integers("split_feature"), integers("decision_type")
    by_category = decision & CATEGORICAL != 0
    inner = len(feature)
    children = np.stack([integers("left_child"), integers("right_child")], axis=1)
    child = np.where(children < 0, inner + ~children, children)  # ~ is LightGBM's leaf
    rows = np.concatenate([integers("internal_count"), integers("leaf_count")])[: 2 * inner + 1]
    threshold = np.array(fields.get("threshold", "").split(), np.float64)
    bounds, words = integers("cat_boundaries"), integers("cat_threshold")
    column = dict(zip(threshold[by_category].tolist(), feature[by_category].tolist(), strict=True))
    return Tree(
        feature=feature,
        threshold=np.where(by_category, threshold, _beside_zero(threshold)),
        decision=np.where(by_category, CATEGORICAL | NAN_IS_MISSING, decision),
        child=child,
        share=share_of(rows[child[:, 0]], rows[:inner]) if inner else np.empty(0),
        leaf=np.array(fields["leaf_value"].split(), np.float64),
        edges=[
            _edges(words[first:end], levels.get(column[at]))
            for at, (first, end) in enumerate(pairwise(bounds.tolist()))
        ],
    )


def _beside_zero(threshold: Matrix) -> Matrix:
    """Thresholds that send all values that LightGBM takes as zero to the side of zero."""
    at = np.where((threshold >= 0) & (threshold < LIGHTGBM_ZERO), LIGHTGBM_ZERO, threshold)
    return np.where((at < 0) & (at >= -LIGHTGBM_ZERO), below(-LIGHTGBM_ZERO), at)


def _edges(words: NDArray[np.int64], levels: Matrix | None) -> Matrix:
    """The edges of a set of categories, given as words of 32 bits; fractions are cut off.

    Args:
        words: of the set.
        levels: the value of each category in rows; None for the categories' own codes.
    """
    bits = words[:, np.newaxis] >> np.arange(32) & 1
    if levels is not None:
        values = levels[np.flatnonzero(bits.ravel()[: len(levels)])]
        values = values[~np.isnan(values)]
        return edges_of(np.stack([below(values), values], axis=1))
    categories = np.flatnonzero(bits.ravel()).astype(np.float64)
    first = np.where(categories == 0, -1.0, below(categories))  # -0.5 becomes 0
    return edges_of(np.stack([first, below(categories + 1)], axis=1))
