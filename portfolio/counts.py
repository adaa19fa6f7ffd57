"""Counts of scored rows, which are added up over all part files.

They are whole numbers: sums do not depend on how a table was cut.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.tables import Matrix
from credit_scoring.decisions.batch_scoring import Scores
from credit_scoring.monitoring.psi import NumberBins

INTERVALS = 40  # of the score, from 0 to 1

TextCounts = dict[str | None, int]
IntArray = NDArray[np.int64]


def _zeros(length: int = 0) -> IntArray:
    return np.zeros(length, np.int64)


@dataclass(frozen=True)
class Labels:
    """Words that part files and counts name by their indices.

    Attributes:
        grades: of the scorecard; empty without grades.
        themes: of reasons; empty without reasons.
    """

    grades: tuple[str, ...]
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of the population stability index (PSI).

    Attributes:
        numbers: of each numeric feature, by its index.
        texts: indices of the text features, whose bins are their categories.
        score: of the probability of default.
    """

    numbers: Mapping[int, NumberBins]
    texts: frozenset[int]
    score: NumberBins


@dataclass(eq=False)
class Counts:
    """Counts of some rows.

    Attributes:
        rows: scored rows.
        predictions: rows by decision.
        grades: rows by index of the grade; empty without grades.
        intervals: rows by interval of the probability, its lower end included.
        score: rows by bin of the probability.
        numbers: rows by bin, of each numeric feature.
        texts: rows by category, of each text feature.
        themes: for each theme, how often it is the first, second … reason.
        explained: rows for which reasons were requested.
    """

    rows: int = 0
    predictions: IntArray = field(default_factory=lambda: _zeros(2))
    grades: IntArray = field(default_factory=_zeros)
    intervals: IntArray = field(default_factory=lambda: _zeros(INTERVALS))
    score: IntArray = field(default_factory=_zeros)
    numbers: dict[int, IntArray] = field(default_factory=dict)
    texts: dict[int, TextCounts] = field(default_factory=dict)
    themes: dict[str, list[int]] = field(default_factory=dict)
    explained: int = 0

    def add(self, other: "Counts") -> None:
        """Add the counts of other rows."""
        self.rows += other.rows
        self.explained += other.explained
        for name in ("predictions", "grades", "intervals", "score"):
            setattr(self, name, _sum(getattr(self, name), getattr(other, name)))
        for at, counts in other.numbers.items():
            self.numbers[at] = _sum(self.numbers.get(at, np.zeros(0)), counts)
        for at, texts in other.texts.items():
            mine = self.texts.setdefault(at, {})
            for text, count in texts.items():
                mine[text] = mine.get(text, 0) + count
        for theme, times in other.themes.items():
            self.themes[theme] = _sum(
                np.array(self.themes.get(theme, [])), np.array(times)
            ).tolist()

    def to_json(self) -> dict[str, Any]:
        """Convert the counts for JSON; texts become pairs, because a missing one is not a key."""
        texts = {at: list(texts.items()) for at, texts in self.texts.items()}
        numbers = {at: counts.tolist() for at, counts in self.numbers.items()}
        plain = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return plain | {"numbers": numbers, "texts": texts}

    @classmethod
    def from_json(cls, read: Mapping[str, Any]) -> "Counts":
        """Restore counts from the JSON of `to_json`."""
        arrays = ("predictions", "grades", "intervals", "score")
        changed = {name: np.array(read[name], np.int64) for name in arrays} | {
            "numbers": {int(at): np.array(counts) for at, counts in read["numbers"].items()},
            "texts": {int(at): dict(map(tuple, texts)) for at, texts in read["texts"].items()},
        }
        return cls(**dict(read) | changed)


def count_rows(rows: RawBatch, scores: Scores, bins: Bins, labels: Labels) -> Counts:
    """Count scored rows.

    Args:
        rows: raw values.
        scores: of the rows.
        bins: of the bundle.
        labels: of the bundle.
    """
    found = Counts(len(scores.probability), explained=len(scores.explained))
    found.predictions = np.bincount(scores.prediction, minlength=2)
    found.intervals = count_intervals(scores.probability)
    found.score = bins.score.counts(scores.probability)
    if scores.grade is not None:
        found.grades = np.bincount(scores.grade, minlength=len(labels.grades))
    columns = np.ascontiguousarray(rows.numbers.T)
    found.numbers = {
        at: number_bins.counts(columns[at]) for at, number_bins in bins.numbers.items()
    }
    found.texts = {at: dict(Counter(rows.texts[at].tolist())) for at in sorted(bins.texts)}
    if scores.ranked is not None:
        length = len(labels.themes)
        by_rank = [np.bincount(themes[themes >= 0], minlength=length)
                   for themes in scores.ranked.themes.T]  # fmt: skip
        by_theme = np.stack(by_rank, axis=1).tolist()
        named = zip(labels.themes, by_theme, strict=True)
        found.themes = {theme: times for theme, times in named if any(times)}
    return found


def count_intervals(probabilities: Matrix) -> IntArray:
    """Count the probabilities in each of `INTERVALS` intervals of equal width."""
    at = np.minimum((probabilities * INTERVALS).astype(np.intp), INTERVALS - 1)
    return np.bincount(at, minlength=INTERVALS)


def _sum(one: NDArray[Any], other: NDArray[Any]) -> IntArray:
    """Add two arrays of counts, of which the first may be empty."""
    return np.asarray(one + other if len(one) else other, np.int64)
