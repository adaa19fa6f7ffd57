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
from credit_scoring.explain.tree_kernel.lanes import dot, load, spread, store, total_of
from credit_scoring.explain.tree_kernel.treeshap import LANES, TreeArrays, Trees, pack, unpack
from credit_scoring.model.trees.ensemble import (
    CATEGORICAL,
    DEFAULT_LEFT,
    LIGHTGBM_ZERO,
    NAN_IS_MISSING,
    ZERO_IS_MISSING,
    Integers,
)

SMALL = 7  # nodes of a tree whose gains are computed beforehand, for all 128 ways through it
MOST_GAINS = 2_000_000  # in all, which take 32 MB
ROWS = 64  # rows that pass one tree before the next, which stay in the processor's cache with it

# `fastmath` lets the processor multiply and add in one instruction.
_njit = partial(njit, nogil=True, error_model="numpy", fastmath={"contract"})
# A call would copy all of `TreeArrays`, which takes longer than a small tree.
_inlined = _njit(inline="always")
_unpack = _inlined(unpack)
_index = np.uint64  # which is not asked whether it is negative and counts from the end


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
    trees: TreeArrays, tree: int, row: Matrix, taken: Any, other: Any, passes: Any, factor: Matrix
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
        at = _index(first + node)
        left, right, share = trees.left[at], trees.right[at], trees.share[at]
        value, threshold = row[_index(trees.feature[at])], trees.threshold[at]
        goes_left = _goes_left(value, threshold, trees.decision[at], trees.first_edge, trees.edge)
        taken[node] = left if goes_left else right
        other[node] = right if goes_left else left
        part = 1 - share if goes_left else share
        is_passed = True
        above = trees.earlier[at]
        if above >= 0:
            is_passed = passes[_index(above)] and taken[_index(above)] == trees.earlier_child[at]
            if is_passed:
                part *= trees.earlier_share[at]
        passes[node], factor[node] = is_passed, part


