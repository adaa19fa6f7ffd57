"""Runs of values of one feature with one decision on a row, and the doubles at which they begin."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import Places, at, below, between, place
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.row_scores import concatenated, is_alike, scored

REFUSED = -1  # the level of a value that the model refuses
PROBES = 64  # rows of one call, about: a call costs as much as some dozens of rows
DEEPEST = 4  # halvings of a bracket in one call
# Doubles between a change in rows scored together and in single rows: often none, seldom many.
CLOSE, NEAR = 16, 1024

Levels = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class DecisionRuns:
    """The decision on a row as a step function of one feature.

    Attributes:
        starts: the first double of each run, rising, shape (k,).
        decisions: 1 for class 1, 0 for class 0, `REFUSED` without one, shape (k,).
        last: the last double of the last run.
    """

    starts: Matrix
    decisions: Levels
    last: float

    def is_default(self, value: float) -> bool:
        """True if the decision at a value of the range is class 1."""
        return bool(self.decisions[np.searchsorted(self.starts, value, "right") - 1] == 1)

    def nearest(
        self, value: float, decision: bool, *, up: bool, whole: bool = False
    ) -> float | None:
        """The nearest value above or below a value with the other decision; None without one.

        Args:
            value: between the first start and the last double.
            decision: true if the decision at `value` is class 1.
            up: true to search above, false to search below.
            whole: true if only whole numbers count.
        """
        other = self.decisions == (not decision)
        first, last = self.starts, np.append(below(self.starts[1:]), self.last)
        first, last = (np.maximum(first, value), last) if up else (first, np.minimum(last, value))
        if whole:
            first, last = np.ceil(first), np.floor(last)
        other &= first <= last
        if not other.any():
            return None
        return float(first[other][0] if up else last[other][-1])


@dataclass(frozen=True, eq=False)
class SampledScores:
    """Scores of a row at some values of one feature.

    Attributes:
        varied: the row.
        values: rising, each once, shape (m,).
        scores: probabilities of class 1, NaN if the model refuses the row, shape (m,).
    """

    varied: VariedRow
    values: Matrix
    scores: Matrix

    def runs(self, threshold: float) -> DecisionRuns:
        """The runs, if the decision turns only at the values."""
        levels = levels_of(self.scores, np.array([threshold]))
        new = np.append(True, levels[1:] != levels[:-1])
        return DecisionRuns(self.values[new], levels[new], self.varied.high)

    def with_more(self, values: Matrix, scores: Matrix) -> "SampledScores":
        """The scores at some more values."""
        every, first = np.unique(np.append(self.values, values), return_index=True)
        return replace(self, values=every, scores=np.append(self.scores, scores)[first])


def levels_of(scores: Matrix, limits: Matrix) -> Levels:
    """How many of the rising limits each score reaches; `REFUSED` for NaN."""
    return np.where(np.isnan(scores), REFUSED, np.searchsorted(limits, scores, "right"))


def scored_values(
    varied_rows: Sequence[VariedRow], values: Sequence[Matrix], *, together: bool = False
) -> list[tuple[Matrix, Matrix]]:
    """Scores and transformed rows of some values of each varied row, by one call of the model.

    Args:
        varied_rows: one or more, with one scorer.
        values: of each.
        together: see `scored`.
    """
    rows = [varied.rows(some) for varied, some in zip(varied_rows, values, strict=True)]
    scores, transformed = scored(varied_rows[0].scorer, concatenated(rows), together=together)
    ends = np.cumsum([len(some) for some in values])[:-1]
    return list(zip(np.split(scores, ends), np.split(transformed, ends), strict=True))


def with_changes(samples: Sequence[SampledScores], limits: Matrix) -> list[SampledScores]:
    """Add the doubles on both sides of the changes of level between neighbouring values.

    Changes are found by bisection, those of all rows together. Of several between two neighbours,
    that nearest to the row's own value is added; the lowest if this value is missing.

    Args:
        samples: of one or more varied rows with one scorer.
        limits: probabilities, rising, that limit the levels.
    """
    outer = _Brackets.of(samples, limits)
    brackets = outer.narrowed(together=True)
    if not is_alike(samples[0].varied.scorer):
        brackets = brackets.widened_within(outer).narrowed(together=False)
    return [
        sampled.with_more(
            at(brackets.places[brackets.owners == owner].ravel()),
            brackets.scores[brackets.owners == owner].ravel(),
        )
        for owner, sampled in enumerate(samples)
    ]


@dataclass(frozen=True, eq=False)
class _Brackets:
    """Pairs of values of varied rows between which the level changes.

    Attributes:
        varied: the rows.
        limits: see `with_changes`.
        owners: indices of the varied rows, rising, shape (k,).
        places: ranks of both values, see `float_search.place`, shape (k, 2).
        scores: of both values, shape (k, 2).
    """

    varied: Sequence[VariedRow]
    limits: Matrix
    owners: NDArray[np.intp]
    places: Places
    scores: Matrix

    @classmethod
    def of(cls, samples: Sequence[SampledScores], limits: Matrix) -> "_Brackets":
        """The neighbours of different levels in some samples."""
        owners, places, scores = [], [], []
        for owner, sampled in enumerate(samples):
            levels = levels_of(sampled.scores, limits)
            first = np.flatnonzero(levels[1:] != levels[:-1])
            pairs = np.stack([first, first + 1], axis=1)
            owners.append(np.full(len(first), owner))
            places.append(place(sampled.values)[pairs])
            scores.append(sampled.scores[pairs])
        return cls(
            [sampled.varied for sampled in samples],
            limits,
            np.concatenate(owners),
            np.concatenate(places),
            np.concatenate(scores),
        )

    def narrowed(self, *, together: bool) -> "_Brackets":
        """The brackets bisected until both values are neighbouring doubles."""
        places, scores = self.places.copy(), self.scores.copy()
        upward = ~(at(places[:, 0]) < np.array([each.own for each in self.varied])[self.owners])
        while len(wide := np.flatnonzero(places[:, 0] + 1 < places[:, 1])):
            grid = places[wide]
            halvings = min(DEEPEST, max(1, int(np.log2(1 + PROBES / len(wide)))))
            for _ in range(halvings):
                grid = _halved(grid)
            found = self._scored(self.owners[wide], grid[:, 1:-1], together=together)
            along = np.column_stack([scores[wide, 0], found, scores[wide, 1]])
            levels = levels_of(along, self.limits)
            changes = levels[:, 1:] != levels[:, :-1]
            lowest, highest = (
                changes.argmax(axis=1),
                changes.shape[1] - 1 - changes[:, ::-1].argmax(axis=1),
            )
            chosen = np.where(upward[wide], lowest, highest)[:, None] + [0, 1]
            places[wide] = np.take_along_axis(grid, chosen, axis=1)
            scores[wide] = np.take_along_axis(along, chosen, axis=1)
        return replace(self, places=places, scores=scores)

    def widened_within(self, outer: "_Brackets") -> "_Brackets":
        """The brackets, each as far widened as its change needs if rows are scored alone.

        Those without a change even between the values of the outer bracket are left out.
        """
        places, scores = self.places.copy(), self.scores.copy()
        waiting = np.arange(len(places))
        for distance in (0, CLOSE, NEAR, None):
            wide = outer.places[waiting].copy()
            if distance is not None:
                inner = self.places[waiting]
                wide[:, 0] = np.maximum(wide[:, 0], inner[:, 0] - distance)
                wide[:, 1] = np.minimum(wide[:, 1], inner[:, 1] + distance)
            found = self._scored(self.owners[waiting], wide, together=False)
            places[waiting], scores[waiting] = wide, found
            levels = levels_of(found, self.limits)
            waiting = waiting[levels[:, 0] == levels[:, 1]]
        kept = ~np.isin(np.arange(len(places)), waiting)
        return replace(self, owners=self.owners[kept], places=places[kept], scores=scores[kept])

    def _scored(self, owners: NDArray[np.intp], places: Places, *, together: bool) -> Matrix:
        """Scores of some values of varied rows, shape (k, values), by their owners, rising."""
        if not len(owners):
            return np.empty(places.shape)
        some = np.unique(owners)
        values = [at(places[owners == owner].ravel()) for owner in some]
        varied = [self.varied[owner] for owner in some]
        found = scored_values(varied, values, together=together)
        return np.concatenate([scores for scores, _ in found]).reshape(places.shape)


def _halved(grid: Places) -> Places:
    """Rows of rising ranks with the rank in the middle put between any two."""
    halved = np.empty((len(grid), 2 * grid.shape[1] - 1), np.int64)
    halved[:, ::2], halved[:, 1::2] = grid, between(grid[:, :-1], grid[:, 1:])
    return halved
