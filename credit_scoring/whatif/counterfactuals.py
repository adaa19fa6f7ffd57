"""The smallest changes that turn a decision, each of one feature alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

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
class Alternative:
    """A change of one feature after which the other decision is taken.

    Attributes:
        feature: its name.
        label: in plain words.
        direction: of the change, None where the feature is text.
        value: the first one in that direction with the other decision. Of a feature that has whole
            numbers alone in the tables, the first whole number.
        probability: of class 1, after the change.
        moved: the share of the reference clients whose value is passed or reached, in [0, 1]; None
            where the feature is text.
        recomputed: features that were computed again.
        stale: features that would be different too, but cannot be computed.
    """

    feature: str
    label: str
    direction: Direction | None
    value: Value
    probability: float
    moved: float | None
    recomputed: tuple[str, ...]
    stale: tuple[str, ...]


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


def alternatives(
    scorer: RawScorer,
    row: RawBatch,
    threshold: float,
    reference: ReferencePopulation,
    extents: Mapping[str, Extent],
) -> list[Alternative]:
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
        if feature.change != "none" and own_value(row, scorer.position(feature.name)) is not None
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

    def along(self, feature: Feature, curve: Curve, extent: Extent) -> list[Alternative]:
        """The nearest value of a number in each allowed direction."""
        own = float(self.row.numbers[0, self.scorer.position(feature.name)])
        decision = self.probability >= self.threshold
        turned = {
            direction: curve.turn(
                own, decision, self.threshold, up=direction == "up", whole=extent.is_whole
            )
            for direction in _directions(feature)
        }
        return [
            self._alternative(feature, direction, value, curve.score(value))
            for direction, value in turned.items()
            if value is not None
        ]

    def among(self, feature: Feature, known: tuple[Value, ...]) -> list[Alternative]:
        """The category of text that is nearest, or the other one of true and false."""
        own = self.row.value(0, self.scorer.position(feature.name))
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
        return [self._alternative(feature, _direction(own, turned), turned, score)]

    def _alternative(
        self, feature: Feature, direction: Direction | None, value: Value, probability: float
    ) -> Alternative:
        recomputed, stale = self.scorer.dictionary.follow({feature.name})
        return Alternative(
            feature.name,
            feature.label,
            direction,
            value,
            probability,
            self._moved(self.scorer.position(feature.name), value),
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


def _distance(alternative: Alternative) -> float:
    return np.inf if alternative.moved is None else alternative.moved


def _directions(feature: Feature) -> tuple[Direction, ...]:
    match feature.change:
        case "up" | "down":
            return (feature.change,)
        case "any":
            return ("down", "up")
    return ()
