"""Exact SHAP values of a tree ensemble, the plain way.

`credit_scoring.explain.tree_kernel.treeshap` has the formula and the reason for the quadrature;
here each leaf has its own products, and NumPy computes those of many leaves at once.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import Flags, Integers, TreeEnsemble, goes_left
from credit_scoring.model.trees.paths import find_parents, share_towards

LEAVES = 4096  # whose paths are in memory together
ROUTES = 1_000_000  # ways of a row through a tree that are in memory together


class _Paths(NamedTuple):
    """The tests on the paths to some leaves, those of one player on one path beside each other.

    Attributes:
        node: the inner nodes on the paths, shape (nodes,).
        test: the node of each test, an index of `node`, shape (tests,).
        side: the side on which the path leaves it, shape (tests,).
        first_test: the first test of each factor (a player on a path), shape (factors,).
        player: the player of each factor, its feature if no column is derived, shape (factors,).
        share: share of the training rows that pass all tests of the factor, shape (factors,).
        first_factor: the first factor of each leaf, shape (leaves,).
        factors: the number of factors of each leaf, shape (leaves,).
        value: of each leaf, shape (leaves,).
    """

    node: Integers
    test: Integers
    side: Integers
    first_test: Integers
    player: Integers
    share: Matrix
    first_factor: Integers
    factors: Integers
    value: Matrix


def contributions(ensemble: TreeEnsemble, rows: Matrix) -> tuple[Matrix, float]:
    """SHAP values of rows, shape (m, n), and the expected raw output.

    A row gets the same bits alone and among others.
    """
    rows = ensemble.completed(rows)
    values, base = np.zeros(rows.shape), ensemble.base
    # Leaves of trees without a test are on no path, but expected.
    base += float(ensemble.leaf[ensemble.first_leaf[:-1]][np.diff(ensemble.first_node) == 0].sum())
    for paths in _all_paths(ensemble):
        base += float(paths.value @ np.multiply.reduceat(paths.share, paths.first_factor))
        point, weight = np.polynomial.legendre.leggauss((paths.factors.max() + 1) // 2)
        point, weight = (point + 1) / 2, weight / 2
        for row, total in zip(rows, values, strict=True):
            left = goes_left(ensemble, paths.node, row[ensemble.feature[paths.node]])
            passed = left[paths.test] == (paths.side == 0)
            total += _of_row(paths, passed, point, weight, len(total))
    return ensemble.by_feature(values), base


def raw_outputs(ensemble: TreeEnsemble, rows: Matrix) -> Matrix:
    """The raw output of rows, shape (m,)."""
    rows = ensemble.completed(rows)
    step = max(1, ROUTES // len(ensemble.first_node))
    parts = [_raw_outputs(ensemble, rows[at : at + step]) for at in range(0, len(rows), step)]
    return np.concatenate([*parts, np.empty(0)])


def _all_paths(ensemble: TreeEnsemble) -> Iterator[_Paths]:
    """The paths to all leaves below a test, some leaves at a time."""
    parents, player_of_node = find_parents(ensemble), ensemble.player
    below_test = np.flatnonzero(parents.of_leaf >= 0)
    for start in range(0, len(below_test), LEAVES):
        leaves = below_test[start : start + LEAVES]
        at, side = parents.of_leaf[leaves], parents.side_of_leaf[leaves]
        of = np.arange(len(leaves))
        steps = []
        while len(at):
            steps.append(np.stack([of, at, side]))
            above = parents.of_node[at]
            goes_on = above >= 0
            of, at, side = of[goes_on], above[goes_on], parents.side_of_node[at[goes_on]]
        leaf, on_path, side = np.concatenate(steps, axis=1)
        order = np.lexsort((player_of_node[on_path], leaf))
        leaf, on_path, side = leaf[order], on_path[order], side[order]
        player = player_of_node[on_path]
        node, test = np.unique(on_path, return_inverse=True)
        is_first = np.append(True, (np.diff(leaf) != 0) | (np.diff(player) != 0))
        first_test = np.flatnonzero(is_first)
        first_factor = np.flatnonzero(np.append(True, np.diff(leaf[first_test]) != 0))
        yield _Paths(
            node=node,
            test=test,
            side=side,
            first_test=first_test,
            player=player[first_test],
            share=np.multiply.reduceat(share_towards(ensemble, on_path, side), first_test),
            first_factor=first_factor,
            factors=np.diff(np.append(first_factor, len(first_test))),
            value=ensemble.leaf[leaves],
        )


def _of_row(paths: _Paths, passed: Flags, point: Matrix, weight: Matrix, columns: int) -> Matrix:
    """The contributions of some leaves to a row by player, shape (columns,)."""
    known = np.logical_and.reduceat(passed, paths.first_test).astype(np.float64)
    is_zero = (known == 0) & (paths.share == 0)  # no row of training and not this one
    gain = known - paths.share
    integral = np.zeros(len(known))
    for at, of in zip(point, weight, strict=True):
        factor = np.where(is_zero, 1.0, paths.share + at * gain)
        product = np.multiply.reduceat(factor, paths.first_factor)
        integral += of * np.repeat(product, paths.factors) / factor
    value = np.where(np.logical_or.reduceat(is_zero, paths.first_factor), 0.0, paths.value)
    weights = gain * integral * np.repeat(value, paths.factors)
    return np.bincount(paths.player, weights, columns).astype(np.float64, copy=False)


def _raw_outputs(ensemble: TreeEnsemble, rows: Matrix) -> Matrix:
    inner = np.diff(ensemble.first_node)
    at = np.zeros((len(rows), len(inner)), np.int64)  # counted as `child`
    row, tree = np.nonzero(at < inner)
    while len(row):
        node = ensemble.first_node[tree] + at[row, tree]
        left = goes_left(ensemble, node, rows[row, ensemble.feature[node]])
        at[row, tree] = np.where(left, ensemble.child[node, 0], ensemble.child[node, 1])
        goes_on = at[row, tree] < inner[tree]
        row, tree = row[goes_on], tree[goes_on]
    leaves = ensemble.first_leaf[:-1] + at - inner
    return np.asarray(ensemble.leaf[leaves].sum(axis=1) + ensemble.base)
