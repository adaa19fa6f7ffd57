"""Texts of reasons by value: a theme's name never stands alone."""

import math
from dataclasses import replace

import pytest

from credit_scoring.data.features.feature_dictionary import Feature
from credit_scoring.errors import NAME_LENGTH
from credit_scoring.explain.language.languages import ENGLISH, FRENCH
from credit_scoring.explain.language.quantities import Quantities
from credit_scoring.explain.reason_texts import HIGH, LOW, MISSING, NEITHER, FactorWords, Value


def words(unit: str, typical: Value, *, is_flag: bool = False, **own: str) -> FactorWords:
    return FactorWords.of_feature(
        Feature("X", "Factor", unit, "Theme", **own), typical, is_flag=is_flag
    )


@pytest.mark.parametrize(
    ("value", "typical", "unit", "text"),
    [
        (67_500.0, 150_750.5, "currency a year", "67,500 a year (typical 150,750.50 a year)"),
        (12.4, 3.1, "", "12.4 (typical 3.1)"),
        (-668.0, -774.0, "", "-668 (typical -774)"),
        (3.0, 3.0, "", "3 (as is typical)"),
        (0.34312, 0.34308, "ratio", "0.34312 (typical 0.34308)"),
        (1.0, 0.0, "0 or 1", "yes (typical no)"),
        (1.0, 0.5, "0 or 1", "yes (typical yes for half of them)"),
        (-23_741.0, -15_560.0, "days before the application", "65 years (typical 42.6 years)"),
        (2636.0, -40.0, "days from the application",
         "7.2 years after the application (typical 40 days before the application)"),
        (0.19849, 0.49676, "0 to 1", "0.198 on a scale from 0 to 1 (typical 0.497)"),
        (0.25, 0.5, "furlongs", "0.25 furlongs (typical 0.5)"),
        (1e30, 1.0, "", "1.00 × 10^30 (typical 1)"),  # noqa: RUF001 - a multiplication sign
        (math.nan, 2.0, "people", "not known (typical 2 people)"),
        (None, None, "", "not known"),
        (2.0, math.nan, "people", "2 people"),
        (math.inf, 2.0, "", "not known (typical 2)"),
        ("Cook", "Labourer", "", "Cook (typical Labourer)"),
        ("Labourer", "Labourer", "", "Labourer (as is typical)"),
        ("x" * 10_000, None, "", "x" * NAME_LENGTH + "…"),
    ],
)  # fmt: skip
def test_a_factor_without_words_is_said_with_its_value(
    value: Value, typical: Value, unit: str, text: str
):
    assert words(unit, typical).text(HIGH, value) == f"Factor: {text}"


def test_a_flag_without_a_unit_is_yes_or_no():
    assert words("", 0.0, is_flag=True).text(HIGH, 1.0) == "Factor: yes (typical no)"
    assert words("people", 0.0, is_flag=True).text(HIGH, 1.0) != "Factor: yes (typical no)"


def test_words_of_the_dictionary_come_first():
    own = words("", 2.0, reason_high="High", reason_missing="Missing")
    assert own.text(HIGH, 3.0) == "High"
    assert own.text(MISSING, None) == "Missing"
    assert own.text(LOW, 1.0) == "Factor: 1 (typical 2)"
    assert own.text(NEITHER, 2.0) == "Factor: 2 (as is typical)"


def french(
    unit: str, typical: Value, *, currency: str | None = None, shown: str = ""
) -> FactorWords:
    """Words of a factor in French."""
    base = Feature("X", "Factor", unit, "Theme")
    feature = replace(base, label="Critère", unit=shown or unit, original=base)
    numbers = FRENCH.numbers if currency is None else FRENCH.numbers.with_currency(currency)
    return words(unit, typical).translated(feature, FRENCH, Quantities(numbers))


