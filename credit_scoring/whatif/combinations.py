"""Combinations: the nearest changes of two features that flip the decision only together."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations as pairs_of
from itertools import product
from typing import Annotated

from pydantic import Field

from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Table
from credit_scoring.model.raw_scorer import RawScorer
from credit_scoring.whatif.counterfactuals import NOTHING_MAY_CHANGE, Direction, Moved
from credit_scoring.whatif.pairs.axis import Axis
from credit_scoring.whatif.pairs.category_pairs import categories_with_numbers, two_categories
from credit_scoring.whatif.pairs.features import ChangeableFeature, changeable
from credit_scoring.whatif.pairs.nearest_pairs import nearest_pairs
from credit_scoring.whatif.pairs.options import Options
from credit_scoring.whatif.pairs.planes.tree_lines import SourceLimits
from credit_scoring.whatif.pairs.varied_pair import Found, PairValues, VariedPair
from credit_scoring.whatif.sensitivity import Recomputed, Stale, Value

MOST_FEATURES = 6  # that are combined: fifteen pairs
_Nearest = tuple[tuple[Axis | Options, Axis | Options], Found]
ACCEPTED = "the decision is already class 0: combinations are for a refused application"


@dataclass(frozen=True)
class Change:
    """The change of one feature in a combination."""

    feature: str
    label: Annotated[str, Field(description="in plain words")]
    direction: Annotated[Direction | None, Field(description="null for text")]
    value: Annotated[Value, Field(description="the new value")]
    moved: Moved


@dataclass(frozen=True)
class Combination:
    """Two changes that flip the decision together, and neither of them alone.

    With the next value towards the client's own one, of either feature, the decision is not
    flipped. For a feature with only whole numbers in the tables, the value is a whole number.
    """

    changes: Annotated[Sequence[Change], Field(description="two, in the order of the tables")]
    probability: Annotated[float, Field(description="after both changes")]
    moved: Annotated[
        float | None, Field(description="the sum of both changes' `moved`; null with a text")
    ]
    exact: Annotated[
        bool,
        Field(description="true if it is proved that no values of these features move less"),
    ]
    recomputed: Recomputed
    stale: Stale


@dataclass(frozen=True)
class Combinations:
    """The combinations of one row.

    Attributes:
        combinations: one of each pair of features at most, the least moved first.
        is_exact: true if it is proved that none is missing, and none moves less.
        note: the reason why no combination was searched; None if some were.
    """

    combinations: Sequence[Combination]
    is_exact: bool
    note: str | None = None


@dataclass(frozen=True, eq=False)
class CombinationFinder:
    """Finds combinations of rows, and keeps what they have in common.

    Near is what passes few reference clients: the shares that both changes pass are added up,
    because a client has to make both.

    Attributes:
        scorer: scores the rows.
        threshold: decision threshold, a probability.
        reference: the clients by whom the size of a change is measured.
        new: the new clients, whose values a change may reach, too.
    """

    scorer: RawScorer
    threshold: float
    reference: ReferencePopulation
    new: Table

    def find(self, row: RawBatch) -> Combinations:
        """The nearest combination of each pair of features that may be changed.

        Args:
            row: one row.

        Raises:
            InvalidApplication: the model refuses the unchanged row.
        """
        probability = float(self.scorer.probabilities(row)[0])
        if not self._features:
            return Combinations((), is_exact=True, note=NOTHING_MAY_CHANGE)
        if probability < self.threshold:
            return Combinations((), is_exact=True, note=ACCEPTED)
        found = changeable(self.scorer, row, self.threshold, self._features, MOST_FEATURES)
        nearest = [
            *self._of_numbers(row, found.axes),
            *self._of_categories(row, found.axes, found.options),
        ]
        listed = [
            _combination(self.scorer, pair, each.values, is_exact=each.is_exact)
            for pair, each in nearest
            if each.values is not None
        ]
        is_exact = found.is_complete and all(each.is_exact for _, each in nearest)
        return Combinations(sorted(listed, key=_moved), is_exact)

    def _of_numbers(self, row: RawBatch, axes: Sequence[Axis]) -> list[_Nearest]:
        pairs = [
            VariedPair(self.scorer, row, one, other, self.threshold)
            for one, other in pairs_of(axes, 2)
            if not self._depend(one.name, other.name)
        ]
        found = nearest_pairs(pairs, self._limits)
        return [((pair.one, pair.other), each) for pair, each in zip(pairs, found, strict=True)]

    def _of_categories(
        self, row: RawBatch, axes: Sequence[Axis], options: Sequence[Options]
    ) -> list[_Nearest]:
        pairs = [
            (one, axis)
            for one, axis in product(options, axes)
            if not self._depend(one.name, axis.name)
        ]
        found = categories_with_numbers(self.scorer, row, pairs, self.threshold)
        nearest: list[_Nearest] = list(zip(pairs, found, strict=True))
        for one, other in pairs_of(options, 2):
            both = two_categories(self.scorer, row, one, other, self.threshold)
            nearest.append(((one, other), both))
        return nearest

    @cached_property
    def _features(self) -> list[ChangeableFeature]:
        """The features that may be changed."""
        return [
            ChangeableFeature.of(self.scorer, feature, self.reference, self.new)
            for feature in self.scorer.dictionary.features.values()
            if feature.change != "none"
        ]

    @cached_property
    def _limits(self) -> SourceLimits:
        return SourceLimits(self.scorer)

    def _depend(self, one: str, other: str) -> bool:
        """True if one feature is computed from the other."""
        return other in self._computed_from[one] or one in self._computed_from[other]

    @cached_property
    def _computed_from(self) -> dict[str, frozenset[str]]:
        """The features that are computed from each one that may be changed."""
        names = [each.feature.name for each in self._features]
        return {name: frozenset(self.scorer.dictionary.follow({name})[0]) for name in names}


def _combination(
    scorer: RawScorer, pair: Sequence[Axis | Options], values: PairValues, *, is_exact: bool
) -> Combination:
    """A combination, its changes in the order of the tables."""
    changes = [
        _change(feature, value)
        for feature, value in zip(pair, (values.one, values.other), strict=True)
    ]
    changes.sort(key=lambda change: scorer.column_of(change.feature))
    recomputed, stale = scorer.dictionary.follow({feature.name for feature in pair})
    moved = [change.moved for change in changes]
    total = None if None in moved else sum(filter(None, moved))
    return Combination(
        changes, values.probability, total, is_exact, tuple(recomputed), tuple(stale)
    )


def _change(feature: Axis | Options, value: Value) -> Change:
    direction: Direction | None = None
    if not isinstance(value, str) and not isinstance(feature.own, str):
        direction = "up" if value > feature.own else "down"
    moved = feature.moved_to(value)
    return Change(feature.name, feature.feature.label, direction, value, moved)


def _moved(combination: Combination) -> tuple[bool, float]:
    """Combinations with a text, which has no order, last."""
    known = [change.moved for change in combination.changes if change.moved is not None]
    return combination.moved is None, sum(known)
