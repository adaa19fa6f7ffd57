"""Cells of a CSV file are read as the service reads the cells of its tables."""

import math

import pytest

from advisor.formatting import csv_cells
from credit_scoring.data.table_files import cells as service_cells

NUMBER = {"kind": "number", "class0": {"shares": None}, "class1": {"shares": None}}
FLAG = {**NUMBER, "kind": "flag"}
TEXT = {"kind": "text", "class0": {"shares": {"None": 0.5, "x": 0.5, "NA": 0.0}},
        "class1": {"shares": {"null": 1.0, "NA": 0.0}}}  # fmt: skip
CELLS = [
    *sorted(service_cells.MISSING_TEXTS), *service_cells.FLAGS, "0", "-0", "1", "2.5", " 3 ",
    "+4e-2", ".5", "5.", "1e-400", "1e400", "-1e400", "inf", "-Infinity", "1_000", "0x10", "1,5",
    " ", " NA", "na", "tRUE", "\u0661", "1 2", "e5", "--1",
    "0" * 200_000 + "7", "9" * 200_000, "9" * 200_000 + "x",
]  # fmt: skip


def test_the_rules_are_the_services():
    assert csv_cells.MISSING_TEXTS == service_cells.MISSING_TEXTS
    assert dict(csv_cells.FLAGS) == dict(service_cells.FLAGS)
    assert (csv_cells.NUMBER.pattern, csv_cells.NUMBER.flags) == (
        service_cells.NUMBER.pattern,
        service_cells.NUMBER.flags,
    )


@pytest.mark.parametrize("feature", [NUMBER, FLAG])
def test_a_cell_of_a_number(feature: dict):
    fast = [cell for cell in CELLS if not cell.endswith("9x")]  # that one takes the service minutes
    for cell in fast:
        value, problem = service_cells.number_of(cell)
        expected = cell if problem or math.isinf(value) else None if math.isnan(value) else value
        assert repr(csv_cells.value_of(cell, feature)) == repr(expected), cell
    for cell in set(CELLS) - set(fast):
        assert csv_cells.value_of(cell, feature) == cell


def test_a_cell_of_a_text():
    known = frozenset({"None", "x", "null"})
    assert csv_cells.known_categories(TEXT) == known
    for cell in [*CELLS, "01000", " x ", "a\rb"]:
        expected = None if cell in service_cells.MISSING_TEXTS - known else cell
        assert csv_cells.value_of(cell, TEXT) == expected, cell


def test_a_cell_of_a_column_that_is_not_a_feature():
    cells = ("NA", "true", "1", "x")
    assert [csv_cells.value_of(cell, None) for cell in cells] == [None, 1.0, 1.0, "x"]
