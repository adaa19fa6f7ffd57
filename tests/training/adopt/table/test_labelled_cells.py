"""A team's table: separators, ids, outcomes, and all that is wrong with it at once."""

import warnings

import numpy as np
import pandas as pd
import pytest

from training.adopt.problems import NotAdopted, Problems
from training.adopt.table.labelled_cells import ColumnOptions, label_cells, read_cells

TABLE = """\
client,Risk,income,code,p
a,good,1.5,007,0.1
b,bad,,010,0.9
c,good,2,100,0.2
d,bad,3.25,200,0.8
e,good,NA,300,0.3
f,bad,4,400,0.7
g,good,5,500,0.1
h,bad,6,600,0.9
"""
COLUMNS = ColumnOptions("client", "Risk", "bad", None)


def labelled(tmp_path, text=TABLE, columns=COLUMNS):
    path = tmp_path / "clients.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    problems = Problems()
    table = None
    with problems.noted():
        table = label_cells(path, columns, problems)
    problems.check()
    return table


def problems_of(tmp_path, text=TABLE, columns=COLUMNS):
    with pytest.raises(NotAdopted) as refused:
        labelled(tmp_path, text, columns)
    return refused.value.problems


def test_a_table_is_read_as_it_is_written(tmp_path):
    table = labelled(tmp_path)
    assert table.ids.tolist() == list("abcdefgh")
    assert table.is_default.tolist() == [False, True] * 4
    assert (table.default_label, table.labels) == ("bad", ("bad", "good"))
    assert table.features == ["income", "code", "p"]
    assert table.codes == ["code"]
    assert table.cells["income"].tolist() == ["1.5", "", "2", "3.25", "NA", "4", "5", "6"]
    assert (table.stored, table.notes) == (None, [])


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(tmp_path, separator):
    table = labelled(tmp_path, TABLE.replace(",", separator))
    pd.testing.assert_frame_equal(table.cells, labelled(tmp_path).cells)


def test_decimal_commas_between_semicolons(tmp_path):
    table = labelled(tmp_path, TABLE.replace(",", ";").replace(".", ","))
    pd.testing.assert_frame_equal(table.cells, labelled(tmp_path).cells)
    assert table.notes == ["clients.csv: decimal commas were read as points: income, p"]


def test_a_wide_table_gets_a_column_without_a_warning(tmp_path):
    path = tmp_path / "wide.csv"
    pd.DataFrame(np.ones((3, 200))).to_csv(path, index=False)
    cells, _ = read_cells(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cells.assign(one=1)


def test_a_table_of_another_encoding(tmp_path):
    table = labelled(tmp_path, TABLE.replace("good", "gut für uns").encode("cp1252"))
    assert table.labels == ("bad", "gut für uns")
    assert table.notes == ["clients.csv: is not UTF-8, and was read as cp1252"]


def test_parquet(tmp_path):
    frame = pd.read_csv(labelled(tmp_path) and tmp_path / "clients.csv", dtype={"code": "str"})
    frame["income"] = np.array([1.5, np.nan, 2, 3.25, 0.1 + 0.2, 1e-300, 1 / 3, 6])
    frame.to_parquet(tmp_path / "clients.parquet")
    cells, notes = read_cells(tmp_path / "clients.parquet")
    assert cells["code"].tolist() == frame["code"].tolist()
    np.testing.assert_array_equal(pd.to_numeric(cells["income"]), frame["income"])
    assert notes == []


def test_clients_without_ids_are_numbered(tmp_path):
    table = labelled(tmp_path, columns=ColumnOptions(None, "Risk", "bad", None))
    assert table.ids.tolist() == [str(number) for number in range(100_001, 100_009)]
    assert table.features == ["client", "income", "code", "p"]
    assert table.notes == [
        "clients.csv: no column SK_ID_CURR and no --id: clients are numbered from 100,001 on"
    ]


def test_the_usual_names_need_no_options(tmp_path):
    text = TABLE.replace("client", "SK_ID_CURR").replace("Risk", "TARGET")
    text = text.replace("good", "0").replace("bad", "1.0")
    table = labelled(tmp_path, text, ColumnOptions(None, "TARGET", None, None))
    assert (table.default_label, table.is_default.sum()) == ("1", 4)
    assert table.features == ["income", "code", "p"]


def test_the_makers_probabilities(tmp_path):
    table = labelled(tmp_path, columns=ColumnOptions("client", "Risk", "Bad", "p"))
    np.testing.assert_array_equal(table.stored, [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.1, 0.9])
    assert table.features == ["income", "code"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (
            ColumnOptions("client", "Risk", None, None),
            "column Risk: say which value means default, good (4), bad (4): --default bad, for"
            " example",
        ),
        (
            ColumnOptions("client", "Risk", "poor", None),
            "column Risk: poor is none of its values; say which value means default, good (4),"
            " bad (4): --default bad, for example",
        ),
        (
            ColumnOptions("client", "income", "1", None),
            "column income: 1 rows have no outcome, the first is row 2: remove them",
        ),
        (
            ColumnOptions("client", "TARGET", None, None),
            "has no column TARGET: say with --target which column has the outcome; it has client,"
            " Risk, income, code, p",
        ),
        (
            ColumnOptions("client", "Risk", "bad", "income"),
            "column income: row 1 is no probability: --proba is the column of the makers'"
            " probabilities of default",
        ),
        (
            ColumnOptions("client", "Risk", "bad", "score"),
            "has no column score: --proba is one of its columns",
        ),
        (
            ColumnOptions("number", "Risk", "bad", None),
            "has no column number: give another one as --id, or none to number the clients; it has"
            " client, Risk, income, code, p",
        ),
    ],
)
def test_what_options_do_not_find(tmp_path, columns, problem):
    assert f"clients.csv: {problem}" in problems_of(tmp_path, columns=columns)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("c,good", "a,good", "column client: rows 1 and 3 have the same id: remove one, or give"
         " another column as --id"),
        ("c,good", ",good", "column client: row 3 has no id: fill it in, or give another column as"
         " --id"),
        ("c,good", "c,", "column Risk: 1 rows have no outcome, the first is row 3: remove them"),
        ("c,good", "c,fair", "column Risk: has 3 values, and an outcome has two: bad (4), good (3),"
         " fair (1): give another one as --target"),
        ("p\n", "code\n", "has a column more than once: code"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_table(tmp_path, old, new, problem):
    assert problems_of(tmp_path, TABLE.replace(old, new, 1))[0] == f"clients.csv: {problem}"


def test_too_few_clients_of_one_class(tmp_path):
    text = "".join(TABLE.splitlines(keepends=True)[:8])
    assert problems_of(tmp_path, text) == [
        "clients.csv: column Risk: too few clients of one class, good (4), bad (3): each needs 4"
    ]


def test_all_problems_are_said_at_once(tmp_path):
    columns = ColumnOptions("number", "Risk", None, "score")
    assert len(problems_of(tmp_path, columns=columns)) == 3
