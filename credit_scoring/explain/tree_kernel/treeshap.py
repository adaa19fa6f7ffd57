"""Exact SHAP values of tree ensembles, some ten times as fast as the libraries' own.

A leaf of value v whose path tests the features U is a game in which a coalition S of them is worth
v · Π(i in S) o_i · Π(i in U, not in S) r_i, where o_i is 1 if the row passes the path's tests of
feature i, else 0, and r_i is the share of training rows that do. The Shapley value of i is

    v (o_i - r_i) ∫₀¹ Π(j in U, j ≠ i) (r_j + t (o_j - r_j)) dt

a polynomial of degree |U| - 1 in t, which n points of Gauss and Legendre integrate exactly if
|U| ≤ 2n. At each point all leaves of a tree share one pass down, for the products of factors, and
one pass up, for the sums over leaves: Linear TreeSHAP (Yu et al. 2022, arXiv:2209.08192), with all
factors in [0, 1], so that nothing cancels. LightGBM's and XGBoost's ``pred_contribs``, CatBoost's
``ShapValues`` and ``shap.TreeExplainer`` solve the same game.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import Integers, TreeEnsemble
from credit_scoring.model.trees.paths import find_parents, share_towards

LANES = 8  # quadrature points that are computed side by side


class TreeArrays(NamedTuple):
    """A `TreeEnsemble` and its quadrature as arrays.

    Attributes:
        first_node, first_leaf: as in `TreeEnsemble`, shape (trees + 1,).
        first_point: index of the first set of points for each tree, shape (trees,).
        end_point: index after the last set of points for each tree, shape (trees,).
        first_gain: index of each small tree's first gain, -1 for other trees, shape (trees,). The
            gains of its nodes stand side by side, for each set of nodes at which a row goes left
            anew; in the number of a set the first node is the lowest bit.
        feature, decision, threshold, share: as in `TreeEnsemble`, shape (nodes,).
        left, right: the children, counted as in `TreeEnsemble`, shape (nodes,).
        earlier: the nearest node above that tests the same feature, counted like the children; -1
            without one, shape (nodes,).
        earlier_child: the child of `earlier` on the path, shape (nodes,).
        earlier_share: share of the training rows that pass all tests of that feature above; 1
            without one, shape (nodes,).
        first_edge, edge, leaf: as in `TreeEnsemble`.
        point: points of the quadrature, shape (sets, LANES).
        weight: weights of the points, shape (sets, LANES).
        gain: two factors whose product a node adds to its feature, shape (gains, 2).
    """

    first_node: Integers
    first_leaf: Integers
    first_point: Integers
    end_point: Integers
    first_gain: Integers
    feature: Integers
    decision: Integers
    left: Integers
    right: Integers
    earlier: Integers
    earlier_child: Integers
    threshold: Matrix
    share: Matrix
    earlier_share: Matrix
    first_edge: Integers
    edge: Matrix
    leaf: Matrix
    point: Matrix
    weight: Matrix
    gain: Matrix


class Trees(NamedTuple):
    """`TreeArrays` in two arrays: compiled code takes twenty over in ten microseconds, two in one.

    Attributes:
        integers: the lengths that `unpack` reads, then all integers, one array after the other.
        doubles: all doubles, one array after the other.
    """

    integers: Integers
    doubles: Matrix

    def __getattr__(self, name: str) -> NDArray[Any]:
        """An array of `TreeArrays`."""
        array: NDArray[Any] = getattr(unpack(self), name)
        return array


def pack(arrays: TreeArrays) -> Trees:
    """Arrays as `Trees`."""
    by_tree = [arrays.first_point, arrays.end_point, arrays.first_gain]
    lengths = [
        len(array)
        for array in (
            by_tree[0], arrays.feature, arrays.first_edge, arrays.edge, arrays.leaf, arrays.point,
            arrays.gain,
        )
    ]  # fmt: skip
    integers = [
        np.array(lengths), arrays.first_node, arrays.first_leaf, *by_tree, arrays.feature,
        arrays.decision, arrays.left, arrays.right, arrays.earlier, arrays.earlier_child,
        arrays.first_edge,
    ]  # fmt: skip
    doubles = [
        arrays.threshold, arrays.share, arrays.earlier_share, arrays.edge, arrays.leaf,
        arrays.point.ravel(), arrays.weight.ravel(), arrays.gain.ravel(),
    ]  # fmt: skip
    return Trees(
        np.concatenate(integers, dtype=np.int64), np.concatenate(doubles, dtype=np.float64)
    )


def unpack(trees: Trees) -> TreeArrays:
    """Views of the arrays.

    numba compiles this function too, into `treeshap_numba`, and keeps the code on the disk until
    that file changes: change both together.
    """
    integers, doubles = trees.integers, trees.doubles
    count, nodes, first_edges = integers[0], integers[1], integers[2]
    edges, leaves, sets, gains = integers[3], integers[4], integers[5], integers[6]
    begins = integers[7 : 7 + 2 * (count + 1)].reshape((2, count + 1))
    integers = integers[7 + 2 * (count + 1) :]
    by_tree, integers = integers[: 3 * count].reshape((3, count)), integers[3 * count :]
    by_node, first_edge = integers[: 6 * nodes].reshape((6, nodes)), integers[6 * nodes :]
    tested, doubles = doubles[: 3 * nodes].reshape((3, nodes)), doubles[3 * nodes :]
    edge, doubles = doubles[:edges], doubles[edges:]
    leaf, doubles = doubles[:leaves], doubles[leaves:]
    size = sets * LANES
    return TreeArrays(
        begins[0], begins[1], by_tree[0], by_tree[1], by_tree[2], by_node[0], by_node[1],
        by_node[2], by_node[3], by_node[4], by_node[5], tested[0], tested[1], tested[2],
        first_edge[:first_edges], edge, leaf, doubles[:size].reshape((sets, LANES)),
        doubles[size : 2 * size].reshape((sets, LANES)),
        doubles[2 * size : 2 * size + 2 * gains].reshape((gains, 2)),
    )  # fmt: skip


def read_trees(ensemble: TreeEnsemble) -> Trees:
    """The arrays of an ensemble, with as many points for each tree as its longest path needs.

    They have no gains: `treeshap_numba.with_gains` computes them.
    """
    earlier = _find_earlier(ensemble)
    sets = np.maximum(1, -(-earlier.most_features // (2 * LANES)))
    numbers, of_tree = np.unique(sets, return_inverse=True)
    first_point = (np.cumsum(numbers) - numbers)[of_tree]
    quadratures = [np.polynomial.legendre.leggauss(number * LANES) for number in numbers.tolist()]
    point, weight = np.concatenate(quadratures, axis=1)
    arrays = TreeArrays(
        first_node=ensemble.first_node,
        first_leaf=ensemble.first_leaf,
        first_point=first_point,
        end_point=first_point + sets,
        first_gain=np.full(len(sets), -1),
        feature=ensemble.feature,
        decision=ensemble.decision,
        left=ensemble.child[:, 0],
        right=ensemble.child[:, 1],
        earlier=earlier.node,
        earlier_child=earlier.child,
        threshold=ensemble.threshold,
        share=ensemble.share,
        earlier_share=earlier.share,
        first_edge=ensemble.first_edge,
        edge=ensemble.edge,
        leaf=ensemble.leaf,
        point=((point + 1) / 2).reshape(-1, LANES),
        weight=(weight / 2).reshape(-1, LANES),
        gain=np.empty((0, 2)),
    )
    return pack(arrays)


class _Earlier(NamedTuple):
    """See `TreeArrays`; the most features on a path of each tree, shape (trees,)."""

    node: Integers
    child: Integers
    share: Matrix
    most_features: Integers


def _find_earlier(ensemble: TreeEnsemble) -> _Earlier:
    """Find the nearest node above each node that tests the same feature."""
    parents, player = find_parents(ensemble), ensemble.player
    count = len(player)
    earlier, side = np.full(count, -1), np.zeros(count, np.int64)
    node, above = np.arange(count), parents.of_node
    side_above = parents.side_of_node
    depth = np.zeros(count, np.int64)
    while len(node := node[above >= 0]):
        side_above, above = side_above[above >= 0], above[above >= 0]
        depth[node] += 1
        is_first = (player[above] == player[node]) & (earlier[node] < 0)
        earlier[node[is_first]], side[node[is_first]] = above[is_first], side_above[is_first]
        above, side_above = parents.of_node[above], parents.side_of_node[above]
    share, features = np.ones(count), np.zeros(count, np.int64)
    for level in range(depth.max(initial=-1) + 1):
        here = np.flatnonzero(depth == level)
        again = here[earlier[here] >= 0]
        share[again] = share[earlier[again]] * share_towards(ensemble, earlier[again], side[again])
        features[here] = (earlier[here] < 0) + (features[parents.of_node[here]] if level else 0)
    tree = np.repeat(np.arange(len(ensemble.first_node) - 1), np.diff(ensemble.first_node))
    most_features = np.zeros(len(ensemble.first_node) - 1, np.int64)
    np.maximum.at(most_features, tree, features)
    first = ensemble.first_node[tree]
    child = ensemble.child[earlier, side]
    return _Earlier(np.where(earlier < 0, -1, earlier - first), child, share, most_features)
