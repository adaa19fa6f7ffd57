"""Texts of reasons by value: a theme's name never stands alone."""

import math

import pytest

from credit_scoring.data.feature_dictionary import Feature
from credit_scoring.errors import NAME_LENGTH
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
