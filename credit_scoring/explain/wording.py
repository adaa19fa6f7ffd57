"""The words of answers: a language, and a name for the currency."""

from dataclasses import dataclass, field, replace

from credit_scoring.data.features.feature_dictionary import FeatureDictionary, themes_in
from credit_scoring.errors import UnknownLanguage, abridged
from credit_scoring.explain.feature_attribution import Attribution
from credit_scoring.explain.language.languages import Language, language_of
from credit_scoring.explain.language.quantities import Quantities
from credit_scoring.explain.peers import PeerGroup, Peers


@dataclass(frozen=True, eq=False)
class Wording:
    """Puts a bundle into words; only texts change, and no number.

    Attributes:
        base: the dictionary as in the file.
        currency: the name of the currency in units; None to keep the word `currency`.
    """

    base: FeatureDictionary
    currency: str | None
    _dictionaries: dict[str | None, FeatureDictionary] = field(default_factory=dict)
    _peers: dict[str | None, Peers] = field(default_factory=dict)

    def check(self, language: str | None) -> None:
        """Check that the file has words in a language.

        Args:
            language: None for the base language.

        Raises:
            UnknownLanguage: it has none; the message lists its languages.
        """
        if language is not None and language not in self.base.languages:
            known = ", ".join(self.base.languages)
            raise UnknownLanguage(
                f"language {abridged(language)} is not one of features.csv: {known}"
                if known
                else "features.csv has no words in further languages: leave language out"
            )

    def dictionary(self, language: str | None) -> FeatureDictionary:
        """The dictionary in a language.

        Args:
            language: one of the file's; None for the base language.
        """
        if language is None and self.currency is None:
            return self.base
        found = self._dictionaries.get(language)
        if found is None:
            currency = self.currency or (language_of(language).currency if language else None)
            found = self._dictionaries[language] = self.base.in_words(language, currency)
        return found

    def peers(self, base: Peers, language: str | None) -> Peers:
        """The peers with reasons in a language, for one `base`.

        Args:
            base: the peers with reasons in the base language.
            language: see `dictionary`.
        """
        if language is None and self.currency is None:
            return base
        found = self._peers.get(language)
        if found is None:
            found = self._peers[language] = self._worded(base, language)
        return found

    def _worded(self, base: Peers, language: str | None) -> Peers:
        words, themes = language_of(language), themes_in(self.base.features.values(), language)
        numbers = words.numbers
        if self.currency is not None:
            numbers = numbers.with_currency(self.currency)
        attribution = _attribution(base.attribution, self.dictionary(language), themes)
        quantities = Quantities(numbers)
        groups = {
            name: _group(group, attribution, words, quantities)
            for name, group in base.groups.items()
        }
        return replace(base, attribution=attribution, groups=groups)


def _attribution(
    base: Attribution, dictionary: FeatureDictionary, themes: dict[str, str]
) -> Attribution:
    """An attribution with translated factors and names of themes."""
    return replace(
        base,
        factors=tuple(
            factor if raw is None else dictionary.features[factor.name]
            for factor, raw in zip(base.factors, base.raw, strict=True)
        ),
        themes=tuple(themes.get(theme, theme) for theme in base.themes),
    )


def _group(
    base: PeerGroup, attribution: Attribution, language: Language, quantities: Quantities
) -> PeerGroup:
    """A peer group with translated words of factors."""
    pairs = zip(base.words, attribution.factors, strict=True)
    return replace(
        base, words=tuple(words.translated(each, language, quantities) for words, each in pairs)
    )
