"""Languages in which reasons are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from credit_scoring.explain.language.number_words import ENGLISH_NUMBERS, FRENCH_NUMBERS, Numbers


@dataclass(frozen=True, kw_only=True)
class Language:
    """How a language writes a value beside a typical one.

    Attributes:
        numbers: numbers, dates and quantities.
        value_follows: between a label and a value.
        typical: after a value; has the typical value.
        as_typical: after a value that is the typical one.
        unknown: a missing value.
        has_ascii_signs: true to write spaces and minus signs as on a keyboard.
        currency: the word `currency` in units, if no setting names the currency.
    """

    numbers: Numbers
    value_follows: str
    typical: str
    as_typical: str
    unknown: str
    has_ascii_signs: bool
    currency: str | None


ENGLISH = Language(
    numbers=ENGLISH_NUMBERS,
    value_follows=": ",
    typical=" (typical {})",
    as_typical=" (as is typical)",
    unknown=ENGLISH_NUMBERS.unknown,
    has_ascii_signs=True,
    currency=None,
)
FRENCH = Language(
    numbers=FRENCH_NUMBERS,
    value_follows="\u00a0: ",
    typical=" (valeur habituelle\u00a0: {})",
    as_typical=" (c\u2019est la valeur habituelle)",
    unknown="valeur inconnue",
    has_ascii_signs=False,
    currency="unités",
)
LANGUAGES: Mapping[str, Language] = MappingProxyType({"en": ENGLISH, "fr": FRENCH})


def language_of(code: str | None) -> Language:
    """The language of a code, English for the base language and for one without words here."""
    return LANGUAGES.get(code or "en", ENGLISH)
