"""Shapley values of tree ensembles by their definition, and small ensembles made by hand."""

import math
from itertools import combinations

import numpy as np

from credit_scoring.model.trees.ensemble import (
    NAN_IS_MISSING,
    TreeEnsemble,
    goes_left,
)
from credit_scoring.model.trees.libraries.tree_nodes import Tree, joined


def unfed() -> TreeEnsemble:
    """Trees with sides that no row of training took, one feature on a path three times.

    The first tree tests feature 0 at 1, then at 2 on the right and at 3 behind it; the second
    splits a side without rows by feature 1; the third is one leaf.
    """
    nan = np.full(3, NAN_IS_MISSING)
    again = Tree(
        feature=np.array([0, 0, 0]),
        threshold=np.array([1.0, 2.0, 3.0]),
        decision=nan,
        child=np.array([[3, 1], [4, 2], [5, 6]]),
        share=np.array([0.75, 1.0, 0.0]),
        leaf=np.array([1.0, 2.0, 4.0, 8.0]),
    )
    unfed = Tree(
        feature=np.array([0, 1]),
        threshold=np.array([2.5, 0.0]),
        decision=nan[:2],
        child=np.array([[2, 1], [3, 4]]),
        share=np.array([1.0, 0.5]),
        leaf=np.array([3.0, 5.0, 7.0]),
    )
    none = np.empty(0, np.int64)
    leaf = Tree(none, np.empty(0), none, np.empty((0, 2), np.int64), np.empty(0), np.array([0.5]))
    return joined([again, unfed, leaf], 0.25, "log-odds")


def by_definition(ensemble: TreeEnsemble, row: np.ndarray) -> tuple[np.ndarray, float]:
    """Shapley values of one row by all sets of players, shape (n,), and the expected output.

    A player is a feature, or the features that own a derived column.
    """
    row = ensemble.completed(row[np.newaxis])[0]
    used = sorted(set(ensemble.player.tolist()))
    worth = {
        known: ensemble.base + sum(_worth(ensemble, tree, row, known) for tree in _trees(ensemble))
        for size in range(len(used) + 1)
        for known in map(frozenset, combinations(used, size))
    }
    values = np.zeros(len(row))
    for player in used:
        for known, without in worth.items():
            if player not in known:
                weight = 1 / len(used) / math.comb(len(used) - 1, len(known))
                values[player] += weight * (worth[known | {player}] - without)
    return ensemble.by_feature(values[np.newaxis])[0], worth[frozenset()]


def _trees(ensemble: TreeEnsemble) -> range:
    return range(len(ensemble.first_node) - 1)


def _worth(
    ensemble: TreeEnsemble, tree: int, row: np.ndarray, known: frozenset[int], node: int = 0
) -> float:
    """The output of a tree below a node: the mean of both ways where the player is unknown."""
    first, end = ensemble.first_node[tree : tree + 2]
    if node >= end - first:
        return float(ensemble.leaf[ensemble.first_leaf[tree] + node - (end - first)])
    at = first + node
    left, right = ensemble.child[at]
    if int(ensemble.player[at]) in known:
        goes = goes_left(ensemble, np.array([at]), row[[ensemble.feature[at]]])[0]
        return _worth(ensemble, tree, row, known, left if goes else right)
    share = ensemble.share[at]
    return float(
        share * _worth(ensemble, tree, row, known, left)
        + (1 - share) * _worth(ensemble, tree, row, known, right)
    )


def chain(features: int, seed: int) -> Tree:
    """A tree of one path: each node tests the next feature at 0.5, and its left child is a leaf."""
    random = np.random.default_rng(seed)
    at = np.arange(features)
    return Tree(
        feature=at,
        threshold=np.full(features, 0.5),
        decision=np.full(features, NAN_IS_MISSING),
        child=np.stack([features + at, np.append(at[1:], 2 * features)], axis=1),
        share=random.random(features) ** 4,
        leaf=random.normal(size=features + 1),
    )


def of_chain(tree: Tree, row: np.ndarray) -> np.ndarray:
    """Shapley values of a chain, by the number of known features of each leaf's path."""
    features = len(tree.feature)
    values = np.zeros(features)
    for end in range(1, features + 1):
        for value, last_left in ((tree.leaf[end - 1], True), (tree.leaf[-1], False)):
            if last_left or end == features:
                left = np.append(np.zeros(end - 1, bool), last_left)
                known = (left == (row[:end] <= 0.5)).astype(float)
                share = np.where(left, tree.share[:end], 1 - tree.share[:end])
                values[:end] += value * _of_path(known, share)
    return values


def _of_path(known: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Shapley values of the product of `known` for known features and `share` for others."""
    size = len(known)
    weights = np.array([1 / size / math.comb(size - 1, some) for some in range(size)])
    values = np.empty(size)
    for feature in range(size):
        coefficients = np.ones(1)
        for other in range(size):
            if other != feature:
                coefficients = np.convolve(coefficients, [share[other], known[other]])
        values[feature] = (known[feature] - share[feature]) * (weights @ coefficients)
    return values
