"""CSV files: chunks that end where rows do, and fields that are read as the service reads them."""

import csv
import hashlib
import io
import random

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import ID
from credit_scoring.data.table_files.cells import MISSING_TEXTS, number_of
from credit_scoring.errors import BadFile
from portfolio.tables import csv_file
from portfolio.tables.chunk import Columns
from portfolio.tables.csv_file import (
    last_row_end,
    read_by_pandas,
    read_csv_chunk,
    read_field_by_field,
)
from tests.support.portfolio import chunks_of

COLUMNS = Columns(
    header=("", ID, "a", "b", "t", "note"),
    features=("b", "a", "t", "later"),
    id_column=1,
    numbers={0: 3, 1: 2},
    texts={2: 4},
    literal={2: frozenset()},
    computed=("later",),
    ignored=("note",),
)


HEADER = ",".join(COLUMNS.header)


def cut(tmp_path, content, size=1 << 20):
    """The chunks of a file with some content."""
    (tmp_path / "table.csv").write_bytes(content)
    return chunks_of(tmp_path / "table.csv", size)


def refusal(tmp_path, content):
    """The problem that is found while a file is cut."""
    with pytest.raises(BadFile) as refused:
        cut(tmp_path, content, 100)
    return str(refused.value).removeprefix("table.csv: ")


def table_of_odd_texts(rows, line_end, quoting, seed):
    """A table whose texts have characters that may end a row, or seem to."""
    rng = random.Random(seed)
    odd = [
        "", "x", "a,b", 'say "hi"', "two\nlines", "two\r\nlines", '"', "ends with \n", "\r\n\r\n",
    ]  # fmt: skip
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator=line_end, quoting=quoting)
    writer.writerow([ID, "text", "more"])
    for row in range(rows):
        writer.writerow([row, rng.choice(odd), rng.choice(odd)])
    return file.getvalue().encode()


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [40, 300, 100_000])
def test_chunks_end_where_rows_do(monkeypatch, tmp_path, quoting, line_end, size):
    monkeypatch.setattr(csv_file, "AT_ONCE", 32)
    content = table_of_odd_texts(200, line_end, quoting, size)
    for given in (content, b"\xef\xbb\xbf" + content, content.rstrip()):
        chunks = cut(tmp_path, given, size)
        assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
        found = []
        for chunk in chunks:
            part = given[chunk.start : chunk.start + chunk.length]
            found += [*csv.reader(io.StringIO(part.decode(), newline=""))]
        rows = [*csv.reader(io.StringIO(given.decode("utf-8-sig"), newline=""))]
        assert [list(chunks[0].header), *found] == rows
        assert chunks[-1].sha256 == hashlib.sha256(given).hexdigest()
    assert len(chunks) > (size < 1000)


def test_the_hash_of_a_chunk_changes_with_each_byte_up_to_its_end(tmp_path):
    content = f"{ID}\n".encode() + b"123456789\n" * 80
    chunks = cut(tmp_path, content, 100)
    assert [chunk.key for chunk in cut(tmp_path, content, 100)] == [chunk.key for chunk in chunks]
    for at, chunk in enumerate(chunks):
        for byte in (chunk.start, chunk.start + chunk.length - 2):
            other = cut(tmp_path, content[:byte] + b"0" + content[byte + 1 :], 100)[at]
            assert (other.start, other.length) == (chunk.start, chunk.length)
            assert other.sha256 != chunk.sha256


@pytest.mark.parametrize(
    "text",
    [
        '1,5" pipe\n2,6" pipe\n3,',
        '1,a "b" c\n2,"x\ny"\n3,"open',
        '1,"a"b"c\n2,"d\n"\n3',
        '1,"a""\n""b"\n2,""\n3,"',
        '1,"a" \n2,"b\nc"d\n3,"',
    ],
)
def test_a_quote_in_the_middle_of_a_field_is_a_character(text):
    rows = [*csv.reader(io.StringIO(text, newline=""))]
    end = last_row_end(text.encode())
    assert text[end:].startswith("3")
    assert [*csv.reader(io.StringIO(text[:end], newline=""))] == rows[:2]


