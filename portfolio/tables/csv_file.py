"""CSV files: cut into chunks that end where rows do, and read as the service reads its tables.

The file is cut and hashed in one pass. A line end within quotes does not end a row: as soon as a
file has quotes, each chunk is searched for its last row. Quotes are those of RFC 4180; a quote in
the middle of a field is a character like others, as in Python's and pandas's readers.
"""

import csv
import hashlib
import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from credit_scoring.data.artifacts import unreadable
from credit_scoring.data.table_files.cells import (
    EXACT_INTEGERS,
    missing_options,
    number_of,
    text_of,
)
from credit_scoring.errors import BadFile, is_unicode, listed
from portfolio.tables.chunk import (
    CHANGED,
    Chunk,
    ChunkRows,
    Columns,
    check_header,
    guarded,
    stamp_of,
)
from portfolio.tables.row_ids import id_problem, ids_in

CHUNK_BYTES = 1 << 25  # ten thousand rows of hundreds of columns
AT_ONCE = 1 << 18  # bytes read at a time, so that they are hashed in the processor's cache
MOST_CHUNKS_A_ROW = 4  # a longer row is a quote that was not closed
LARGEST_HEADER = 1 << 24  # bytes
COMPRESSED = (b"\x1f\x8b", b"PK", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ")  # first bytes
ANYTHING = re.compile(rb"\S")
AROUND_FIELDS = np.frombuffer(b',\n\r"', np.uint8)  # characters beside the quotes of a field


def csv_chunks(path: Path, file: str, number: int, size: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """Cut a file into chunks.

    Args:
        path: of the file.
        file: its name in messages.
        number: of its first chunk.
        size: bytes of a chunk, to which the rest of its last row is added.

    Raises:
        BadFile: the file cannot be read, or has no header, no row or no end of a row.
    """
    return guarded(file, unreadable, _cut(path, file, number, size))


def _cut(path: Path, name: str, number: int, size: int) -> Iterator[Chunk]:
    buffer = bytearray(AT_ONCE)
    with path.open("rb") as file, memoryview(buffer) as view:
        stamp = stamp_of(os.fstat(file.fileno()))
        start_of_file = file.read(LARGEST_HEADER)
        start = _header_end(name, start_of_file)
        header = _header(name, start_of_file[:start])
        file.seek(0)
        digest = hashlib.sha256(file.read(start))
        end = at = start
        has_rows = has_quotes = is_last = False
        while not is_last:
            goal = at + size
            while at < goal and not is_last:
                wanted = min(AT_ONCE, goal - at)
                read = file.readinto(view[:wanted])
                digest.update(view[:read])
                has_rows = has_rows or ANYTHING.search(buffer, 0, read) is not None
                has_quotes = has_quotes or buffer.find(b'"', 0, read) >= 0
                if (line_end := buffer.rfind(b"\n", 0, read)) >= 0:
                    end = at + line_end + 1
                at, is_last = at + read, read < wanted
            if has_quotes and not is_last:
                file.seek(start)
                end = start + last_row_end(file.read(at - start))
            end = at if is_last else end
            if end == start and at - start >= MOST_CHUNKS_A_ROW * size:
                raise BadFile(name, f"no row ends in {at - start:,} bytes: a quote is not closed")
            if has_rows and end > start:
                sha256, length = digest.copy().hexdigest(), end - start
                yield Chunk(
                    number, name, str(path), header, sha256, stamp, start, length, weight=length
                )
                number += 1
            start = end
        if not has_rows:
            raise BadFile(name, "holds no client")


def last_row_end(data: bytes) -> int:
    """Find the end of the last row that ends in some bytes; 0 if none does.

    Args:
        data: bytes that begin at a row.
    """
    characters = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(characters == ord('"'))
    opening, closing = quotes[::2], quotes[1::2]
    beside = [opening[opening > 0] - 1, closing[closing < len(data) - 1] + 1]
    if not np.isin(characters[np.concatenate(beside)], AROUND_FIELDS).all():
        return _last_row_end_by_csv(data)
    end = len(data)
    while (line_end := data.rfind(b"\n", 0, end)) >= 0:
        before = int(np.searchsorted(quotes, line_end))
        if before % 2 == 0:
            return line_end + 1
        end = int(quotes[before - 1])  # the line end is within the field that begins here
    return 0


def _last_row_end_by_csv(data: bytes) -> int:
    """Find the end of the last row by Python's reader, if a field has a quote in its middle."""
    # One more line is a row of its own if the row before it has ended.
    lines = io.StringIO(data.decode("latin-1") + "end\n", newline="").readlines()
    line_starts = np.cumsum([0, *map(len, lines)]).tolist()
    reader = csv.reader(lines)
    *row_ends, _ = (line_starts[reader.line_num] for _ in reader)
    return max((end for end in row_ends if data[end - 1] == ord("\n")), default=0)


def _header_end(file: str, data: bytes) -> int:
    """Find the first byte after the header."""
    if data.startswith(COMPRESSED):
        raise BadFile(file, "is compressed: unpack it first")
    end = data.find(b"\n") + 1
    while end and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end) + 1
    if not end and len(data) == LARGEST_HEADER:
        raise BadFile(file, "is not a CSV table: its header does not end")
    return end or len(data)


def _header(file: str, data: bytes) -> tuple[str, ...]:
    """Read the names of the columns."""
    text = data.decode("utf-8-sig")
    fields = next(csv.reader(io.StringIO(text, newline="")), [])
    if not fields:
        raise BadFile(file, "is not a CSV table: its first line is not a header")
    if "\r" in text.rstrip("\r\n") and '"' not in text:
        raise BadFile(file, "is not a CSV table: its lines end in carriage returns only")
    check_header(file, fields)
    return tuple(fields)


def read_csv_chunk(chunk: Chunk, columns: Columns) -> ChunkRows:
    """Read the rows of a chunk.

    Where anything is unusual they are read again field by field, which finds the bad rows. Both
    ways give the same values.

    Raises:
        BadFile: the file changed since it was cut.
        OSError: it cannot be read.
    """
    with Path(chunk.path).open("rb") as file:
        file.seek(chunk.start)
        data = file.read(chunk.length)
        if len(data) != chunk.length or stamp_of(os.fstat(file.fileno())) != chunk.stamp:
            raise BadFile(chunk.file, CHANGED)
    return read_by_pandas(data, columns) or read_field_by_field(data, columns)


def read_by_pandas(data: bytes, columns: Columns) -> ChunkRows | None:
    """Read rows by pandas; None if it refuses one, or a double does not hold each value."""
    used = sorted({columns.id_column, *columns.numbers.values(), *columns.texts.values()})
    literal = {column: columns.literal[at] for at, column in columns.texts.items()}
    frame = None
    # ParserError is a ValueError. Warnings are about what is checked below; another thread of the
    # process may have made them errors.
    with suppress(ValueError, OverflowError, Warning), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # One type for all columns is read much faster than one for each.
        frame = pd.read_csv(
            io.BytesIO(data), header=None, names=range(len(columns.header)), index_col=False,
            usecols=used, dtype=np.float64,
            converters=dict.fromkeys([columns.id_column, *columns.texts.values()], str),
            **missing_options(used, literal),
        )  # fmt: skip
    if frame is None or frame.empty or not _are_rows_complete(data, len(frame), columns):
        return None
    read = dict(frame.items())  # faster than to ask a frame of hundreds of columns for each
    cells = read[columns.id_column].dropna().tolist()  # an id such as NA is read field by field
    ids = ids_in(cells, has_text_ids=columns.has_text_ids) if len(cells) == len(frame) else None
    is_number = columns.id_column in columns.numbers.values()  # the model takes the id
    if ids is None or (is_number and columns.has_text_ids):
        return None
    if is_number:
        read[columns.id_column] = pd.Series(ids)
    rows = columns.blank_rows(len(frame))
    for at, column in columns.numbers.items():
        rows.numbers[:, at] = read[column].to_numpy()
    values = rows.numbers.T.ravel()
    if max(np.fmax.reduce(values, initial=0), -np.fmin.reduce(values, initial=0)) >= EXACT_INTEGERS:
        return None  # its text tells if it is a whole number that a double does not hold
    for at, column in columns.texts.items():
        rows.texts[at][:] = read[column].astype(object).where(read[column].notna(), None)
    return ChunkRows(ids, rows, np.arange(1, len(frame) + 1), {}, len(frame))


def _are_rows_complete(data: bytes, rows: int, columns: Columns) -> bool:
    """True if each row has as many fields as the header.

    pandas fills up short rows and drops the end of long ones, both silently.
    """
    width = len(columns.header)
    if b'"' not in data:
        commas = np.count_nonzero(np.frombuffer(data, np.uint8) == ord(","))
        return bool(commas == rows * (width - 1))
    with suppress(UnicodeDecodeError):
        text = io.StringIO(data.decode(), newline="")
        return all(len(row) in (0, width) for row in csv.reader(text))
    return False


def read_field_by_field(data: bytes, columns: Columns) -> ChunkRows:
    """Read rows by Python's reader, each on its own, and find the reasons of bad ones."""
    text = io.StringIO(data.decode(errors="surrogateescape"), newline="")
    good: dict[int, _Row] = {}
    bad: dict[int, str] = {}
    number = 0
    for fields in csv.reader(text):
        if not fields or (len(fields) == 1 < len(columns.header) and not fields[0].strip()):
            continue
        number += 1
        row = _read_row(fields, columns)
        if row.problem:
            bad[number] = row.problem
        else:
            good[number] = row
    rows = columns.blank_rows(len(good))
    if good:
        rows.numbers[:, list(columns.numbers)] = [row.numbers for row in good.values()]
        for place, at in enumerate(columns.texts):
            rows.texts[at][:] = [row.texts[place] for row in good.values()]
    ids = ids_in([row.client_id for row in good.values()], has_text_ids=columns.has_text_ids)
    if ids is None:  # `_read_row` refuses such rows
        raise ValueError("an invalid id")
    return ChunkRows(ids, rows, np.array(list(good), np.int64), bad, number)


@dataclass(frozen=True)
class _Row:
    """Values of a row, or the problem with it."""

    problem: str
    client_id: str = ""
    numbers: tuple[float, ...] = ()
    texts: tuple[str | None, ...] = ()


def _read_row(fields: list[str], columns: Columns) -> _Row:
    if len(fields) != len(columns.header):
        return _Row(f"has {len(fields)} fields, the header {len(columns.header)}")
    client_id = fields[columns.id_column]
    if problem := id_problem(client_id, has_text_ids=columns.has_text_ids):
        return _Row(problem)
    problems: dict[str, list[str]] = {}
    numbers, texts = [], []
    for at, column in columns.numbers.items():
        value, problem = number_of(fields[column])
        numbers.append(value)
        if problem:
            problems.setdefault(problem, []).append(columns.features[at])
    for at, column in columns.texts.items():
        text = fields[column]
        texts.append(text_of(text, columns.literal[at]))
        if not text.isascii() and not is_unicode(text):
            problems.setdefault("not UTF-8", []).append(columns.features[at])
    return _Row(listed(problems), client_id, tuple(numbers), tuple(texts))
