"""The feature dictionary: labels, themes, formulas, permitted changes and ranges of features."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from credit_scoring.data.artifacts import FEATURES_FILE
from credit_scoring.data.features.feature_translations import Translation
from credit_scoring.data.features.formulas import Columns, Formula
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, abridged, first_few

TOLERANCE = 1e-9  # of a formula, relative to its column
CURRENCY = re.compile(r"\bcurrency\b")  # in a unit: the word that the currency's name replaces

Change = Literal["none", "up", "down", "any"]
DeclaredKind = Literal["", "number", "flag", "text"]


@dataclass(frozen=True)
class Feature:
    """One row of the feature dictionary.

    Attributes:
        name: the column of the tables.
        label: the feature in plain words.
        unit: of its values; empty if they have none.
        theme: the features with which it is counted as one reason; the column `group`.
        formula: its arithmetic on other features, in the grammar of `formulas`; empty for none.
        depends: names of features from which it follows in a way that no formula describes.
        change: the direction in which a counterfactual may move it.
        protected: true for a trait that law protects.
        reason_high, reason_low, reason_missing: texts of a reason code, for a high, a low and a
            missing value.
        kind: numbers, flags of 1 and 0, or texts; empty if the file does not say.
        lowest, highest: the range of a value; infinite if the file does not say.
        translations: words in further languages, by language.
        original: the feature in the base language, if this is a translation; None otherwise.
    """

    name: str
    label: str
    unit: str
    theme: str
    formula: str = ""
    depends: tuple[str, ...] = ()
    change: Change = "none"
    protected: bool = False
    reason_high: str = ""
    reason_low: str = ""
    reason_missing: str = ""
    kind: DeclaredKind = ""
    lowest: float = -np.inf
    highest: float = np.inf
    translations: Mapping[str, Translation] = field(default_factory=dict, hash=False)
    original: "Feature | None" = None

    @property
    def base_unit(self) -> str:
        """The unit in the base language, which says how values are written."""
        return self.unit if self.original is None else self.original.unit

    @property
    def has_range(self) -> bool:
        """True for a feature with a lowest or a highest value."""
        return self.lowest > -np.inf or self.highest < np.inf

    @property
    def out_of_range(self) -> str:
        """The problem of a value out of the range, for a message."""
        return f"out of the range {self.range_text}"

    @property
    def range_text(self) -> str:
        """The range in words."""
        low, high = (f"{end:.15g}" for end in (self.lowest, self.highest))
        if self.highest == np.inf:
            return f"{low} or more"
        return f"{high} or less" if self.lowest == -np.inf else f"{low} to {high}"


@dataclass(frozen=True, eq=False)
class FeatureDictionary:
    """All features of the tables and the formulas among them.

    Attributes:
        features: by name, in the order of the tables.
        formulas: by the name of the computed feature; each comes after those it builds on.
        languages: further languages with words in the file, sorted.
    """

    features: Mapping[str, Feature]
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    languages: tuple[str, ...] = ()

    @property
    def protected(self) -> list[Feature]:
        """The features that law protects."""
        return [feature for feature in self.features.values() if feature.protected]

    @cached_property
    def ranged(self) -> tuple[Feature, ...]:
        """The features with a range."""
        return tuple(feature for feature in self.features.values() if feature.has_range)

    def in_words(self, language: str | None, currency: str | None) -> "FeatureDictionary":
        """The dictionary in another language and with a name for the currency.

        Themes keep their members: two features of one theme are of one theme in each language.

        Args:
            language: one of `languages`; None for the base language.
            currency: the name that replaces the word `currency` in units; None to keep the word.
        """
        themes = themes_in(self.features.values(), language)
        features = {
            name: _in_words(feature, language, currency, themes)
            for name, feature in self.features.items()
        }
        return replace(self, features=features)

    def follow(self, given: Set[str]) -> tuple[list[str], list[str]]:
        """The features that follow from features with new values.

        Args:
            given: names of the features that get new values.

        Returns:
            The features to compute again, in that order, and the features that depend on a changed
            one but cannot be computed.
        """
        changed = set(given)
        recomputed = []
        for name, formula in self.formulas.items():
            if name not in given and not changed.isdisjoint(formula.inputs):
                recomputed.append(name)
                changed.add(name)
        stale = [
            name
            for name, feature in self.features.items()
            if name not in changed and not changed.isdisjoint(feature.depends)
        ]
        return recomputed, stale

    def check_kinds(self, texts: Set[str]) -> None:
        """Check that tables have the declared kinds, and that texts have no formula or range.

        Args:
            texts: names of the features that are text in the tables.

        Raises:
            BadFile: a kind differs, or a text feature has a range or is part of a formula.
        """
        for name, feature in self.features.items():
            if feature.kind and (feature.kind == "text") != (name in texts):
                found = "text" if name in texts else "numbers"
                raise BadFile(
                    FEATURES_FILE,
                    f"the kind of {abridged(name)} is {feature.kind}, and the model takes {found}",
                )
        for name, formula in self.formulas.items():
            if wrong := [other for other in (name, *formula.inputs) if other in texts]:
                raise BadFile(
                    FEATURES_FILE,
                    f"the formula of {abridged(name)} has text features: {first_few(wrong)}",
                )
        if wrong := [feature.name for feature in self.ranged if feature.name in texts]:
            raise BadFile(
                FEATURES_FILE, f"text features have a lowest or a highest value: {first_few(wrong)}"
            )

    def check(self, file: str, columns: Columns) -> None:
        """Check formulas in every row, and that flags are 0 or 1 and numbers in their range.

        Args:
            file: the name of the table's file.
            columns: its values by feature, all of shape (clients,), NaN where one is missing.

        Raises:
            BadFile: a row differs from a formula, a flag is neither 0 nor 1, or a number is out of
                its range.
        """
        for name, formula in self.formulas.items():
            wrong = _differs(formula(columns), columns[name])
            if wrong.any():
                raise BadFile(
                    FEATURES_FILE,
                    f"the formula of {abridged(name)} differs in {wrong.sum()} of {len(wrong)} rows"
                    f" of {file}, first in row {wrong.argmax() + 1}",
                )
        for name, feature in self.features.items():
            if feature.kind == "flag" and name in columns:
                others = ~(np.isnan(columns[name]) | np.isin(columns[name], (0, 1)))
                if others.any():
                    raise BadFile(
                        file,
                        f"column {abridged(name)}: row {others.argmax() + 1} is neither 0 nor 1,"
                        f" and {FEATURES_FILE} calls it a flag",
                    )
        for feature in self.ranged:
            values = columns.get(feature.name, np.empty(0))
            outside = (values < feature.lowest) | (values > feature.highest)
            if outside.any():
                raise BadFile(
                    file,
                    f"column {abridged(feature.name)}: row {outside.argmax() + 1} is out of the"
                    f" range in {FEATURES_FILE}, {feature.range_text}",
                )


def by_names(names: Sequence[str]) -> FeatureDictionary:
    """The dictionary without a file: each feature's name is its label and its theme."""
    return FeatureDictionary({name: Feature(name, name, "", name) for name in names})


