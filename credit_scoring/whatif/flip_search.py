"""Runs of decisions along several features of a row: all that counterfactuals need of a score."""

from collections.abc import Sequence

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.whatif.curves.breakpoints import CELLS, VariedRow, cells
from credit_scoring.whatif.curves.decision_runs import (
    DecisionRuns,
    SampledScores,
    scored_values,
    with_changes,
)
from credit_scoring.whatif.curves.linear_knots import LinearKnots, is_linear
from credit_scoring.whatif.curves.row_scores import is_alike

ROWS = 10_000  # of one search in which nothing is proved, shared by the features
MOST_CELLS = 1_000  # of one feature
CLOSEST = 1e-6  # smallest distance from the row's own value that is tried, a share of the range


def decision_runs(
    varied_rows: Sequence[VariedRow], threshold: float
) -> list[tuple[DecisionRuns, bool]]:
    """The runs of varied rows, and whether it is proved that none is missing.

    All rows are scored together: once for step functions, otherwise in as many calls as one
    bisection takes. Without a proof, a run between two of the values tried is missed.

    Args:
        varied_rows: with one scorer.
        threshold: decision threshold, a probability.
    """
    if not varied_rows:
        return []
    number = min(MOST_CELLS, max(CELLS, ROWS // len(varied_rows)))
    searches = [_values(varied, number) for varied in varied_rows]
    first_scores = _scored(varied_rows, [some for some, _ in searches])
    samples, proofs = [], []
    for varied, (some, is_proved), (scores, transformed) in zip(
        varied_rows, searches, first_scores, strict=True
    ):
        known = ~np.isnan(scores)
        samples.append(SampledScores(varied, some, scores))
        proofs.append(is_proved and varied.agrees(some[known], transformed[known]))
    searched = [
        at
        for at, varied in enumerate(varied_rows)
        if not (proofs[at] and varied.is_proved)  # else the values are the starts of all steps
    ]
    if searched:
        found = with_changes([samples[at] for at in searched], np.array([threshold]))
        for at, sampled in zip(searched, found, strict=True):
            samples[at] = sampled
    return [
        (sampled.runs(threshold), proof) for sampled, proof in zip(samples, proofs, strict=True)
    ]


def _scored(
    varied_rows: Sequence[VariedRow], values: Sequence[Matrix]
) -> list[tuple[Matrix, Matrix]]:
    """See `scored_values`; rows alone where no bisection corrects the last bits afterwards."""
    is_proved = [varied.is_proved for varied in varied_rows]
    if all(is_proved) or is_alike(varied_rows[0].scorer):
        return scored_values(varied_rows, values)
    found = scored_values(varied_rows, values, together=True)
    for at, varied in enumerate(varied_rows):
        if is_proved[at]:
            (found[at],) = scored_values([varied], [values[at]])
    return found


def _values(varied: VariedRow, number: int) -> tuple[Matrix, bool]:
    """Values to be scored, rising, and true if the decision turns at most once between two.

    Args:
        varied: the row.
        number: of the values that are tried without a proof, about.
    """
    if varied.is_proved:
        return varied.breakpoints(), True
    own = np.array([] if np.isnan(varied.own) else [varied.own])
    if is_linear(varied):
        linear = LinearKnots(varied)
        knots = np.append(linear.knots(), own)
        if linear.is_monotone:
            return np.unique(knots), True
    else:
        edges = varied.breakpoints()
        knots = np.concatenate([edges, below(edges[1:]), [varied.high], own])
    tried = [knots, cells(varied.low, varied.high, number // 2)]
    if len(own):
        distances = np.geomspace(CLOSEST, 1, number // 4) * (varied.high - varied.low)
        tried += [own - distances, own + distances]
    return np.unique(np.clip(np.concatenate(tried), varied.low, varied.high)), False
