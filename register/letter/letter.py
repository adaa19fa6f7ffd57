"""A letter about a decision, written from the register's record of it and from nothing else.

It can be written again at any time from the same record, so that the register keeps the version
and the language only (12 CFR 1002.12(b), comment 1). `VERSION` changes with every word of it.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from register.errors import Erased
from register.letter.document import LetterWriter
from register.letter.languages.english import ENGLISH
from register.letter.languages.french import FRENCH
from register.letter.languages.texts import Language, Texts
from register.letter.markup import Data
from register.letter.quantities import HtmlQuantities
from register.letter.sender import Sender
from register.letter.words import Words
from register.settings import RegisterSettings
from register.stored import StoredDecision

VERSION = "2"
TEXTS: Mapping[Language, Texts] = MappingProxyType({"en": ENGLISH, "fr": FRENCH})


@dataclass(frozen=True)
class Letter:
    """A letter.

    Attributes:
        html: a document without any other file.
        version: of the template.
        language: of the letter.
    """

    html: str
    version: str
    language: Language


def letter_html(
    decision: StoredDecision,
    lender: RegisterSettings,
    language: Language,
    flags: Set[str] = frozenset(),
    dictionary: FeatureDictionary | None = None,
    currency: str | None = None,
) -> Letter:
    """The letter about the final decision: the last review's, or the recorded one.

    Args:
        decision: as recorded.
        lender: names the sender and the agencies, and the language of `features.csv`.
        language: of the letter.
        flags: names of features that are 1 or 0 and have no unit; they are written as no or yes.
        dictionary: of the bundle that made the decision, which may have words in the language of
            the letter; None if it is not kept.
        currency: its symbol or code, written with amounts; None to write no currency.

    Raises:
        Erased: the data of the decision were erased.
        LetterHeld: the sender's name, address or contact is not set; or a refusal that no person
            has reviewed has a protected trait among its reasons, or a refusal has no reason that
            may be printed or one that is not specific, or it is a person's and not the model's.
    """
    if decision.evidence is None:
        raise Erased(f"the data of decision {decision.id} were erased: it has no letter any more")
    sender = Sender.of_settings(lender)
    labels = lender.labels_language
    is_foreign = labels.split("-")[0].lower() != language
    words = Words()
    if is_foreign and dictionary is not None:
        words = Words.of_dictionary(dictionary, language, currency)
    data = Data(labels if is_foreign else None, words.own)
    numbers = TEXTS[language].numbers
    if currency is not None:
        numbers = numbers.with_currency(escape(currency))
    quantities = HtmlQuantities(numbers, data, unit_names=words.units)
    writer = LetterWriter(
        decision, decision.evidence, lender, TEXTS[language], VERSION, quantities, flags, words
    )
    return Letter(writer.html(sender), VERSION, language)
