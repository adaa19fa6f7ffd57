"""A fitted tree ensemble of any library as arrays, which decide and add up as the library does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.model.trees.derived_columns import DerivedColumns, beside_each_other

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Bits of `TreeEnsemble.decision`; the same as in LightGBM's field decision_type.
CATEGORICAL, DEFAULT_LEFT, ZERO_IS_MISSING, NAN_IS_MISSING = 1, 2, 4, 8
# LightGBM treats magnitudes up to this as zero: the float `kZeroThreshold` of its meta.h.
LIGHTGBM_ZERO = float(np.float32(1e-35))


# Of columns in which rows have other values than the library's codes of categories, by column: the
# value that stands for each code, NaN for a category that no row has.
Levels = Mapping[int, Matrix]
NO_LEVELS: Levels = MappingProxyType({})


class NotCovered(ValueError):
    """A tree ensemble that is not read; the message is the reason."""


@dataclass(frozen=True, eq=False)
class TreeEnsemble:
    """Binary trees, one after the other, each parent before its children.

    The raw output of a row is `base` plus the value of the leaf that it reaches in each tree.

    A value goes left at a node if it is at most the threshold. A node with the bit `CATEGORICAL`
    has a set of intervals instead: a value goes left if an odd number of the set's edges is below
    it. With the bit `NAN_IS_MISSING` NaN goes left if the bit `DEFAULT_LEFT` is set, else right;
    without it NaN counts as zero. With the bit `ZERO_IS_MISSING`, which only LightGBM has, values
    up to `LIGHTGBM_ZERO` go where NaN goes.

    Attributes:
        first_node: index of each tree's first inner node, then their number, shape (trees + 1,).
        first_leaf: index of each tree's first leaf, then their number, shape (trees + 1,).
        feature: the column of a complete row that an inner node tests, shape (nodes,).
        threshold: the split point, the largest double that goes left even if the library compares
            in single precision; for a categorical node the index of its set, shape (nodes,).
        decision: bits, shape (nodes,).
        child: the left and right child, counted from the tree's first node, leaves after the inner
            nodes, shape (nodes, 2).
        share: share of the node's training rows that go left, by the library's own cover; one half
            for a node without training rows, shape (nodes,).
        leaf: values of the leaves, shape (leaves,).
        first_edge: index of the first edge of each set of categories, then the number of edges,
            shape (sets + 1,).
        edge: rising edges of each set, shape (edges,).
        base: added to the sum of leaves.
        raw_output: the unit of `leaf` and `base`, of class 1.
        derived: the columns of a complete row behind its features; None without any.
    """

    first_node: Integers
    first_leaf: Integers
    feature: Integers
    threshold: Matrix
    decision: Integers
    child: Integers
    share: Matrix
    leaf: Matrix
    first_edge: Integers
    edge: Matrix
    base: float
    raw_output: Literal["log-odds", "probability"]
    derived: DerivedColumns | None = None

    @property
    def player(self) -> Integers:
        """The player of each inner node in the Shapley game: its column, if none is derived."""
        return self.feature if self.derived is None else self.derived.players[self.feature]

    def scaled(self, factor: float, shift: float = 0.0) -> "TreeEnsemble":
        """The ensemble whose raw output is `factor` times this one's plus `shift`."""
        return replace(self, leaf=self.leaf * factor, base=self.base * factor + shift)

    def opposite(self) -> "TreeEnsemble":
        """The ensemble of class 0 for one of class 1, and the other way round."""
        return self.scaled(-1.0, 1.0 if self.raw_output == "probability" else 0.0)

    def completed(self, rows: Matrix) -> Matrix:
        """Rows of features, shape (m, n), with the derived columns, shape (m, columns).

        The same object if there are none.
        """
        return rows if self.derived is None else self.derived.completed(rows)

    def by_feature(self, values: Matrix) -> Matrix:
        """Contributions of columns, shape (m, columns), as those of features, shape (m, n)."""
        return values if self.derived is None else self.derived.by_feature(values)


