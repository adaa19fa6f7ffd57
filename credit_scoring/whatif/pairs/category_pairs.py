"""Pairs of a category and a number, or of two categories, that turn the decision together."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.row_scores import concatenated, scored
from credit_scoring.whatif.flip_search import decision_runs
from credit_scoring.whatif.pairs.axis import Axis
from credit_scoring.whatif.pairs.options import Options, with_option
from credit_scoring.whatif.pairs.varied_pair import Found, PairValues

MOST_ROWS = 60  # rows that are varied in one search
MOST_SCORED = 2_000  # pairs of categories


class _Tried(NamedTuple):
    """A category beside which a number is varied."""

    pair: int
    category: float | str
    varied: VariedRow


def categories_with_numbers(
    scorer: RawScorer, row: RawBatch, pairs: Sequence[tuple[Options, Axis]], threshold: float
) -> list[Found]:
    """The nearest category and number of each pair that turn the decision only together.

    Args:
        scorer: scores the rows.
        row: one refused row.
        pairs: features.
        threshold: decision threshold, a probability.
    """
    axes = {axis.name: axis for _, axis in pairs}
    alone = [VariedRow(scorer, row, name, axis.low, axis.high) for name, axis in axes.items()]
    each = max(1, MOST_ROWS // max(1, len(pairs)))
    tried = [
        _Tried(
            at,
            category,
            VariedRow(
                scorer,
                with_option(scorer, row, options, category),
                axis.name,
                axis.low,
                axis.high,
            ),
        )
        for at, (options, axis) in enumerate(pairs)
        for category in options.allowed[:each]
    ]
    runs = decision_runs([*alone, *(one.varied for one in tried)], threshold)
    turning = {
        (name, up): found.nearest(axis.own, True, up=up, whole=axis.is_whole)
        for (name, axis), (found, _) in zip(axes.items(), runs, strict=False)
        for up in (False, True)
    }
    proofs = [
        len(options.allowed) <= each and runs[list(axes).index(axis.name)][1]
        for options, axis in pairs
    ]
    values: list[list[tuple[float | str, float]]] = [[] for _ in pairs]
    for one, (found, is_proved) in zip(tried, runs[len(alone) :], strict=True):
        axis = pairs[one.pair][1]
        proofs[one.pair] &= is_proved
        for up in (False, True):
            value = found.nearest(axis.own, True, up=up, whole=axis.is_whole)
            limit = turning[axis.name, up]
            if value in (None, axis.own) or limit == value:
                continue
            if limit is None or abs(value - axis.own) < abs(limit - axis.own):
                values[one.pair].append((one.category, value))
    return [
        Found(_nearest(scorer, row, *pair, some, threshold), is_exact)
        for pair, some, is_exact in zip(pairs, values, proofs, strict=True)
    ]


def _nearest(
    scorer: RawScorer,
    row: RawBatch,
    options: Options,
    axis: Axis,
    values: Sequence[tuple[float | str, float]],
    threshold: float,
) -> PairValues | None:
    """The least moved values whose own score turns the decision."""
    costs = [
        (options.moved_to(category) or 0.0) + axis.moved_to(value) for category, value in values
    ]
    for at in np.argsort(costs, kind="stable").tolist():
        category, value = values[at]
        changed = with_option(scorer, row, options, category)
        varied = VariedRow(scorer, changed, axis.name, axis.low, axis.high)
        score = float(scored(scorer, varied.rows(np.array([value])))[0][0])
        if score < threshold:
            return PairValues(category, value, score)
    return None


def two_categories(
    scorer: RawScorer, row: RawBatch, one: Options, other: Options, threshold: float
) -> Found:
    """The two categories that turn the decision only together.

    Those that are moved least, then those with the probability nearest to the threshold.
    """
    both = list(product(one.allowed, other.allowed))
    tried = both[:MOST_SCORED]
    if not tried:
        return Found(None, is_exact=True)
    rows = [
        with_option(scorer, with_option(scorer, row, one, first), other, second)
        for first, second in tried
    ]
    scores, _ = scored(scorer, concatenated(rows))
    turned = [
        ((one.moved_to(first) or 0.0) + (other.moved_to(second) or 0.0), -score, (first, second))
        for (first, second), score in zip(tried, scores.tolist(), strict=True)
        if score < threshold
    ]
    is_exact = len(tried) == len(both)
    if not turned:
        return Found(None, is_exact)
    _, score, (first, second) = min(turned, key=lambda each: each[:2])
    return Found(PairValues(first, second, -score), is_exact)
