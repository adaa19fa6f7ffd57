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
from credit_scoring.model.trees.ensemble import (
    CATEGORICAL,
    DEFAULT_LEFT,
    LIGHTGBM_ZERO,
    NAN_IS_MISSING,
    ZERO_IS_MISSING,
)

SMALL = 7  # nodes of a tree whose gains are computed beforehand, for all 128 ways through it
MOST_GAINS = 2_000_000  # in all, which take 32 MB
ROWS = 64  # rows that pass one tree before the next, which stay in the processor's cache with it

# `fastmath` lets the processor add up quadrature points side by side.
_njit = partial(njit, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
# A call would copy all of `Trees`, which takes longer than a small tree.
_inlined = _njit(inline="always")


def _compiled(function: Callable[..., Any]) -> Any:
    """Compile a function with numba, cached on the disk if a folder is writable."""
    try:
        return _njit(cache=True)(function)
    except RuntimeError:  # no writable folder
        return _njit()(function)


@_compiled
def _goes_left_by_rules(
    value: float, threshold: float, decision: int, first_edge: Any, edge: Matrix
) -> bool:
    """As `_goes_left`, for missing values and categories too."""
    if value != value:
        if decision & (ZERO_IS_MISSING | NAN_IS_MISSING):
            return decision & DEFAULT_LEFT != 0
        value = 0.0
    if decision & ZERO_IS_MISSING and abs(value) <= LIGHTGBM_ZERO:
        return decision & DEFAULT_LEFT != 0
    if decision & CATEGORICAL:
        low = first = first_edge[np.int64(threshold)]
        high = first_edge[np.int64(threshold) + 1]
        while low < high:  # the first edge that is not below the value
            middle = (low + high) // 2
            if edge[middle] < value:
                low = middle + 1
            else:
                high = middle
        return bool((low - first) % 2 == 1)
    return bool(value <= threshold)


@_compiled
def _goes_left(
    value: float, threshold: float, decision: int, first_edge: Any, edge: Matrix
) -> bool:
    """True if a value goes left at a node; the arguments are those of `Trees`."""
    if value == value and not decision & (CATEGORICAL | ZERO_IS_MISSING):
        return bool(value <= threshold)
    return bool(_goes_left_by_rules(value, threshold, decision, first_edge, edge))


@_inlined
def _follow(
    trees: Trees, tree: int, row: Matrix, taken: Any, other: Any, passes: Any, factor: Matrix
) -> None:
    """Follow a row through a tree: write its branch and factor at every inner node.

    Args:
        trees: the trees of an ensemble.
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
        value, threshold, decision = row[trees.feature[at]], trees.threshold[at], trees.decision[at]
        if _goes_left(value, threshold, decision, trees.first_edge, trees.edge):
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


@_inlined
def _add(
    trees: Trees, tree: int, points: int, total: Matrix, apart: bool, taken: Any, other: Any,
    passes: Any, factor: Matrix, product: Matrix, towards: Matrix, below: Matrix,
) -> None:  # fmt: skip
    """Add a tree's contributions at one set of points to those of a row.

    Of a node's product, the share 1 - q goes to the row's own child and q to the other child; q is
    `towards`.

    Args:
        trees: the trees of an ensemble.
        tree: index of one tree.
        points: index of one set of points.
        total: contributions of the row, shape (n,), added to.
        apart: true to write each node's contribution, not yet multiplied by `factor`, into `total`,
            of shape (nodes,) then.
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
        if one >= inner and two >= inner:  # leaves need no product
            continue
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
            if apart:
                total[node] = found
            else:
                total[trees.feature[first + node]] += factor[node] * found


@_compiled
def _find_gains(trees: Trees, gain: Matrix) -> None:
    """Write the gains of small trees, shape (gains, 2).

    Args:
        trees: trees whose nodes test a feature of their own: 0 goes left, 1 goes right.
        gain: output.
    """
    taken, other = np.empty(SMALL, np.int64), np.empty(SMALL, np.int64)
    passes, factor, row = np.empty(SMALL, np.bool_), np.empty(SMALL), np.empty(SMALL)
    product = np.empty((2 * SMALL + 1, LANES))
    towards, below = np.empty((SMALL, LANES)), np.empty((2 * SMALL + 1, LANES))
    found = np.empty(SMALL)
    for tree in range(len(trees.end_point)):
        at, inner = trees.first_gain[tree], trees.first_node[tree + 1] - trees.first_node[tree]
        if at < 0:
            continue
        for leaf in range(inner + 1):
            below[inner + leaf, :] = trees.leaf[trees.first_leaf[tree] + leaf]
        for lefts in range(2**inner):
            for node in range(inner):
                row[node] = 1 - (lefts >> node & 1)
            found[:] = 0
            _follow(trees, tree, row, taken, other, passes, factor)
            _add(
                trees, tree, trees.first_point[tree], found, True, taken, other, passes, factor,
                product, towards, below,
            )  # fmt: skip
            for node in range(inner):
                gain[at + node, 0], gain[at + node, 1] = factor[node], found[node]
            at += inner


def with_gains(trees: Trees) -> Trees:
    """Compute the gains of small trees, which make `contributions` faster."""
    inner = np.diff(trees.first_node)
    sizes = np.where(inner <= SMALL, inner * 2 ** np.minimum(inner, SMALL), 0)
    sizes[np.cumsum(sizes) > MOST_GAINS] = 0
    if not sizes.any():  # nothing to compile
        return trees
    first_gain = np.where(sizes > 0, np.cumsum(sizes) - sizes, -1)
    gain, nodes = np.zeros((int(sizes.sum()), 2)), len(trees.feature)
    by_node = trees._replace(
        feature=np.arange(nodes) - np.repeat(trees.first_node[:-1], inner),
        threshold=np.full(nodes, 0.5),
        decision=np.zeros(nodes, np.int64),
        first_gain=first_gain,
    )
    _find_gains(by_node, gain)
    return trees._replace(first_gain=first_gain, gain=gain)


@_compiled
def _add_gains(
    feature: Any, threshold: Matrix, decision: Any, first_edge: Any, edge: Matrix, gain: Matrix,
    rows: Matrix, total: Matrix,
) -> None:  # fmt: skip
    """Add a small tree's contributions to those of some rows, to the bits of `_add`."""
    inner = len(feature)
    for row in range(len(rows)):
        at = 0
        for node in range(inner):
            value = rows[row, feature[node]]
            if _goes_left(value, threshold[node], decision[node], first_edge, edge):
                at += inner << node
        for node in range(inner - 1, -1, -1):
            total[row, feature[node]] += gain[at + node, 0] * gain[at + node, 1]


@_compiled
def contributions(trees: Trees, rows: Matrix) -> Matrix:
    """SHAP values of rows of contiguous doubles, shape (m, n), in the ensemble's raw output."""
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
            end_row = min(start + ROWS, len(rows))
            if trees.first_gain[tree] >= 0:
                first, end = trees.first_node[tree], trees.first_node[tree + 1]
                _add_gains(
                    trees.feature[first:end], trees.threshold[first:end], trees.decision[first:end],
                    trees.first_edge, trees.edge, trees.gain[trees.first_gain[tree] :],
                    rows[start:end_row], total[start:end_row],
                )  # fmt: skip
                continue
            for leaf in range(trees.first_leaf[tree + 1] - trees.first_leaf[tree]):
                below[inner + leaf, :] = trees.leaf[trees.first_leaf[tree] + leaf]
            for row in range(start, end_row):
                _follow(trees, tree, rows[row], taken, other, passes, factor)
                for points in range(trees.first_point[tree], trees.end_point[tree]):
                    _add(
                        trees, tree, points, total[row], False, taken, other, passes, factor,
                        product, towards, below,
                    )  # fmt: skip
    return total


def is_at_hand() -> bool:
    """True if the code is compiled in this process or cached on the disk."""
    folder = contributions.stats.cache_path
    kept = folder is not None and any(
        Path(folder).glob(f"{Path(__file__).stem}.contributions*.nbi")
    )
    return kept or bool(contributions.signatures)
