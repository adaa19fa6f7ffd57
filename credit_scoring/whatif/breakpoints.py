"""A row with all values of one feature, and where these pass the thresholds of the trees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.formulas import Columns
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import LARGEST_DOUBLE, below, first_true
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.monotonicity import Piece, Shapes

INFINITE = np.array([-np.inf, LARGEST_DOUBLE])  # up to the one, and beyond the other
CELLS = 64  # into which a piece is cut where nothing is proved


@dataclass(frozen=True, eq=False)
class Line:
    """One row with all values of one feature, and what follows from each.

    Attributes:
        desk: scores the rows.
        row: the one row, as it is.
        feature: the name of one that is a number.
        low, high: the values between which it is looked at.
    """

    scorer: RawScorer
    row: RawBatch
    feature: str
    low: float
    high: float

    @cached_property
    def recomputed(self) -> list[str]:
        """The features that follow from this one, in the order of their formulas."""
        return self.scorer.dictionary.follow({self.feature})[0]

    def rows(self, values: Matrix) -> RawBatch:
        """The row once for each value, with what follows from it."""
        rows = self.row.take(np.zeros(len(values), np.intp))
        columns = self.columns(values)
        for name in (self.feature, *self.recomputed):
            rows.numbers[:, self.scorer.column_of(name)] = columns[name]
        return rows

    def columns(self, values: Matrix, names: Sequence[str] | None = None) -> Columns:
        """Features for some values of this one: shape (1,) where one does not follow.

        Args:
            values: shape (m,).
            names: of the features to compute; all that follow.
        """
        columns = {**self._own, self.feature: values}
        for name in self.recomputed if names is None else names:
            columns[name] = self.scorer.dictionary.formulas[name](columns)
        return columns

    @cached_property
    def _own(self) -> Columns:
        formulas = [self.scorer.dictionary.formulas[name] for name in self.recomputed]
        names = {name for formula in formulas for name in formula.inputs}
        return {name: self.row.numbers[:, self.scorer.column_by_name[name]] for name in names}

    @cached_property
    def sources(self) -> dict[int, str] | None:
        """The source of each output that follows from this feature; None where one is not known."""
        following, found = {self.feature, *self.recomputed}, {}
        if self.scorer.outputs is None or self.scorer.classifier.thresholds is None:
            return None
        for position, output in enumerate(self.scorer.outputs):
            if output.sources & following:
                if output.steps is None:
                    return None
                (found[position],) = output.sources
        return found

    @cached_property
    def pieces(self) -> dict[str, list[Piece]]:
        """The line in pieces for this feature and each that follows."""
        formulas = self.scorer.dictionary.formulas
        trees = {name: formulas[name].tree for name in self.recomputed}
        shapes = Shapes(self.feature, trees, self._own, self.columns)
        return {
            name: shapes.pieces(name, self.low, self.high)
            for name in (self.feature, *self.recomputed)
        }

    @property
    def is_proved(self) -> bool:
        """Whether `candidates` has every place at which the score changes."""
        return self.sources is not None and all(
            piece.is_monotone for pieces in self.pieces.values() for piece in pieces
        )

    def candidates(self) -> Matrix:
        """Places at which the score may change, rising, the first one `low`."""
        found = [np.array([self.low])]
        if self.sources is None:
            found += [_cells(self.low, self.high)]
        for pieces in self.pieces.values():
            for piece in pieces:
                found += [
                    np.array([piece.first])
                    if piece.is_monotone
                    else _cells(piece.first, piece.last)
                ]
        for output, source in (self.sources or {}).items():
            found += [
                self._crossings(source, self._computing(output, source), self._limits(output))
            ]
        for name in self.recomputed:  # which is refused where it is infinite
            found += [self._crossings(name, self._following(name), INFINITE)]
        return np.unique(np.concatenate(found))

    def _crossings(
        self, source: str, compute: Callable[[Matrix], Matrix], thresholds: Matrix
    ) -> Matrix:
        """The first double at which what is made from a source passes each threshold."""
        ends = [
            np.array([piece.first, piece.last])
            if piece.is_monotone
            else np.append(_cells(piece.first, piece.last), piece.last)
            for piece in self.pieces[source]
        ]
        first = np.concatenate([places[:-1] for places in ends])
        last = np.concatenate([places[1:] for places in ends])
        one, other = compute(first), compute(last)
        from_, to = (np.searchsorted(thresholds, bound(one, other)) for bound in (np.fmin, np.fmax))
        number = np.where(np.isnan(one) | np.isnan(other), 0, to - from_)
        piece = np.repeat(np.arange(len(number)), number)
        passed = thresholds[np.concatenate([np.arange(0), *map(np.arange, from_, from_ + number)])]
        rises = (one < other)[piece]

        def is_beyond(values: Matrix, asked: NDArray[np.intp]) -> NDArray[np.bool_]:
            return np.asarray((compute(values) > passed[asked]) == rises[asked])

        return first_true(is_beyond, first[piece], last[piece])

    def _computing(self, output: int, source: str) -> Callable[[Matrix], Matrix]:
        """An output as a function of this feature, shapes (m,)."""
        assert self.scorer.outputs is not None  # noqa: S101 - `sources` has looked
        apply, follow = self.scorer.outputs[output], self._following(source)
        return lambda values: apply(follow(values))

    def _following(self, name: str) -> Callable[[Matrix], Matrix]:
        """A feature that follows, or this one, as a function of this one, shapes (m,)."""
        needed = self._needed(name)
        return lambda values: np.broadcast_to(self.columns(values, needed)[name], values.shape)

    def _needed(self, source: str) -> list[str]:
        """The features to compute for one of them, in the order of their formulas."""
        needed = {source}
        for name in reversed(self.recomputed):
            if name in needed:
                needed |= set(self.scorer.dictionary.formulas[name].inputs)
        return [name for name in self.recomputed if name in needed]

    def _limits(self, output: int) -> Matrix:
        """Thresholds of an output, and where it is out of the classifier's range."""
        thresholds, largest = self.scorer.classifier.thresholds, self.scorer.classifier.largest
        assert thresholds is not None  # noqa: S101 - `sources` has looked
        inside = thresholds[output][np.abs(thresholds[output]) <= largest]
        with np.errstate(over="ignore"):
            return np.array([below(-largest), *inside, largest])

    def agrees(self, values: Matrix, transformed: Matrix) -> bool:
        """Whether the transformer gives what is known of its outputs, bit by bit.

        Args:
            values: of the feature, shape (m,).
            transformed: their rows, shape (m, n).
        """
        others = np.ones(transformed.shape[1], np.bool_)
        for output, source in (self.sources or {}).items():
            computed = self._computing(output, source)(values)
            if not np.array_equal(computed, transformed[:, output], equal_nan=True):
                return False
            others[output] = False
        same = transformed[:, others]
        return np.array_equal(same, np.broadcast_to(same[:1], same.shape), equal_nan=True)


def _cells(first: float, last: float) -> Matrix:
    """The first values of equal parts of a piece, but for rounding."""
    steps = np.linspace(0, 1, CELLS, endpoint=False)
    return np.unique(first * (1 - steps) + last * steps)
