"""Counterfactuals: the smallest change of each feature that flips the decision on a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from credit_scoring.data.artifacts import FEATURES_FILE
from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Table
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.curves.row_scores import concatenated, scored
from credit_scoring.whatif.flip_search import decision_runs
from credit_scoring.whatif.sensitivity import (
    Recomputed,
    Stale,
    Value,
    categories,
    category_scores,
    flip_category,
    own_value,
    varied_row,
)

Direction = Literal["up", "down"]
Moved = Annotated[
    float | None,
    Field(description="share of earlier clients between both values; null for text"),
]
NOTHING_MAY_CHANGE = (
    f"no feature may change: set the column change of {FEATURES_FILE} to up, down or any for those"
    " that a client can change"
)


@dataclass(frozen=True)
class Counterfactual:
    """A change of one feature that flips the decision.

    For a feature with only whole numbers in the tables, the value is a whole number.
    """

    feature: str
    label: Annotated[str, Field(description="in plain words")]
    direction: Annotated[Direction | None, Field(description="null for text")]
    value: Annotated[Value, Field(description="the nearest one with the other decision")]
    probability: Annotated[float, Field(description="after the change")]
    moved: Moved
    recomputed: Recomputed
    stale: Stale


@dataclass(frozen=True)
class Counterfactuals:
    """The counterfactuals of one row.

    Attributes:
        alternatives: the changes that pass the fewest reference clients first; text, which has no
            order, last.
        is_exact: true if it is proved that no nearer value flips the decision.
        note: the reason why no change was tried; None if changes were.
    """

    alternatives: Sequence[Counterfactual]
    is_exact: bool
    note: str | None = None


@dataclass(frozen=True)
class Extent:
    """The range of a numeric feature in both tables.

    Attributes:
        low, high: its lowest and highest value, NaN for text and if all values are missing.
        is_whole: true if all values are whole numbers.
    """

    low: float
    high: float
    is_whole: bool


def extent(reference: ReferencePopulation, new: Table, column: int) -> Extent:
    """The range of one column among the reference clients and the new clients."""
    values = np.concatenate([reference.columns[column], new.values[:, column]])
    values = values[~np.isnan(values)]
    if not len(values) or column in reference.categories or column in new.categories:
        return Extent(np.nan, np.nan, False)
    return Extent(
        float(values.min()), float(values.max()), bool((values == np.floor(values)).all())
    )


def counterfactuals(
    scorer: RawScorer,
    row: RawBatch,
    threshold: float,
    reference: ReferencePopulation,
    extents: Mapping[str, Extent],
) -> Counterfactuals:
    """Changes that flip the decision on one row, of each feature that may be changed.

    A refused row gets the smallest allowed change of each feature, in the direction that passes
    fewer reference clients. An accepted row gets the nearest refused value in each allowed
    direction. A feature with a missing value gets no counterfactual.

    Args:
        scorer: scores the rows.
        row: one row.
        threshold: decision threshold, a probability.
        reference: the clients by whom the size of a change is measured.
        extents: ranges of the features with a `change`, by name.

    Raises:
        InvalidApplication: the model refuses the unchanged row.
    """
    probability = float(scorer.probabilities(row)[0])
    if all(feature.change == "none" for feature in scorer.dictionary.features.values()):
        return Counterfactuals((), is_exact=True, note=NOTHING_MAY_CHANGE)
    refused = probability >= threshold
    features = [
        feature
        for feature in scorer.dictionary.features.values()
        if feature.change != "none" and own_value(row, scorer.column_of(feature.name)) is not None
    ]
    known = {feature.name: categories(scorer, feature.name) for feature in features}
    search = _CounterfactualSearch(scorer, row, probability, threshold, reference)
    numbers = [feature for feature in features if not known[feature.name]]
    along, is_exact = search.along(numbers, extents)
    found = []
    for feature in features:
        if known[feature.name]:
            several = search.among(feature, known[feature.name])
        else:
            several = along.get(feature.name, [])
        several.sort(key=_distance)
        found += several[:1] if refused else several
    return Counterfactuals(sorted(found, key=_distance), is_exact)


@dataclass(frozen=True, eq=False)
class _CounterfactualSearch:
    """Searches for the counterfactuals of one row, feature by feature."""

    scorer: RawScorer
    row: RawBatch
    probability: float
    threshold: float
    reference: ReferencePopulation

    def along(
        self, features: Sequence[Feature], extents: Mapping[str, Extent]
    ) -> tuple[dict[str, list[Counterfactual]], bool]:
        """The nearest value of each number in each allowed direction, by feature.

        Returns:
            The values of features that have one, and true if it is proved that no nearer one flips
            the decision.
        """
        known = [each for each in features if extents[each.name].low <= extents[each.name].high]
        ranges = [extents[each.name] for each in known]
        varied = [
            varied_row(self.scorer, self.row, each.name, extent.low, extent.high)
            for each, extent in zip(known, ranges, strict=True)
        ]
        refused = self.probability >= self.threshold
        all_runs = decision_runs(varied, self.threshold)
        flips = [
            (each, direction, value, along.rows(np.array([value])))
            for each, extent, along, (runs, _) in zip(known, ranges, varied, all_runs, strict=True)
            for direction in _directions(each)
            if (
                value := runs.nearest(
                    along.own, refused, up=direction == "up", whole=extent.is_whole
                )
            )
            is not None
        ]
        found: dict[str, list[Counterfactual]] = {}
        if flips:
            scores, _ = scored(self.scorer, concatenated([rows for *_, rows in flips]))
            for (each, direction, value, _), score in zip(flips, scores.tolist(), strict=True):
                # Rows of one call, which a search without a proof scores, may differ in last bits.
                if score == score and (score >= self.threshold) != refused:
                    several = found.setdefault(each.name, [])
                    several.append(self._counterfactual(each, direction, value, score))
        return found, all(is_exact for _, is_exact in all_runs)

    def among(self, feature: Feature, known: tuple[Value, ...]) -> list[Counterfactual]:
        """The category with the nearest probability; of a flag, the other value."""
        own = self.row.value(0, self.scorer.column_of(feature.name))
        directions = _directions(feature)
        allowed = tuple(
            category
            for category in known
            if len(directions) == 2 or _direction(own, category) in directions
        )
        scores = category_scores(self.scorer, self.row, feature.name, allowed)
        steps = tuple(zip(allowed, scores, strict=True))
        flip = flip_category(steps, self.probability, self.threshold)
        if flip is None:
            return []
        score = scores[allowed.index(flip)]
        assert score is not None  # noqa: S101 - `flip_category` skips refused categories
        return [self._counterfactual(feature, _direction(own, flip), flip, score)]

    def _counterfactual(
        self, feature: Feature, direction: Direction | None, value: Value, probability: float
    ) -> Counterfactual:
        recomputed, stale = self.scorer.dictionary.follow({feature.name})
        return Counterfactual(
            feature.name,
            feature.label,
            direction,
            value,
            probability,
            self._moved(self.scorer.column_of(feature.name), value),
            tuple(recomputed),
            tuple(stale),
        )

    def _moved(self, column: int, value: Value) -> float | None:
        """The share of reference clients between the row's own value and the new one."""
        if isinstance(value, str):
            return None
        own, others = self.row.numbers[0, column], self.reference.columns[column]
        passed = (others > own) & (others <= value) | (others < own) & (others >= value)
        return float(passed.sum() / max(1, (~np.isnan(others)).sum()))


def _direction(own: Value | None, value: Value) -> Direction | None:
    if isinstance(own, str) or own is None or isinstance(value, str):
        return None
    return "up" if value > own else "down"


def _distance(counterfactual: Counterfactual) -> float:
    return np.inf if counterfactual.moved is None else counterfactual.moved


def _directions(feature: Feature) -> tuple[Direction, ...]:
    match feature.change:
        case "up" | "down":
            return (feature.change,)
        case "any":
            return ("down", "up")
    return ()
