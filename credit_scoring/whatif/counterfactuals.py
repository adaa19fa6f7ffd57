"""Counterfactuals: the smallest change of each feature that flips the decision on a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from credit_scoring.data.feature_dictionary import Feature
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Table
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.ice import IceCurve, ice_curves
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
    moved: Annotated[
        float | None,
        Field(description="share of earlier clients between both values; null for text"),
    ]
    recomputed: Recomputed
    stale: Stale


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
) -> list[Counterfactual]:
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

    Returns:
        The changes that pass the fewest reference clients first; text, which has no order, last.

    Raises:
        InvalidApplication: the model refuses the unchanged row.
    """
    probability = float(scorer.probabilities(row)[0])
    refused = probability >= threshold
    features = [
        feature
        for feature in scorer.dictionary.features.values()
        if feature.change != "none" and own_value(row, scorer.column_of(feature.name)) is not None
    ]
    known = {feature.name: categories(scorer, feature.name) for feature in features}
    numbers = [
        feature
        for feature in features
        if not known[feature.name] and extents[feature.name].low <= extents[feature.name].high
    ]
    names = [feature.name for feature in numbers]
    varied = [
        varied_row(scorer, row, name, extents[name].low, extents[name].high) for name in names
    ]
    curves = dict(zip(names, ice_curves(varied), strict=True))
    search = _CounterfactualSearch(scorer, row, probability, threshold, reference)
    found = []
    for feature in features:
        if known[feature.name]:
            several = search.among(feature, known[feature.name])
        elif feature.name in curves:
            several = search.along(feature, curves[feature.name], extents[feature.name])
        else:
            continue
        several.sort(key=_distance)
        found += several[:1] if refused else several
    return sorted(found, key=_distance)


@dataclass(frozen=True, eq=False)
class _CounterfactualSearch:
    """Searches for the counterfactuals of one row, feature by feature."""

    scorer: RawScorer
    row: RawBatch
    probability: float
    threshold: float
    reference: ReferencePopulation

    def along(self, feature: Feature, curve: IceCurve, extent: Extent) -> list[Counterfactual]:
        """The nearest value of a number in each allowed direction."""
        own = float(self.row.numbers[0, self.scorer.column_of(feature.name)])
        decision = self.probability >= self.threshold
        flips = {
            direction: curve.nearest_flip(
                own, decision, self.threshold, up=direction == "up", whole=extent.is_whole
            )
            for direction in _directions(feature)
        }
        return [
            self._counterfactual(feature, direction, value, curve.score(value))
            for direction, value in flips.items()
            if value is not None
        ]

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
