"""Texts of reasons: words of the feature dictionary, else a feature's label, value and typical one.

A theme's name alone, such as "Education", is not specific enough (CFPB Circular 2023-03).
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.errors import abridged
from credit_scoring.explain.language.languages import ENGLISH, Language
from credit_scoring.explain.language.quantities import (
    DATED,
    FLAG,
    MINUS,
    NO_BREAK_SPACE,
    Quantities,
)

# Ways to word a reason: its strongest factor is missing, higher or lower than the peers' median, or
# neither of them, as texts are.
WORDINGS = MISSING, HIGH, LOW, NEITHER = range(4)

QUANTITIES = Quantities(ENGLISH.numbers)

Value = float | str | None


@dataclass(frozen=True)
class FactorWords:
    """Words for a factor, if it is the strongest of a theme.

    Attributes:
        label: the factor in plain words.
        unit: of its values, in the base language, which says how they are written.
        are_before: true for times before the application, which are written without their sign.
        own: the feature dictionary's words by `WORDINGS`; empty if it has none.
        typical: the peers' median or most frequent category; None without one.
        language: of the words around values.
        quantities: writes values in this language.
    """

    label: str
    unit: str
    are_before: bool
    own: tuple[str, str, str, str]
    typical: Value
    language: Language
    quantities: Quantities

    @classmethod
    def of_feature(
        cls,
        feature: Feature,
        typical: Value,
        *,
        is_flag: bool,
        language: Language = ENGLISH,
        quantities: Quantities = QUANTITIES,
    ) -> "FactorWords":
        """The words for a feature.

        Args:
            feature: in the feature dictionary.
            typical: the peers' median, NaN for none, or their most frequent category.
            is_flag: true for a feature of 1 and 0 only.
            language: of the feature's words.
            quantities: of this language.
        """
        unit = FLAG if is_flag and not feature.base_unit else feature.base_unit
        dated = DATED.fullmatch(unit)
        are_before = dated is not None and dated[2] == "before"
        if dated is not None and are_before:
            unit = dated[1]
        return cls(
            feature.label,
            unit,
            are_before,
            _own_words(feature),
            _known(typical, are_before),
            language,
            _naming_unit(quantities, feature),
        )

    def translated(
        self, feature: Feature, language: Language, quantities: Quantities
    ) -> "FactorWords":
        """A copy with the words of a translated feature."""
        return replace(
            self,
            label=feature.label,
            own=_own_words(feature),
            language=language,
            quantities=_naming_unit(quantities, feature),
        )

    def text(self, wording: int, value: Value) -> str:
        """The text of a reason.

        Args:
            wording: of `WORDINGS`.
            value: the client's; NaN or None if it is missing.
        """
        return self.own[wording] or self.compared(value)

    def compared(self, value: Value) -> str:
        """The label, and a value beside the typical one; NaN or None if it is missing."""
        return self.label + self.language.value_follows + self._compared(value)

    def _compared(self, value: Value) -> str:
        """A value beside the typical one."""
        value, typical, language = _known(value, self.are_before), self.typical, self.language
        if typical is None:
            text = self._written(value)
        elif value == typical:
            text = self._value_of_typical + language.as_typical
        elif isinstance(value, float) and isinstance(typical, float):
            written = self._quantity_of_typical
            found = self.quantities.compared(value, typical, self.unit, written)
            text = found.value + language.typical.format(found.typical)
        else:
            text = self._written(value) + language.typical.format(self._written(typical))
        if language.has_ascii_signs:
            return text.replace(NO_BREAK_SPACE, " ").replace(MINUS, "-")
        return text

    # A list has many reasons of one factor, all with the same typical value.
    @cached_property
    def _quantity_of_typical(self) -> str:
        assert isinstance(self.typical, float)  # noqa: S101 - see `_compared`
        return self.quantities.quantity(self.typical, self.unit)

    @cached_property
    def _value_of_typical(self) -> str:
        if isinstance(self.typical, float):
            return self.quantities.value(self.typical, self.unit)
        return self._written(self.typical)

    def _written(self, value: Value) -> str:
        if isinstance(value, float):
            return self.quantities.typical(value, self.unit)
        return self.language.unknown if value is None else abridged(value)


def is_of_value(text: str, label: str) -> bool:
    """True if a reason's text is made of a label and a value, not of words of its own."""
    return text.startswith(label + ENGLISH.value_follows)


def _own_words(feature: Feature) -> tuple[str, str, str, str]:
    """The feature dictionary's words by `WORDINGS`."""
    return feature.reason_missing, feature.reason_high, feature.reason_low, ""


def _naming_unit(quantities: Quantities, feature: Feature) -> Quantities:
    """Quantities that know the words for a feature's unit."""
    if feature.unit == feature.base_unit:
        return quantities
    return replace(quantities, unit_names={feature.base_unit: feature.unit})


def _known(value: Value, are_before: bool) -> Value:
    """A value, without the sign of times before the application; None for NaN and infinity."""
    if isinstance(value, str) or value is None:
        return value
    if not math.isfinite(value):
        return None
    return abs(value) if are_before else value
