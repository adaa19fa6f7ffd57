"""CSV files to tables: numbers as their nearest doubles, texts unchanged."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import ID, check_hash, unreadable
from credit_scoring.data.table_files.cells import (
    EXACT_INTEGERS,
    NOT_EXACT,
    missing_options,
    number_of,
)
from credit_scoring.data.table_files.column_types import FittedInput
from credit_scoring.data.tables import Matrix, features_of, first_row, is_text
from credit_scoring.errors import BadFile, abridged, first_few, foreign_code

BLOCK = 1 << 20  # bytes


def read_table(
    path: Path, expected: str | None = None, fitted: Mapping[str, FittedInput] | None = None
) -> tuple[pd.DataFrame, str]:
    """A CSV file as a frame, numbers as their nearest doubles, and its SHA-256.

    The ids are texts, as they are written.

    Args:
        path: the file.
        expected: the SHA-256 that it must have, if one is known.
        fitted: the known types of columns, by name; pandas infers the others.

    Raises:
        BadFile: the file has another hash, cannot be read, has short or long rows, two columns of
            one name or no client, a whole number that no double holds, or a text among numbers.
    """
    fitted = {name: known for name, known in (fitted or {}).items() if name != ID}
    with foreign_code(path.name, unreadable), path.open("rb") as file:
        sha256, commas, quotes = _digest(file)
        check_hash(path.name, sha256, expected)
        rows = _rows(file)
        header, first = next(rows, []), next(rows, [])
        rows.close()
        file.seek(0)
        texts = [name for name in header if name in fitted and fitted[name].kind == "text"]
        texts += [ID] if ID in header else []
        options = missing_options(
            header, {name: feature.literal for name, feature in fitted.items()}
        )
        frame = pd.read_csv(file, dtype=dict.fromkeys(texts, "str"), **options)
        mixed = [name for name in frame if _is_mixed(frame[name])]
        if mixed:  # pandas infers types chunk by chunk: 12 in one, "12" in the next
            file.seek(0)
            frame = pd.read_csv(file, dtype=dict.fromkeys([*texts, *mixed], "str"), **options)
        # pandas fills short rows silently, and shifts all rows if the first one is long.
        shifted = len(first) != len(header)
        if shifted or quotes or commas != (len(frame) + 1) * (len(header) - 1):
            _check_widths(path.name, file, len(header))
        _check_whole_numbers(path.name, file, frame)
        frame = _with_numbers(path.name, file, frame, fitted)
        if ID in frame and frame[ID].isna().any():  # an id may be NA
            frame[ID] = _cells(file, [ID])[ID]
    check_distinct(path.name, header)
    if frame.empty:
        raise BadFile(path.name, "holds no client")
    return frame, sha256


def quoting_of(frame: pd.DataFrame) -> Literal[0, 2]:
    """The `quoting` of `DataFrame.to_csv` with which a table is read back with the same rows.

    Python before 3.11.9 does not quote a carriage return in a text, and readers end the row there.
    """
    texts = [frame[name] for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    has_return = any("\r" in str(name) for name in frame) or any(
        column.astype(str).str.contains("\r", regex=False).any() for column in texts
    )
    return csv.QUOTE_NONNUMERIC if has_return else csv.QUOTE_MINIMAL


def check_distinct(file: str, header: Sequence[str]) -> None:
    """Check that a header has each name once; several columns without a name are accepted.

    Raises:
        BadFile: two columns have one name.
    """
    again = [name for name, count in Counter(header).items() if name and count > 1]
    if again:
        raise BadFile(file, f"has a column more than once: {first_few(again)}")


def _with_numbers(
    file_name: str, file: BinaryIO, frame: pd.DataFrame, fitted: Mapping[str, FittedInput]
) -> pd.DataFrame:
    """The table with doubles in each column that the model takes as numbers; true becomes 1.

    Raises:
        BadFile: a cell of such a column is not a number.
    """
    numbers = [name for name in map(str, frame) if name in fitted and fitted[name].kind != "text"]
    texts = [name for name in numbers if is_text(frame[name])]
    flags = [
        name
        for name in numbers
        if frame[name].dtype in (bool, object) and fitted[name].kind == "number"
    ]
    if not texts and not flags:
        return frame
    columns: dict[str, Any] = {name: frame[name].to_numpy(np.float64) for name in flags}
    if texts:
        cells = _cells(file, texts)
        columns |= {name: numbers_in(file_name, name, cells[name]) for name in texts}
    return frame.assign(**columns)


def _cells(file: BinaryIO, names: list[str]) -> pd.DataFrame:
    """The texts of some columns, as they are written."""
    file.seek(0)
    return pd.read_csv(file, usecols=names, dtype="str", keep_default_na=False)


def numbers_in(file: str, name: str, cells: pd.Series) -> Matrix:
    """The numbers in the cells of a column, NaN for missing ones; true becomes 1.

    Args:
        file: the name of the table's file.
        name: the name of the column.
        cells: its texts, as they are written.

    Raises:
        BadFile: a cell is not a number.
    """
    read = {cell: number_of(cell) for cell in cells.unique()}
    problems = cells.map(lambda cell: read[cell][1])
    if (wrong := problems != "").any():
        row = first_row(wrong)
        raise BadFile(
            file,
            f"column {abridged(name)}: row {row} is {problems.iloc[row - 1]},"
            " and the model takes numbers",
        )
    return cells.map(lambda cell: read[cell][0]).to_numpy(np.float64)


def _digest(file: BinaryIO) -> tuple[str, int, bool]:
    """The SHA-256 of a file, its number of commas, and true if it has quotes."""
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
        text.detach()  # a discarded wrapper closes the file


def _check_widths(file_name: str, file: BinaryIO, width: int) -> None:
    for number, row in enumerate(_rows(file)):
        if row and len(row) != width:
            raise BadFile(file_name, f"row {number} has {len(row)} fields, the header {width}")


def _is_mixed(column: pd.Series) -> bool:
    """True if a column holds Python objects other than true, false and missing values."""
    return column.dtype == object and not column.dropna().isin([True, False]).all()


def _check_whole_numbers(file_name: str, file: BinaryIO, frame: pd.DataFrame) -> None:
    """Refuse whole numbers that no double holds exactly."""
    large = [name for name in features_of(frame) if _has_large_numbers(frame[name])]
    if not large:
        return
    file.seek(0)
    # pandas reads a column with a missing value as doubles: only the texts show a difference.
    texts = pd.read_csv(file, usecols=large, dtype="str")
    for name in large:
        altered = texts[name].map(_is_inexact, na_action="ignore").fillna(False).astype(bool)
        if altered.any():
            raise BadFile(
                file_name,
                f"column {abridged(name)}: row {first_row(altered)} is {NOT_EXACT}",
            )


def _has_large_numbers(column: pd.Series) -> bool:
    return not (is_text(column) or column.dtype == object) and bool(
        (column >= EXACT_INTEGERS).any() or (column <= -EXACT_INTEGERS).any()
    )


def _is_inexact(text: str) -> bool:
    """True if the text of a cell is a whole number that no double holds exactly."""
    return number_of(text)[1] == NOT_EXACT
