"""CSV tables: pieces end where rows do, and each field means what it means to the service."""

import csv
import hashlib
import io
import random

import numpy as np
import pandas as pd
import pytest

from credit_scoring.data.artifacts import ID
from credit_scoring.data.cells import MISSING_TEXTS, number_of
from credit_scoring.errors import BadFile
from portfolio import csv_cut
from portfolio.columns import Columns
from portfolio.csv_cut import csv_pieces, last_border
from portfolio.csv_rows import _one_by_one, _together, csv_block
from tests.support.portfolio import pieces_of

COLUMNS = Columns(
    header=("", ID, "a", "b", "t", "note"),
    features=("b", "a", "t", "later"),
    texts={2: frozenset()},
    at={0: 3, 1: 2, 2: 4},
    computed=("later",),
    ignored=("note",),
)


def cut(tmp_path, content, size):
    (tmp_path / "table.csv").write_bytes(content)
    return pieces_of(tmp_path / "table.csv", size)


def refusal(tmp_path, content, size=100):
    with pytest.raises(BadFile) as refused:
        cut(tmp_path, content, size)
    return str(refused.value).removeprefix("table.csv: ")


def written(rows, line_end, quoting, seed):
    """A table whose texts have whatever may end a row, or seem to."""
    rng = random.Random(seed)
    odd = [
        "",
        "x",
        "a,b",
        'say "hi"',
        "two\nlines",
        "two\r\nlines",
        '"',
        "ends with \n",
        "\r\n\r\n",
    ]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator=line_end, quoting=quoting)
    writer.writerow([ID, "text", "more"])
    for row in range(rows):
        writer.writerow([row, rng.choice(odd), rng.choice(odd)])
    return file.getvalue().encode()


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [40, 300, 100_000])
def test_pieces_end_where_rows_do(monkeypatch, tmp_path, quoting, line_end, size):
    monkeypatch.setattr(csv_cut, "AT_ONCE", 32)
    content = written(200, line_end, quoting, size)
    for given in (content, b"\xef\xbb\xbf" + content, content.rstrip()):
        pieces = cut(tmp_path, given, size)
        assert [piece.number for piece in pieces] == list(range(len(pieces)))
        found = []
        for piece in pieces:
            part = given[piece.start : piece.start + piece.length]
            found += [*csv.reader(io.StringIO(part.decode(), newline=""))]
        rows = [*csv.reader(io.StringIO(given.decode("utf-8-sig"), newline=""))]
        assert [list(pieces[0].header), *found] == rows
        *_, sha256 = csv_pieces(tmp_path / "table.csv", "table.csv", 0, size)
        assert sha256 == hashlib.sha256(given).hexdigest()
    assert len(pieces) > (size < 1000)


def test_a_piece_is_known_by_each_byte_up_to_its_end(tmp_path):
    content = f"{ID}\n".encode() + b"123456789\n" * 80
    pieces = cut(tmp_path, content, 100)
    assert [piece.key for piece in cut(tmp_path, content, 100)] == [piece.key for piece in pieces]
    for at, piece in enumerate(pieces):
        for byte in (piece.start, piece.start + piece.length - 2):
            other = cut(tmp_path, content[:byte] + b"0" + content[byte + 1 :], 100)[at]
            assert (other.start, other.length) == (piece.start, piece.length)
            assert other.sha256 != piece.sha256


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
def test_a_quote_within_a_field_is_a_character(text):
    data = text.encode()
    whole = [*csv.reader(io.StringIO(text, newline=""))]
    border = last_border(data)
    assert data[border:].startswith(b"3")
    before = [*csv.reader(io.StringIO(text[:border], newline=""))]
    assert before == whole[: len(before)]
    assert len(before) == 2


def test_files_that_are_no_table_are_refused(tmp_path):
    assert refusal(tmp_path, b"") == "is not a CSV table: its first line is no header"
    header = f"{ID},a\n".encode()
    assert refusal(tmp_path, header) == refusal(tmp_path, header + b"\n \r\n") == "holds no client"
    assert "a quote is not closed" in refusal(tmp_path, header + b'1,"' + b"x,\n" * 300)
    assert refusal(tmp_path, header.replace(b"\n", b"\r") + b"1,2\r").endswith("returns alone")
    assert refusal(tmp_path, "SK_ID_CURR,é\n1,2".encode("utf-16")).startswith("is not a CSV table")


# What a field is as a number, or what is wrong with it.
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
        assert value == np.inf  # said of the row, as the desk says it
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


