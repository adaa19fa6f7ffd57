"""The score of a row as a function of one of its features, which is constant between steps.

A score of trees changes only where a transformed feature passes one of their thresholds. A
transformed feature follows from the one that is changed by a formula and by the transformer's
arithmetic. Where both are proved monotone, the first double that passes a threshold is found by
bisection, so that every step is found, and found exactly. Where they are not, the line is looked at
in many places, and each change between two of them is bisected: a step may remain unseen between.

Every score is that of `RawScorer.probabilities` for the changed row, to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_scoring.doubles import above, at, below, first_true, place
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.files import MODEL_FILE
from credit_scoring.lines import Line
from credit_scoring.raw_rows import RawRows
from credit_scoring.raw_scorer import RawScorer
from credit_scoring.tables import Matrix

SEARCHES = 3  # for steps that hide between others, where nothing is proved
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
    scores, transformed = scored(lines[0].desk, rows)
    curves, ends = [], np.cumsum([len(values) for values in places])
    for line, values, end in zip(lines, places, ends, strict=True):
        found = slice(end - len(values), end)
        accepted = ~np.isnan(scores[found])
        is_exact = line.is_proved and line.agrees(values[accepted], transformed[found][accepted])
        values, known = (values, scores[found]) if is_exact else _searched(line, values)
        new = np.append(True, _differs(known[1:], known[:-1]))
        curves.append(Curve(values[new], known[new], line.high, is_exact))
    return curves


def together(parts: Sequence[RawRows]) -> RawRows:
    """Rows one after the other."""
    return RawRows(
        np.concatenate([part.numbers for part in parts]),
        {
            position: np.concatenate([part.texts[position] for part in parts])
            for position in parts[0].texts
        },
    )


def scored(desk: RawScorer, rows: RawRows) -> tuple[Matrix, Matrix]:
    """Probabilities of class 1 and transformed rows, NaN where the model refuses a row.

    Returns:
        Shapes (rows,) and (rows, n).
    """
    try:
        with foreign_code(MODEL_FILE, describe):
            transformed = desk.transformer(rows)
            scores = np.full(len(rows), np.nan)
            accepted = (
                np.isnan(transformed) | (np.abs(transformed) <= desk.classifier.largest)
            ).all(axis=1)
            if accepted.any():
                scores[accepted] = desk.classifier.probabilities(transformed[accepted])
            return scores, transformed
    except BadFile:
        if len(rows) == 1:
            return np.array([np.nan]), np.full((1, len(desk.names)), np.nan)
    # Of many rows one may be refused: the halves are tried.
    middle = len(rows) // 2
    parts = [scored(desk, rows.take(part)) for part in (slice(middle), slice(middle, None))]
    first, second = zip(*parts, strict=True)
    return np.concatenate(first), np.concatenate(second)


def _searched(line: Line, candidates: Matrix) -> tuple[Matrix, Matrix]:
    """Places and scores, where the changes between candidates are found by bisection."""
    places = np.unique([*candidates, *below(candidates[1:]), line.high])
    scores = _scores(line, places)
    for _ in range(SEARCHES):
        left = np.flatnonzero(_differs(scores[:-1], scores[1:]) & (above(places[:-1]) < places[1:]))
        if not len(left):
            break
        found = _first_changes(line, places[left], places[left + 1], scores[left])
        more = np.setdiff1d([*below(found), *found], places)
        order = np.argsort(np.append(places, more))
        scores = np.append(scores, _scores(line, more))[order]
        places = np.append(places, more)[order]
    return places, scores


def _first_changes(line: Line, low: Matrix, high: Matrix, before: Matrix) -> Matrix:
    """A double between two at which a score is no longer that of the lower one, shape (k,)."""

    def is_other(values: Matrix, asked: NDArray[np.intp]) -> NDArray[np.bool_]:
        return _differs(_scores(line, values), before[asked])

    transformer = line.desk.transformer
    if transformer.is_element_by_element:
        return first_true(is_other, low, high)

    def is_other_together(values: Matrix, asked: NDArray[np.intp]) -> NDArray[np.bool_]:
        transformed = transformer.together(line.rows(values))
        return _differs(line.desk.classifier.probabilities(transformed), before[asked])

    # Rows alone take long: they are asked only near what rows in one call give.
    found = place(first_true(is_other_together, low, high))
    near = np.maximum(at(found - NEAR), low), np.minimum(at(found + NEAR), high)
    asked = np.arange(len(found))
    holds = ~is_other(near[0], asked) & is_other(near[1], asked)
    return first_true(is_other, np.where(holds, near[0], low), np.where(holds, near[1], high))


def _scores(line: Line, values: Matrix) -> Matrix:
    return scored(line.desk, line.rows(values))[0] if len(values) else np.empty(0)


def _differs(one: Matrix, other: Matrix) -> NDArray[np.bool_]:
    """Whether scores differ; two refused rows do not."""
    return np.asarray((one != other) & ~(np.isnan(one) & np.isnan(other)))
