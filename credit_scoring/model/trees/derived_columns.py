"""Columns that a library computes from a row and its trees test, beside those of the row itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix


@dataclass(frozen=True, eq=False)
class DerivedColumns:
    """k columns that are computed from the n features of a row.

    Trees test them under the numbers n to n + k - 1. Columns with one set of owners are one player
    in the Shapley game, and a player of several features shares its contribution evenly among them.

    Attributes:
        features: n.
        owners: indices of the features that share the contribution of each column, k of them.
        compute: the columns of rows of shape (m, n), shape (m, k).
        split_points: rising values of the features at which a column can change, by index of the
            feature; as in `TreeEnsemble.threshold`.
        unknown: indices of features with unknown values at which a column can change.
    """

    features: int
    owners: tuple[tuple[int, ...], ...]
    compute: Callable[[Matrix], Matrix]
    split_points: Mapping[int, Matrix] = field(default_factory=dict)
    unknown: frozenset[int] = frozenset()

    @cached_property
    def players(self) -> NDArray[np.int64]:
        """The player to which each column of a complete row belongs, shape (n + k,).

        A feature's player has the number of the feature, a player of several features that of its
        first column.
        """
        first: dict[tuple[int, ...], int] = {(at,): at for at in range(self.features)}
        for at, owners in enumerate(self.owners, self.features):
            first.setdefault(owners, at)
        every = [*((at,) for at in range(self.features)), *self.owners]
        return np.array([first[owners] for owners in every], np.int64)

    def completed(self, rows: Matrix) -> Matrix:
        """Rows of shape (m, n) and their derived columns, shape (m, n + k)."""
        return np.concatenate([rows, self.compute(rows)], axis=1)

    def by_feature(self, values: Matrix) -> Matrix:
        """Contributions of columns, shape (m, n + k), as those of features, shape (m, n)."""
        total = values[:, : self.features].copy()
        for at, owners in enumerate(self.owners, self.features):
            for owner in owners:
                total[:, owner] += values[:, at] / len(owners)
        return total


def beside_each_other(parts: Sequence[DerivedColumns]) -> DerivedColumns:
    """The columns of all parts, which are computed from the same features, in their order."""
    borders = [(feature, points) for part in parts for feature, points in part.split_points.items()]
    return DerivedColumns(
        parts[0].features,
        tuple(owners for part in parts for owners in part.owners),
        lambda rows: np.concatenate([part.compute(rows) for part in parts], axis=1),
        {
            feature: np.unique(np.concatenate([points for at, points in borders if at == feature]))
            for feature in {feature for feature, _ in borders}
        },
        frozenset().union(*(part.unknown for part in parts)),
    )
