"""The way from each node and leaf of a tree ensemble up to the root."""

from typing import NamedTuple

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import Integers, TreeEnsemble


class Parents(NamedTuple):
    """The inner node above each node, counted over all trees; -1 above a root.

    Attributes:
        of_node: shape (nodes,).
        side_of_node: 0 for a left child, 1 for a right one, shape (nodes,).
        of_leaf: shape (leaves,).
        side_of_leaf: shape (leaves,).
    """

    of_node: Integers
    side_of_node: Integers
    of_leaf: Integers
    side_of_leaf: Integers


def find_parents(ensemble: TreeEnsemble) -> Parents:
    """The parents of all nodes and leaves."""
    nodes, leaves = len(ensemble.feature), len(ensemble.leaf)
    inner = np.diff(ensemble.first_node)
    tree = np.repeat(np.arange(len(inner)), inner)
    parents = Parents(*(np.full(n, -1, np.int64) for n in (nodes, nodes, leaves, leaves)))
    for side in (0, 1):
        child = ensemble.child[:, side]
        is_leaf = child >= inner[tree]
        above = np.flatnonzero(~is_leaf)
        at = ensemble.first_node[tree[above]] + child[above]
        parents.of_node[at], parents.side_of_node[at] = above, side
        above = np.flatnonzero(is_leaf)
        at = ensemble.first_leaf[tree[above]] + child[above] - inner[tree[above]]
        parents.of_leaf[at], parents.side_of_leaf[at] = above, side
    return parents


def share_towards(ensemble: TreeEnsemble, nodes: Integers, sides: Integers) -> Matrix:
    """The share of the training rows of some nodes that go to a side."""
    return np.where(sides == 0, ensemble.share[nodes], 1 - ensemble.share[nodes])
