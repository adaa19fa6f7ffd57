"""Cells of a CSV file are read as the service reads those of its tables."""

import math

import pytest

from advisor import cells
from credit_scoring import cells as served

NUMBER = {"kind": "number", "class0": {"shares": None}, "class1": {"shares": None}}
FLAG = {**NUMBER, "kind": "flag"}
TEXT = {"kind": "text", "class0": {"shares": {"None": 0.5, "x": 0.5, "NA": 0.0}},
        "class1": {"shares": {"null": 1.0, "NA": 0.0}}}  # fmt: skip
WRITTEN = [
    *sorted(served.MISSING_TEXTS), *served.FLAGS, "0", "-0", "1", "2.5", " 3 ", "+4e-2", ".5", "5.",
    "1e-400", "1e400", "-1e400", "inf", "-Infinity", "1_000", "0x10", "1,5", " ", " NA", "na",
    "tRUE", "\u0661", "1 2", "e5", "--1", "0" * 200_000 + "7", "9" * 200_000, "9" * 200_000 + "x",
]  # fmt: skip


def test_the_rules_are_those_of_the_service():
    assert cells.MISSING_TEXTS == served.MISSING_TEXTS
    assert dict(cells.FLAGS) == dict(served.FLAGS)
    assert (cells.NUMBER.pattern, cells.NUMBER.flags) == (
        served.NUMBER.pattern,
        served.NUMBER.flags,
    )


@pytest.mark.parametrize("feature", [NUMBER, FLAG])
def test_a_cell_of_a_number(feature: dict):
    short = [text for text in WRITTEN if not text.endswith("9x")]  # it takes the service minutes
    for text in short:
        value, problem = served.number_of(text)
        expected = text if problem or math.isinf(value) else None if math.isnan(value) else value
        assert repr(cells.value_of(text, feature)) == repr(expected), text
    for text in set(WRITTEN) - set(short):
        assert cells.value_of(text, feature) == text


def test_a_cell_of_a_text():
    known = frozenset({"None", "x", "null"})
    assert cells.known_categories(TEXT) == known
    for text in [*WRITTEN, "01000", " x ", "a\rb"]:
        expected = None if text in served.MISSING_TEXTS - known else text
        assert cells.value_of(text, TEXT) == expected, text


def test_a_cell_of_a_column_that_is_not_a_feature():
    assert [cells.value_of(text, None) for text in ("NA", "true", "1", "x")] == [
        None,
        1.0,
        1.0,
        "x",
    ]