@_inlined
def _add(
    trees: TreeArrays, tree: int, points: int, total: Matrix, apart: bool, taken: Any, other: Any,
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
    point = load(trees.point, points)
    not_known = spread(1.0) - point
    store(product, 0, load(trees.weight, points))
    for node in range(inner):
        one, two = taken[node], other[node]
        part = spread(factor[node])
        if passes[node]:
            part = part * not_known
            at = _index(first + node)
            if trees.earlier[at] >= 0:  # this factor replaces the feature's earlier one
                passed = trees.earlier_share[at]
                part = part / (spread(passed) + point * spread(1 - passed))
        store(towards, node, part)
        if one >= inner and two >= inner:  # leaves need no product
            continue
        above = load(product, node)
        to_other = above * part
        store(product, two, to_other)
        store(product, one, above - to_other)
    for node in range(inner - 1, -1, -1):
        here, at = _index(node), _index(first + node)
        below_one = load(below, taken[here])
        more = below_one - load(below, other[here])
        store(below, node, below_one - load(towards, node) * more)
        if passes[here]:
            above = load(product, node)
            if trees.earlier[at] >= 0:
                passed = trees.earlier_share[at]
                earlier = spread(passed) + point * spread(1 - passed)
                found = total_of(above * more / (earlier * earlier))
            else:
                found = dot(above, more)
            if apart:
                total[here] = found
            else:
                total[_index(trees.feature[at])] += factor[here] * found


@_compiled
def _find_gains(packed: Trees, gain: Matrix) -> None:
    """Write the gains of small trees, shape (gains, 2).

    Args:
        packed: trees whose nodes test a feature of their own: 0 goes left, 1 goes right.
        gain: output.
    """
    trees = _unpack(packed)
    taken, other, passes = np.empty((3, SMALL), np.int64)
    factor, row, found = np.empty((3, SMALL))
    product = np.empty((2 * SMALL + 1, LANES))
    towards, below = np.empty((SMALL, LANES)), np.empty((2 * SMALL + 1, LANES))
    for tree in range(len(trees.end_point)):
        at, inner = trees.first_gain[tree], trees.first_node[tree + 1] - trees.first_node[tree]
        if at < 0:
            continue
        for leaf in range(inner + 1):
            store(below, inner + leaf, spread(trees.leaf[trees.first_leaf[tree] + leaf]))
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
    arrays = unpack(trees)
    inner = np.diff(arrays.first_node)
    sizes = np.where(inner <= SMALL, inner * 2 ** np.minimum(inner, SMALL), 0)
    sizes[np.cumsum(sizes) > MOST_GAINS] = 0
    if not sizes.any():  # nothing to compile
        return trees
    first_gain = np.where(sizes > 0, np.cumsum(sizes) - sizes, -1)
    gain, nodes = np.zeros((int(sizes.sum()), 2)), len(arrays.feature)
    by_node = arrays._replace(
        feature=np.arange(nodes) - np.repeat(arrays.first_node[:-1], inner),
        threshold=np.full(nodes, 0.5),
        decision=np.zeros(nodes, np.int64),
        first_gain=first_gain,
    )
    _find_gains(pack(by_node), gain)
    return pack(arrays._replace(first_gain=first_gain, gain=gain))


@_inlined
def _add_gains(
    trees: TreeArrays, tree: int, rows: Matrix, start: int, end: int, total: Matrix
) -> None:
    """Add a small tree's contributions to those of some rows, to the bits of `_add`."""
    first, inner = trees.first_node[tree], trees.first_node[tree + 1] - trees.first_node[tree]
    for row in range(start, end):
        gain = trees.first_gain[tree]
        for node in range(inner):
            at = _index(first + node)
            value, threshold = rows[row, _index(trees.feature[at])], trees.threshold[at]
            if _goes_left(value, threshold, trees.decision[at], trees.first_edge, trees.edge):
                gain += inner << node
        for node in range(inner - 1, -1, -1):
            at, of = _index(trees.feature[_index(first + node)]), _index(gain + node)
            total[row, at] += trees.gain[of, 0] * trees.gain[of, 1]


def contributions(trees: Trees, rows: Matrix) -> Matrix:
    """SHAP values of rows of contiguous doubles, shape (m, n), in the ensemble's raw output."""
    # Compiled code takes arrays over in less time than a named tuple of them.
    found: Matrix = _contributions(trees.integers, trees.doubles, rows)
    return found


@_compiled
def _contributions(integers: Integers, doubles: Matrix, rows: Matrix) -> Matrix:
    trees = _unpack(Trees(integers, doubles))
    nodes = 0
    for tree in range(len(trees.end_point)):
        nodes = max(nodes, trees.first_node[tree + 1] - trees.first_node[tree])
    taken, other, passes = np.empty((3, nodes), np.int64)
    numbers = np.empty((5 * nodes + 2, LANES))
    factor = np.empty(nodes)
    product, below = numbers[: 2 * nodes + 1], numbers[2 * nodes + 1 : 4 * nodes + 2]
    towards = numbers[4 * nodes + 2 :]
    total = np.zeros(rows.shape)
    for start in range(0, len(rows), ROWS):
        end = min(start + ROWS, len(rows))
        for tree in range(len(trees.end_point)):
            if trees.first_gain[tree] >= 0:
                _add_gains(trees, tree, rows, start, end, total)
                continue
            inner = trees.first_node[tree + 1] - trees.first_node[tree]
            for leaf in range(trees.first_leaf[tree + 1] - trees.first_leaf[tree]):
                store(below, inner + leaf, spread(trees.leaf[trees.first_leaf[tree] + leaf]))
            for row in range(start, end):
                _follow(trees, tree, rows[row], taken, other, passes, factor)
                for points in range(trees.first_point[tree], trees.end_point[tree]):
                    _add(
                        trees, tree, points, total[row], False, taken, other, passes, factor,
                        product, towards, below,
                    )  # fmt: skip
    return total


def cache_folder() -> Path | None:
    """The folder in which the compiled code is kept; None if none can be written."""
    path = _contributions.stats.cache_path
    return None if path is None else Path(path)


def is_at_hand() -> bool:
    """True if the code is compiled in this process or cached on the disk."""
    folder = cache_folder()
    line = _contributions.py_func.__code__.co_firstlineno  # numba names a file after it
    name = f"{Path(__file__).stem}._contributions-{line}.*.nbi"
    kept = folder is not None and any(folder.glob(name))
    return kept or bool(_contributions.signatures)