def test_both_ways_give_the_same_values():
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
    one, other = _together(data, COLUMNS), _one_by_one(data, COLUMNS)
    assert one is not None
    for block in (one, other):
        assert block.ids.tolist() == frame[ID].tolist()
        assert block.numbers.tolist() == list(range(1, 51))
        assert (block.bad, block.read) == ({}, 50)
        assert block.rows.texts[2].tolist() == frame["t"].astype(object).where(
            frame["t"].notna(), None
        ).tolist()  # fmt: skip
    assert np.array_equal(one.rows.numbers, other.rows.numbers, equal_nan=True)
    assert np.array_equal(one.rows.numbers[:, 1], frame["a"], equal_nan=True)
    assert np.isnan(one.rows.numbers[:, 2:]).all()


def test_a_piece_may_hold_blank_lines_alone(tmp_path):
    header, row, blank = ",".join(COLUMNS.header), "0,1,1.5,2,x,n\n", "  \n" * 20
    pieces = cut(tmp_path, f"{header}\n{row}{blank}{row}".encode(), 20)
    blocks = [csv_block(piece, COLUMNS) for piece in pieces]
    read = [block.read for block in blocks]
    assert (read[0], sum(read), read[-1]) == (1, 2, 1)
    assert 0 in read
    assert [len(block.rows) for block in blocks] == read


def test_what_is_wrong_is_said_by_row(tmp_path):
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
    header = ",".join(COLUMNS.header)
    (piece,) = cut(tmp_path, "\r\n".join([header, *rows]).encode(), 1 << 20)
    block = csv_block(piece, COLUMNS)
    assert block.ids.tolist() == [1, 8, 9]
    assert block.numbers.tolist() == [1, 8, 9]
    assert block.rows.numbers[:, 1].tolist() == [1.5, 3, 1]
    assert block.rows.texts[2].tolist() == ["x", "two\nlines", None]
    assert block.read == 9
    assert block.bad == {
        2: "not a number: b, a",
        3: "has 3 fields, the header 6",
        4: f"column {ID}: is not an integer",
        5: f"column {ID}: is not an integer",
        6: f"column {ID}: is not an integer",
        7: "has 7 fields, the header 6",
    }


def test_a_text_that_is_not_utf8_is_bad(tmp_path):
    header = ",".join(COLUMNS.header).encode()
    (piece,) = cut(tmp_path, header + b"\n0,1,1,2,caf\xe9,n\n1,2,1,2,caf\xc3\xa9,n\n", 1 << 20)
    block = csv_block(piece, COLUMNS)
    assert block.bad == {1: "not UTF-8: t"}
    assert block.rows.texts[2].tolist() == ["café"]


def test_a_file_that_changes_meanwhile_is_refused(tmp_path):
    content = f"{ID},a\n1,2\n".encode()
    (piece,) = cut(tmp_path, content, 100)
    (tmp_path / "table.csv").write_bytes(content + b"2,3\n")
    with pytest.raises(BadFile, match=r"^table.csv: changed while it was read$"):
        csv_block(piece, COLUMNS)


def test_a_column_is_the_same_whatever_a_piece_has_of_it(tmp_path):
    """Where dask.dataframe infers a type from the first piece, and fails at the second."""
    values = ["1", "2", "3", "0.5", "1.5", "2.5", "", "", "", "True", "False", "True", "x"]
    texts = ["1", "2", "3", "", "", "", "a", "b", "c", "1.0", "NA", "True", "y"]
    rows = [f"{at},{at},{a},7,{t},n" for at, (a, t) in enumerate(zip(values, texts, strict=True))]
    header = ",".join(COLUMNS.header)
    content = "\n".join([header, *rows]).encode()
    longest = max(map(len, rows)) + 1
    (one,) = (csv_block(piece, COLUMNS) for piece in cut(tmp_path, content, 1 << 20))
    blocks = [csv_block(piece, COLUMNS) for piece in cut(tmp_path, content, 2 * longest)]
    assert len(blocks) > 3
    together = np.concatenate([block.rows.numbers for block in blocks])
    assert np.array_equal(together, one.rows.numbers, equal_nan=True)
    nothing = [np.nan] * 3
    wanted = [1, 2, 3, 0.5, 1.5, 2.5, *nothing, 1, 0, 1]
    assert np.array_equal(together[:, 1], wanted, equal_nan=True)
    assert [text for block in blocks for text in block.rows.texts[2]] == [
        "1", "2", "3", None, None, None, "a", "b", "c", "1.0", None, "True",
    ]  # fmt: skip
    bad = [[*block.bad.values()] for block in (one, blocks[-1])]
    assert bad == [["not a number: a"]] * 2
