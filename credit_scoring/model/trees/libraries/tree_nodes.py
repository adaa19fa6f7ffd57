"""The nodes of a library's tree, brought into the order of `TreeEnsemble`."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import (
    CATEGORICAL,
    Flags,
    Integers,
    NotCovered,
    TreeEnsemble,
)


class Tree(NamedTuple):
    """One tree of a `TreeEnsemble`, whose docstring describes the arrays.

    Attributes:
        feature, threshold, decision, child, share, leaf: as in `TreeEnsemble`, of one tree.
        edges: the edges of each set of categories; `threshold` counts them from this tree's first.
    """

    feature: Integers
    threshold: Matrix
    decision: Integers
    child: Integers
    share: Matrix
    leaf: Matrix
    edges: Sequence[Matrix] = ()


def joined(
    trees: Sequence[Tree],
    base: float,
    raw_output: Literal["log-odds", "probability"],
) -> TreeEnsemble:
    """The ensemble of some trees.

    Raises:
        NotCovered: the ensemble is empty.
    """
    if not trees:
        raise NotCovered("it has no tree")
    sets = np.cumsum([0, *(len(tree.edges) for tree in trees)])
    edges = [edges for tree in trees for edges in tree.edges]
    threshold = [
        np.where(tree.decision & CATEGORICAL, tree.threshold + first, tree.threshold)
        for tree, first in zip(trees, sets, strict=False)
    ]
    return TreeEnsemble(
        first_node=np.cumsum([0, *(len(tree.feature) for tree in trees)]),
        first_leaf=np.cumsum([0, *(len(tree.leaf) for tree in trees)]),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate(threshold),
        decision=np.concatenate([tree.decision for tree in trees]),
        child=np.concatenate([tree.child for tree in trees]),
        share=np.concatenate([tree.share for tree in trees]),
        leaf=np.concatenate([tree.leaf for tree in trees]),
        first_edge=np.cumsum([0, *map(len, edges)]),
        edge=np.concatenate([*edges, np.empty(0)]),
        base=base,
        raw_output=raw_output,
    )


class Nodes(NamedTuple):
    """Nodes of one tree in any order, the first of which is its root.

    Attributes:
        left, right: the children, negative or anything else at a leaf, shape (nodes,).
        is_leaf: shape (nodes,).
        feature, threshold, decision: as in `TreeEnsemble`, anything at a leaf, shape (nodes,).
        cover: the weight of the training rows, shape (nodes,).
        value: the leaf's value, anything at an inner node, shape (nodes,).
    """

    left: Integers
    right: Integers
    is_leaf: Flags
    feature: Integers
    threshold: Matrix
    decision: Integers
    cover: Matrix
    value: Matrix


def in_order(nodes: Nodes, edges: Sequence[Matrix] = ()) -> Tree:
    """The tree of some nodes, level by level from the root; nodes off the tree are left out."""
    levels = [np.zeros(1, np.int64)]
    while len(levels[-1]):
        parents = levels[-1][~nodes.is_leaf[levels[-1]]]
        levels.append(np.stack([nodes.left[parents], nodes.right[parents]], axis=1).ravel())
    found = np.concatenate(levels)
    inner, leaves = found[~nodes.is_leaf[found]], found[nodes.is_leaf[found]]
    index = np.zeros(len(nodes.left), np.int64)
    index[np.concatenate([inner, leaves])] = np.arange(len(found))
    left, right = nodes.left[inner], nodes.right[inner]
    return Tree(
        feature=nodes.feature[inner].astype(np.int64),
        threshold=nodes.threshold[inner].astype(np.float64),
        decision=nodes.decision[inner].astype(np.int64),
        child=np.stack([index[left], index[right]], axis=1),
        share=share_of(nodes.cover[left], nodes.cover[left] + nodes.cover[right]),
        leaf=nodes.value[leaves].astype(np.float64),
        edges=edges,
    )


def share_of(part: NDArray[Any], whole: NDArray[Any]) -> Matrix:
    """Part of the whole; one half of nothing."""
    shares = np.full(len(part), 0.5)
    np.divide(part, whole, out=shares, where=whole > 0, dtype=np.float64)
    return shares


def edges_of(intervals: Matrix) -> Matrix:
    """The edges of a set of categories.

    Args:
        intervals: rising and disjoint, the last value before each and the last value in it, shape
            (k, 2).
    """
    edges, counts = np.unique(intervals, return_counts=True)
    return np.asarray(edges[counts == 1], np.float64)  # twice where one interval follows another