@pytest.mark.parametrize(
    ("value", "typical", "unit", "text"),
    [
        (67_500.0, 150_750.5, "currency a year",
         "67^500~par~an (valeur habituelle~: 150^750,50~par~an)"),
        (1_234_567.0, 0.5, "currency", "1^234^567 (valeur habituelle~: 0,50)"),
        (12.4, 3.1, "", "12,4 (valeur habituelle~: 3,1)"),
        (-668.0, -774.0, "", "\u2212668 (valeur habituelle~: \u2212774)"),
        (3.0, 3.0, "", "3 (c\u2019est la valeur habituelle)"),
        (1.0, 0.0, "0 or 1", "oui (valeur habituelle~: non)"),
        (-23_741.0, -15_560.0, "days before the application",
         "65~ans (valeur habituelle~: 42,6~ans)"),
        (2636.0, -40.0, "days from the application",
         "7,2~ans après la demande (valeur habituelle~: 40~jours avant la demande)"),
        (-365.25, -400.0, "days from the application",
         "1~an avant la demande (valeur habituelle~: 1,1~an avant la demande)"),
        (0.19849, 0.49676, "0 to 1",
         "0,198 sur une échelle de 0 à 1 (valeur habituelle~: 0,497)"),
        (1.5, 2.0, "people", "1,5~personne (valeur habituelle~: 2~personnes)"),
        (0.25, 0.5, "furlongs", "0,25 lieues (valeur habituelle~: 0,5)"),
        (math.nan, 2.0, "people", "valeur inconnue (valeur habituelle~: 2~personnes)"),
        (None, None, "", "valeur inconnue"),
        ("Cook", "Labourer", "", "Cook (valeur habituelle~: Labourer)"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_french_readers_expect(
    value: Value, typical: Value, unit: str, text: str
):
    shown = "lieues" if unit == "furlongs" else ""
    found = french(unit, typical, shown=shown).text(HIGH, value)
    assert found == f"Critère~: {text}".replace("~", "\u00a0").replace("^", "\u202f")


@pytest.mark.parametrize(
    ("currency", "english", "in_french"),
    [
        ("€", "€67,500 a year (typical -€1,250.50 a year)", "67^500~€~par~an"),
        ("EUR", "EUR 67,500 a year (typical -EUR 1,250.50 a year)", "67^500~EUR~par~an"),
    ],
)
def test_an_amount_has_the_name_of_the_currency(currency: str, english: str, in_french: str):
    unit = "currency a year"
    quantities = Quantities(ENGLISH.numbers.with_currency(currency))
    plain = words(unit, -1250.5)
    named = plain.translated(Feature("X", "Factor", unit, "Theme"), ENGLISH, quantities)
    assert named.text(HIGH, 67_500.0) == f"Factor: {english}"
    assert plain.text(HIGH, 67_500.0) == "Factor: 67,500 a year (typical -1,250.50 a year)"
    expected = in_french.replace("~", "\u00a0").replace("^", "\u202f")
    told = french(unit, -1250.5, currency=currency).text(HIGH, 67_500.0)
    assert told.startswith(f"Critère\u00a0: {expected} (")


@pytest.mark.parametrize("typical", [0.34308, 0.5, 2.0, -40.0, 1e20, 0.0])
@pytest.mark.parametrize("unit", ["", "currency", "ratio", "days from the application", "people"])
def test_the_typical_value_is_the_same_for_each_client(unit: str, typical: float):
    """It is written once for a factor, and again with more digits where they are needed."""
    factor = words(unit, typical)
    quantities = Quantities(ENGLISH.numbers)
    for value in (typical * (1 + 1e-9), typical + 1, typical, 0.34312, typical * (1 + 1e-5)):
        found = quantities.compared(value, typical, unit)
        expected = f"{found.value} (typical {found.typical})"
        if value == typical:
            expected = f"{found.value} (as is typical)"
        plain = expected.replace("\u00a0", " ").replace("\u2212", "-")
        assert factor.text(HIGH, value) == f"Factor: {plain}"
