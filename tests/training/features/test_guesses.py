"""Guesses from the names of features in public tables."""

import pytest

from training.features.guesses import guess


@pytest.mark.parametrize(
    ("name", "is_text", "note"),
    [
        ("AMT_CREDIT", False, "guess: change down"),
        ("LoanAmount", False, "guess: change down"),
        ("AMT_INCOME_TOTAL", False, "guess: change up"),
        ("ApplicantIncome", False, "guess: change up"),
        ("duration", False, "guess: change down"),
        ("Loan_Amount_Term", False, "guess: change down"),
        ("Savings accounts", True, ""),
        ("DAYS_BIRTH", False, "guess: protected 1"),
        ("age_income", False, "guess: protected 1"),
        ("Sex", True, "guess: protected 1"),
        ("Married", True, "guess: protected 1"),
        ("Credit_History", False, ""),
        ("EXT_SOURCE_2", False, ""),
        ("Größe", False, ""),
    ],
)
def test_a_guess_is_a_note(name: str, is_text: bool, note: str):
    assert guess(name, is_text=is_text) == note
