"""ICE curves: the score of one row as a function of one feature, a step function for trees.

Individual conditional expectation (Goldstein et al. 2015, "Peeking inside the black box"). The
score of trees changes only if a transformed feature passes a split point, that of bins only if the
value that is binned enters another bin. A transformed feature follows from the varied feature by a
formula and the transformer's arithmetic. If both are proved monotone, the first double beyond each
split point is found by bisection, and the curve is exact. If not, the score is computed at many
values and each change between two of them is bisected: a step between two values with equal scores
remains undetected.

Every score equals that of `RawScorer.probabilities` for the changed row, to the last bit.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import above, at, below, between, place
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.decision_runs import (
    NEAR,
    DecisionRuns,
    SampledScores,
    scored_values,
    with_changes,
)
from credit_scoring.whatif.curves.row_scores import is_alike, scored

MOST_CHANGES = 500  # changes that are bisected at once,
MOST_ALONE = 100  # and if rows must be scored alone


@dataclass(frozen=True, eq=False)
class IceCurve:
    """The score of a row as a step function of one feature.

    Attributes:
        starts: the first double of each step, rising, shape (k,).
        scores: probabilities of class 1, shape (k,), NaN if the model refuses the row; those of
            neighbours differ.
        runs: the runs of values with one decision.
        is_exact: true if no change of the score is missed.
    """

    starts: Matrix
    scores: Matrix
    runs: DecisionRuns
    is_exact: bool
    shape: Literal["steps"] = "steps"

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


def ice_curve(varied: VariedRow, threshold: float) -> IceCurve:
    """The curve of a varied row; the threshold is a probability."""
    values = varied.breakpoints()
    ((scores, transformed),) = scored_values([varied], [values])
    known = ~np.isnan(scores)
    is_exact = varied.is_proved and varied.agrees(values[known], transformed[known])
    if not is_exact:
        values, scores = _searched(varied, values)
    sampled = SampledScores(varied, values, scores)
    new = np.append(True, _differs(scores[1:], scores[:-1]))
    if not is_exact:  # the search may have been stopped
        (sampled,) = with_changes([sampled], np.array([threshold]))
    return IceCurve(values[new], scores[new], sampled.runs(threshold), is_exact)


def _searched(varied: VariedRow, breakpoints: Matrix) -> tuple[Matrix, Matrix]:
    """Values and scores, with changes between the breakpoints found by bisection."""
    own = [] if np.isnan(varied.own) else [varied.own]
    points = np.unique([*breakpoints, *below(breakpoints[1:]), varied.high, *own])
    if not is_alike(varied.scorer):
        # Single rows take long: they are scored only near the changes in rows of one call.
        points_together, scores = _bisected(varied, points, together=True)
        changes = place(points_together[1:][_differs(scores[:-1], scores[1:])])
        near = np.concatenate([at(changes - NEAR), at(changes + NEAR)])
        points = np.unique([*points, *np.clip(near, varied.low, varied.high)])
    return _bisected(varied, points, together=False)


def _bisected(varied: VariedRow, points: Matrix, *, together: bool) -> tuple[Matrix, Matrix]:
    """Values and scores: the given points, and the doubles between at which the score changes.

    Bisection stops if the score changes nearly everywhere, as with linear functions in the leaves.
    """

    most = MOST_CHANGES if is_alike(varied.scorer) else MOST_ALONE

    def score(values: Matrix) -> Matrix:
        return scored(varied.scorer, varied.rows(values), together=together)[0]

    scores = score(points)
    low, high, one, other = points[:-1], points[1:], scores[:-1], scores[1:]
    while True:
        changes = _differs(one, other) & (above(low) < high)
        if not 0 < changes.sum() <= most:
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
