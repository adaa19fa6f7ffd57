"""`CellFigures`: the figures of cells, from all that was counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from credit_scoring.monitoring.performance.calibration import Calibration, calibration
from credit_scoring.monitoring.performance.discrimination import discrimination
from credit_scoring.monitoring.performance.expected import expected_performance
from credit_scoring.monitoring.performance.grade_tests import GradeCounts, GradeTest, grade_tests
from credit_scoring.monitoring.psi import Drift, drift
from credit_scoring.monitoring.rates.group_ratios import GroupCounts, GroupRatio, group_ratios
from credit_scoring.monitoring.rates.hypothesis_test import adjusted
from credit_scoring.monitoring.rates.proportion import LEAST, wilson
from register.monitoring.counting.cells import Bounds
from register.monitoring.counting.kept_scores import CellScores
from register.monitoring.counting.reviews.review_counts import ReviewCounts
from register.monitoring.counting.tally import Tally, groups, mean_of
from register.monitoring.counting.values import NO_GRADE
from register.monitoring.counting.weighted_drift import weighted_drift
from register.monitoring.document.cell import Cell, Maturity, ModelShare, Overrides
from register.monitoring.reading.census import Census
from register.monitoring.reading.score_references import ScoreReference

TOTAL = "total"


@dataclass(frozen=True, eq=False)
class CellFigures:
    """All that was counted for a report.

    Attributes:
        census: of the decisions.
        tally: of the decisions.
        reviews: of the decisions.
        references: reference scores by bundle, of those that have some.
    """

    census: Census
    tally: Tally
    reviews: ReviewCounts
    references: Mapping[int, ScoreReference]

    @cached_property
    def _labelled(self) -> CellScores:
        return self.tally.labelled.in_order(len(self.tally.cells))

    @cached_property
    def _immature(self) -> CellScores:
        return self.tally.immature.in_order(len(self.tally.cells))

    @property
    def shown(self) -> list[int]:
        """The cells of the report: all months and weeks, and other cells with a decision."""
        cells, volume = self.tally.cells, self.tally.counts["volume"]
        return [cell for cell in range(len(cells)) if cells.bounds or volume[cell]]

    def has_scores(self, cell: int) -> bool:
        """False for a small group: a mean of a few scores would tell those of persons."""
        return cell not in self._small_groups

    @cached_property
    def _small_groups(self) -> set[int]:
        """The groups of fewer than `LEAST` decisions, and larger ones until all have that many.

        The figures of all decisions less those of the other groups are those of these.
        """
        small, decisions = set[int](), 0
        if self.tally.cells.group is None:
            return small
        volume = self.tally.counts["volume"].tolist()
        for cell in sorted(self.shown, key=volume.__getitem__):
            if volume[cell] >= LEAST and (not small or decisions >= LEAST):
                break
            small.add(cell)
            decisions += volume[cell]
        return small

    def total(self) -> Cell:
        """The figures of all decisions."""
        return self._cell(TOTAL, range(len(self.tally.cells)), None, slice(None))

    def cells(self) -> list[Cell]:
        """The figures of each cell, with p-values adjusted for their number."""
        cells = self.tally.cells
        steps = dict(groups(self.reviews.cell, np.ones(len(self.reviews.cell), np.bool_)))
        none = np.zeros(0, np.intp)
        found = [
            self._cell(
                cells.keys[cell],
                range(cell, cell + 1),
                cells.bounds[cell] if cells.bounds else None,
                steps.get(cell, none),
            )
            for cell in self.shown
        ]
        found = [
            of if self.has_scores(cell) else _without_scores(of)
            for cell, of in zip(self.shown, found, strict=True)
        ]
        return [
            replace(cell, calibration=of_cell)
            for cell, of_cell in zip(
                found, _adjusted([cell.calibration for cell in found]), strict=True
            )
        ]

    def grades(self) -> list[GradeTest]:
        """The tests of all grades."""
        tally, rows = self.tally, []
        for code, grade in enumerate(tally.grades.keys):
            loans, bads = tally.grade_counts[:, code].tolist()
            if grade != NO_GRADE:
                mean = mean_of(tally.grade_pds[:, [code]], loans) if loans else None
                rows.append(GradeCounts(grade, loans, mean, bads))
        return grade_tests(rows)

    def groups(self) -> list[GroupRatio]:
        """The ratios of the cells, which are groups; the last cell's group is not known."""
        keys, counts = self.tally.cells.keys, self.tally.counts
        return group_ratios(
            [
                GroupCounts(
                    group=None if cell == len(keys) - 1 else keys[cell],
                    decisions=int(counts["volume"][cell]),
                    accepted=int(counts["accepted"][cell]),
                    bad=int(counts["bad"][cell]),
                    bad_refused=int(counts["bad_refused"][cell]),
                    good=int(counts["good"][cell]),
                    good_refused=int(counts["good_refused"][cell]),
                )
                for cell in self.shown
            ]
        )

    def _cell(
        self,
        key: str,
        cells: range,
        bounds: Bounds | None,
        steps: NDArray[np.intp] | slice,
    ) -> Cell:
        tally = self.tally
        n = {name: int(counts[list(cells)].sum()) for name, counts in tally.counts.items()}
        refused = n["volume"] - n["model_accepted"]
        probability, pd, bad = self._labelled.of(cells)
        (immature,) = self._immature.of(cells)
        return Cell(
            key=key,
            start=None if bounds is None else bounds.start,
            end=None if bounds is None else bounds.end,
            models=self._models(cells),
            volume=n["volume"],
            automated=n["automated"],
            model_approval=wilson(n["model_accepted"], n["volume"]),
            approval=wilson(n["accepted"], n["volume"]),
            score_drift=self._score_drift(cells),
            mean_pd=mean_of(tally.pd_sums[:, list(cells)], n["volume"]) if n["volume"] else None,
            maturity=_maturity(n),
            default_rate=wilson(n["bad"], n["good"] + n["bad"]) if n["mature"] else None,
            discrimination=discrimination(probability, bad),
            calibration=calibration(pd, bad),
            overrides=Overrides(
                low_side=wilson(n["low_side"], refused),
                high_side=wilson(n["high_side"], n["model_accepted"]),
                all=wilson(n["low_side"] + n["high_side"], n["volume"]),
            ),
            reviews=self.reviews.figures(steps),
            expected=expected_performance(immature),
        )

    def _models(self, cells: Sequence[int]) -> list[ModelShare]:
        """The decisions of each model, in the order of the models' use."""
        decisions = self.tally.by_bundle[list(cells)].sum(axis=0)
        by_bundle = dict(zip(self.tally.bundles, decisions.tolist(), strict=True))
        by_model: dict[str, int] = {}
        for use in self.census.bundles:
            by_model[use.model] = by_model.get(use.model, 0) + by_bundle[use.id]
        return [ModelShare(model=model, decisions=n) for model, n in by_model.items() if n]

    def _score_drift(self, cells: Sequence[int]) -> Drift | None:
        decisions = self.tally.by_bundle[list(cells)].sum(axis=0)
        by_bundle = zip(self.tally.bundles, decisions.tolist(), strict=True)
        parts = []
        for bundle, number in by_bundle:
            if number and bundle not in self.references:
                return None
            if number:
                counts = self.tally.score_counts[bundle][list(cells)].sum(axis=0)
                both = np.array([self.references[bundle].counts, counts], np.float64)
                parts.append((number, drift(both)))
        return weighted_drift(parts) if parts else None


def _without_scores(cell: Cell) -> Cell:
    """The counts of a cell."""
    return replace(
        cell, score_drift=None, mean_pd=None, discrimination=None, calibration=None, expected=None
    )


def _maturity(n: Mapping[str, int]) -> Maturity:
    labelled = n["good"] + n["bad"]
    return Maturity(
        accepted=n["accepted"],
        not_taken_up=n["not_taken_up"],
        mature=n["mature"],
        labelled=labelled,
        good=n["good"],
        bad=n["bad"],
        coverage=wilson(labelled, n["mature"]),
    )


def _adjusted(found: Sequence[Calibration | None]) -> list[Calibration | None]:
    """The calibrations of several cells, with p-values adjusted for their number."""
    hosmer_lemeshow = adjusted([None if of is None else of.hosmer_lemeshow for of in found])
    spiegelhalter = adjusted([None if of is None else of.spiegelhalter for of in found])
    return [
        None if of is None else replace(of, hosmer_lemeshow=first, spiegelhalter=second)
        for of, first, second in zip(found, hosmer_lemeshow, spiegelhalter, strict=True)
    ]