def goes_left(ensemble: TreeEnsemble, nodes: Integers, values: Matrix) -> Flags:
    """True where a value goes left at an inner node.

    Args:
        ensemble: an ensemble.
        nodes: indices of inner nodes, shape (...).
        values: of the features that they test, shape (...).
    """
    decision, threshold = ensemble.decision[nodes], ensemble.threshold[nodes]
    is_nan = np.isnan(values)
    is_missing = is_nan & (decision & (ZERO_IS_MISSING | NAN_IS_MISSING) != 0)
    is_missing |= (decision & ZERO_IS_MISSING != 0) & (np.abs(values) <= LIGHTGBM_ZERO)
    left = np.where(is_nan, 0.0, values) <= threshold
    by_category = decision & CATEGORICAL != 0
    for one in np.unique(threshold[by_category]).astype(np.int64):
        here = by_category & (threshold == one)
        edges = ensemble.edge[ensemble.first_edge[one] : ensemble.first_edge[one + 1]]
        left[here] = np.searchsorted(edges, values[here]) % 2 == 1
    return np.where(is_missing, decision & DEFAULT_LEFT != 0, left)


def split_points(ensemble: TreeEnsemble, features: int) -> tuple[Matrix, ...]:
    """Rising split points of each feature: the raw output can change only behind one of them.

    Args:
        ensemble: an ensemble.
        features: the number of features, n.
    """
    by_category = ensemble.decision & CATEGORICAL != 0
    sets = ensemble.threshold[by_category].astype(np.int64)
    first, end = ensemble.first_edge[sets], ensemble.first_edge[sets + 1]
    zero_is_missing = ensemble.feature[ensemble.decision & ZERO_IS_MISSING != 0]
    inside = {} if ensemble.derived is None else ensemble.derived.split_points
    split_on = np.concatenate(
        [
            ensemble.feature[~by_category],
            np.repeat(ensemble.feature[by_category], end - first),
            np.repeat(zero_is_missing, 2),
            *(np.full(len(points), feature) for feature, points in inside.items()),
        ]
    )
    at = np.concatenate(
        [
            ensemble.threshold[~by_category],
            *(ensemble.edge[one:other] for one, other in zip(first, end, strict=True)),
            np.tile([below(-LIGHTGBM_ZERO), LIGHTGBM_ZERO], len(zero_is_missing)),
            *inside.values(),
        ]
    )
    return tuple(np.unique(at[split_on == feature]) for feature in range(features))


def mean_of(ensembles: Sequence[TreeEnsemble]) -> TreeEnsemble:
    """The trees of ensembles with the same features, whose raw outputs become their mean."""

    def joined(name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in ensembles])

    def starts(name: str) -> Any:
        ends = np.cumsum([0, *(getattr(one, name)[-1] for one in ensembles)])
        parts = [getattr(one, name)[:-1] + end for one, end in zip(ensembles, ends, strict=False)]
        return np.concatenate([*parts, ends[-1:]])

    sets = np.cumsum([0, *(len(one.first_edge) - 1 for one in ensembles)])
    threshold = [
        np.where(one.decision & CATEGORICAL, one.threshold + first, one.threshold)
        for one, first in zip(ensembles, sets, strict=False)
    ]
    derived = [one.derived for one in ensembles if one.derived is not None]
    of_rows = derived[0].features if derived else 0
    columns = [0 if one.derived is None else len(one.derived.owners) for one in ensembles]
    before = np.cumsum([0, *columns])
    feature = [
        one.feature if one.derived is None else one.feature + first * (one.feature >= of_rows)
        for one, first in zip(ensembles, before, strict=False)
    ]
    return replace(
        ensembles[0],
        first_node=starts("first_node"),
        first_leaf=starts("first_leaf"),
        feature=np.concatenate(feature),
        threshold=np.concatenate(threshold),
        decision=joined("decision"),
        child=joined("child"),
        share=joined("share"),
        leaf=joined("leaf") / len(ensembles),
        first_edge=starts("first_edge"),
        edge=joined("edge"),
        base=float(np.mean([one.base for one in ensembles])),
        derived=beside_each_other(derived) if derived else None,
    )
