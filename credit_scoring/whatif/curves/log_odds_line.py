"""The score of one row as a line: log-odds that are linear between knots.

For a linear classifier the knots are known: the ends of the range, each jump, and each bend, such
as a scaler's bound. Its log-odds are exactly linear in a feature whose formulas are, such as a sum.
For other formulas, such as a ratio, and for other smooth models, knots are put where the line would
be off by more than `TOLERANCE`, as far as the middle between two knots shows.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import above
from credit_scoring.model.scorecard import log_odds_of
from credit_scoring.whatif.curves.breakpoints import VariedRow, cells
from credit_scoring.whatif.curves.decision_runs import (
    DecisionRuns,
    SampledScores,
    levels_of,
    scored_values,
    with_changes,
)
from credit_scoring.whatif.curves.linear_knots import LinearKnots, is_linear
from credit_scoring.whatif.curves.row_scores import is_alike

TOLERANCE = 0.001  # of a probability in the middle between two knots
FIRST_CELLS, MOST_KNOTS = 32, 256
# Beyond these probabilities, doubles lose the log-odds: a knot is put where the score passes one.
SATURATED = np.array([1e-300, 1 - 1e-9])
SHORT = 2.0**-20  # of the range, over which the score of trees seldom changes
SOME = 2  # of such distances; smooth models may be flat elsewhere
GOLDEN = 0.381966  # a place in a cell where trees that split at round numbers seldom do
ROUNDING = 1e-11  # of a probability, or of a value as a share of the range


@dataclass(frozen=True, eq=False)
class LogOddsLine:
    """The score of a row as a line along one feature.

    Attributes:
        values: of the knots, rising, shape (k,).
        scores: probabilities of class 1 at the knots, NaN if the model refuses them, shape (k,).
        runs: the runs of values with one decision.
        is_exact: true if the log-odds are proved linear, and the decision to turn at most once,
            between the knots.
    """

    values: Matrix
    scores: Matrix
    runs: DecisionRuns
    is_exact: bool
    shape: Literal["line"] = "line"

    def within(self, low: float, high: float) -> list[tuple[float, float | None]]:
        """Values and scores of the knots between two knots; the score of a refused row is None."""
        inside = (self.values >= low) & (self.values <= high)
        return [
            (value, None if score != score else score)
            for value, score in zip(
                self.values[inside].tolist(), self.scores[inside].tolist(), strict=True
            )
        ]


def log_odds_line(varied: VariedRow, ends: tuple[float, float], threshold: float) -> LogOddsLine:
    """The line of a varied row.

    Args:
        varied: the row.
        ends: two values that are to be knots.
        threshold: decision threshold, a probability.
    """
    linear = LinearKnots(varied) if is_linear(varied) else None
    is_straight = linear is not None and linear.is_linear
    first = [np.array(ends)]
    if linear is not None:
        first.append(linear.knots())
    if not is_straight:
        first += [cells(varied.low, varied.high, FIRST_CELLS), np.array([varied.high])]
    knots = np.unique(np.concatenate(first))
    values = knots if np.isnan(varied.own) else np.unique(np.append(knots, varied.own))
    ((scores, transformed),) = scored_values([varied], [values], together=True)
    known = ~np.isnan(scores)
    is_exact = (
        linear is not None
        and is_straight
        and linear.is_monotone
        and varied.agrees(values[known], transformed[known])
    )
    sampled = SampledScores(varied, values, scores)
    (sampled,) = with_changes([sampled], np.sort(np.append(SATURATED, threshold)))
    levels = levels_of(sampled.scores, SATURATED)
    changes = np.append(levels[1:] != levels[:-1], False)
    listed = np.isin(sampled.values, knots) | changes | np.roll(changes, 1)
    values, scores = sampled.values[listed], sampled.scores[listed]
    if not is_straight:
        refined = _refined(SampledScores(varied, values, scores))
        values, scores = refined.values, refined.scores
    if not is_alike(varied.scorer):
        ((scores, _),) = scored_values([varied], [values])
    kept = _is_needed(values, scores, ends)
    return LogOddsLine(values[kept], scores[kept], sampled.runs(threshold), is_exact)


def changes_everywhere(varied: VariedRow) -> bool:
    """True if the score changes over some of a few short distances, as that of trees does not."""
    edges = cells(varied.low, varied.high)
    first = edges + GOLDEN * (varied.high - varied.low) / len(edges)
    other = np.maximum(above(first), first + (varied.high - varied.low) * SHORT)
    both = np.append(first, np.minimum(other, varied.high))
    ((scores, _),) = scored_values([varied], [both], together=True)
    one, two = np.split(scores, 2)
    accepted = ~np.isnan(one) & ~np.isnan(two)
    return bool((one != two)[accepted].sum() >= SOME)


def _refined(sampled: SampledScores) -> SampledScores:
    """Add knots where the middle between two is off the line, as long as there are few."""
    varied = sampled.varied
    is_open = np.ones(len(sampled.values) - 1, np.bool_)
    while len(sampled.values) < MOST_KNOTS:
        low, high = sampled.values[:-1], sampled.values[1:]
        middle = low / 2 + high / 2
        asked = is_open & (low < middle) & (middle < high)
        if not asked.any():
            break
        ((found, _),) = scored_values([varied], [middle[asked]], together=True)
        line = log_odds_of(np.clip(sampled.scores, *SATURATED))
        expected = expit((line[:-1] + line[1:])[asked] / 2)
        is_off = ~np.isnan(found) & ~(np.abs(found - expected) <= TOLERANCE)
        added = middle[asked][is_off]
        sampled = sampled.with_more(added, found[is_off])
        is_open = np.isin(sampled.values[:-1], added) | np.isin(sampled.values[1:], added)
    return sampled


def _is_needed(values: Matrix, scores: Matrix, ends: tuple[float, float]) -> NDArray[np.bool_]:
    """False for one of two knots that are apart by rounding only, and between refused values."""
    is_close = values[1:] - values[:-1] <= ROUNDING * (values[-1] - values[0])
    is_doubled = is_close & (np.abs(scores[1:] - scores[:-1]) <= ROUNDING)
    is_end = np.isin(values, ends)
    first = np.append(is_doubled, False) & ~is_end
    second = np.append(False, is_doubled & is_end[:-1]) & ~is_end
    is_refused = np.isnan(scores)
    is_repeated = np.append(False, is_refused[1:] & is_refused[:-1])
    return np.asarray(~(first | second | is_repeated))
