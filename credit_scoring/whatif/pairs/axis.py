"""One numeric feature of a row, the values that it may take, and how far each one moves it."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import above, below
from credit_scoring.whatif.sensitivity import Value

NO_CUTS = np.empty(0)
HALVINGS = 64


class Pieces(NamedTuple):
    """Ranges of values of one feature, each moving it past the same reference clients.

    Attributes:
        first, last: the ends of each range, rising, shape (k,).
        moved: the share of reference clients that each of its values passes, shape (k,).
    """

    first: Matrix
    last: Matrix
    moved: Matrix


@dataclass(frozen=True, eq=False)
class Axis:
    """One numeric feature of a row and the values that it may take.

    Attributes:
        feature: in the feature dictionary.
        own: the row's own value.
        low, high: the range of the allowed values, which ends at `own` if one direction is not
            allowed.
        is_whole: true if only whole numbers are allowed.
        reference: the reference clients' values, rising, without missing ones.
    """

    feature: Feature
    own: float
    low: float
    high: float
    is_whole: bool
    reference: Matrix

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.feature.name

    def moved(self, values: Matrix) -> Matrix:
        """The share of reference clients between the row's own value and each of some values."""
        known = self.reference
        up = np.searchsorted(known, values, "right") - np.searchsorted(known, self.own, "right")
        down = np.searchsorted(known, self.own) - np.searchsorted(known, values)
        return np.where(values > self.own, up, down) / max(1, len(known))

    def jumps_back(self, value: float) -> Matrix:
        """Values nearer to the row's own one: half of the way, a quarter and so on, then a step."""
        with np.errstate(over="ignore"):
            way = (self.own - value) * 0.5 ** np.arange(1, HALVINGS)
        step = np.sign(self.own - value) if self.is_whole else np.nextafter(value, self.own) - value
        jumps = np.append(way, step)
        if self.is_whole:
            jumps = np.trunc(jumps)
        found = value + jumps
        kept = (found != value) & (found != self.own)
        return np.asarray(found[kept])

    def jumps_on(self, value: float, end: float) -> Matrix:
        """A value, then values on the way to another one, from a last bit up to half of it."""
        jumps = np.append(0.0, (end - value) * 0.5 ** np.arange(HALVINGS - 1, 0, -1))
        if self.is_whole:
            jumps = np.trunc(jumps)
        return np.asarray(value + jumps)

    def moved_to(self, value: Value) -> float:
        """The share of reference clients between the row's own value and another one."""
        return float(self.moved(np.array([value]))[0])

    def pieces(self, cuts: Matrix = NO_CUTS) -> Pieces:
        """All allowed values except the row's own one, in ranges that are moved equally far.

        Args:
            cuts: values that are to begin a range.
        """
        known = np.unique(self.reference)
        up, down = known[known > self.own], above(known[known < self.own])
        starts = np.unique(np.concatenate([[self.low, self.own, above(self.own)], up, down, cuts]))
        first = starts[(starts >= self.low) & (starts <= self.high)]
        last = np.append(below(first[1:]), self.high)
        if self.is_whole:
            first, last = np.ceil(first), np.floor(last)
        kept = (first <= last) & (first != self.own)
        return Pieces(first[kept], last[kept], self.moved(first[kept]))

    @cached_property
    def plain_pieces(self) -> Pieces:
        """The ranges without cuts."""
        return self.pieces()

    def tried(self, number: int) -> Matrix:
        """About `number` allowed values, spread evenly over the reference clients."""
        pieces = self.plain_pieces
        if not len(pieces.first):
            return np.empty(0)
        # The far end of a range: of values that are moved equally far, it changes the score most.
        values = np.where(pieces.first > self.own, pieces.last, pieces.first)
        at = np.linspace(0, len(values) - 1, number).round().astype(np.intp)
        return np.asarray(values[np.unique(at)])
