"""Parquet files: cut into chunks of row groups, and read some thousand rows at a time.

A chunk is some row groups, or a part of a large one. Nothing within a row group can be skipped
without being decoded, so that a very large one is cut into few chunks.
"""

import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID, REFERENCE_FILE
from credit_scoring.data.table_files.cells import EXACT_INTEGERS, MISSING_TEXTS, NOT_EXACT, text_of
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, abridged, describe, first_few, foreign_code
from portfolio.job import sha256_of
from portfolio.tables.chunk import (
    CHANGED,
    Chunk,
    ChunkRows,
    Columns,
    check_header,
    guarded,
    stamp_of,
)
from portfolio.tables.row_ids import NOT_INTEGER, Ids, id_problem, id_reason

CHUNK_ROWS = 32_768
MOST_SLICES = 16  # of a row group
ROWS_AT_ONCE = 8_192
MAGIC = b"PAR1"


def unreadable(error: BaseException) -> str:
    """Describe an error that was raised while a file was read."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"is not a Parquet table: {describe(error)}"


def parquet_chunks(path: Path, file: str, number: int, rows: int = CHUNK_ROWS) -> Iterator[Chunk]:
    """Cut a file into chunks.

    Args:
        path: of the file.
        file: its name in messages.
        number: of its first chunk.
        rows: of a chunk.

    Raises:
        BadFile: the file cannot be read, or has no row.
    """
    with foreign_code(file, unreadable):
        stamp = stamp_of(path.stat())
        with pq.ParquetFile(path) as parquet:
            header = tuple(map(str, parquet.schema_arrow.names))
            if _ids_of_index(parquet) is not None:
                header = (*header, ID)
            metadata = parquet.metadata
            sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        check_header(file, header)
        if not sum(sizes):
            raise BadFile(file, "holds no client")
        sha256, bytes_a_row = sha256_of(path), path.stat().st_size / sum(sizes)
    for at, (groups, start, length) in enumerate(_spans(sizes, rows), number):
        weight = round(length * bytes_a_row)
        yield Chunk(at, file, str(path), header, sha256, stamp, start, length, groups, (), weight)


def _spans(sizes: list[int], rows: int) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Row groups of each chunk, its first row in them, and its number of rows."""
    waiting: tuple[int, ...] = ()
    total = 0
    for group, size in enumerate(sizes):
        if waiting and total + size > rows:
            yield waiting, 0, total
            waiting, total = (), 0
        if size <= rows:
            waiting, total = (*waiting, group), total + size
            continue
        step = max(rows, -(-size // MOST_SLICES))
        for start in range(0, size, step):
            yield (group,), start, min(step, size - start)
    if total:
        yield waiting, 0, total


def read_parquet_chunk(chunk: Chunk, columns: Columns) -> Iterator[ChunkRows]:
    """Read the rows of a chunk, some thousand at a time.

    Raises:
        BadFile: the file cannot be read, or a column is of the wrong type.
    """
    return guarded(chunk.file, unreadable, _batches(chunk, columns))


def _batches(chunk: Chunk, columns: Columns) -> Iterator[ChunkRows]:
    indices = {columns.id_column, *columns.numbers.values(), *columns.texts.values()}
    read = 0
    with pq.ParquetFile(chunk.path) as file:
        index = _ids_of_index(file)
        above = sum(file.metadata.row_group(at).num_rows for at in range(chunk.groups[0]))
        if stamp_of(Path(chunk.path).stat()) != chunk.stamp:
            raise BadFile(chunk.file, CHANGED)
        _check_types(chunk.file, file.schema_arrow, columns)
        end = chunk.start + chunk.length
        for batch in file.iter_batches(
            ROWS_AT_ONCE, row_groups=list(chunk.groups),
            columns=[columns.header[column] for column in indices], use_threads=False,
        ):  # fmt: skip
            first, read = read, read + len(batch)
            if read <= chunk.start:
                continue
            low, high = max(first, chunk.start), min(read, end)
            rows = batch.slice(low - first, high - low)
            if index is not None:
                ids = np.array(index[above + low : above + high], np.int64)
                rows = rows.append_column(ID, pa.array(ids))
            yield _read_batch(rows, low - chunk.start, columns)
            if read >= end:
                return


def _ids_of_index(file: Any) -> range | None:
    """Read the ids from the metadata, where pandas writes an index of evenly spaced numbers."""
    metadata = file.schema_arrow.pandas_metadata or {}
    for index in metadata.get("index_columns", ()):
        if isinstance(index, dict) and index.get("kind") == "range" and index.get("name") == ID:
            ids = range(int(index["start"]), int(index["stop"]), int(index["step"]))
            return ids if len(ids) == file.metadata.num_rows else None
    return None


def _read_batch(batch: Any, before: int, columns: Columns) -> ChunkRows:
    rows = columns.blank_rows(len(batch))
    row_numbers = np.arange(before + 1, before + len(batch) + 1)
    bad: dict[int, str] = {}
    for at in columns.numbers:
        name = columns.features[at]
        column = _decoded(batch.column(name))
        rows.numbers[:, at] = doubles = _doubles(column)
        for row in _altered(column, doubles):
            bad.setdefault(int(row), f"{NOT_EXACT}: {abridged(name)}")
    for at in columns.texts:
        texts = _decoded(batch.column(columns.features[at])).to_pylist()
        if not MISSING_TEXTS.isdisjoint(texts):  # read as in a CSV file
            literal = columns.literal[at]
            texts = [None if text is None else text_of(text, literal) for text in texts]
        rows.texts[at][:] = np.array(texts, dtype=object)
    ids, bad_ids = (_text_ids if columns.has_text_ids else _integers)(_decoded(batch.column(ID)))
    return ChunkRows(ids, rows, row_numbers, {}, len(batch)).without_indices(bad | bad_ids)


def _integers(column: Any) -> tuple[Ids, dict[int, str]]:
    """The ids of rows, and the reasons why those of some rows, by index, are invalid."""
    missing = np.asarray(column.is_null())
    if pa.types.is_uint64(column.type):
        missing |= column.fill_null(0).to_numpy() > np.iinfo(np.int64).max
    known: Ids = column.cast(pa.int64(), safe=False).fill_null(0).to_numpy()
    return known, dict.fromkeys(np.flatnonzero(missing).tolist(), id_reason(NOT_INTEGER))


def _text_ids(column: Any) -> tuple[Ids, dict[int, str]]:
    """As `_integers`; whole numbers become their digits."""
    texts = column.cast(pa.string()).fill_null("").to_pylist()
    problems = {at: id_problem(text, has_text_ids=True) for at, text in enumerate(texts)}
    return np.array(texts, object), {at: found for at, found in problems.items() if found}


def _decoded(column: Any) -> Any:
    """Replace the keys of a dictionary by its values."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _doubles(column: Any) -> Matrix:
    """Convert numbers to the nearest doubles, NaN for missing ones."""
    if pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    if pa.types.is_decimal(column.type):  # Arrow's own conversion is not to the nearest double
        given: list[decimal.Decimal | None] = column.to_pylist()
        return np.array([np.nan if number is None else float(number) for number in given])
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    doubles: Matrix = column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.float64)
    doubles[np.asarray(column.is_null())] = np.nan
    return doubles


def _altered(column: Any, doubles: Matrix) -> NDArray[np.intp]:
    """Find whole numbers that are other numbers as doubles."""
    if not (pa.types.is_integer(column.type) or pa.types.is_decimal(column.type)):
        return np.empty(0, np.intp)
    large = np.flatnonzero(np.abs(doubles) >= EXACT_INTEGERS)
    numbers = [column[row].as_py() for row in large.tolist()]
    altered = [
        number == int(number) != int(double)
        for number, double in zip(numbers, doubles[large].tolist(), strict=True)
    ]
    found: NDArray[np.intp] = large[np.array(altered, bool)]
    return found


def _check_types(file: str, schema: Any, columns: Columns) -> None:
    """Check that numbers are numbers and texts are texts; a column without values may be either."""

    def kind(column: str) -> str:
        return _kind_of(schema.field(column).type)

    here = set(schema.names)  # all columns except, perhaps, ids that are an index
    numbers = [name for at in columns.numbers if (name := columns.features[at]) in here]
    texts = [name for at in columns.texts if (name := columns.features[at]) in here]
    for names, wrong, problem in (
        (numbers, "text", f"text where {REFERENCE_FILE} has numbers"),
        (texts, "number", f"numbers where {REFERENCE_FILE} has text"),
        ([*numbers, *texts], "other", "neither numbers nor text"),
    ):
        if found := [name for name in names if kind(name) == wrong]:
            raise BadFile(file, f"{problem}: {first_few(found)}")
    if ID not in schema.names or pa.types.is_integer(_value_type(schema.field(ID).type)):
        return
    if not columns.has_text_ids:
        raise BadFile(file, f"column {ID}: is not of integers")
    if kind(ID) != "text":
        raise BadFile(file, f"column {ID}: is neither of texts nor of integers")


def _value_type(found: Any) -> Any:
    return found.value_type if pa.types.is_dictionary(found) else found


def _kind_of(found: Any) -> str:
    """Classify the type of a column: "number", "text", "null" or "other"."""
    tests = {
        "number": (
            pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean,
        ),
        "text": (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
        "null": (pa.types.is_null,),
    }  # fmt: skip
    value = _value_type(found)
    return next((kind for kind in tests if any(test(value) for test in tests[kind])), "other")
