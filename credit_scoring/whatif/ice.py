"""The score of a row as a function of one of its features, which is constant between steps.

A score of trees changes only where a transformed feature passes one of their thresholds. A
transformed feature follows from the one that is changed by a formula and by the transformer's
arithmetic. Where both are proved monotone, the first double that passes a threshold is found by
bisection, so that every step is found, and found exactly. Where they are not, the line is looked at
in many places, and each change between two of them is bisected: a step may remain unseen between.

Every score is that of `RawScorer.probabilities` for the changed row, to the last bit.
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
from credit_scoring.whatif.breakpoints import Line

MOST_CHANGES = 500  # that are followed at once, where nothing is proved
NEAR = 1024  # doubles within which a score of many rows changes where that of one row does


@dataclass(frozen=True, eq=False)
class Curve:
    """Scores along a feature.

    Attributes:
        starts: the first double of each step, rising, shape (k,).
        scores: probabilities of class 1, shape (k,); NaN where the model refuses the row. Those of
            neighbours differ.
        last: the last double of the last step.
        is_exact: whether every place at which the score changes is the start of a step.
    """

    starts: Matrix
    scores: Matrix
    last: float
    is_exact: bool

    def score(self, value: float) -> float:
        """The probability at a value between the first start and the last double."""
        return float(self.scores[np.searchsorted(self.starts, value, "right") - 1])

    def turn(
        self, value: float, decision: bool, threshold: float, *, up: bool, whole: bool = False
    ) -> float | None:
        """The nearest value above or below another one at which the other decision is taken.

        Args:
            value: from where it is looked for, between the first start and the last double.
            decision: whether class 1 is expected there.
            threshold: of the decision, a probability.
            up: whether it is looked for above.
            whole: whether only whole numbers count.
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
        """The steps between two values, each with its start; None is a refused row's score."""
        inside = (self.starts <= high) & (np.append(self.starts[1:], np.inf) > low)
        return [
            (start, None if score != score else score)
            for start, score in zip(
                np.maximum(self.starts[inside], low).tolist(),
                self.scores[inside].tolist(),
                strict=True,
            )
        ]


def draw(lines: Sequence[Line]) -> list[Curve]:
    """The curves of some lines of one desk, scored together."""
    if not lines:
        return []
    places = [line.candidates() for line in lines]
    rows = together([line.rows(values) for line, values in zip(lines, places, strict=True)])
    scores, transformed = scored(lines[0].scorer, rows)
    curves, ends = [], np.cumsum([len(values) for values in places])
    for line, values, end in zip(lines, places, ends, strict=True):
        found = slice(end - len(values), end)
        accepted = ~np.isnan(scores[found])
        is_exact = line.is_proved and line.agrees(values[accepted], transformed[found][accepted])
        values, known = (values, scores[found]) if is_exact else _searched(line, values)
        new = np.append(True, _differs(known[1:], known[:-1]))
        curves.append(Curve(values[new], known[new], line.high, is_exact))
    return curves


def together(parts: Sequence[RawBatch]) -> RawBatch:
    """Rows one after the other."""
    return RawBatch(
        np.concatenate([part.numbers for part in parts]),
        {
            position: np.concatenate([part.texts[position] for part in parts])
            for position in parts[0].texts
        },
    )


def scored(
    scorer: RawScorer, rows: RawBatch, transform: Callable[[RawBatch], Matrix] | None = None
) -> tuple[Matrix, Matrix]:
    """Probabilities of class 1 and transformed rows, NaN where the model refuses a row.

    Args:
        desk: scores the rows.
        rows: any number.
        transform: what transforms them; each as if it were alone.

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
        # scikit-learn sums all values, which may be as large as doubles are, to see if one is NaN.
        with foreign_code(MODEL_FILE, describe), np.errstate(all="ignore"):
            values = (transform or scorer.transformer)(batch)
            out_of_range = np.abs(values) > scorer.classifier.largest  # no missing one is
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


def _searched(line: Line, candidates: Matrix) -> tuple[Matrix, Matrix]:
    """Places and scores, where the changes between candidates are found by bisection."""
    transformer = line.scorer.transformer
    places = np.unique([*candidates, *below(candidates[1:]), line.high])
    if not transformer.is_element_by_element:
        # Rows alone take long: they are asked only near what rows in one call give.
        places_together, scores = _bisected(line, places, transformer.together)
        changes = place(places_together[1:][_differs(scores[:-1], scores[1:])])
        near = np.concatenate([at(changes - NEAR), at(changes + NEAR)])
        places = np.unique([*places, *np.clip(near, line.low, line.high)])
    return _bisected(line, places, transformer)


def _bisected(
    line: Line, places: Matrix, transform: Callable[[RawBatch], Matrix]
) -> tuple[Matrix, Matrix]:
    """Some places, and those between at which the score is seen to change, with their scores.

    A score that changes nearly everywhere, as with linear functions in the leaves, is not followed.
    """

    def score(values: Matrix) -> Matrix:
        return scored(line.scorer, line.rows(values), transform)[0]

    scores = score(places)
    low, high, one, other = places[:-1], places[1:], scores[:-1], scores[1:]
    while True:
        changes = _differs(one, other) & (above(low) < high)
        if not 0 < changes.sum() <= MOST_CHANGES:
            break
        low, high, one, other = low[changes], high[changes], one[changes], other[changes]
        middle = at(between(place(low), place(high)))
        found = score(middle)
        places, scores = np.append(places, middle), np.append(scores, found)
        low, high = np.append(low, middle), np.append(middle, high)
        one, other = np.append(one, found), np.append(found, other)
    order = np.argsort(places)
    return places[order], scores[order]


def _differs(one: Matrix, other: Matrix) -> NDArray[np.bool_]:
    """Whether scores differ; two refused rows do not."""
    return np.asarray((one != other) & ~(np.isnan(one) & np.isnan(other)))
