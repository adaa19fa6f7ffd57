"""Words of `features.csv` for recorded reasons, in the letter's language if the file has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from credit_scoring.data.features.feature_dictionary import Feature, FeatureDictionary, themes_in
from credit_scoring.explain.language.languages import language_of
from credit_scoring.explain.reason_codes import Reason, ReasonFeature
from credit_scoring.explain.reason_texts import is_of_value


@dataclass(frozen=True)
class Words:
    """Translates recorded words; a word without a translation stays as it was recorded.

    Attributes:
        recorded: features in the language of the records, by name.
        translated: the same features in the letter's language.
        themes: names of themes in the letter's language, by their recorded names.
        own: all words that are in the letter's language.
    """

    recorded: Mapping[str, Feature] = field(default_factory=dict)
    translated: Mapping[str, Feature] = field(default_factory=dict)
    themes: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()

    @classmethod
    def of_dictionary(
        cls, dictionary: FeatureDictionary, language: str, currency: str | None
    ) -> "Words":
        """The words of a bundle's dictionary.

        Args:
            dictionary: of the bundle that made the decision.
            language: of the letter.
            currency: its name in units; None for the word of the language.
        """
        name = currency or language_of(language).currency
        found = dictionary.in_words(language, name).features
        own = {
            word
            for name, feature in dictionary.features.items()
            for word, before in zip(_words(found[name]), _words(feature), strict=True)
            if word != before
        }
        themes = themes_in(dictionary.features.values(), language)
        return cls(dictionary.features, found, themes, frozenset(own) | {*themes.values()})

    @property
    def units(self) -> Mapping[str, str]:
        """Words for units, by the recorded unit."""
        return {
            self.recorded[name].unit: each.unit
            for name, each in self.translated.items()
            if each.unit in self.own
        }

    def theme(self, reason: Reason) -> str:
        """The name of a reason's theme."""
        return self.themes.get(reason.group, reason.group)

    def label(self, feature: ReasonFeature) -> str:
        """The label of a feature."""
        found = self.translated.get(feature.name)
        return found.label if found is not None and found.label in self.own else feature.label

    def text(self, reason: Reason, feature: ReasonFeature) -> str | None:
        """The words of a reason; None if it was recorded with a label and a value only.

        Args:
            reason: as recorded.
            feature: the one that the reason's text is about.
        """
        # Decisions on record from before texts had values may have the theme's name as text.
        if reason.text == reason.group or is_of_value(reason.text, feature.label):
            return None
        recorded, found = self.recorded.get(feature.name), self.translated.get(feature.name)
        if recorded is not None and found is not None:
            for before, after in zip(_texts(recorded), _texts(found), strict=True):
                if before == reason.text:
                    return after
        return reason.text

    def used(self, pairs: Sequence[tuple[Reason, ReasonFeature]]) -> Iterator[str]:
        """All words that some reasons print, each reason with the feature that it is about."""
        for reason, feature in pairs:
            yield self.theme(reason)
            yield self.label(feature)
            if (text := self.text(reason, feature)) is not None:
                yield text


def _texts(feature: Feature) -> tuple[str, str, str]:
    return feature.reason_high, feature.reason_low, feature.reason_missing


def _words(feature: Feature) -> tuple[str, ...]:
    return feature.label, feature.unit, *_texts(feature)
