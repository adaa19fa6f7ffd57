"""ICE curves: the score of one row as a function of one feature, a step function for trees.

Individual conditional expectation (Goldstein et al. 2015, "Peeking inside the black box"). The
score of trees changes only if a transformed feature passes a split point. A transformed feature
follows from the varied feature by a formula and the transformer's arithmetic. If both are proved
monotone, the first double beyond each split point is found by bisection, and the curve is exact.
If not, the score is computed at many values and each change between two of them is bisected: a step
between two values with equal scores remains undetected.

Every score equals that of `RawScorer.probabilities` for the changed row, to the last bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.float_search import above, at, below, between, place
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.model.refusals import Taken, attempts
from credit_scoring.whatif.breakpoints import VariedRow

MOST_CHANGES = 500  # changes that are bisected at once
NEAR = 1024  # doubles between a change in rows transformed in one call and in single rows, at most


@dataclass(frozen=True, eq=False)
class IceCurve:
    """The score of a row as a step function of one feature.

    Attributes:
        starts: the first double of each step, rising, shape (k,).
        scores: probabilities of class 1, shape (k,), NaN if the model refuses the row; those of
            neighbours differ.
        last: the last double of the last step.
        is_exact: true if no change of the score is missed.
    """

    starts: Matrix
    scores: Matrix
    last: float
    is_exact: bool

    def score(self, value: float) -> float:
        """The probability at a value between the first start and the last double."""
        return float(self.scores[np.searchsorted(self.starts, value, "right") - 1])

    def nearest_flip(
        self, value: float, decision: bool, threshold: float, *, up: bool, whole: bool = False
    ) -> float | None:
        """The nearest value above or below a value with the other decision; None without one.

        Args:
            value: between the first start and the last double.
            decision: true if the decision at `value` is class 1.
            threshold: decision threshold, a probability.
            up: true to search above, false to search below.
            whole: true if only whole numbers count.
        """
        other = (self.scores < threshold) if decision else (self.scores >= threshold)
        first, last = self.starts, np.append(below(self.starts[1:]), self.last)
        first, last = (np.maximum(first, value), last) if up else (first, np.minimum(last, value))
        if whole:
            first, last = np.ceil(first), np.floor(last)
        other &= first <= last
        if not other.any():
            return None
        return float(first[other][0] if up else last[other][-1])

    def within(self, low: float, high: float) -> list[tuple[float, float | None]]:
        """Starts and scores of the steps between two values; the score of a refused row is None."""
        inside = (self.starts <= high) & (np.append(self.starts[1:], np.inf) > low)
        return [
            (start, None if score != score else score)
            for start, score in zip(
                np.maximum(self.starts[inside], low).tolist(),
                self.scores[inside].tolist(),
                strict=True,
            )
        ]


def ice_curves(varied_rows: Sequence[VariedRow]) -> list[IceCurve]:
    """The curves of varied rows that have one scorer, scored in one call."""
    if not varied_rows:
        return []
    points = [varied.breakpoints() for varied in varied_rows]
    rows = [varied.rows(values) for varied, values in zip(varied_rows, points, strict=True)]
    scores, transformed = scored(varied_rows[0].scorer, _concatenated(rows))
    curves, ends = [], np.cumsum([len(values) for values in points])
    for varied, values, end in zip(varied_rows, points, ends, strict=True):
        found = slice(end - len(values), end)
        accepted = ~np.isnan(scores[found])
        is_exact = varied.is_proved and varied.agrees(
            values[accepted], transformed[found][accepted]
        )
        values, known = (values, scores[found]) if is_exact else _searched(varied, values)
        new = np.append(True, _differs(known[1:], known[:-1]))
        curves.append(IceCurve(values[new], known[new], varied.high, is_exact))
    return curves


def _concatenated(parts: Sequence[RawBatch]) -> RawBatch:
    return RawBatch(
        np.concatenate([part.numbers for part in parts]),
        {
            column: np.concatenate([part.texts[column] for part in parts])
            for column in parts[0].texts
        },
    )


def scored(
    scorer: RawScorer, rows: RawBatch, transform: Callable[[RawBatch], Matrix] | None = None
) -> tuple[Matrix, Matrix]:
    """Probabilities of class 1 and transformed rows, NaN for a row that the model refuses.

    Args:
        scorer: has the classifier and the transformer.
        rows: any number of raw rows.
        transform: transforms rows; None for the scorer's transformer, each row as if alone.

    Returns:
        Shapes (rows,) and (rows, n).
    """
    scores = np.full(len(rows), np.nan)
    transformed = np.full((len(rows), len(scorer.names)), np.nan)
    finite = np.flatnonzero(~np.isinf(rows.numbers).any(axis=1))
    if not len(finite):
        return scores, transformed

    def attempt(part: range) -> tuple[Matrix, Matrix]:
        some = finite[part.start : part.stop]
        batch = rows if len(some) == len(rows) else rows.take(some)
        # scikit-learn adds up all values to see if one is NaN; the sum may overflow.
        with foreign_code(MODEL_FILE, describe), np.errstate(all="ignore"):
            values = (transform or scorer.transformer)(batch)
            out_of_range = np.abs(values) > scorer.classifier.largest  # NaN is not
            accepted = ~out_of_range.any(axis=1)
            found = np.full(len(some), np.nan)
            if accepted.any():
                found[accepted] = scorer.classifier.probabilities(values[accepted])
            return found, values

    for part in attempts(range(len(finite)), attempt, BadFile):
        if isinstance(part, Taken):
            some = finite[part.rows.start : part.rows.stop]
            scores[some], transformed[some] = part.result
    return scores, transformed


def _searched(varied: VariedRow, breakpoints: Matrix) -> tuple[Matrix, Matrix]:
    """Values and scores, with changes between the breakpoints found by bisection."""
    transformer = varied.scorer.transformer
    points = np.unique([*breakpoints, *below(breakpoints[1:]), varied.high])
    if not transformer.is_element_by_element:
        # Single rows take long: they are scored only near the changes in rows of one call.
        points_together, scores = _bisected(varied, points, transformer.in_one_call)
        changes = place(points_together[1:][_differs(scores[:-1], scores[1:])])
        near = np.concatenate([at(changes - NEAR), at(changes + NEAR)])
        points = np.unique([*points, *np.clip(near, varied.low, varied.high)])
    return _bisected(varied, points, transformer)


def _bisected(
    varied: VariedRow, points: Matrix, transform: Callable[[RawBatch], Matrix]
) -> tuple[Matrix, Matrix]:
    """Values and scores: the given points, and the doubles between at which the score changes.

    Bisection stops if the score changes nearly everywhere, as with linear functions in the leaves.
    """

    def score(values: Matrix) -> Matrix:
        return scored(varied.scorer, varied.rows(values), transform)[0]

    scores = score(points)
    low, high, one, other = points[:-1], points[1:], scores[:-1], scores[1:]
    while True:
        changes = _differs(one, other) & (above(low) < high)
        if not 0 < changes.sum() <= MOST_CHANGES:
            break
        low, high, one, other = low[changes], high[changes], one[changes], other[changes]
        middle = at(between(place(low), place(high)))
        found = score(middle)
        points, scores = np.append(points, middle), np.append(scores, found)
        low, high = np.append(low, middle), np.append(middle, high)
        one, other = np.append(one, found), np.append(found, other)
    order = np.argsort(points)
    return points[order], scores[order]


def _differs(one: Matrix, other: Matrix) -> NDArray[np.bool_]:
    """True for scores that differ; those of two refused rows do not."""
    return np.asarray((one != other) & ~(np.isnan(one) & np.isnan(other)))
