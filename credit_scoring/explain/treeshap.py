"""Exact SHAP values of LightGBM's trees, some ten times as fast as LightGBM's own.

A leaf of value v whose path tests the features U is a game in which a coalition S of them is worth
v · Π(i in S) o_i · Π(i in U, not in S) r_i, where o_i is 1 if the row passes the path's tests of
feature i, else 0, and r_i is the share of training rows that do. The Shapley value of i is

    v (o_i - r_i) ∫₀¹ Π(j in U, j ≠ i) (r_j + t (o_j - r_j)) dt

a polynomial of degree |U| - 1 in t, which n points of Gauss and Legendre integrate exactly if
|U| ≤ 2n. At each point all leaves of a tree share one pass down, for the products of factors, and
one pass up, for the sums over leaves: Linear TreeSHAP (Yu et al. 2022, arXiv:2209.08192), with all
factors in [0, 1], so that nothing cancels. LightGBM's ``pred_contrib`` solves the same game.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.lightgbm_text import CATEGORICAL, Fields

LANES = 8  # quadrature points that are computed side by side
MOST_FEATURES = 4 * LANES  # on a path


class NotCovered(ValueError):
    """Trees that `treeshap` cannot explain."""


class Trees(NamedTuple):
    """A booster's trees as arrays, one tree after the other, a parent before its children.

    Attributes:
        first_node: index of each tree's first inner node, then their number, shape (trees + 1,).
        first_leaf: index of each tree's first leaf, then their number, shape (trees + 1,).
        first_point: index of the first set of points for each tree, shape (trees,).
        end_point: index after the last set of points for each tree, shape (trees,).
        feature: the feature that an inner node tests, shape (nodes,).
        threshold: the split point, the largest value that goes left, shape (nodes,).
        decision: LightGBM's decision_type, shape (nodes,).
        child: the left and right child, counted from the tree's first node, leaves after the inner
            nodes, shape (nodes, 2).
        share: share of the node's training rows that go left, shape (nodes,).
        earlier: the nearest node above that tests the same feature, counted like `child`; -1
            without one, shape (nodes,).
        earlier_side: the side on which the path leaves `earlier`, 0 for left, shape (nodes,).
        earlier_share: share of the training rows that pass all tests of that feature above; 1
            without one, shape (nodes,).
        leaf: values of the leaves, shape (leaves,).
        point: points of the quadrature, shape (sets, LANES).
        weight: weights of the points, shape (sets, LANES).
    """

    first_node: NDArray[np.int64]
    first_leaf: NDArray[np.int64]
    first_point: NDArray[np.int64]
    end_point: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: Matrix
    decision: NDArray[np.int64]
    child: NDArray[np.int64]
    share: Matrix
    earlier: NDArray[np.int64]
    earlier_side: NDArray[np.int64]
    earlier_share: Matrix
    leaf: Matrix
    point: Matrix
    weight: Matrix


def read_trees(saved: Sequence[Fields]) -> Trees:
    """The trees of a booster as arrays, read from the fields of `tree_fields`.

    Raises:
        NotCovered: a split is by categories, or a path tests more than 32 features.
    """
    trees = [_Tree(fields) for fields in saved]
    few, many = _points(LANES), _points(2 * LANES)
    end_point = np.array([1 if tree.most_features <= 2 * LANES else 3 for tree in trees])

    def joined(name: str) -> Any:
        return np.concatenate([getattr(tree, name) for tree in trees])

    return Trees(
        first_node=np.cumsum([0, *(len(tree.feature) for tree in trees)]),
        first_leaf=np.cumsum([0, *(len(tree.leaf) for tree in trees)]),
        first_point=np.where(end_point == 1, 0, 1),
        end_point=end_point,
        feature=joined("feature"),
        threshold=joined("threshold"),
        decision=joined("decision"),
        child=joined("child"),
        share=joined("share"),
        earlier=joined("earlier"),
        earlier_side=joined("earlier_side"),
        earlier_share=joined("earlier_share"),
        leaf=joined("leaf"),
        point=np.concatenate([few[0], many[0]]),
        weight=np.concatenate([few[1], many[1]]),
    )


def _points(number: int) -> tuple[Matrix, Matrix]:
    """Points and weights of Gauss and Legendre's quadrature on [0, 1], in sets of `LANES`."""
    point, weight = np.polynomial.legendre.leggauss(number)
    return ((point + 1) / 2).reshape(-1, LANES), (weight / 2).reshape(-1, LANES)


class _Tree:
    """The arrays of one tree for `Trees`."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        def integers(name: str) -> NDArray[np.int64]:
            return np.array(fields.get(name, "").split(), np.int64)

        self.leaf = np.array(fields["leaf_value"].split(), np.float64)
        self.feature = integers("split_feature")
        self.threshold = np.array(fields.get("threshold", "").split(), np.float64)
        self.decision = integers("decision_type")
        if (self.decision & CATEGORICAL).any():
            raise NotCovered("a split is by categories")
        inner = len(self.feature)
        children = np.stack([integers("left_child"), integers("right_child")], axis=1)
        self.child = np.where(children < 0, inner + ~children, children)  # ~ is LightGBM's leaf
        rows = np.concatenate([integers("internal_count"), integers("leaf_count")])[: 2 * inner + 1]
        self.share = rows[self.child[:, 0]] / rows[:inner] if inner else np.empty(0)
        self._find_earlier(inner)

    def _find_earlier(self, inner: int) -> None:
        """Find the nearest node above each node that tests the same feature."""
        self.earlier = np.full(inner, -1)
        self.earlier_side = np.zeros(inner, np.int64)
        self.earlier_share = np.ones(inner)
        self.most_features = 0
        above: list[dict[int, tuple[int, int, float]]] = [{} for _ in range(inner)]
        nodes = zip(self.feature.tolist(), self.share.tolist(), self.child.tolist(), strict=True)
        for node, (feature, share, children) in enumerate(nodes):
            passed = 1.0
            if feature in above[node]:
                found = above[node][feature]
                self.earlier[node], self.earlier_side[node], passed = found
                self.earlier_share[node] = passed
            tested = len(above[node]) + (feature not in above[node])
            self.most_features = max(self.most_features, tested)
            for side, child in enumerate(children):
                if child < inner:
                    going = share if side == 0 else 1 - share
                    above[child] = above[node] | {feature: (node, side, passed * going)}
        if self.most_features > MOST_FEATURES:
            raise NotCovered(f"a path tests {self.most_features} features")
