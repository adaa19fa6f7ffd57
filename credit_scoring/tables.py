"""Tables of clients: a CSV file to columns of doubles, with ids, classes and kinds checked."""

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.errors import BadFile, abridged, first_few, foreign_code
from credit_scoring.files import (
    ID,
    NEW_FILE,
    NOT_FEATURES,
    REFERENCE_FILE,
    TARGET,
    check_hash,
    unreadable,
)

EXACT_INTEGERS = 2**53  # a double holds each whole number up to here
WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]+(\.0*)?\s*")
BLOCK = 1 << 20  # bytes read at once

Matrix = NDArray[np.float64]
Categories = Mapping[int, Sequence[str]]  # of the text features, by their position


@dataclass(frozen=True, eq=False)
class Table:
    """Feature values of clients as doubles; a text feature holds positions in its categories.

    Attributes:
        values: shape (clients, features), NaN where a value is missing.
        categories: by the position of a text feature.
    """

    values: Matrix
    categories: Categories

    def row(self, position: int) -> list[float | str | None]:
        """One client's values, NaN for a missing number and None for a missing text."""
        row: list[float | str | None] = self.values[position].tolist()
        for column, categories in self.categories.items():
            code = self.values[position, column]
            row[column] = None if np.isnan(code) else categories[int(code)]
        return row


def read_table(path: Path, expected: str | None = None) -> tuple[pd.DataFrame, str]:
    """A CSV file as pandas reads it, every number to its nearest double; and its SHA-256.

    Raises:
        BadFile: it has another hash than expected, cannot be read, is no table of whole rows and
            distinct columns, or has a whole number that no double holds.
    """
    with foreign_code(path.name, unreadable), path.open("rb") as file:
        sha256, commas, quotes = _digest(file)
        check_hash(path.name, sha256, expected)
        rows = _rows(file)
        header, first = next(rows, []), next(rows, [])
        rows.close()
        file.seek(0)
        frame = pd.read_csv(file)
        mixed = [name for name in frame if _is_mixed(frame[name])]
        if mixed:  # pandas types a large file piece by piece: 12 here, "12" there
            file.seek(0)
            frame = pd.read_csv(file, dtype=dict.fromkeys(mixed, "str"))
        # pandas fills short rows without a word, and shifts all where the first one is long.
        shifted = len(first) != len(header)
        if shifted or quotes or commas != (len(frame) + 1) * (len(header) - 1):
            _check_widths(path.name, file, len(header))
        _check_whole_numbers(path.name, file, frame)
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        raise BadFile(path.name, f"has a column more than once: {first_few(repeated)}")
    if frame.empty:
        raise BadFile(path.name, "holds no client")
    return frame, sha256


def features_of(frame: pd.DataFrame) -> list[str]:
    """The names of the columns that are features."""
    return [name for name in map(str, frame.columns) if name not in NOT_FEATURES]


def client_ids(file: str, frame: pd.DataFrame) -> list[int]:
    """The clients' ids.

    Raises:
        BadFile: the column is missing, or an id is no integer or is there twice.
    """
    if ID not in frame:
        raise BadFile(file, f"lacks the column {ID}")
    ids = frame[ID]
    if not pd.api.types.is_integer_dtype(ids):
        is_integer = pd.to_numeric(ids, errors="coerce") % 1 == 0
        raise BadFile(file, f"column {ID}: row {_first(~is_integer)} is not an integer")
    if ids.duplicated().any():
        rows = np.flatnonzero(ids.duplicated(keep=False) & (ids == ids[ids.duplicated()].iloc[0]))
        raise BadFile(file, f"column {ID}: rows {rows[0] + 1} and {rows[1] + 1} have the same id")
    return ids.tolist()


def classes(file: str, frame: pd.DataFrame) -> NDArray[np.int64]:
    """Each reference client's class, 0 or 1, shape (clients,).

    Raises:
        BadFile: the column is missing, or holds something else.
    """
    if TARGET not in frame:
        raise BadFile(file, f"lacks the column {TARGET}")
    values = pd.to_numeric(frame[TARGET], errors="coerce")
    known = values.isin([0, 1])
    if not known.all():
        raise BadFile(file, f"column {TARGET}: row {_first(~known)} is neither 0 nor 1")
    return values.to_numpy(np.int64)


