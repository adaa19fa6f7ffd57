"""A piece of a CSV file to values: by pandas, as the service reads its own tables.

A piece in which anything is unusual is read again field by field, which says what is wrong with
which row, and leaves the others as they are. Both give the same values.
"""

import csv
import io
import re
import warnings
from contextlib import suppress

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.strict_json import count, listed
from credit_scoring.data.artifacts import ID
from credit_scoring.data.cells import EXACT_INTEGERS, missing_options, number_of, text_of
from credit_scoring.errors import is_unicode
from portfolio.columns import Columns
from portfolio.csv_cut import read_piece
from portfolio.job import Piece
from portfolio.rows import Block

ID_TEXT = re.compile(r"\s*[+-]?[0-9]{1,19}\s*", re.ASCII)
EXTREMES = np.fmax.reduce, np.fmin.reduce
SMALLEST_ID, LARGEST_ID = -(2**63), 2**63 - 1


def csv_block(piece: Piece, columns: Columns) -> Block:
    """The rows of a piece.

    Raises:
        BadFile: see `read_piece`.
    """
    data = read_piece(piece)
    return _together(data, columns) or _one_by_one(data, columns)


def _together(data: bytes, columns: Columns) -> Block | None:
    """The rows, where pandas has nothing against them and a double holds each value."""
    width = len(columns.header)
    # One type for all is read much faster than one for each; texts are left to it as they are.
    texts = {columns.at[position]: str for position in columns.texts_there}
    used = [columns.id_at, *columns.at.values()]
    literal = {columns.at[position]: columns.texts[position] for position in columns.texts_there}
    frame = None
    # ParserError is a ValueError. Warnings are of what is looked for here anyway; where threads
    # share a process, the filters of another one may make them errors.
    with suppress(ValueError, OverflowError, Warning), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pd.read_csv(
            io.BytesIO(data), header=None, names=range(width), index_col=False, usecols=used,
            dtype=np.float64, converters={columns.id_at: str, **texts},
            **missing_options(used, literal),
        )  # fmt: skip
    # pandas fills short rows without a word, and drops the end of long ones.
    if frame is None or frame.empty or not _have_width(data, len(frame), width):
        return None
    read = dict(frame.items())  # a frame of hundreds of columns is slow to ask for each
    ids = [int(text) for text in read[columns.id_at].dropna().tolist() if ID_TEXT.fullmatch(text)]
    if len(ids) < len(frame) or not SMALLEST_ID <= min(ids) <= max(ids) <= LARGEST_ID:
        return None
    rows = columns.empty(len(frame))
    for position in columns.numbers:
        rows.numbers[:, position] = read[columns.at[position]].to_numpy()
    highest, lowest = (find(rows.numbers.T.ravel(), initial=0) for find in EXTREMES)
    if max(highest, -lowest) >= EXACT_INTEGERS:
        return None  # its text tells whether it is a whole number that no double holds
    for position in columns.texts_there:
        given = read[columns.at[position]]
        rows.texts[position][:] = given.astype(object).where(given.notna(), None)
    return Block(np.array(ids, np.int64), rows, np.arange(1, len(frame) + 1), {}, len(frame))


def _have_width(data: bytes, rows: int, width: int) -> bool:
    """Whether each row has as many fields as the header."""
    if b'"' not in data:
        return count(data, ",") == rows * (width - 1)
    with suppress(UnicodeDecodeError):
        text = io.StringIO(data.decode(), newline="")
        return all(len(row) in (0, width) for row in csv.reader(text))
    return False


def _one_by_one(data: bytes, columns: Columns) -> Block:
    """The rows, field by field, and what is wrong with others."""
    text = io.StringIO(data.decode(errors="surrogateescape"), newline="")
    width = len(columns.header)
    bad: dict[int, str] = {}
    ids: list[int] = []
    kept: list[int] = []
    values: list[list[float]] = []
    texts: list[list[str | None]] = []
    number = 0
    for fields in csv.reader(text):
        if not fields or (len(fields) == 1 < width and not fields[0].strip()):
            continue
        number += 1
        found = _row(fields, columns)
        if isinstance(found, str):
            bad[number] = found
            continue
        kept.append(number)
        ids.append(found[0])
        values.append(found[1])
        texts.append(found[2])
    rows = columns.empty(len(kept))
    if kept:
        rows.numbers[:, columns.numbers] = np.array(values, np.float64).reshape(len(kept), -1)
        for at, position in enumerate(columns.texts_there):
            rows.texts[position][:] = [row[at] for row in texts]
    numbers: NDArray[np.int64] = np.array(kept, np.int64)
    return Block(np.array(ids, np.int64), rows, numbers, bad, number)


def _row(fields: list[str], columns: Columns) -> str | tuple[int, list[float], list[str | None]]:
    """The id, the numbers and the texts of a row, or what is wrong with it."""
    if len(fields) != len(columns.header):
        return f"has {len(fields)} fields, the header {len(columns.header)}"
    given = fields[columns.id_at]
    if not ID_TEXT.fullmatch(given) or not SMALLEST_ID <= int(given) <= LARGEST_ID:
        return f"column {ID}: is not an integer"
    problems: dict[str, list[str]] = {}
    values, texts = [], []
    for position in columns.numbers:
        value, problem = number_of(fields[columns.at[position]])
        values.append(value)
        if problem:
            problems.setdefault(problem, []).append(columns.features[position])
    for position in columns.texts_there:
        text = fields[columns.at[position]]
        texts.append(text_of(text, columns.texts[position]))
        if not text.isascii() and not is_unicode(text):
            problems.setdefault("not UTF-8", []).append(columns.features[position])
    return listed(problems) or (int(given), values, texts)
