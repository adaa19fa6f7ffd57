"""`Tally`: counts of decisions by cell, and the scores that performance is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from credit_scoring.monitoring.performance.observations import Vector
from register.monitoring.counting.cells import Cells
from register.monitoring.counting.kept_scores import KeptScores
from register.monitoring.counting.reviews.reviewed_decisions import ReviewedDecisions
from register.monitoring.counting.values import Codes, Values
from register.monitoring.counting.vintage_counts import VintageCounts
from register.monitoring.reading.column_blocks import Columns
from register.monitoring.reading.labels import Flags, Labels, PerformanceWindow
from register.monitoring.reading.score_bins import bin_codes

COUNTED = (
    "volume", "automated", "model_accepted", "accepted", "low_side", "high_side", "not_taken_up",
    "mature", "good", "bad", "bad_refused", "good_refused",
)  # fmt: skip

UNIT = 2**30


@dataclass(eq=False)
class Tally:
    """Counts of decisions, block by block.

    It keeps 19 bytes for each labelled loan, and 10 for each loan whose window has not ended; the
    rest is counts, and 32 bytes for each decision with reviews.

    Attributes:
        cells: of the report.
        bundles: ids of the bundles, rising.
        ends: upper ends of the score's bins by bundle, for those with reference scores.
        grades: codes of the column `grade`.
        window: of performance.
        decisions: their number, at most.
        counts: by name of `COUNTED`, shape (cells,).
        pd_sums: `exact_sums` of all decisions, shape (2, cells).
        by_bundle: decisions, shape (cells, bundles).
        score_counts: decisions by bin of each bundle in `ends`, shape (cells, bins).
        labelled: of labelled loans, the probability of class 1 by the model, the probability of
            default, and true for a bad loan.
        immature: of loans whose window has not ended, the probability of default.
        grade_counts: labelled loans and bad ones by grade, shape (2, grades).
        grade_pds: `exact_sums` of the labelled loans' probabilities, shape (2, grades).
        vintages: loans by month.
        reviewed: decisions with reviews or requests.
    """

    cells: Cells
    bundles: Sequence[int]
    ends: Mapping[int, Vector]
    grades: Values
    window: PerformanceWindow
    decisions: int
    counts: dict[str, NDArray[np.int64]] = field(init=False)
    pd_sums: NDArray[np.int64] = field(init=False)
    by_bundle: NDArray[np.int64] = field(init=False)
    score_counts: dict[int, NDArray[np.int64]] = field(init=False)
    labelled: KeptScores = field(init=False)
    immature: KeptScores = field(init=False)
    grade_counts: NDArray[np.int64] = field(init=False)
    grade_pds: NDArray[np.int64] = field(init=False)
    vintages: VintageCounts = field(init=False)
    reviewed: ReviewedDecisions = field(default_factory=ReviewedDecisions, init=False)

    def __post_init__(self) -> None:
        """Begin with no decision."""
        cells, grades = len(self.cells), len(self.grades.keys)
        self.counts = {name: np.zeros(cells, np.int64) for name in COUNTED}
        self.pd_sums = np.zeros((2, cells), np.int64)
        self.by_bundle = np.zeros((cells, len(self.bundles)), np.int64)
        self.score_counts = {
            bundle: np.zeros((cells, len(ends) + 2), np.int64) for bundle, ends in self.ends.items()
        }
        self.labelled = KeptScores(self.decisions, np.float64, np.float64, np.bool_)
        self.immature = KeptScores(self.decisions, np.float64)
        self.grade_counts = np.zeros((2, grades), np.int64)
        self.grade_pds = np.zeros((2, grades), np.int64)
        self.vintages = VintageCounts(self.window)

    def add(self, columns: Columns) -> None:
        """Count some decisions.

        Args:
            columns: of `DecisionFacts`, with `grade`, `caller` and those of `cells`.
        """
        cell, labels = self.cells.codes(columns), Labels.of(columns, self.window)
        pd = np.where(np.isnan(columns["pd"]), columns["probability"], columns["pd"])
        self._count(cell, columns, labels)
        self.pd_sums += exact_sums(cell, pd, len(self.cells))
        self._add_bundles(cell, columns)
        known = labels.good | labels.bad
        self.labelled.add(cell, known, columns["probability"], pd, labels.bad)
        self.immature.add(cell, labels.loan & ~labels.mature, pd)
        self._add_grades(self.grades.codes(columns["grade"]), pd, labels)
        self.vintages.add(columns, labels)
        self.reviewed.add(columns, cell)

    def _count(self, cell: Codes, columns: Columns, labels: Labels) -> None:
        model_accepted = columns["prediction"] == 0
        flags = {
            "volume": np.ones(len(cell), np.bool_),
            "automated": columns["automated"] == 1,
            "model_accepted": model_accepted,
            "accepted": labels.accepted,
            "low_side": ~model_accepted & labels.accepted,
            "high_side": model_accepted & ~labels.accepted,
            "not_taken_up": labels.not_taken_up,
            "mature": labels.mature,
            "good": labels.good,
            "bad": labels.bad,
            "good_refused": labels.good & ~model_accepted,
            "bad_refused": labels.bad & ~model_accepted,
        }
        for name in COUNTED:
            self.counts[name] += np.bincount(cell[flags[name]], minlength=len(self.cells))

    def _add_bundles(self, cell: Codes, columns: Columns) -> None:
        for index, bundle in enumerate(self.bundles):
            of_bundle = columns["bundle"] == bundle
            if not of_bundle.any():
                continue
            here = cell[of_bundle]
            self.by_bundle[:, index] += np.bincount(here, minlength=len(self.cells))
            if bundle in self.ends:
                counts = self.score_counts[bundle]
                bin_of = bin_codes(self.ends[bundle], columns["probability"][of_bundle])
                index_of = here * counts.shape[1] + bin_of
                counts += np.bincount(index_of, minlength=counts.size).reshape(counts.shape)

    def _add_grades(self, grade: Codes, pd: Vector, labels: Labels) -> None:
        known, number = labels.good | labels.bad, len(self.grades.keys)
        self.grade_counts[0] += np.bincount(grade[known], minlength=number)
        self.grade_counts[1] += np.bincount(grade[labels.bad], minlength=number)
        self.grade_pds += exact_sums(grade[known], pd[known], number)


def exact_sums(codes: Codes, values: Vector, number: int) -> NDArray[np.int64]:
    """Sums of probabilities by code, the same in whatever order a database gives its rows.

    Args:
        codes: of each value, from 0.
        values: probabilities, fewer than 2^22; what they have below 2^-60 is left out.
        number: of codes.

    Returns:
        Units of 2^-30 and, beside them, of 2^-60, shape (2, codes).
    """
    scaled = values * UNIT
    high = np.floor(scaled)
    low = np.rint((scaled - high) * UNIT)
    return np.array([np.bincount(codes, part, number) for part in (high, low)]).astype(np.int64)


def mean_of(sums: NDArray[np.int64], number: int) -> float:
    """The mean of probabilities.

    Args:
        sums: `exact_sums` of some codes, shape (2, codes).
        number: of the values, not 0.
    """
    high, low = (sum(part) for part in sums.tolist())
    mean: float = (high * UNIT + low) / (number * UNIT**2)
    return mean


def groups(cell: Codes, chosen: Flags) -> list[tuple[int, NDArray[np.intp]]]:
    """The rows of the chosen decisions by cell.

    Args:
        cell: of each decision.
        chosen: true for the chosen ones.
    """
    rows = np.flatnonzero(chosen)
    rows = rows[np.argsort(cell[rows], kind="stable")]
    found, starts = np.unique(cell[rows], return_index=True)
    return list(zip(found.tolist(), np.split(rows, starts[1:]), strict=False))
