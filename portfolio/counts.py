"""What is counted of a part, and added up over all parts.

All of it is whole numbers: sums do not depend on how a table was cut.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.batch_scoring import Scores
from credit_scoring.monitoring.psi import NumberBins

INTERVALS = 40  # of the score, from 0 to 1

Texts = dict[str | None, int]


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of a model's drift.

    Attributes:
        numbers: of the features that are numbers, by position.
        texts: positions of those that are text.
        score: of the probability of default.
    """

    numbers: Mapping[int, NumberBins]
    texts: frozenset[int]
    score: NumberBins


@dataclass(eq=False)
class Counts:
    """Sums over rows.

    Attributes:
        rows: how many were scored.
        predictions: by decision.
        grades: by position; empty without grades.
        intervals: of the probability, each with its lower end.
        score: by bin of drift.
        numbers: by bin of drift, of each feature that is numbers.
        texts: by category, of each feature that is text.
        groups: how often each theme is the first, second … reason.
        explained: rows with reasons that were asked for.
    """

    rows: int = 0
    predictions: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    grades: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    intervals: NDArray[np.int64] = field(default_factory=lambda: np.zeros(INTERVALS, np.int64))
    score: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    numbers: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    texts: dict[int, Texts] = field(default_factory=dict)
    groups: dict[str, list[int]] = field(default_factory=dict)
    explained: int = 0

    def add(self, other: "Counts") -> None:
        """Add those of other rows."""
        self.rows += other.rows
        self.explained += other.explained
        self.predictions = self.predictions + other.predictions
        self.intervals = self.intervals + other.intervals
        self.grades = _added(self.grades, other.grades)
        self.score = _added(self.score, other.score)
        for position, counts in other.numbers.items():
            self.numbers[position] = _added(self.numbers.get(position, np.zeros(0)), counts)
        for position, texts in other.texts.items():
            mine = self.texts.setdefault(position, {})
            for text, count in texts.items():
                mine[text] = mine.get(text, 0) + count
        for group, times in other.groups.items():
            before = self.groups.get(group, [0] * len(times))
            self.groups[group] = [one + more for one, more in zip(before, times, strict=True)]

    def to_json(self) -> dict[str, Any]:
        """As JSON has it; a missing text comes apart."""
        return {
            "rows": self.rows,
            "explained": self.explained,
            "predictions": self.predictions.tolist(),
            "grades": self.grades.tolist(),
            "intervals": self.intervals.tolist(),
            "score": self.score.tolist(),
            "numbers": {str(at): counts.tolist() for at, counts in self.numbers.items()},
            "texts": {str(at): list(texts.items()) for at, texts in self.texts.items()},
            "groups": self.groups,
        }

    @classmethod
    def of_json(cls, read: Mapping[str, Any]) -> "Counts":
        """What `to_json` gave."""
        return cls(
            read["rows"],
            np.array(read["predictions"], np.int64),
            np.array(read["grades"], np.int64),
            np.array(read["intervals"], np.int64),
            np.array(read["score"], np.int64),
            {int(at): np.array(counts, np.int64) for at, counts in read["numbers"].items()},
            {int(at): dict(map(tuple, texts)) for at, texts in read["texts"].items()},
            {group: list(times) for group, times in read["groups"].items()},
            read["explained"],
        )


def counted(
    bins: Bins, rows: RawBatch, scores: Scores, grades: int, groups: Sequence[str]
) -> Counts:
    """Count scored rows.

    Args:
        bins: of the model.
        rows: raw values.
        scores: of these.
        grades: how many there are.
        groups: the themes of reasons.
    """
    found = Counts(len(rows), explained=len(scores.explained))
    found.predictions = np.bincount(scores.prediction, minlength=2)
    found.intervals = intervals(scores.probability)
    found.score = bins.score.counts(scores.probability)
    if scores.grade is not None:
        found.grades = np.bincount(scores.grade, minlength=grades)
    columns = np.ascontiguousarray(rows.numbers.T)
    found.numbers = {at: bins_.counts(columns[at]) for at, bins_ in bins.numbers.items()}
    found.texts = {at: dict(Counter(rows.texts[at].tolist())) for at in sorted(bins.texts)}
    if scores.ranked is not None:
        themes = scores.ranked.themes
        times = [np.bincount(column[column >= 0], minlength=len(groups)) for column in themes.T]
        by_group = np.stack(times, axis=1).tolist()
        found.groups = {
            group: by_place
            for group, by_place in zip(groups, by_group, strict=True)
            if any(by_place)
        }
    return found


def intervals(probabilities: Matrix) -> NDArray[np.int64]:
    """How many probabilities lie in each of `INTERVALS` of equal width."""
    at = np.minimum((probabilities * INTERVALS).astype(np.intp), INTERVALS - 1)
    return np.bincount(at, minlength=INTERVALS)


def _added(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.int64]:
    return np.asarray(one + other if len(one) else other, np.int64)
