"""The arithmetic of `treeshap`, compiled by numba at the first call.

Compiling takes some seconds; loading compiled code from the disk takes a third of a second. The
code is cached beside this file or in the user's cache folder.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from credit_scoring.data.tables import Matrix
from credit_scoring.explain.treeshap import LANES, Trees
from credit_scoring.model.classifiers.lightgbm_text import (
    DEFAULT_LEFT,
    LIGHTGBM_ZERO,
    NAN_IS_MISSING,
    ZERO_IS_MISSING,
)

ROWS = 64  # rows that pass one tree before the next, which stay in the processor's cache with it

# `fastmath` lets the processor add up quadrature points side by side.
_njit = partial(njit, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


def _compiled(function: Callable[..., Any]) -> Any:
    """Compile a function with numba, cached on the disk if a folder is writable."""
    try:
        return _njit(cache=True)(function)
    except RuntimeError:  # no writable folder
        return _njit()(function)


@_compiled
def _goes_left(value: float, threshold: float, decision: int) -> bool:
    """True if LightGBM goes left at a split."""
    is_nan = value != value
    if is_nan or abs(value) <= LIGHTGBM_ZERO:
        if decision & ZERO_IS_MISSING or (is_nan and decision & NAN_IS_MISSING):
            return decision & DEFAULT_LEFT != 0
        value = 0.0
    return value <= threshold


@_compiled
def _follow(
    trees: Trees, tree: int, row: Matrix, taken: Any, other: Any, passes: Any, factor: Matrix
) -> None:
    """Follow a row through a tree: write its branch and factor at every inner node.

    Args:
        trees: the booster's trees.
        tree: index of one tree.
        row: transformed values, shape (n,).
        taken: output, the child on the row's side, shape (nodes,).
        other: output, the other child, shape (nodes,).
        passes: output, true if the row passes all earlier tests of the feature, shape (nodes,).
        factor: output, share of the node's training rows that go to the other child, times
            `earlier_share` if the row passes, shape (nodes,).
    """
    first = trees.first_node[tree]
    for node in range(trees.first_node[tree + 1] - first):
        at = first + node
        left, right = trees.child[at, 0], trees.child[at, 1]
        share = trees.share[at]
        if _goes_left(row[trees.feature[at]], trees.threshold[at], trees.decision[at]):
            taken[node], other[node], factor[node] = left, right, 1 - share
        else:
            taken[node], other[node], factor[node] = right, left, share
        passes[node] = True
        above = trees.earlier[at]
        if above >= 0:
            side = trees.child[first + above, trees.earlier_side[at]]
            passes[node] = passes[above] and taken[above] == side
            if passes[node]:
                factor[node] *= trees.earlier_share[at]


@_compiled
def _add(
    trees: Trees, tree: int, points: int, total: Matrix, taken: Any, other: Any, passes: Any,
    factor: Matrix, product: Matrix, towards: Matrix, below: Matrix,
) -> None:  # fmt: skip
    """Add a tree's contributions at one set of points to those of a row.

    Of a node's product, the share 1 - q goes to the row's own child and q to the other child; q is
    `towards`.

    Args:
        trees: the booster's trees.
        tree: index of one tree.
        points: index of one set of points.
        total: contributions of the row, shape (n,), added to.
        taken, other, passes, factor: outputs of `_follow`.
        product: scratch, product of the factors above each node and the weights, shape
            (nodes + leaves, LANES).
        towards: scratch, shape (nodes, LANES).
        below: sum over the leaves below each node, shape (nodes + leaves, LANES); the rows of the
            leaves are given, the others are scratch.
    """
    first = trees.first_node[tree]
    inner = trees.first_node[tree + 1] - first
    point, weight = trees.point[points], trees.weight[points]
    for lane in range(LANES):
        product[0, lane] = weight[lane]
    for node in range(inner):
        one, two, share = taken[node], other[node], factor[node]
        if not passes[node]:
            for lane in range(LANES):
                towards[node, lane] = share
        elif trees.earlier[first + node] < 0:
            for lane in range(LANES):
                towards[node, lane] = share * (1 - point[lane])
        else:  # this factor replaces the feature's earlier one
            passed = trees.earlier_share[first + node]
            for lane in range(LANES):
                earlier = passed + point[lane] * (1 - passed)
                towards[node, lane] = share * (1 - point[lane]) / earlier
        for lane in range(LANES):
            to_other = product[node, lane] * towards[node, lane]
            product[two, lane] = to_other
            product[one, lane] = product[node, lane] - to_other
    for node in range(inner - 1, -1, -1):
        one, two = taken[node], other[node]
        found = 0.0
        for lane in range(LANES):
            more = below[one, lane] - below[two, lane]
            below[node, lane] = below[one, lane] - towards[node, lane] * more
            found += product[node, lane] * more
        if passes[node]:
            if trees.earlier[first + node] >= 0:
                passed = trees.earlier_share[first + node]
                found = 0.0
                for lane in range(LANES):
                    earlier = passed + point[lane] * (1 - passed)
                    more = below[one, lane] - below[two, lane]
                    found += product[node, lane] * more / (earlier * earlier)
            total[trees.feature[first + node]] += factor[node] * found


@_compiled
def contributions(trees: Trees, rows: Matrix) -> Matrix:
    """SHAP values of rows of contiguous doubles, shape (m, n), in log-odds."""
    nodes = 0
    for tree in range(len(trees.end_point)):
        nodes = max(nodes, trees.first_node[tree + 1] - trees.first_node[tree])
    taken, other = np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    passes, factor = np.empty(nodes, np.bool_), np.empty(nodes)
    product = np.empty((2 * nodes + 1, LANES))
    towards, below = np.empty((nodes, LANES)), np.empty((2 * nodes + 1, LANES))
    total = np.zeros(rows.shape)
    for start in range(0, len(rows), ROWS):
        for tree in range(len(trees.end_point)):
            inner = trees.first_node[tree + 1] - trees.first_node[tree]
            for leaf in range(trees.first_leaf[tree + 1] - trees.first_leaf[tree]):
                below[inner + leaf, :] = trees.leaf[trees.first_leaf[tree] + leaf]
            for row in range(start, min(start + ROWS, len(rows))):
                _follow(trees, tree, rows[row], taken, other, passes, factor)
                for points in range(trees.first_point[tree], trees.end_point[tree]):
                    _add(
                        trees, tree, points, total[row], taken, other, passes, factor, product,
                        towards, below,
                    )  # fmt: skip
    return total


def is_at_hand() -> bool:
    """True if the code is compiled in this process or cached on the disk."""
    folder = contributions.stats.cache_path
    kept = folder is not None and any(
        Path(folder).glob(f"{Path(__file__).stem}.contributions*.nbi")
    )
    return kept or bool(contributions.signatures)