def as_float_columns(
    file: str, frame: pd.DataFrame, features: Sequence[str]
) -> tuple[list[Matrix], dict[int, list[str]]]:
    """The features' values, an array each, and the categories of text; see `Table`.

    Where pandas has doubles the array is the frame's own: reading takes no memory twice.

    Raises:
        BadFile: a value is infinite.
    """
    columns, categories, infinite = [], {}, []
    for position, name in enumerate(features):
        column = frame[name]
        if is_text(column):
            codes, texts = pd.factorize(column)
            categories[position] = texts.tolist()
            values = np.where(codes < 0, np.nan, codes)
        else:
            values = column.to_numpy(np.float64)
        if np.isinf(values).any():
            infinite.append(name)
        columns.append(values)
    check_range(file, infinite)
    return columns, categories


def is_text(column: pd.Series) -> bool:
    """Whether a column holds text; true, false and missing together are numbers."""
    return not pd.api.types.is_numeric_dtype(column) and column.dtype != object


def check_range(file: str, beyond: Sequence[str]) -> None:
    """JSON has no infinity, and a classifier may take less than all doubles.

    Raises:
        BadFile: some features have values beyond.
    """
    if beyond:
        raise BadFile(file, f"infinite or too large values in {first_few(beyond)}")


def check_kinds(
    features: Sequence[str],
    reference: tuple[Sequence[Matrix], Categories],
    new: tuple[Sequence[Matrix], Categories],
) -> None:
    """A feature is numbers in both files or text in both; without any value it may be either.

    Args:
        features: names.
        reference: columns and categories of that file, as of `as_float_columns`.
        new: the same of the other file.

    Raises:
        BadFile: one is text here and numbers there.
    """
    for file, (_, here), (columns_there, there) in (
        (REFERENCE_FILE, reference, new),
        (NEW_FILE, new, reference),
    ):
        text = [
            features[position]
            for position in here
            if position not in there and not np.isnan(columns_there[position]).all()
        ]
        if text:
            raise BadFile(file, f"text where the other file has numbers: {first_few(text)}")


def _digest(file: BinaryIO) -> tuple[str, int, bool]:
    """SHA-256 of a file, its number of commas, and whether it has quotes."""
    sha256, commas, quotes = hashlib.sha256(), 0, False
    while block := file.read(BLOCK):
        sha256.update(block)
        commas += int(np.count_nonzero(np.frombuffer(block, np.uint8) == ord(",")))
        quotes = quotes or b'"' in block
    return sha256.hexdigest(), commas, quotes


def _rows(file: BinaryIO) -> Generator[list[str], None, None]:
    """The fields of each row."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from csv.reader(text)
    finally:
        text.detach()  # else it closes the file


def _check_widths(file_name: str, file: BinaryIO, width: int) -> None:
    for number, row in enumerate(_rows(file)):
        if row and len(row) != width:
            raise BadFile(file_name, f"row {number} has {len(row)} fields, the header {width}")


def _is_mixed(column: pd.Series) -> bool:
    """Whether a column came out as Python objects other than true, false and missing."""
    return column.dtype == object and not column.dropna().isin([True, False]).all()


def _check_whole_numbers(file_name: str, file: BinaryIO, frame: pd.DataFrame) -> None:
    """No whole number is one that a double, as which it is served, cannot hold."""
    large = [name for name in features_of(frame) if _has_large_numbers(frame[name])]
    if not large:
        return
    file.seek(0)
    # Where one is missing pandas has read doubles already: only the text tells.
    texts = pd.read_csv(file, usecols=large, dtype="str")
    for name in large:
        altered = texts[name].map(_is_altered, na_action="ignore").fillna(False).astype(bool)
        if altered.any():
            raise BadFile(
                file_name,
                f"column {abridged(name)}: row {_first(altered)} is a whole number"
                " that no double holds exactly",
            )


def _has_large_numbers(column: pd.Series) -> bool:
    return not (is_text(column) or column.dtype == object) and bool(
        (column >= EXACT_INTEGERS).any() or (column <= -EXACT_INTEGERS).any()
    )


def _is_altered(text: str) -> bool:
    """Whether a number is whole and another one as a double."""
    return bool(WHOLE_NUMBER.fullmatch(text)) and float(text) != int(text.partition(".")[0])


def _first(condition: pd.Series) -> int:
    """The number of the first row where a condition holds, the row under the header being 1."""
    return int(condition.to_numpy().argmax()) + 1
