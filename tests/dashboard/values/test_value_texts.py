"""Values beside typical ones: few digits, and different ones look different."""

from typing import Any

import pytest

from advisor.formatting.formats import Words
from advisor.formatting.value_texts import texts_apart, typical_value

EN, FR = Words("en"), Words("fr")


def feature(unit: str = "", kind: str = "number", label: str = "Label", **quantiles: float) -> Any:
    values = {"quantiles": quantiles or None, "shares": None}
    return {
        "label": label,
        "unit": unit,
        "base_unit": unit,
        "kind": kind,
        "class0": values,
    }


@pytest.mark.parametrize(
    ("words", "unit", "values", "texts"),
    [
        (EN, "ratio", (0.0793, 0.055), ["7.9\u00a0%", "5.5\u00a0%"]),
        (FR, "ratio", (0.0793, 0.055), ["7,9\u00a0%", "5,5\u00a0%"]),
        (EN, "ratio", (0.05512, 0.0551), ["5.512\u00a0%", "5.510\u00a0%"]),
        (EN, "ratio", (3.667, 0.5), ["366.7\u00a0%", "50.0\u00a0%"]),
        (EN, "", (20.000000000000043, 19.9948265), ["20", "19.99"]),
        (EN, "", (7.0, 7.0), ["7", "7"]),
        (EN, "currency", (7692.48, 147940.2), ["7,692\u00a0currency", "147,940\u00a0currency"]),
        (FR, "currency", (7692.48, 0.5), ["7\u202f692\u00a0currency", "0,5\u00a0currency"]),
        (EN, "", (0.00012345, 0.0), ["0.000123", "0"]),
        (EN, "", (1e-30, 0.0), ["0", "0"]),
        (EN, "", (None, 0.4719), ["not known", "0.472"]),
        (FR, "ratio", (None, 0.4719), ["inconnu", "47,2\u00a0%"]),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_or_as_many_as_differ(
    words: Words, unit: str, values: tuple[float | None, ...], texts: list[str]
):
    usual = dict.fromkeys(("0", "25", "50", "75", "100"), 0.5)
    assert texts_apart(words, feature(unit, **usual), *values) == texts


@pytest.mark.parametrize(
    ("words", "label", "text"),
    [
        (EN, "Age", "32.9\u00a0years old"),
        (FR, "Âge", "32,9\u00a0ans"),
        (EN, "Time in the present job", "32.9\u00a0years"),
    ],
)
def test_a_time_before_the_application_is_a_length(words: Words, label: str, text: str):
    unit = "days before the application"
    assert texts_apart(words, feature(unit, label=label), -12_017.0) == [text]


def test_flags_are_yes_or_no():
    assert texts_apart(EN, feature("0 or 1", kind="flag"), 1.0, 0.0) == ["yes", "no"]


def test_the_typical_value_is_of_the_clients_who_repaid():
    number = feature(**{"50": 4.5})
    assert typical_value(number) == 4.5
    flag, text, unknown = feature(kind="flag"), feature(kind="text"), feature()
    flag["class0"]["shares"] = {"0": 0.2, "1": 0.8}
    text["class0"]["shares"] = {"A": 0.6, "B": 0.4}
    assert [*map(typical_value, (flag, text, unknown))] == [1.0, "A", None]
