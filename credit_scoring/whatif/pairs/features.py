"""The features of a row that may change, and those whose change gains most."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix, Table
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.counterfactuals import Extent, extent
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.row_scores import concatenated, scored
from credit_scoring.whatif.pairs.axis import Axis
from credit_scoring.whatif.pairs.options import Options, with_option
from credit_scoring.whatif.sensitivity import Value, categories, own_value

TRIED = 8  # values of a number whose scores show the gain


@dataclass(frozen=True, eq=False)
class ChangeableFeature:
    """A feature that may change, and its values in both tables.

    Attributes:
        feature: in the feature dictionary.
        column: in the raw tables.
        extent: of a number.
        reference: the reference clients' numbers, rising, without missing ones.
        categories: of a text or a flag; empty for a number.
    """

    feature: Feature
    column: int
    extent: Extent
    reference: Matrix
    categories: tuple[Value, ...]

    @classmethod
    def of(
        cls, scorer: RawScorer, feature: Feature, reference: ReferencePopulation, new: Table
    ) -> "ChangeableFeature":
        """Look at the values in both tables."""
        column = scorer.column_of(feature.name)
        values = reference.columns[column]
        known = np.sort(values[~np.isnan(values)])
        found = extent(reference, new, column)
        return cls(feature, column, found, known, categories(scorer, feature.name))

    def axis(self, row: RawBatch) -> Axis | None:
        """The values that a number may take; None for others and if the row lacks it."""
        own, extent = own_value(row, self.column), self.extent
        if self.categories or not isinstance(own, float) or not extent.low <= extent.high:
            return None
        low, high = max(extent.low, self.feature.lowest), min(extent.high, self.feature.highest)
        low = min(low, own) if self.feature.change in ("down", "any") else own
        high = max(high, own) if self.feature.change in ("up", "any") else own
        return Axis(self.feature, own, low, high, extent.is_whole, self.reference)

    def options(self, row: RawBatch) -> Options | None:
        """The categories that a text or a flag may change to; None for others."""
        own = own_value(row, self.column)
        if not self.categories or own is None:
            return None
        allowed = tuple(each for each in self.categories if self._may_become(own, each))
        return Options(self.feature, own, allowed, self.reference)

    def _may_become(self, own: Value, value: Value) -> bool:
        if value == own:
            return False
        if isinstance(own, str) or isinstance(value, str):
            return self.feature.change == "any"
        return self.feature.change in ("any", "up" if value > own else "down")


class Changeable(NamedTuple):
    """The features of one row that may change.

    Attributes:
        axes: the numbers.
        options: the texts and flags, without categories that turn the decision alone; those with
            the lowest score first.
        is_complete: true if no feature is left out.
    """

    axes: list[Axis]
    options: list[Options]
    is_complete: bool


def changeable(
    scorer: RawScorer,
    row: RawBatch,
    threshold: float,
    features: Sequence[ChangeableFeature],
    most: int,
) -> Changeable:
    """The features of a row that may change; of many, those whose change alone gains most.

    Args:
        scorer: scores the rows.
        row: one refused row.
        threshold: decision threshold, a probability.
        features: all that may change.
        most: the largest number of features.
    """
    axes = [axis for each in features if (axis := each.axis(row)) is not None]
    options = [found for each in features if (found := each.options(row)) is not None]
    is_complete = len(axes) + len(options) <= most
    rows = [
        [with_option(scorer, row, each, category) for category in each.allowed] for each in options
    ]
    if not is_complete:
        rows += [
            [VariedRow(scorer, row, axis.name, axis.low, axis.high).rows(axis.tried(TRIED))]
            for axis in axes
        ]
    flat = [part for parts in rows for part in parts]
    scores = scored(scorer, concatenated(flat), together=True)[0] if flat else np.empty(0)
    ends = np.cumsum([sum(map(len, parts)) for parts in rows])[:-1]
    each_scores = np.split(scores, ends) if rows else []
    turning = [
        replace(each, allowed=_not_turning(each, some, threshold))
        for each, some in zip(options, each_scores, strict=False)
    ]
    if is_complete:
        return Changeable(axes, turning, is_complete)
    names = [each.name for each in options] + [axis.name for axis in axes]
    lowest = [np.nanmin(np.append(some, np.inf)) for some in each_scores]
    best = {names[at] for at in np.argsort(lowest, kind="stable")[:most].tolist()}
    return Changeable(
        [axis for axis in axes if axis.name in best],
        [each for each in turning if each.name in best],
        is_complete,
    )


def _not_turning(options: Options, scores: Matrix, threshold: float) -> tuple[Value, ...]:
    """The categories that do not turn the decision alone, the lowest score first."""
    order = np.argsort(scores, kind="stable").tolist()
    return tuple(options.allowed[at] for at in order if scores[at] >= threshold)
