"""Texts of reasons: words of the feature dictionary, else a feature's label, value and typical one.

A theme's name alone, such as "Education", is not specific enough (CFPB Circular 2023-03).
"""

import math
from dataclasses import dataclass

from credit_scoring.data.feature_dictionary import Feature
from credit_scoring.errors import abridged
from credit_scoring.explain.number_words import ENGLISH_NUMBERS
from credit_scoring.explain.quantities import (
    DATED,
    FLAG,
    MINUS,
    NO_BREAK_SPACE,
    Quantities,
)

# Ways to word a reason: its strongest factor is missing, higher or lower than the peers' median, or
# neither of them, as texts are.
WORDINGS = MISSING, HIGH, LOW, NEITHER = range(4)

VALUE_FOLLOWS = ": "
QUANTITIES = Quantities(ENGLISH_NUMBERS)

Value = float | str | None


@dataclass(frozen=True)
class FactorWords:
    """Words for a factor, if it is the strongest of a theme.

    Attributes:
        label: the factor in plain words.
        unit: of its values.
        are_before: true for times before the application, which are written without their sign.
        own: the feature dictionary's words by `WORDINGS`; empty if it has none.
        typical: the peers' median or most frequent category; None without one.
    """

    label: str
    unit: str
    are_before: bool
    own: tuple[str, str, str, str]
    typical: Value

    @classmethod
    def of_feature(cls, feature: Feature, typical: Value, *, is_flag: bool) -> "FactorWords":
        """The words for a feature.

        Args:
            feature: in the feature dictionary.
            typical: the peers' median, NaN for none, or their most frequent category.
            is_flag: true for a feature of 1 and 0 only.
        """
        unit = FLAG if is_flag and not feature.unit else feature.unit
        dated = DATED.fullmatch(unit)
        are_before = dated is not None and dated[2] == "before"
        if dated is not None and are_before:
            unit = dated[1]
        own = (feature.reason_missing, feature.reason_high, feature.reason_low, "")
        return cls(feature.label, unit, are_before, own, _known(typical, are_before))

    def text(self, wording: int, value: Value) -> str:
        """The text of a reason.

        Args:
            wording: of `WORDINGS`.
            value: the client's; NaN or None if it is missing.
        """
        return self.own[wording] or self.label + VALUE_FOLLOWS + self._compared(value)

    def _compared(self, value: Value) -> str:
        """A value beside the typical one."""
        value, typical, unit = _known(value, self.are_before), self.typical, self.unit
        if isinstance(value, float) and isinstance(typical, float):
            if value == typical:
                own = other = QUANTITIES.value(value, unit)
            else:
                found = QUANTITIES.compared(value, typical, unit)
                own, other = found.value, found.typical
        else:
            own, other = self._written(value), "" if typical is None else self._written(typical)
        if typical is not None:
            own += " (as is typical)" if value == typical else f" (typical {other})"
        return own.replace(NO_BREAK_SPACE, " ").replace(MINUS, "-")

    def _written(self, value: Value) -> str:
        if isinstance(value, float):
            return QUANTITIES.typical(value, self.unit)
        return QUANTITIES.numbers.unknown if value is None else abridged(value)


def is_of_value(text: str, label: str) -> bool:
    """True if a reason's text is made of a label and a value, not of words of its own."""
    return text.startswith(label + VALUE_FOLLOWS)


def _known(value: Value, are_before: bool) -> Value:
    """A value, without the sign of times before the application; None for NaN and infinity."""
    if isinstance(value, str) or value is None:
        return value
    if not math.isfinite(value):
        return None
    return abs(value) if are_before else value