ID_AND_A = f"{ID},a\n".encode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not a CSV table: its first line is not a header"),
        (ID_AND_A, "holds no client"),
        (ID_AND_A + b"\n \r\n", "holds no client"),
        (
            ID_AND_A.replace(b"\n", b"\r") + b"1,2\r",
            "is not a CSV table: its lines end in carriage returns only",
        ),
    ],
    ids=["empty", "header", "blank lines", "carriage returns"],
)
def test_a_file_without_rows_is_refused(tmp_path, content, problem):
    assert refusal(tmp_path, content) == problem


def test_a_quote_that_is_not_closed_is_refused(tmp_path):
    assert "a quote is not closed" in refusal(tmp_path, ID_AND_A + b'1,"' + b"x,\n" * 300)


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    content = f"{ID},é\n1,2".encode("utf-16")
    assert refusal(tmp_path, content).startswith("is not a CSV table")


# The number in a field, None for a missing one, or the problem with it.
NUMBERS = {
    "12": 12.0,
    " -1.5e3 ": -1500.0,
    "+.5": 0.5,
    "5.": 5.0,
    "0.1000000000000000055511151231257827": 0.1,
    "True": 1.0,
    "false": 0.0,
    "": None,
    "NA": None,
    "NaN": None,
    "9007199254740992": 2.0**53,
    "1e300": 1e300,
    "9007199254740993": "a whole number that no double holds exactly",
    "9007199254740993.0": "a whole number that no double holds exactly",
    "1e400": "out of range",
    "-Infinity": "out of range",
    "a lot": "not a number",
    "1_000": "not a number",
    "1,5": "not a number",
    "0x10": "not a number",
    "१२": "not a number",
    "1 2": "not a number",
}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_field_is_the_number_that_pandas_reads_or_none(text):
    value, problem = number_of(text)
    wanted = NUMBERS[text]
    if text == "1e400":
        assert value == np.inf  # BatchScorer refuses the row, as `/score` does
        return
    if isinstance(wanted, str):
        assert problem == wanted
        return
    assert problem == ""
    assert value == wanted or (np.isnan(value) and wanted is None)
    read = pd.read_csv(io.StringIO(f'a\n"{text}"\n'), dtype=float, skip_blank_lines=False)["a"]
    assert read.iloc[0] == value or (np.isnan(read.iloc[0]) and np.isnan(value))


def test_missing_texts_are_those_of_pandas():
    from pandas._libs.parsers import STR_NA_VALUES

    assert set(STR_NA_VALUES) == MISSING_TEXTS


def test_pandas_and_field_by_field_give_the_same_values():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "": range(50),
            ID: rng.integers(1, 2**62, 50),
            "a": rng.normal(size=50) * 10.0 ** rng.integers(-300, 12, 50),
            "b": rng.integers(-5, 5, 50),
            "t": rng.choice(["x", "two\nlines", "é, Größe", "12", " "], 50),
            "note": "n",
        }
    )
    frame.loc[rng.random(50) < 0.3, ["a", "t"]] = None
    data = frame.to_csv(index=False, header=False).encode()
    by_pandas, by_field = read_by_pandas(data, COLUMNS), read_field_by_field(data, COLUMNS)
    assert by_pandas is not None
    for rows in (by_pandas, by_field):
        assert rows.ids.tolist() == frame[ID].tolist()
        assert rows.row_numbers.tolist() == list(range(1, 51))
        assert (rows.bad, rows.read) == ({}, 50)
        assert rows.values.texts[2].tolist() == frame["t"].astype(object).where(
            frame["t"].notna(), None
        ).tolist()  # fmt: skip
    assert np.array_equal(by_pandas.values.numbers, by_field.values.numbers, equal_nan=True)
    assert np.array_equal(by_pandas.values.numbers[:, 1], frame["a"], equal_nan=True)
    assert np.isnan(by_pandas.values.numbers[:, 2:]).all()


