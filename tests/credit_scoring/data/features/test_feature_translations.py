"""Columns of `features.csv` in further languages, and the name of the currency in units."""

import pytest

from credit_scoring.data.features.feature_dictionary import FeatureDictionary
from credit_scoring.data.features.feature_file import parse_features
from credit_scoring.errors import BadFile

NAMES = ["LOAN", "PRICE", "JOB"]
HEADER = "name,label,unit,group,reason_high,label_fr,unit_fr,group_fr,reason_high_fr,label_de"
ROWS = [
    "LOAN,Loan,currency,Terms,The loan is large,Prêt,currency,Conditions,Le prêt est élevé,",
    "PRICE,Price,currency a year,Terms,The price is high,,,,,Preis",
    "JOB,Job,per currency,Work,,Emploi,,,,",
]


def read(*rows: str, header: str = HEADER) -> FeatureDictionary:
    return parse_features("\n".join([header, *rows]).encode(), NAMES)


@pytest.fixture(scope="module")
def dictionary() -> FeatureDictionary:
    return read(*ROWS)


def words(dictionary: FeatureDictionary) -> list[tuple[str, ...]]:
    """Label, unit, theme and reason of each feature."""
    features = dictionary.features.values()
    return [(each.label, each.unit, each.theme, each.reason_high) for each in features]


def test_languages_are_those_of_the_columns(dictionary: FeatureDictionary):
    assert dictionary.languages == ("de", "fr")
    assert read("LOAN", header="name").languages == ()


def test_an_empty_cell_is_that_of_the_base_language(dictionary: FeatureDictionary):
    assert words(dictionary.in_words("fr", None)) == [
        ("Prêt", "currency", "Conditions", "Le prêt est élevé"),
        ("Price", "currency a year", "Conditions", "The price is high"),
        ("Emploi", "per currency", "Work", ""),
    ]
    assert words(dictionary.in_words("de", None)) == [
        ("Loan", "currency", "Terms", "The loan is large"),
        ("Preis", "currency a year", "Terms", "The price is high"),
        ("Job", "per currency", "Work", ""),
    ]


def test_the_currency_replaces_the_word_in_units_of_each_language(dictionary: FeatureDictionary):
    assert words(dictionary.in_words(None, r"\1€")) == [
        ("Loan", r"\1€", "Terms", "The loan is large"),
        ("Price", r"\1€ a year", "Terms", "The price is high"),
        ("Job", r"per \1€", "Work", ""),
    ]
    assert [unit for _, unit, *_ in words(dictionary.in_words("fr", "EUR"))] == [
        "EUR",
        "EUR a year",
        "per EUR",
    ]


def test_a_translation_keeps_all_but_the_words(dictionary: FeatureDictionary):
    translated = dictionary.in_words("fr", "€")
    assert [each.base_unit for each in translated.features.values()] == [
        "currency",
        "currency a year",
        "per currency",
    ]
    assert list(translated.features) == NAMES
    assert translated.formulas is dictionary.formulas
    again = translated.in_words("fr", "EUR").features["LOAN"]
    assert (again.base_unit, again.label) == ("currency", "Prêt")


def test_a_theme_without_a_group_has_the_label_of_its_feature():
    header = "name,label,group,label_fr,group_fr"
    found = read(
        "LOAN,Loan,,Prêt,", "PRICE,Price,Loan,Prix,", "JOB,Job,,Emploi,Travail", header=header
    )
    themes = [each.theme for each in found.in_words("fr", None).features.values()]
    assert themes == ["Prêt", "Prêt", "Travail"]
    kept = read("LOAN,Loan,Job,Prêt,", "JOB,Job,Job,,", header=header).in_words("fr", None)
    assert [kept.features[name].theme for name in ("LOAN", "JOB")] == ["Job", "Job"]


def test_a_theme_has_one_name_in_each_language():
    other = "PRICE,Price,,Terms,,Prix,,Autres conditions,,"
    with pytest.raises(BadFile) as refused:
        read(ROWS[0], other)
    assert str(refused.value) == "features.csv: row 2: Terms has another group_fr before"


@pytest.mark.parametrize("column", ["label_FR", "label_fra", "name_fr", "change_fr", "reason_fr"])
def test_other_columns_are_unknown(column: str):
    with pytest.raises(BadFile) as refused:
        read("LOAN,", header=f"name,{column}")
    assert str(refused.value) == (
        f"features.csv: unknown columns: {column}; known: name, label, unit, group, kind, formula,"
        " depends, change, protected, lowest, highest, reason_high, reason_low, reason_missing,"
        " note, and words in another language as in label_fr"
    )
