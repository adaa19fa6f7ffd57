"""A Parquet file to pieces, and a piece to values.

A piece is some row groups, or a part of a large one. Within a row group nothing can be skipped
without being decoded, so that a very large one has few pieces; of each piece a few thousand rows
are in memory at a time.
"""

import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from credit_scoring.data.artifacts import ID, REFERENCE_FILE
from credit_scoring.data.cells import EXACT_INTEGERS, MISSING_TEXTS, text_of
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, abridged, describe, first_few, foreign_code
from portfolio.columns import Columns, check_header
from portfolio.csv_cut import CHANGED
from portfolio.job import Piece, guarded, sha256_of, stamp_of
from portfolio.rows import Block

ROWS = 32_768  # of a piece
MOST_SLICES = 16  # of a row group
ROWS_AT_ONCE = 8_192
MAGIC = b"PAR1"


def unreadable(error: BaseException) -> str:
    """What is wrong with a file, for what was raised when it was read."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    return f"is not a Parquet table: {describe(error)}"


def parquet_pieces(path: Path, name: str, number: int, rows: int = ROWS) -> Iterator[Piece | str]:
    """The pieces of a file, and at last its SHA-256.

    Args:
        path: of the file.
        name: as it is called in messages.
        number: of its first piece.
        rows: of a piece.

    Raises:
        BadFile: it cannot be read, or has no row.
    """
    with foreign_code(name, unreadable):
        stamp = stamp_of(path.stat())
        with pq.ParquetFile(path) as file:
            header = tuple(map(str, file.schema_arrow.names))
            if _ids_of_index(file) is not None:
                header = (*header, ID)
            sizes = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
        check_header(name, header)
        if not sum(sizes):
            raise BadFile(name, "holds no client")
        sha256, bytes_a_row = sha256_of(path), path.stat().st_size / sum(sizes)
    for groups, start, length in _cut(sizes, rows):
        weight = round(length * bytes_a_row)
        yield Piece(
            number, name, str(path), header, sha256, stamp, start, length, groups, (), weight
        )
        number += 1
    yield sha256


def _cut(sizes: list[int], rows: int) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Row groups, the first row among theirs, and how many."""
    waiting: list[int] = []
    for group, size in enumerate(sizes):
        if waiting and sum(sizes[at] for at in waiting) + size > rows:
            yield tuple(waiting), 0, sum(sizes[at] for at in waiting)
            waiting = []
        if size <= rows:
            waiting.append(group)
            continue
        step = max(rows, -(-size // MOST_SLICES))
        for start in range(0, size, step):
            yield (group,), start, min(step, size - start)
    if sum(sizes[at] for at in waiting):
        yield tuple(waiting), 0, sum(sizes[at] for at in waiting)


def parquet_blocks(piece: Piece, columns: Columns) -> Iterator[Block]:
    """The rows of a piece, some thousand at a time.

    Raises:
        BadFile: a column is of the wrong type.
    """
    return guarded(piece.name, unreadable, _blocks(piece, columns))


def _blocks(piece: Piece, columns: Columns) -> Iterator[Block]:
    names = [columns.header[at] for at in (columns.id_at, *columns.at.values())]
    read = 0
    with pq.ParquetFile(piece.path) as file:
        index = _ids_of_index(file)
        above = sum(file.metadata.row_group(at).num_rows for at in range(piece.groups[0]))
        if stamp_of(Path(piece.path).stat()) != piece.stamp:
            raise BadFile(piece.name, CHANGED)
        _check_types(piece.name, file.schema_arrow, columns)
        end = piece.start + piece.length
        for batch in file.iter_batches(
            ROWS_AT_ONCE, row_groups=list(piece.groups), columns=names, use_threads=False
        ):
            first, read = read, read + len(batch)
            if read <= piece.start:
                continue
            low, high = max(first, piece.start), min(read, end)
            rows = batch.slice(low - first, high - low)
            if index is not None:
                ids = np.array(index[above + low : above + high], np.int64)
                rows = rows.append_column(ID, pa.array(ids))
            yield _block(rows, low - piece.start, columns)
            if read >= end:
                return


def _ids_of_index(file: Any) -> range | None:
    """The ids, if pandas wrote them as an index of evenly spaced numbers: it has no column."""
    metadata = file.schema_arrow.pandas_metadata or {}
    for index in metadata.get("index_columns", ()):
        if isinstance(index, dict) and index.get("kind") == "range" and index.get("name") == ID:
            ids = range(int(index["start"]), int(index["stop"]), int(index["step"]))
            return ids if len(ids) == file.metadata.num_rows else None
    return None


def _block(batch: Any, before: int, columns: Columns) -> Block:
    rows = columns.empty(len(batch))
    numbers = np.arange(before + 1, before + len(batch) + 1)
    bad: dict[int, str] = {}
    for position in columns.numbers:
        name = columns.features[position]
        values, altered = _doubles(batch.column(name))
        rows.numbers[:, position] = values
        for row in np.flatnonzero(altered):
            bad.setdefault(
                int(numbers[row]), f"a whole number that no double holds exactly: {abridged(name)}"
            )
    for position in columns.texts_there:
        column = _decoded(batch.column(columns.features[position]))
        texts = column.to_pylist()
        if not MISSING_TEXTS.isdisjoint(texts):  # read as in a CSV file
            literal = columns.texts[position]
            texts = [None if text is None else text_of(text, literal) for text in texts]
        rows.texts[position][:] = np.array(texts, dtype=object)
    ids = _decoded(batch.column(ID))
    missing = np.asarray(ids.is_null())
    known = ids.fill_null(0)
    if pa.types.is_uint64(known.type):
        known = known.to_numpy()
        missing |= known > np.iinfo(np.int64).max
        known = known.astype(np.int64)
    else:
        known = known.cast(pa.int64()).to_numpy()
    bad |= {int(numbers[row]): f"column {ID}: is not an integer" for row in np.flatnonzero(missing)}
    return Block(known, rows, numbers, {}, len(batch)).without(bad)


def _decoded(column: Any) -> Any:
    """A column without its dictionary."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _doubles(column: Any) -> tuple[Matrix, Any]:
    """Numbers as doubles, NaN where one is missing; and which whole numbers are altered."""
    column = _decoded(column)
    unaltered = np.zeros(len(column), bool)
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan), unaltered
    if pa.types.is_decimal(kind):  # Arrow's own conversion is not to the nearest double
        given: list[decimal.Decimal | None] = column.to_pylist()
        values = np.array([np.nan if one is None else float(one) for one in given])
        differ = [
            one is not None and abs(one) >= EXACT_INTEGERS and one == one.to_integral_value()
            and int(one) != int(float(one))
            for one in given
        ]  # fmt: skip
        return values, np.array(differ, bool)
    if pa.types.is_boolean(kind):
        column = column.cast(pa.uint8())
    missing = np.asarray(column.is_null())
    values = column.fill_null(0).to_numpy(zero_copy_only=False)
    doubles = values.astype(np.float64)
    altered = unaltered
    if pa.types.is_integer(kind):
        large = np.flatnonzero(np.abs(doubles) >= EXACT_INTEGERS)
        altered[large] = [int(values[at]) != int(doubles[at]) for at in large]
    doubles[missing] = np.nan
    return doubles, altered


def _check_types(name: str, schema: Any, columns: Columns) -> None:
    """Numbers are numbers and texts are texts; a column without any value may be either.

    Raises:
        BadFile: one is not.
    """

    def kind(column: str) -> Any:
        found = schema.field(column).type
        return found.value_type if pa.types.is_dictionary(found) else found

    numbers = [columns.features[at] for at in columns.numbers]
    texts = [columns.features[at] for at in columns.texts_there]
    text = [column for column in numbers if _is_text(kind(column))]
    if text:
        raise BadFile(name, f"text where {REFERENCE_FILE} has numbers: {first_few(text)}")
    other = [column for column in texts if _is_number(kind(column))]
    if other:
        raise BadFile(name, f"numbers where {REFERENCE_FILE} has text: {first_few(other)}")
    strange = [column for column in numbers if not _is_number(kind(column))]
    strange += [column for column in texts if not _is_text(kind(column))]
    strange = [column for column in strange if not pa.types.is_null(kind(column))]
    if strange:
        raise BadFile(name, f"neither numbers nor text: {first_few(strange)}")
    if ID in schema.names and not pa.types.is_integer(kind(ID)):
        raise BadFile(name, f"column {ID}: is not of integers")


def _is_text(kind: Any) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests)


def _is_number(kind: Any) -> bool:
    tests = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean,
    )  # fmt: skip
    return any(test(kind) for test in tests)