def test_a_chunk_may_hold_only_blank_lines(tmp_path):
    row, blank = "0,1,1.5,2,x,n\n", "  \n" * 20
    chunks = cut(tmp_path, f"{HEADER}\n{row}{blank}{row}".encode(), 20)
    batches = [read_csv_chunk(chunk, COLUMNS) for chunk in chunks]
    read = [batch.read for batch in batches]
    assert (read[0], sum(read), read[-1]) == (1, 2, 1)
    assert 0 in read
    assert [len(batch.ids) for batch in batches] == read


def test_bad_rows_are_named_by_row_number_with_their_reasons(tmp_path):
    rows = [
        "0,1,1.5,2,x,n",
        "1,2,a lot,many,x,n",
        "2,3,1.5",
        "",
        "3,four,1.5,2,x,n",
        "4,,1.5,2,x,n",
        "5,12345678901234567890,1,2,x,n",
        "6,7,1,2,x,n,more",
        '7,8,"3",2,"two\nlines",n',
        "8,9,True,2,,n",
    ]
    (chunk,) = cut(tmp_path, "\r\n".join([HEADER, *rows]).encode())
    batch = read_csv_chunk(chunk, COLUMNS)
    assert batch.ids.tolist() == [1, 8, 9]
    assert batch.row_numbers.tolist() == [1, 8, 9]
    assert batch.values.numbers[:, 1].tolist() == [1.5, 3, 1]
    assert batch.values.texts[2].tolist() == ["x", "two\nlines", None]
    assert batch.read == 9
    assert batch.bad == {
        2: "not a number: b, a",
        3: "has 3 fields, the header 6",
        4: f"column {ID}: is not an integer",
        5: f"column {ID}: is not an integer",
        6: f"column {ID}: is not an integer",
        7: "has 7 fields, the header 6",
    }


def test_a_row_with_a_text_that_is_not_utf8_is_bad(tmp_path):
    (chunk,) = cut(tmp_path, HEADER.encode() + b"\n0,1,1,2,caf\xe9,n\n1,2,1,2,caf\xc3\xa9,n\n")
    batch = read_csv_chunk(chunk, COLUMNS)
    assert batch.bad == {1: "not UTF-8: t"}
    assert batch.values.texts[2].tolist() == ["café"]


def test_a_file_that_changed_since_it_was_cut_is_refused(tmp_path):
    content = f"{ID},a\n1,2\n".encode()
    (chunk,) = cut(tmp_path, content, 100)
    (tmp_path / "table.csv").write_bytes(content + b"2,3\n")
    with pytest.raises(BadFile, match=r"^table.csv: changed while it was read$"):
        read_csv_chunk(chunk, COLUMNS)


def test_the_values_of_a_column_do_not_depend_on_the_chunks(tmp_path):
    """dask.dataframe infers a type from the first chunk, and fails at the second."""
    values = ["1", "2", "3", "0.5", "1.5", "2.5", "", "", "", "True", "False", "True", "x"]
    texts = ["1", "2", "3", "", "", "", "a", "b", "c", "1.0", "NA", "True", "y"]
    rows = [f"{at},{at},{a},7,{t},n" for at, (a, t) in enumerate(zip(values, texts, strict=True))]
    content = "\n".join([HEADER, *rows]).encode()
    longest = max(map(len, rows)) + 1
    (one,) = (read_csv_chunk(chunk, COLUMNS) for chunk in cut(tmp_path, content))
    batches = [read_csv_chunk(chunk, COLUMNS) for chunk in cut(tmp_path, content, 2 * longest)]
    assert len(batches) > 3
    together = np.concatenate([batch.values.numbers for batch in batches])
    assert np.array_equal(together, one.values.numbers, equal_nan=True)
    nothing = [np.nan] * 3
    wanted = [1, 2, 3, 0.5, 1.5, 2.5, *nothing, 1, 0, 1]
    assert np.array_equal(together[:, 1], wanted, equal_nan=True)
    assert [text for batch in batches for text in batch.values.texts[2]] == [
        "1", "2", "3", None, None, None, "a", "b", "c", "1.0", None, "True",
    ]  # fmt: skip
    bad = [[*batch.bad.values()] for batch in (one, batches[-1])]
    assert bad == [["not a number: a"]] * 2
