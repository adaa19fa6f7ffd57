"""Trees for one row of which few features vary: what is left of them, as leaves with conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import (
    CATEGORICAL,
    ZERO_IS_MISSING,
    TreeEnsemble,
    goes_left,
)

Flags = NDArray[np.bool_]
Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Leaves:
    """Leaves that a row can reach while some outputs vary along several axes.

    Attributes:
        base: the sum of all leaves that the row reaches for certain.
        values: of the other leaves, shape (k,).
        reached: for each axis, True for a leaf and a cell of the axis in which no node turns the
            row away from the leaf, shape (k, cells).
    """

    base: float
    values: Matrix
    reached: Sequence[Flags]


@dataclass(frozen=True, eq=False)
class ResidualTrees:
    """The trees of an ensemble for one row.

    Attributes:
        ensemble: without derived columns.
        row: the transformed row, shape (n,).
    """

    ensemble: TreeEnsemble
    row: Matrix
    _known: dict[bytes, tuple[Places, Places]] = field(default_factory=dict)

    @cached_property
    def _children(self) -> Places:
        """Both children of each inner node, counted from the first node; leaves come after."""
        trees = self.ensemble
        number = np.diff(trees.first_node)
        tree = np.repeat(np.arange(len(number)), number)[:, None]
        is_leaf = trees.child >= number[tree]
        leaf = len(trees.feature) + trees.first_leaf[tree] + trees.child - number[tree]
        return np.where(is_leaf, leaf, trees.first_node[tree] + trees.child).astype(np.intp)

    @cached_property
    def _roots(self) -> Places:
        trees = self.ensemble
        is_leaf = np.diff(trees.first_node) == 0
        leaves = len(trees.feature) + trees.first_leaf[:-1]
        return np.where(is_leaf, leaves, trees.first_node[:-1]).astype(np.intp)

    @cached_property
    def _taken(self) -> Places:
        """The child of each inner node to which the row goes."""
        trees = self.ensemble
        left = goes_left(trees, np.arange(len(trees.feature)), self.row[trees.feature])
        return np.where(left, self._children[:, 0], self._children[:, 1])

    def _followed(self, varied: Flags) -> tuple[Places, Places]:
        """The roots and children, each followed to the next leaf or node of a varied output."""
        key = varied.tobytes()
        if key not in self._known:
            self._known[key] = self._follow(varied)
        return self._known[key]

    def _follow(self, varied: Flags) -> tuple[Places, Places]:
        nodes = np.arange(len(self.ensemble.feature))
        there = np.append(
            np.where(varied[self.ensemble.feature], nodes, self._taken),
            len(nodes) + np.arange(len(self.ensemble.leaf)),
        )
        while not np.array_equal(further := there[there], there):
            there = further
        return there[self._roots], there[self._children]

    def nodes(self, varied: Flags) -> Places:
        """The inner nodes of varied outputs that the row can reach, rising.

        Args:
            varied: True for the outputs that vary, shape (n,).
        """
        waiting, children = self._followed(varied)
        number, found = len(self.ensemble.feature), []
        while len(waiting := waiting[waiting < number]):
            found.append(waiting)
            waiting = children[waiting].ravel()
        return np.unique(np.concatenate([np.empty(0, np.intp), *found]))

    def limits(self, nodes: Places, output: int, split_points: Matrix) -> Matrix:
        """The split points of an output that some nodes test."""
        tested = nodes[self.ensemble.feature[nodes] == output]
        special = self.ensemble.decision[tested] & (CATEGORICAL | ZERO_IS_MISSING)
        if special.any():
            return split_points if len(tested) else np.empty(0)
        return np.unique(self.ensemble.threshold[tested])

    def leaves(self, axes: Sequence[Mapping[int, Matrix]]) -> Leaves:
        """The leaves that the row can reach while outputs vary along axes.

        Args:
            axes: for each axis, the values of its outputs in each of its cells, by output.
        """
        varied = np.zeros(len(self.row), np.bool_)
        axis_of = {output: at for at, axis in enumerate(axes) for output in axis}
        varied[list(axis_of)] = True
        roots, children = self._followed(varied)
        nodes = self.nodes(varied)
        number = len(self.ensemble.feature)
        sizes = [len(next(iter(axis.values()), np.zeros(1))) for axis in axes]
        left: dict[int, tuple[int, Flags]] = {}
        for output in np.unique(self.ensemble.feature[nodes]).tolist():
            at = axis_of[output]
            tested = nodes[self.ensemble.feature[nodes] == output]
            both = np.broadcast_arrays(tested[:, None], axes[at][output])
            goes = goes_left(self.ensemble, *both)
            left |= {node: (at, each) for node, each in zip(tested.tolist(), goes, strict=True)}
        is_fixed = roots >= number
        base = self.ensemble.base + self.ensemble.leaf[roots[is_fixed] - number].sum()
        found: list[int] = []
        masks: list[tuple[Flags, ...]] = []
        every = tuple(np.ones(size, np.bool_) for size in sizes)
        waiting = [(root, every) for root in roots[~is_fixed].tolist()]
        while waiting:
            node, reached = waiting.pop()
            if node >= number:
                found.append(node - number)
                masks.append(reached)
                continue
            at, goes = left[node]
            for child, passed in zip(children[node].tolist(), (goes, ~goes), strict=True):
                part = reached[at] & passed
                if part.any():
                    waiting.append((child, (*reached[:at], part, *reached[at + 1 :])))
        return Leaves(
            float(base),
            self.ensemble.leaf[found],
            [
                np.array([reached[at] for reached in masks], np.bool_).reshape(-1, size)
                for at, size in enumerate(sizes)
            ],
        )
