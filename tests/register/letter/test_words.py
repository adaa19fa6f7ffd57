"""Letters with the words that `features.csv` of the day of the decision has in their language."""

import re

import pytest

from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.features.feature_file import parse_features
from register.letter.letter import letter_html
from tests.register.letter.recorded import decision, feature, lender, reason, text_of

HEADER = "name,label,unit,group,reason_high,reason_low,reason_missing"
FRENCH = ",label_fr,unit_fr,group_fr,reason_high_fr,reason_low_fr,reason_missing_fr"
LOAN = "LOAN,Loan,currency,Terms,The loan is large,The loan is small,"
SIZE = "SIZE,Size,furlongs,Home,,,"
JOB = "JOB,Job,days from the application,Work,,,No job is known"
OTHER_LANGUAGE = "dans la langue de nos dossiers"

REASONS = [
    reason("Terms", "The loan is large", feature("Loan", 5000.0, 3000.0, "currency")),
    reason("Home", "Size: 2 furlongs (typical 3)", feature("Size", 2.0, 3.0, "furlongs")),
    reason("Work", "No job is known", feature("Job", None, -40.0, "days from the application")),
]


def dictionary(loan: str, size: str, job: str) -> FeatureDictionary:
    """The dictionary of the reasons, with French words."""
    rows = [HEADER + FRENCH, LOAN + loan, SIZE + size, JOB + job]
    return parse_features("\n".join(rows).encode(), ["LOAN", "SIZE", "JOB"])


IN_FRENCH = dictionary(
    ",Prêt,currency,Conditions,Le prêt est élevé,Le prêt est faible,",
    ",Taille,lieues,Logement,,,",
    ",Emploi,jours,Travail,,,Aucun emploi connu",
)


def french(found: FeatureDictionary | None, language: str = "en") -> str:
    """The page of a French letter; labels are in a language."""
    recorded = decision(REASONS)
    return letter_html(recorded, lender(labels_language=language), "fr", dictionary=found).html


def test_reasons_labels_units_and_themes_are_in_french():
    page = french(IN_FRENCH)
    titles = re.findall("<strong><bdi>(.*?)</bdi></strong>", page)
    assert titles == ["Le prêt est élevé", "Taille", "Aucun emploi connu"]
    text = text_of(page)
    assert "Critère\u00a0: Prêt." in text
    assert "Votre valeur\u00a0:\u00a05\u202f000." in text
    assert "Votre valeur\u00a0:\u00a02 (lieues)." in text
    assert "Les raisons ci-dessus concernent\u00a0: Conditions, Logement, Travail" in text
    assert OTHER_LANGUAGE not in text
    assert 'lang="en"' not in page


def test_a_word_without_a_translation_is_that_of_the_record_and_marked():
    page = french(dictionary(",Prêt,,,,,", ",,,,,,", ",,,,,,Aucun emploi connu"))
    titles = re.findall("<strong><bdi(.*?)</bdi></strong>", page)
    assert titles == [' lang="en">The loan is large', ' lang="en">Size', ">Aucun emploi connu"]
    text = text_of(page)
    assert "Critère\u00a0: Prêt." in text
    assert "Critère\u00a0: Job." in text
    assert OTHER_LANGUAGE in text


@pytest.mark.parametrize("found", [None, parse_features(b"name\nLOAN\n", ["LOAN"])])
def test_without_words_the_recorded_ones_are_printed(found: FeatureDictionary | None):
    page = french(found)
    titles = re.findall('<strong><bdi lang="en">(.*?)</bdi></strong>', page)
    assert titles == ["The loan is large", "Size", "No job is known"]
    assert OTHER_LANGUAGE in text_of(page)


@pytest.mark.parametrize(
    ("currency", "english", "in_french"),
    [("€", "€5,000", "5\u202f000\u00a0€"), ("EUR", "EUR\u00a05,000", "5\u202f000\u00a0EUR")],
)
def test_amounts_have_the_currency_of_the_setting(currency: str, english: str, in_french: str):
    recorded = decision(REASONS)
    for language, expected in (("en", english), ("fr", in_french)):
        page = letter_html(
            recorded, lender(), language, dictionary=IN_FRENCH, currency=currency
        ).html
        assert f"\u00a0{expected}." in text_of(page)
    assert "<b>" not in letter_html(recorded, lender(), "en", currency="<b>").html


def test_labels_in_the_language_of_the_letter_are_not_translated():
    assert french(IN_FRENCH, "fr") == french(None, "fr")
