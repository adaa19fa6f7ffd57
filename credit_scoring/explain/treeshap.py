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

from typing import NamedTuple

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import Integers, TreeEnsemble
from credit_scoring.model.trees.paths import find_parents, share_towards

LANES = 8  # quadrature points that are computed side by side


class Trees(NamedTuple):
    """A `TreeEnsemble` and its quadrature as arrays for numba.

    Attributes:
        first_node, first_leaf, feature, threshold, decision, child, share, leaf, first_edge, edge:
            as in `TreeEnsemble`.
        first_point: index of the first set of points for each tree, shape (trees,).
        end_point: index after the last set of points for each tree, shape (trees,).
        earlier: the nearest node above that tests the same feature, counted like `child`; -1
            without one, shape (nodes,).
        earlier_side: the side on which the path leaves `earlier`, 0 for left, shape (nodes,).
        earlier_share: share of the training rows that pass all tests of that feature above; 1
            without one, shape (nodes,).
        first_gain: index of each small tree's first gain, -1 for other trees, shape (trees,). The
            gains of its nodes stand side by side, for each set of nodes at which a row goes left
            anew; in the number of a set the first node is the lowest bit.
        gain: two factors whose product a node adds to its feature, shape (gains, 2).
        point: points of the quadrature, shape (sets, LANES).
        weight: weights of the points, shape (sets, LANES).
    """

    first_node: Integers
    first_leaf: Integers
    first_point: Integers
    end_point: Integers
    feature: Integers
    threshold: Matrix
    decision: Integers
    child: Integers
    share: Matrix
    earlier: Integers
    earlier_side: Integers
    earlier_share: Matrix
    leaf: Matrix
    first_edge: Integers
    edge: Matrix
    first_gain: Integers
    gain: Matrix
    point: Matrix
    weight: Matrix


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
    return Trees(
        first_node=ensemble.first_node,
        first_leaf=ensemble.first_leaf,
        first_point=first_point,
        end_point=first_point + sets,
        feature=ensemble.feature,
        threshold=ensemble.threshold,
        decision=ensemble.decision,
        child=ensemble.child,
        share=ensemble.share,
        earlier=earlier.node,
        earlier_side=earlier.side,
        earlier_share=earlier.share,
        leaf=ensemble.leaf,
        first_edge=ensemble.first_edge,
        edge=ensemble.edge,
        first_gain=np.full(len(sets), -1),
        gain=np.empty((0, 2)),
        point=((point + 1) / 2).reshape(-1, LANES),
        weight=(weight / 2).reshape(-1, LANES),
    )


class _Earlier(NamedTuple):
    """See `Trees`; the most features on a path of each tree, shape (trees,)."""

    node: Integers
    side: Integers
    share: Matrix
    most_features: Integers


def _find_earlier(ensemble: TreeEnsemble) -> _Earlier:
    """Find the nearest node above each node that tests the same feature."""
    parents = find_parents(ensemble)
    count = len(ensemble.feature)
    earlier, side = np.full(count, -1), np.zeros(count, np.int64)
    node, above = np.arange(count), parents.of_node
    side_above = parents.side_of_node
    depth = np.zeros(count, np.int64)
    while len(node := node[above >= 0]):
        side_above, above = side_above[above >= 0], above[above >= 0]
        depth[node] += 1
        is_first = (ensemble.feature[above] == ensemble.feature[node]) & (earlier[node] < 0)
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
    return _Earlier(np.where(earlier < 0, -1, earlier - first), side, share, most_features)
