"""The nearest doubles, or whole numbers, of two ranges at which a mixed feature is in some bins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import at, place
from credit_scoring.whatif.pairs.planes.residual_trees import Flags
from credit_scoring.whatif.pairs.planes.tree_plane import Mixed, TreePlane

MOST_WHOLE = 100_000  # whole numbers of one range
Ends = tuple[float, float]  # of a range, the nearer one to the row's own value first


class Place(NamedTuple):
    """Values of both features; None and true if it is proved that there are none."""

    values: tuple[float, float] | None
    is_exact: bool


class _Band(NamedTuple):
    """Values of the mixed feature from `low` up to `high`, without `high`."""

    low: float
    high: float


@dataclass(frozen=True, eq=False)
class PlaceSearch:
    """Searches in one plane.

    Attributes:
        plane: has the mixed feature.
    """

    plane: TreePlane

    def nearest(self, bins: Flags, one: Ends, other: Ends) -> Place:
        """The value of the first feature nearest to the row's own, then that of the second one.

        If only the second one takes whole numbers, the second one comes first.

        Args:
            bins: True for the bins that the mixed feature may be in.
            one, other: the ranges.
        """
        pair, mixed = self.plane.pair, self.plane.mixed
        bands = self._bands(bins)
        if pair.other.is_whole and not pair.one.is_whole:

            def swapped(values: Matrix, others: Matrix) -> Matrix:
                return mixed(others, values)

            found = _Search(swapped, self.plane.directions[::-1], (True, False), bands)
            place_found = found.nearest(other, one)
            if place_found.values is None:
                return place_found
            return Place(place_found.values[::-1], place_found.is_exact)
        are_whole = (pair.one.is_whole, pair.other.is_whole)
        return _Search(mixed, self.plane.directions, are_whole, bands).nearest(one, other)

    def _bands(self, bins: Flags) -> list[_Band]:
        """Neighbouring bins as bands."""
        starts, ends = (
            np.concatenate(each)
            for each in (([-np.inf], self.plane.limits), (self.plane.limits, [np.inf]))
        )
        new = np.flatnonzero(np.diff(np.concatenate([[False], bins, [False]]).astype(np.int8)))
        return [
            _Band(float(starts[first]), float(ends[last - 1]))
            for first, last in new.reshape(-1, 2).tolist()
        ]


@dataclass(frozen=True, eq=False)
class _Search:
    """Searches with the features in one order."""

    mixed: Mixed
    directions: tuple[int, int]
    are_whole: tuple[bool, bool]
    bands: list[_Band]

    def nearest(self, one: Ends, other: Ends) -> Place:
        if self.are_whole[0]:
            return self._nearest_whole(one, other)
        firsts = [
            each for band in self.bands if (each := self._first(band, one, other)) is not None
        ]
        for first in sorted(firsts, key=lambda value: abs(value - one[0])):
            second = self._second(first, other)
            if second is not None:
                return Place((first, second), is_exact=True)
        return Place(None, is_exact=False)  # corners are on both sides of a band, doubles are not

    def _nearest_whole(self, one: Ends, other: Ends) -> Place:
        step = 1.0 if one[1] >= one[0] else -1.0
        number = int(abs(one[1] - one[0])) + 1
        every: Matrix = one[0] + step * np.arange(min(number, MOST_WHOLE), dtype=np.float64)
        lowest, highest = self._ends(every, other)
        is_between = np.zeros(len(every), np.bool_)
        for band in self.bands:
            is_between |= (highest >= band.low) & (lowest < band.high)
        for first in every[is_between].tolist():
            second = self._second(first, other)
            if second is not None:
                return Place((first, second), is_exact=True)
        is_complete = number <= MOST_WHOLE and (self.are_whole[1] or not is_between.any())
        return Place(None, is_complete)

    def _ends(self, values: Matrix, other: Ends) -> tuple[Matrix, Matrix]:
        """The lowest and the highest mixed value beside each value of the first feature."""
        low, high = min(other), max(other)
        if self.directions[1] < 0:
            low, high = high, low
        return self.mixed(values, np.array([low])), self.mixed(values, np.array([high]))

    def _first(self, band: _Band, one: Ends, other: Ends) -> float | None:
        """The nearest value of the first feature beside which the second one reaches a band."""

        def ends(value: float) -> tuple[float, float]:
            lowest, highest = self._ends(np.array([value]), other)
            return float(lowest[0]), float(highest[0])

        def reaches(value: float) -> bool:
            lowest, highest = ends(value)
            return highest >= band.low and lowest < band.high

        if reaches(one[0]):
            return one[0]
        if self.directions[0] * (one[1] - one[0]) > 0:
            found = _first_of(one, lambda value: ends(value)[1] >= band.low, is_whole=False)
        else:
            found = _first_of(one, lambda value: ends(value)[0] < band.high, is_whole=False)
        return found if found is not None and reaches(found) else None

    def _second(self, first: float, other: Ends) -> float | None:
        """The nearest value of the second feature at which the mixed one is in a band."""
        fixed = np.array([first])

        def mixed(value: float) -> float:
            return float(self.mixed(fixed, np.array([value]))[0])

        found = []
        for band in self.bands:
            if band.low <= mixed(other[0]) < band.high:
                return other[0]
            is_rising = self.directions[1] * (other[1] - other[0]) > 0
            value = _first_of(other, partial(_is_past, mixed, band, is_rising), self.are_whole[1])
            if value is not None and band.low <= mixed(value) < band.high:
                found.append(value)
        return min(found, key=lambda value: abs(value - other[0]), default=None)


def _is_past(mixed: Callable[[float], float], band: _Band, is_rising: bool, value: float) -> bool:
    """True if the mixed feature has come into a band, or passed it."""
    return mixed(value) >= band.low if is_rising else mixed(value) < band.high


def _first_of(ends: Ends, holds: Callable[[float], bool], is_whole: bool) -> float | None:
    """The value nearest to the first end for which a condition holds, which then holds on.

    None if it does not even hold for the last end. If it holds for the first end, that is found.
    """
    if not holds(ends[1]):
        return None
    if holds(ends[0]):
        return ends[0]
    false, true = (int(end) if is_whole else int(place(np.array(end))) for end in ends)
    while abs(true - false) > 1:
        middle = (true + false) // 2
        value = float(middle) if is_whole else float(at(np.array(middle)))
        if holds(value):
            true = middle
        else:
            false = middle
    return float(true) if is_whole else float(at(np.array(true)))
