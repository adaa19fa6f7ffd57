"""The nearest pair of values of a linear model, whose score rises or falls along both features.

A sum of products rises and falls with each product, also in doubles. So the nearest second value
that turns the decision comes nearer as the first one goes farther, and the values that turn it are
bounded by a staircase, of which only the steps that may be nearest are looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import above, below
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.decision_runs import DecisionRuns
from credit_scoring.whatif.flip_search import decision_runs
from credit_scoring.whatif.pairs.axis import Axis, Pieces
from credit_scoring.whatif.pairs.planes.plane_directions import Directions, PlaneDirections
from credit_scoring.whatif.pairs.planes.residual_trees import Places
from credit_scoring.whatif.pairs.sampled_pairs import refined
from credit_scoring.whatif.pairs.varied_pair import Found, VariedPair

FIRST = 32  # steps that are looked at first
ROUNDING = 1e-12  # of a probability: rows of one call are rounded differently from a row alone


def linear_pairs(pairs: Sequence[VariedPair]) -> dict[int, Found]:
    """The nearest values of each pair for which it is proved that the score rises or falls.

    Args:
        pairs: of one row, with one scorer.

    Returns:
        What is found, by the index of the pair.
    """
    if not pairs or pairs[0].scorer.classifier.coefficients is None:
        return {}
    axes = {axis.name: axis for pair in pairs for axis in (pair.one, pair.other)}
    varied = {
        name: VariedRow(pairs[0].scorer, pairs[0].row, name, axis.low, axis.high)
        for name, axis in axes.items()
    }
    runs = decision_runs(list(varied.values()), pairs[0].threshold)
    proved: list[int] = []
    places: list[_Place | None] = []
    for at, pair in enumerate(pairs):
        slopes = _slopes(pair, varied[pair.one.name], varied[pair.other.name])
        if slopes is None:
            continue
        one, other = (
            _towards(axis, slope, runs[list(axes).index(axis.name)][0])
            for axis, slope in zip((pair.one, pair.other), slopes, strict=True)
        )
        proved.append(at)
        places.append(_Staircase(pair, one, other).nearest())
    ends = [None if place is None else place.values for place in places]
    found = refined([pairs[at] for at in proved], ends)
    return {
        at: Found(values, place is None or place.is_exact)
        for at, values, place in zip(proved, found, places, strict=True)
    }


def _slopes(pair: VariedPair, one: VariedRow, other: VariedRow) -> Directions | None:
    """1 for a feature with which the score rises, -1 if it falls, 0 if neither; None if unknown."""
    coefficients = pair.scorer.classifier.coefficients
    assert coefficients is not None  # noqa: S101 - a condition on the caller
    if one.sources is None or other.sources is None or one.jumps or other.jumps:
        return None
    formulas = pair.scorer.dictionary.formulas
    plane = PlaneDirections(
        {axis.name: (axis.low, axis.high) for axis in (pair.one, pair.other)},
        {name: formulas[name].tree for name in pair.recomputed},
        pair.own,
    )
    slopes: tuple[set[int], set[int]] = set(), set()
    for output, source in (one.sources | other.sources).items():
        if coefficients[output]:
            directions = plane.of(source)
            if directions is None:
                return None
            for along, direction in zip(slopes, directions, strict=True):
                along.add(int(np.sign(coefficients[output])) * direction)
    if any({-1, 1} <= along for along in slopes):
        return None
    first, second = (sum(along) for along in slopes)
    return first, second


@dataclass(frozen=True, eq=False)
class _Stairs:
    """Ranges of one feature that are moved equally far, in the direction of a lower score.

    Attributes:
        far: the far end of each, the nearest range first, shape (k,).
        moved: the share of reference clients passed, shape (k,).
    """

    far: Matrix
    moved: Matrix


def _towards(axis: Axis, slope: int, runs: DecisionRuns) -> _Stairs:
    """The ranges of an axis along which the score falls, up to the value that turns alone."""
    if slope == 0:
        return _Stairs(np.empty(0), np.empty(0))
    flip = runs.nearest(axis.own, True, up=slope < 0, whole=axis.is_whole)
    if flip is not None and slope < 0:
        axis = replace(axis, high=float(below(flip)))
    elif flip is not None:
        axis = replace(axis, low=float(above(flip)))
    pieces: Pieces = axis.pieces()
    is_up = pieces.first > axis.own
    if slope < 0:
        return _Stairs(pieces.last[is_up], pieces.moved[is_up])
    return _Stairs(pieces.first[~is_up][::-1], pieces.moved[~is_up][::-1])


@dataclass(frozen=True, eq=False)
class _Place:
    """Values that turn the decision; exact if no score was too near to the threshold to tell."""

    values: tuple[float, float]
    is_exact: bool


@dataclass(eq=False)
class _Staircase:
    """The ranges of both features that turn the decision together."""

    pair: VariedPair
    one: _Stairs
    other: _Stairs
    is_exact: bool = True

    def nearest(self) -> _Place | None:
        """The far ends of the nearest ranges."""
        number, last = len(self.one.far), len(self.other.far)
        if not number or not last:
            return None
        known = np.unique(np.linspace(0, number - 1, FIRST).round().astype(np.intp))
        needed = self._needed(known, np.zeros(len(known), np.intp), np.full(len(known), last))
        costs = np.append(self.other.moved, np.inf)
        while True:
            best = (self.one.moved[known] + costs[needed]).min()
            # Between two steps, the first feature passes at least one range more than the former.
            gap = np.flatnonzero(known[1:] - known[:-1] > 1)
            least = self.one.moved[known[gap] + 1] + costs[needed[gap + 1]]
            gap = gap[least < best]
            if not len(gap):
                break
            middle = (known[gap] + known[gap + 1]) // 2
            found = self._needed(middle, needed[gap + 1], needed[gap])
            order = np.argsort(np.append(known, middle), kind="stable")
            known, needed = np.append(known, middle)[order], np.append(needed, found)[order]
        if best == np.inf:
            return None
        at = int((self.one.moved[known] + costs[needed]).argmin())
        values = float(self.one.far[known[at]]), float(self.other.far[needed[at]])
        return _Place(values, self.is_exact)

    def _needed(self, steps: Places, low: Places, high: Places) -> Places:
        """The first range of the second feature that turns the decision beside each of the first.

        Args:
            steps: indices of ranges of the first feature, shape (m,).
            low, high: bounds of the indices that are found; the number of ranges for none.
        """
        low, high = low.copy(), high.copy()
        while len(wide := np.flatnonzero(low < high)):
            middle = (low[wide] + high[wide]) // 2
            scores = self.pair.scores(
                self.one.far[steps[wide]], self.other.far[middle], together=True
            )
            if (np.abs(scores - self.pair.threshold) <= ROUNDING).any():
                self.is_exact = False
            turns = self.pair.turns(scores)
            high[wide[turns]] = middle[turns]
            low[wide[~turns]] = middle[~turns] + 1
        return low
