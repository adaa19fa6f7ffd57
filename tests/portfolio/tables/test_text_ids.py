"""Tables whose ids are texts."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from credit_scoring.data.artifacts import ID, NEW_FILE
from portfolio.duplicates import find_duplicates
from portfolio.tables.row_ids import id_keys, id_problem, ids_in
from tests.kinds.text_ids import AWKWARD_IDS, text_ids, with_text_ids
from tests.support.portfolio import application_scorer, read_summary, rows_unlike, score_responses

IDS = text_ids(60)


@pytest.fixture(scope="module")
def text_folder(small_bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts") / "ressources"
    with_text_ids(small_bundle_folder, folder)
    return folder


def table_of(folder: Path) -> pd.DataFrame:
    """The new clients, numbers as doubles and ids as texts."""
    numbers = pd.read_csv(folder / NEW_FILE)
    cells = pd.read_csv(folder / NEW_FILE, dtype="str", keep_default_na=False)
    return numbers.assign(**{ID: cells[ID]})


def parts_of(out: Path) -> pd.DataFrame:
    """The rows of all part files; texts are as they are written."""
    if list(out.glob("part-*.parquet")):
        parts = pd.concat([pd.read_parquet(file) for file in sorted(out.glob("part-*.parquet"))])
        return parts.astype({name: "str" for name in parts if name.startswith(("reason", "text"))})
    texts, numbers = (
        pd.concat([pd.read_csv(file, **options) for file in sorted(out.glob("part-*.csv"))])
        for options in ({"dtype": "str", "keep_default_na": False}, {})
    )
    return numbers.assign(**{ID: texts[ID]})


@pytest.mark.parametrize("made", ["parquet", "csv"])
@pytest.mark.parametrize("given", ["csv", "unusual csv", "parquet", "categories"])
def test_each_row_is_that_of_score(command, text_folder, out, tmp_path, given, made):
    path, table = tmp_path / "clients", table_of(text_folder)
    if given == "csv":
        path = text_folder / NEW_FILE
    elif given == "unusual csv":  # a large number has each chunk read field by field
        table.assign(other=1e300).to_csv(path, index=False, quoting=csv.QUOTE_ALL)
    else:
        kind = {ID: "category"} if given == "categories" else {}
        table.astype(kind).to_parquet(path, index=False)
    result = command(path, "--format", made, "--reasons", "all", folder=text_folder)
    assert (result.code, result.err.count("same id")) == (0, 0)
    rows = parts_of(out).reset_index(drop=True)
    assert rows[ID].tolist() == IDS
    responses = score_responses(application_scorer(text_folder), IDS)
    assert rows_unlike(rows, responses, "all") == []


def test_a_run_goes_on_with_texts(command, text_folder, out):
    first = command(text_folder / NEW_FILE, folder=text_folder)
    parts = sorted(out.glob("part-*"))
    parts[1].unlink()
    again = command(text_folder / NEW_FILE, folder=text_folder)
    assert (first.code, again.code) == (0, 0)
    assert read_summary(out)["parts_found"] == len(parts) - 1
    assert parts_of(out)[ID].tolist() == IDS


@pytest.mark.parametrize("made", ["parquet", "csv"])
@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_bad_and_repeated_texts_are_named(command, text_folder, out, tmp_path, format_, made):
    table = table_of(text_folder)
    ids = [f"{number:03}" for number in range(60)]  # digits only, with leading zeros
    ids[2], ids[3], ids[40], ids[41], ids[59] = "", "y" * 101, "001", "1", "000"
    table[ID] = ids
    path, bad = tmp_path / f"clients.{format_}", tmp_path / "bad.csv"
    getattr(table, f"to_{format_}")(path, index=False)
    options = ("--format", made, "--bad-rows", bad)
    assert command(path, *options, folder=text_folder).code == 1
    wanted = [
        f"{path},3,column {ID}: is empty",
        f"{path},4,column {ID}: is longer than 100 characters",
        f"{path},41,column {ID}: has the same id as the row 2 of {path}",
        f"{path},60,column {ID}: has the same id as the row 1 of {path}",
    ]
    assert bad.read_text().splitlines()[1:] == wanted
    left = [text for row, text in enumerate(ids) if row not in (2, 3, 40, 59)]
    assert parts_of(out)[ID].tolist() == left


def test_whole_numbers_of_parquet_become_their_digits(command, text_folder, out, tmp_path):
    path = tmp_path / "clients.parquet"
    table_of(text_folder).assign(**{ID: range(60)}).to_parquet(path, index=False)
    assert command(path, folder=text_folder).code == 0
    assert parts_of(out)[ID].tolist() == list(map(str, range(60)))


def test_other_types_are_refused(command, text_folder, tmp_path):
    path = tmp_path / "clients.parquet"
    table_of(text_folder).assign(**{ID: np.arange(60) + 0.5}).to_parquet(path, index=False)
    result = command(path, folder=text_folder)
    said = f"portfolio: {path}: column {ID}: is neither of texts nor of integers\n"
    assert (result.code, result.err) == (2, said)


def test_a_model_whose_ids_are_numbers_takes_no_texts(command, bundle_folder, tmp_path):
    path = tmp_path / "clients.csv"
    pd.read_csv(bundle_folder / NEW_FILE).assign(**{ID: IDS}).to_csv(path, index=False)
    result = command(path)
    assert (result.code, result.err) == (
        2,
        f"portfolio: {path}: row 1: column {ID}: is not an integer\n",
    )


@pytest.mark.parametrize("at_once", [7, 1 << 20])
def test_texts_that_occur_twice_are_found(monkeypatch, tmp_path, at_once):
    monkeypatch.setattr("portfolio.duplicates.AT_ONCE", at_once)
    parts = [(0, np.array(["a", "b", "7"], object)), (2, np.array(["07", "b", "a", "b"], object))]
    found = {(tuple(place), tuple(first)) for place, first in find_duplicates(parts, 7, tmp_path)}
    assert found == {((2, 1), (0, 1)), ((2, 2), (0, 0)), ((2, 3), (0, 1))}


def test_keys_are_equal_only_for_equal_texts():
    keys = id_keys(np.array([*AWKWARD_IDS, *AWKWARD_IDS], object))
    assert len({tuple(key) for key in keys.tolist()}) == len(AWKWARD_IDS)
    assert np.array_equal(keys[: len(AWKWARD_IDS)], keys[len(AWKWARD_IDS) :])
    assert id_keys(np.array([], object)).shape == (0, 2)
    assert id_keys(np.array([7, -7])).tolist() == [[7], [-7]]


@pytest.mark.parametrize(
    ("cell", "number", "text"),
    [
        ("7", "", ""),
        (" +7 ", "", ""),
        ("007", "", ""),
        ("LP1", "is not an integer", ""),
        ("", "is not an integer", "is empty"),
        (str(2**63), "is not an integer", ""),
        ("x" * 101, "is not an integer", "is longer than 100 characters"),
        ("a\ud800", "is not an integer", "is not UTF-8"),
    ],
)
def test_the_problem_with_a_cell(cell, number, text):
    for problem, has_text_ids in ((number, False), (text, True)):
        wanted = f"column {ID}: {problem}" if problem else ""
        assert id_problem(cell, has_text_ids=has_text_ids) == wanted


def test_cells_become_ids():
    assert ids_in(["007", " 8"], has_text_ids=False).tolist() == [7, 8]
    assert ids_in(["007", " 8"], has_text_ids=True).tolist() == ["007", " 8"]
    assert pa.array(ids_in([], has_text_ids=True), pa.string()).to_pylist() == []
