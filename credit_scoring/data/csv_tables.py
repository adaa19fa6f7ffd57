"""CSV files to tables: every number to its nearest double, every text as it stands."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import check_hash, unreadable
from credit_scoring.data.cells import EXACT_INTEGERS, NOT_EXACT, missing_options, number_of
from credit_scoring.data.column_types import FittedInput
from credit_scoring.data.tables import features_of, first_row, is_text
from credit_scoring.errors import BadFile, abridged, first_few, foreign_code

BLOCK = 1 << 20  # bytes read at once


def read_table(
    path: Path, expected: str | None = None, fitted: Mapping[str, FittedInput] | None = None
) -> tuple[pd.DataFrame, str]:
    """A CSV file as pandas reads it, every number to its nearest double; and its SHA-256.

    Args:
        path: of the file.
        expected: the SHA-256 that it must have, if one is known.
        fitted: the types of columns, by name; pandas finds those of the others.

    Raises:
        BadFile: it has another hash than expected, cannot be read, is no table of whole rows and
            distinct columns, has a whole number that no double holds, or a text among numbers.
    """
    fitted = fitted or {}
    with foreign_code(path.name, unreadable), path.open("rb") as file:
        sha256, commas, quotes = _digest(file)
        check_hash(path.name, sha256, expected)
        rows = _rows(file)
        header, first = next(rows, []), next(rows, [])
        rows.close()
        file.seek(0)
        texts = [name for name in header if name in fitted and fitted[name].kind == "text"]
        options = missing_options(
            header, {name: feature.literal for name, feature in fitted.items()}
        )
        frame = pd.read_csv(file, dtype=dict.fromkeys(texts, "str"), **options)
        mixed = [name for name in frame if _is_mixed(frame[name])]
        if mixed:  # pandas types a large file piece by piece: 12 here, "12" there
            file.seek(0)
            frame = pd.read_csv(file, dtype=dict.fromkeys([*texts, *mixed], "str"), **options)
        # pandas fills short rows without a word, and shifts all where the first one is long.
        shifted = len(first) != len(header)
        if shifted or quotes or commas != (len(frame) + 1) * (len(header) - 1):
            _check_widths(path.name, file, len(header))
        _check_whole_numbers(path.name, file, frame)
        frame = _with_numbers(path.name, file, frame, fitted)
    check_distinct(path.name, header)
    if frame.empty:
        raise BadFile(path.name, "holds no client")
    return frame, sha256


def quoting_of(frame: pd.DataFrame) -> Literal[0, 2]:
    """How `DataFrame.to_csv` has to quote a table, so that its readers see the same rows.

    Python before 3.11.9 leaves a carriage return within a text unquoted, where readers end a row.
    """
    texts = [frame[name] for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    has_return = any("\r" in str(name) for name in frame) or any(
        column.astype(str).str.contains("\r", regex=False).any() for column in texts
    )
    return csv.QUOTE_NONNUMERIC if has_return else csv.QUOTE_MINIMAL


def check_distinct(file: str, header: Sequence[str]) -> None:
    """Check that no name comes twice in a header; columns without a name may.

    Raises:
        BadFile: one does.
    """
    again = [name for name, count in Counter(header).items() if name and count > 1]
    if again:
        raise BadFile(file, f"has a column more than once: {first_few(again)}")


def _with_numbers(
    file_name: str, file: BinaryIO, frame: pd.DataFrame, fitted: Mapping[str, FittedInput]
) -> pd.DataFrame:
    """The table with numbers in each column that a model was fitted on as numbers.

    True and false become 1 and 0.

    Raises:
        BadFile: a cell of such a column holds no number.
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
        file.seek(0)
        cells = pd.read_csv(file, usecols=texts, dtype="str", keep_default_na=False)
        for name in texts:
            read = {cell: number_of(cell) for cell in cells[name].unique()}
            problems = cells[name].map(lambda cell, read=read: read[cell][1])
            if (wrong := problems != "").any():
                row = first_row(wrong)
                raise BadFile(
                    file_name,
                    f"column {abridged(name)}: row {row} is {problems.iloc[row - 1]},"
                    " and the model takes numbers",
                )
            columns[name] = cells[name].map(lambda cell, read=read: read[cell][0]).to_numpy()
    return frame.assign(**columns)


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
    """True if a cell holds a whole number that is another one as a double."""
    return number_of(text)[1] == NOT_EXACT
