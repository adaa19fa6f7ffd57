"""Ids of clients: numbers or texts, and tables in which they are refused."""

import logging

import pytest

from credit_scoring.data.artifacts import ID, NEW_FILE, REFERENCE_FILE
from credit_scoring.data.table_files.client_ids import client_ids, text_id_problem
from credit_scoring.errors import BadFile
from tests.credit_scoring.damage import cell
from tests.kinds.text_ids import AWKWARD_IDS
from tests.support.bundles.artefacts import Folder


@pytest.mark.parametrize(
    ("cells", "ids"),
    [
        (["12", " 7", "+8 ", "-3", "-0"], [12, 7, 8, -3, 0]),
        ([str(-(2**63)), str(2**64 - 1)], [-(2**63), 2**64 - 1]),
        (["12", str(2**64)], ["12", str(2**64)]),
        (["12", "007"], ["12", "007"]),
        (["12", "1e5"], ["12", "1e5"]),
        (["12", "1_0"], ["12", "1_0"]),
        (["12.0", "13.0"], ["12.0", "13.0"]),
        (["12", "\u0661"], ["12", "\u0661"]),
        (["True", "False"], ["True", "False"]),
        (["NA", "null", "12", "LP1"], ["NA", "null", "12", "LP1"]),
        ([" a", "a", "a "], [" a", "a", "a "]),
        (["é", "e\u0301"], ["é", "e\u0301"]),
        (AWKWARD_IDS, AWKWARD_IDS),
    ],
)
def test_ids_are_numbers_if_all_are_whole_numbers_and_else_texts(cells, ids):
    found = client_ids("table.csv", cells)
    assert (found, [*map(type, found)]) == (ids, [*map(type, ids)])


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["1", "", "3"], "row 2 is empty"),
        (["LP1", "LP2", " \t"], "row 3 is empty"),
        (["1", "2", "NA", "nan"], "row 3 is missing"),
        (["LP1", "x" * 101], "row 2 is longer than 100 characters"),
        (["LP1", "a\ud800"], "row 2 is not UTF-8"),
        (["5", "7", " 7", "+5"], "rows 2 and 3 have the same id"),
        (["LP1", "7", "LP1", "7"], "rows 1 and 3 have the same id"),
    ],
)
def test_a_column_of_ids_is_refused_with_its_row(cells, problem):
    with pytest.raises(BadFile) as refused:
        client_ids("table.csv", cells)
    assert str(refused.value) == f"table.csv: column {ID}: {problem}"


def test_lengths_count_characters():
    assert text_id_problem("🙂" * 100) == ""
    assert text_id_problem("🙂" * 101) == "is longer than 100 characters"


@pytest.mark.parametrize("text", ["100.5", "inf", "secret", "007", "18446744073709551616"])
def test_one_text_makes_all_ids_of_its_table_texts(folder: Folder, caplog, text: str):
    numbers = list(folder.load().client_ids)
    cell(REFERENCE_FILE, 4, ID, text)(folder)
    assert list(folder.load().client_ids) == numbers
    caplog.clear()
    cell(NEW_FILE, 4, ID, text)(folder)
    bundle = folder.load()
    assert list(bundle.client_ids) == [*map(str, numbers[:3]), text, *map(str, numbers[4:])]
    assert bundle.has_text_ids
    warnings = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert warnings == [
        f"{NEW_FILE}: all ids are texts, because that in row 4 is not a whole number without"
        " leading zeros"
    ]


def test_texts_that_look_like_no_number_need_no_warning(folder: Folder, caplog):
    table = folder.read(NEW_FILE)
    table[ID] = [f"LP{number}" for number in table[ID]]
    table.to_csv(folder / NEW_FILE, index=False)
    caplog.clear()
    assert folder.load().client_ids == tuple(table[ID])
    assert caplog.messages == []
