"""The smallest changes that turn a decision, each of one feature alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from credit_scoring.data.feature_dictionary import Feature
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Table
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.ice import Curve, draw
from credit_scoring.whatif.sensitivity import (
    Value,
    categories,
    category_scores,
    line_of,
    own_value,
    turning_category,
)

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class Counterfactual:
    """A change of one feature that turns the decision.

    Of a feature that has only whole numbers in the tables, the value is the first whole number.
    """

    feature: str
    label: Annotated[str, Field(description="in plain words")]
    direction: Annotated[Direction | None, Field(description="null for text")]
    value: Annotated[Value, Field(description="the first one with the other decision")]
    probability: Annotated[float, Field(description="after the change")]
    moved: Annotated[
        float | None,
        Field(description="the share of earlier clients who are passed; null for text"),
    ]
    recomputed: Annotated[Sequence[str], Field(description="features that follow from the change")]
    stale: Annotated[
        Sequence[str],
        Field(description="features that would follow, but cannot be computed here"),
    ]


@dataclass(frozen=True)
class Extent:
    """What the tables have of one feature that is a number.

    Attributes:
        low, high: its lowest and highest value, NaN where all are missing or it is text.
        is_whole: whether all are whole numbers.
    """

    low: float
    high: float
    is_whole: bool


def extent(reference: ReferencePopulation, new: Table, position: int) -> Extent:
    """What the reference clients and the new ones have of one feature, by its position."""
    values = np.concatenate([reference.columns[position], new.values[:, position]])
    values = values[~np.isnan(values)]
    if not len(values) or position in reference.categories or position in new.categories:
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
    """Changes of one row that turn its decision, of each feature that may be changed.

    For a refused row it is the smallest allowed change of each feature, in the direction in which
    fewer reference clients are passed. For an accepted one it is how far each may move in each
    allowed direction: until the value that is given, which is the first one that is refused. A
    feature whose value is missing has none.

    Args:
        desk: scores the rows.
        row: one.
        threshold: of the decision, a probability.
        reference: the clients by whom a change is measured.
        extents: of each feature with a `change`, by name.

    Returns:
        Those by which fewer reference clients are passed first; text, which has no order, last.

    Raises:
        InvalidApplication: the model refuses the row as it is.
    """
    probability = float(scorer.probabilities(row)[0])
    refused = probability >= threshold
    features = [
        feature
        for feature in scorer.dictionary.features.values()
        if feature.change != "none" and own_value(row, scorer.column_of(feature.name)) is not None
    ]
    named = {feature.name: categories(scorer, feature.name) for feature in features}
    numbers = [
        feature
        for feature in features
        if not named[feature.name] and extents[feature.name].low <= extents[feature.name].high
    ]
    names = [feature.name for feature in numbers]
    lines = [line_of(scorer, row, name, extents[name].low, extents[name].high) for name in names]
    drawn = dict(zip(names, draw(lines), strict=True))
    turns = _Turns(scorer, row, probability, threshold, reference)
    found = []
    for feature in features:
        if known := named[feature.name]:
            several = turns.among(feature, known)
        elif feature.name in drawn:
            several = turns.along(feature, drawn[feature.name], extents[feature.name])
        else:
            continue
        several.sort(key=_distance)
        found += several[:1] if refused else several
    return sorted(found, key=_distance)


@dataclass(frozen=True, eq=False)
class _Turns:
    """What turns the decision on one row."""

    scorer: RawScorer
    row: RawBatch
    probability: float
    threshold: float
    reference: ReferencePopulation

    def along(self, feature: Feature, curve: Curve, extent: Extent) -> list[Counterfactual]:
        """The nearest value of a number in each allowed direction."""
        own = float(self.row.numbers[0, self.scorer.column_of(feature.name)])
        decision = self.probability >= self.threshold
        turned = {
            direction: curve.turn(
                own, decision, self.threshold, up=direction == "up", whole=extent.is_whole
            )
            for direction in _directions(feature)
        }
        return [
            self._counterfactual(feature, direction, value, curve.score(value))
            for direction, value in turned.items()
            if value is not None
        ]

    def among(self, feature: Feature, known: tuple[Value, ...]) -> list[Counterfactual]:
        """The category of text that is nearest, or the other one of true and false."""
        own = self.row.value(0, self.scorer.column_of(feature.name))
        directions = _directions(feature)
        allowed = tuple(
            category
            for category in known
            if len(directions) == 2 or _direction(own, category) in directions
        )
        scores = category_scores(self.scorer, self.row, feature.name, allowed)
        steps = tuple(zip(allowed, scores, strict=True))
        turned = turning_category(steps, self.probability, self.threshold)
        if turned is None:
            return []
        score = scores[allowed.index(turned)]
        assert score is not None  # noqa: S101 - a refused row takes no decision
        return [self._counterfactual(feature, _direction(own, turned), turned, score)]

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

    def _moved(self, position: int, value: Value) -> float | None:
        """The share of reference clients that a change from the row's own value passes."""
        if isinstance(value, str):
            return None
        own, others = self.row.numbers[0, position], self.reference.columns[position]
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
