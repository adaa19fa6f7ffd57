"""Guesses by a feature's name, for the analyst who fills in a `features.csv`."""

import re

# Words in names: what a client can lower, what a client can raise, and what law protects.
LOWERED = frozenset(
    [
        "amount",
        "amt",
        "annuity",
        "balance",
        "debt",
        "duration",
        "emi",
        "instalment",
        "installment",
        "limit",
        "price",
        "term",
    ]
)
RAISED = frozenset(["income", "revenue", "salary", "savings", "wage"])
PROTECTED = frozenset(
    [
        "age",
        "birth",
        "birthdate",
        "children",
        "dependents",
        "disability",
        "ethnicity",
        "family",
        "foreign",
        "gender",
        "marital",
        "married",
        "nationality",
        "race",
        "religion",
        "sex",
    ]
)


def guess(name: str, *, is_text: bool) -> str:
    """A note with the likely `change` or `protected` of a feature; empty without a guess.

    The service does not read notes: a guess takes effect only if somebody fills it in.

    Args:
        name: of the feature.
        is_text: true for a text, which has no direction.
    """
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = set(re.split(r"[^a-z]+", parts.casefold()))
    if words & PROTECTED:
        return "guess: protected 1"
    if is_text:
        return ""
    if words & RAISED:
        return "guess: change up"
    return "guess: change down" if words & LOWERED else ""