def themes_in(features: Iterable[Feature], language: str | None) -> dict[str, str]:
    """The name of each theme in a language, by its name in the base language.

    A theme that has the name of its feature gets the feature's label, unless the file names it.

    Args:
        features: of the themes; one translation of a theme is enough.
        language: None for the base language.
    """
    named: dict[str, str] = {}
    labels: dict[str, str] = {}
    for feature in features:
        translation = feature.translations.get(language or "", Translation())
        if translation.theme:
            named.setdefault(feature.theme, translation.theme)
        if translation.label and feature.theme == feature.label:
            labels.setdefault(feature.theme, translation.label)
    return labels | named


def _in_words(
    feature: Feature, language: str | None, currency: str | None, themes: Mapping[str, str]
) -> Feature:
    words = feature.translations.get(language or "", Translation())
    unit = words.unit or feature.unit
    return replace(
        feature,
        label=words.label or feature.label,
        unit=unit if currency is None else CURRENCY.sub(lambda _: currency, unit),
        theme=themes.get(feature.theme, feature.theme),
        reason_high=words.reason_high or feature.reason_high,
        reason_low=words.reason_low or feature.reason_low,
        reason_missing=words.reason_missing or feature.reason_missing,
        original=feature.original or feature,
    )


def _differs(computed: Matrix, column: Matrix) -> Matrix:
    """True for each row in which a formula differs from its column, shape (clients,)."""
    same = np.abs(computed - column) <= TOLERANCE * np.abs(column)
    both_missing = np.isnan(computed) & np.isnan(column)
    return np.asarray(~(same | both_missing))
