"""The nearest pair of values on a plane of trees that turns the decision, with a proof."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.whatif.pairs.axis import Axis, Pieces
from credit_scoring.whatif.pairs.planes.place_search import PlaceSearch
from credit_scoring.whatif.pairs.planes.residual_trees import Flags, Places
from credit_scoring.whatif.pairs.planes.tree_plane import TreePlane
from credit_scoring.whatif.pairs.varied_pair import Found

MOST_TRIES = 100  # pairs of ranges whose real score is looked at
TIE = 1e-12  # of two values that are moved equally far, the nearer one comes first


class _Ranges(NamedTuple):
    """Ranges of one feature that are moved equally far, each inside one cell of the plane.

    Attributes:
        first, last: their ends, rising, shape (k,).
        cost: the share of reference clients passed, slightly more for the farther of equal ones.
        cell: the cell of each.
    """

    first: Matrix
    last: Matrix
    cost: Matrix
    cell: Places

    @classmethod
    def of(cls, axis: Axis, starts: Matrix) -> "_Ranges":
        """The ranges of an axis."""
        pieces: Pieces = axis.pieces(starts)
        number = np.arange(len(pieces.first))
        below = int((pieces.first < axis.own).sum())
        rank = np.where(number < below, below - 1 - number, number - below)
        cell = np.searchsorted(starts, pieces.first, "right") - 1
        return cls(pieces.first, pieces.last, pieces.moved + TIE * rank, cell)

    def of_cell(self, cell: int) -> "_Ranges":
        """The ranges of one cell."""
        return _Ranges(*(each[self.cell == cell] for each in self))

    def cheapest(self, cells: int) -> Matrix:
        """The cost of the nearest range in each cell, infinite without one."""
        found = np.full(cells, np.inf)
        np.minimum.at(found, self.cell, self.cost)
        return found

    def ends(self, at: int, own: float) -> tuple[float, float]:
        """The ends of one range, the nearer one to the row's own value first."""
        first, last = float(self.first[at]), float(self.last[at])
        return (first, last) if first > own else (last, first)


@dataclass(frozen=True, eq=False)
class TreeSearch:
    """Searches pairs of ranges in the order of their costs.

    Attributes:
        plane: the features.
    """

    plane: TreePlane

    @cached_property
    def _places(self) -> PlaceSearch:
        return PlaceSearch(self.plane)

    def nearest(self) -> Found:
        """The nearest pair of values."""
        pair, turns = self.plane.pair, self.plane.turns.copy()
        one = _Ranges.of(pair.one, self.plane.starts[0])
        other = _Ranges.of(pair.other, self.plane.starts[1])
        cheapest = one.cheapest(turns.shape[0])[:, None] + other.cheapest(turns.shape[1])
        cheapest = np.where(turns.any(axis=2), cheapest, np.inf)
        best, cost, tries, is_exact = None, np.inf, 0, True
        for flat in np.argsort(cheapest, axis=None, kind="stable").tolist():
            row, column = divmod(flat, turns.shape[1])
            if not cheapest[row, column] < cost:
                break
            bins = turns[row, column]
            left, right = one.of_cell(row), other.of_cell(column)
            costs = self._costs(bins, left, right)
            while costs.min(initial=np.inf) < cost:
                if tries == MOST_TRIES:
                    return Found(best, is_exact=False)
                tries += 1
                at, beside = divmod(int(costs.argmin()), costs.shape[1])
                place = self._places.nearest(
                    bins, left.ends(at, pair.one.own), right.ends(beside, pair.other.own)
                )
                if place.values is None:
                    is_exact &= place.is_exact
                    costs[at, beside] = np.inf
                    continue
                values = pair.checked(*place.values)
                if values is not None:
                    best, cost = values, float(costs[at, beside])
                else:  # by rounding, or because the model refuses it, the real score does not turn
                    where = self.plane.bins(*(np.array([value]) for value in place.values))
                    bins[where] = False
                    costs = self._costs(bins, left, right)
        return Found(best, is_exact)

    def _costs(self, bins: Flags, left: _Ranges, right: _Ranges) -> Matrix:
        """The costs of all pairs of ranges, infinite for those outside of some bins."""
        along, beside = self.plane.directions
        one = (left.first, left.last) if along >= 0 else (left.last, left.first)
        other = (right.first, right.last) if beside >= 0 else (right.last, right.first)
        lowest, highest = (
            self.plane.bins(each[:, None], each_other[None])
            for each, each_other in zip(one, other, strict=True)
        )
        known = np.append(0, np.cumsum(bins))
        is_reached = known[highest + 1] > known[lowest]
        return np.where(is_reached, left.cost[:, None] + right.cost, np.inf)
