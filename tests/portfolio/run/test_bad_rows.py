"""Rows that cannot be scored: they end the run, or are left out and listed."""

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import ID, NEW_FILE
from tests.support.portfolio import read_parts, read_summary

ROWS = 60
NEVER_MISSING = "AMT_INCOME_TOTAL"
BAD = [17, 31, 44, 52, 55, 57]  # indices of rows
NOT_A_NUMBER = "row 18: not a number: AMT_CREDIT"


@pytest.fixture
def table_with_bad_rows(clients, tmp_path):
    clients = clients.astype({"AMT_CREDIT": object, ID: object})
    clients.iloc[17, clients.columns.get_loc("AMT_CREDIT")] = "a lot"
    clients.iloc[31, clients.columns.get_loc(NEVER_MISSING)] = np.nan
    clients.iloc[44, clients.columns.get_loc(ID)] = clients.iloc[3][ID]
    clients.iloc[52, clients.columns.get_loc("AMT_CREDIT")] = "inf"
    clients.iloc[55, clients.columns.get_loc("AMT_CREDIT")] = -5.0
    clients.iloc[57, clients.columns.get_loc("AMT_CREDIT")] = 1e30
    clients.iloc[57, clients.columns.get_loc("AMT_ANNUITY")] = -1.0
    file = tmp_path / "clients.csv"
    clients.to_csv(file, index=False)
    return file


@pytest.fixture
def bad_rows(tmp_path):
    """The list of bad rows, which does not exist yet."""
    return tmp_path / "bad.csv"


@pytest.fixture
def clients_with_one_id_twice(clients):
    """The last client has the id of the first one."""
    clients.iloc[ROWS - 1, clients.columns.get_loc(ID)] = clients.iloc[0][ID]
    return clients


def test_the_first_bad_row_ends_the_run(command, table_with_bad_rows, out):
    result = command(table_with_bad_rows)
    assert (result.code, result.err) == (2, f"portfolio: {table_with_bad_rows}: {NOT_A_NUMBER}\n")
    assert not (out / "summary.json").exists()


def test_bad_rows_are_listed_with_their_reasons(command, table_with_bad_rows, bad_rows):
    result = command(table_with_bad_rows, "--bad-rows", bad_rows)
    assert (result.code, result.err) == (1, "")
    file = table_with_bad_rows
    assert bad_rows.read_text().splitlines() == [
        "file,row,reason",
        f"{file},18,not a number: AMT_CREDIT",
        f'{file},32,"null, though never missing among clients: {NEVER_MISSING}"',
        f"{file},45,column {ID}: has the same id as the row 4 of {file}",
        f"{file},53,out of range: AMT_CREDIT",
        f"{file},56,out of the range 0 to 10000000: AMT_CREDIT",
        f"{file},58,out of the range 0 to 10000000: AMT_CREDIT;"
        " out of the range 0 to 1000000: AMT_ANNUITY",
    ]


def test_rows_beside_bad_ones_have_the_same_scores(
    command, table_with_bad_rows, bad_rows, finished_run, out
):
    assert command(table_with_bad_rows, "--bad-rows", bad_rows).code == 1
    good = read_parts(finished_run).drop(index=BAD).reset_index(drop=True)
    rows = read_parts(out)
    pd.testing.assert_frame_equal(rows, good, check_exact=True)
    assert (read_summary(out)["bad_rows"], len(rows)) == (len(BAD), ROWS - len(BAD))


def test_a_run_after_the_first_bad_row_keeps_the_parts_before_it(
    command, table_with_bad_rows, bad_rows, finished_run, out
):
    assert command(table_with_bad_rows).code == 2
    assert command(table_with_bad_rows, "--bad-rows", bad_rows).code == 1
    good = read_parts(finished_run).drop(index=BAD).reset_index(drop=True)
    pd.testing.assert_frame_equal(read_parts(out), good, check_exact=True)


def test_bad_rows_of_an_earlier_run_count_again(command, table_with_bad_rows, bad_rows):
    assert command(table_with_bad_rows, "--bad-rows", bad_rows).code == 1
    again = command(table_with_bad_rows, "--bad-rows", bad_rows)
    assert again.code == 1
    assert "existed" in again.out


def test_bad_rows_of_an_earlier_run_end_a_run_without_a_list(
    command, table_with_bad_rows, bad_rows
):
    assert command(table_with_bad_rows, "--bad-rows", bad_rows).code == 1
    assert NOT_A_NUMBER in command(table_with_bad_rows).err


@pytest.mark.parametrize("existing", ["clients.csv", "."])
def test_a_list_of_bad_rows_replaces_nothing_else(command, bundle_folder, out, tmp_path, existing):
    table, list_path = tmp_path / "clients.csv", tmp_path / existing
    content = (bundle_folder / NEW_FILE).read_bytes()
    table.write_bytes(content)
    result = command(table, "--bad-rows", list_path)
    said = f"portfolio: {list_path}: exists, and is not a list of bad rows\n"
    assert (result.code, result.err) == (2, said)
    assert table.read_bytes() == content
    assert not out.exists()


@pytest.mark.parametrize(
    ("row", "distance"), [(2, "the row above it"), (5, "the row that is 4 rows above it")]
)
def test_an_id_that_occurs_twice_in_a_chunk_is_named_by_its_distance(
    command, clients, tmp_path, row, distance
):
    clients.iloc[row - 1, clients.columns.get_loc(ID)] = clients.iloc[0][ID]
    file = tmp_path / "clients.csv"
    clients.to_csv(file, index=False)
    result = command(file)
    problem = f"row {row}: column {ID}: has the same id as {distance}"
    assert (result.code, result.err) == (2, f"portfolio: {file}: {problem}\n")


def test_an_id_that_occurs_in_two_files_is_named_with_both_rows(
    command, clients_with_one_id_twice, tmp_path
):
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    clients_with_one_id_twice.iloc[:50].to_csv(first, index=False)
    clients_with_one_id_twice.iloc[50:].to_csv(second, index=False)
    result = command(first, second)
    problem = f"row 10: column {ID}: has the same id as the row 1 of {first}"
    assert (result.code, result.err) == (2, f"portfolio: {second}: {problem}\n")
