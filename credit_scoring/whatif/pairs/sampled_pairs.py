"""Pairs of values found by trying: a grid, then the nearest value along either feature."""

from collections.abc import Sequence

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.whatif.curves.row_scores import concatenated, scored
from credit_scoring.whatif.flip_search import decision_runs
from credit_scoring.whatif.pairs.varied_pair import PairValues, VariedPair

ROWS = 10_000  # of one search, shared by the pairs
LONGEST = 40  # values of a feature that are tried


def sampled_pairs(pairs: Sequence[VariedPair]) -> list[PairValues | None]:
    """A near pair of values for each pair of features; None if no tried one turns the decision.

    Neither value of a pair turns the decision alone, nor does a nearer value beside the other one.

    Args:
        pairs: with one scorer.
    """
    if not pairs:
        return []
    number = int(min(LONGEST, max(4, (ROWS / len(pairs)) ** 0.5)))
    grids = [_grid(pair, number) for pair in pairs]
    rows = [pair.rows(one, other) for pair, (one, other) in zip(pairs, grids, strict=True)]
    scores, _ = scored(pairs[0].scorer, concatenated(rows), together=True)
    ends = np.cumsum([len(some) for some in rows])[:-1]
    found = [
        _nearest(pair, *grid, some)
        for pair, grid, some in zip(pairs, grids, np.split(scores, ends), strict=True)
    ]
    return refined(pairs, found)


def _grid(pair: VariedPair, number: int) -> tuple[Matrix, Matrix]:
    """Tried values of both features, in all combinations with each other and the own ones."""
    one = np.append(pair.one.own, pair.one.tried(number))
    other = np.append(pair.other.own, pair.other.tried(number))
    return np.repeat(one, len(other)), np.tile(other, len(one))


def _nearest(
    pair: VariedPair, one: Matrix, other: Matrix, scores: Matrix
) -> tuple[float, float] | None:
    """The nearest combination of a grid whose values do not turn the decision alone."""
    turns = pair.turns(scores)
    first_alone, second_alone = turns & (other == pair.other.own), turns & (one == pair.one.own)
    turns &= ~np.isin(one, one[first_alone]) & ~np.isin(other, other[second_alone])
    if not turns.any():
        return None
    moved = pair.one.moved(one) + pair.other.moved(other)
    at = int(np.where(turns, moved, np.inf).argmin())
    return float(one[at]), float(other[at])


def refined(
    pairs: Sequence[VariedPair], found: Sequence[tuple[float, float] | None]
) -> list[PairValues | None]:
    """Values moved back towards the row's own ones as far as each may be alone.

    Args:
        pairs: with one scorer.
        found: values that turn the decision; None for a pair without.
    """
    values = {at: each for at, each in enumerate(found) if each is not None}
    waiting = list(values)
    if waiting:
        some = [pairs[at] for at in waiting]
        moved = _moved_back(some, [values[at] for at in waiting])
        swapped = _moved_back([pair.swapped for pair in some], [both[::-1] for both in moved])
        values |= {at: both[::-1] for at, both in zip(waiting, swapped, strict=True)}
    return [
        pair.checked(*pair.settled(*values[at])) if at in values else None
        for at, pair in enumerate(pairs)
    ]


def _moved_back(
    pairs: Sequence[VariedPair], values: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """The values, the first of each moved back beside the second one."""
    varied = [pair.along_one(*both) for pair, both in zip(pairs, values, strict=True)]
    moved = []
    for pair, (one, other), (runs, _) in zip(
        pairs, values, decision_runs(varied, pairs[0].threshold), strict=True
    ):
        axis = pair.one
        nearest = runs.nearest(axis.own, True, up=one > axis.own, whole=axis.is_whole)
        moved.append((one if nearest in (None, axis.own) else float(nearest), other))
    return moved
