"""Chunks: consecutive rows of one file, which a worker scores in one task."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID, REFERENCE_FILE, is_feature
from credit_scoring.data.raw_batch import RawBatch
from credit_scoring.data.table_files.csv_tables import check_distinct
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, first_few, foreign_code
from credit_scoring.model.bundle import Bundle
from portfolio.tables.row_ids import Ids

CHANGED = "changed while it was read"

T = TypeVar("T")


@dataclass(frozen=True)
class Chunk:
    """The place of some rows in a table.

    Attributes:
        number: of the chunk and of its part file, counted over all files.
        file: name of the file as the user typed it.
        path: path of the file, the same on every machine.
        header: names of the file's columns.
        sha256: of the file; for CSV, up to the byte that was read to find the end of the chunk,
            which for the last chunk is the whole file.
        stamp: of the file when it was cut, see `stamp_of`.
        start: first byte of a CSV file, or first row of `groups`.
        length: bytes or rows.
        groups: row groups of a Parquet file; empty for CSV.
        left_out: rows that are not to be scored, counted from 1, with their reasons.
        weight: bytes of the file that the chunk stands for.
    """

    number: int
    file: str
    path: str
    header: tuple[str, ...]
    sha256: str
    stamp: tuple[int, int]
    start: int
    length: int
    groups: tuple[int, ...] = ()
    left_out: tuple[tuple[int, str], ...] = ()
    weight: int = 0

    @property
    def key(self) -> list[object]:
        """All that distinguishes the chunk from others, as JSON stores it."""
        return [Path(self.file).name, self.sha256, self.start, self.length, list(self.groups)]


@dataclass(frozen=True, eq=False)
class ChunkRows:
    """Rows of a chunk that could be read, and the numbers of the bad ones.

    Attributes:
        ids: of the clients, shape (rows,): 64-bit integers, or texts as objects.
        values: raw values.
        row_numbers: of these rows in the chunk, counted from 1.
        bad: reasons why other rows are not scored, by row number.
        read: number of rows, bad ones included.
    """

    ids: Ids
    values: RawBatch
    row_numbers: NDArray[np.int64]
    bad: dict[int, str] = field(default_factory=dict)
    read: int = 0

    def without_indices(self, bad: Mapping[int, str]) -> "ChunkRows":
        """Move rows to the bad ones, by their indices."""
        return self.without({int(self.row_numbers[at]): bad[at] for at in bad})

    def without(self, bad: Mapping[int, str]) -> "ChunkRows":
        """Move rows to the bad ones, by their numbers; those of other rows are ignored."""
        here = set(self.row_numbers.tolist()) & bad.keys()
        if not here:
            return self
        kept = np.flatnonzero(~np.isin(self.row_numbers, list(here)))
        more = {row: bad[row] for row in bad if row in here}
        return ChunkRows(
            self.ids[kept], self.values.take(kept), self.row_numbers[kept], self.bad | more,
            self.read,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Columns:
    """The features of the model among the columns of a file.

    Attributes:
        header: names of the file's columns, in its order.
        features: names of the model's raw features, in its order.
        id_column: index of the column of ids.
        numbers: index of the column of each numeric feature in the file, by index of the feature.
        texts: index of the column of each text feature in the file, by index of the feature.
        literal: texts that look missing and are categories, by index of each text feature of the
            model, see `cells.text_of`.
        computed: features that the file lacks and that formulas give, in the formulas' order.
        ignored: columns that are not features.
        has_text_ids: true if ids are read as texts, because those of the bundle's new clients are.
    """

    header: tuple[str, ...]
    features: tuple[str, ...]
    id_column: int
    numbers: Mapping[int, int]
    texts: Mapping[int, int]
    literal: Mapping[int, frozenset[str]]
    computed: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    has_text_ids: bool = False

    @classmethod
    def find(cls, bundle: Bundle, chunk: Chunk) -> "Columns":
        """Find the features of a bundle in the header of a chunk.

        Raises:
            BadFile: a feature is missing.
        """
        index = {name: column for column, name in enumerate(chunk.header)}
        formulas, literal = bundle.scorer.dictionary.formulas, bundle.scorer.literal
        missing = [name for name in bundle.features if name not in index]
        if unknown := [name for name in missing if name not in formulas]:
            raise BadFile(chunk.file, f"lacks features of {REFERENCE_FILE}: {first_few(unknown)}")
        found = {at: index[name] for at, name in enumerate(bundle.features) if name in index}
        known = set(bundle.features)
        return cls(
            chunk.header,
            bundle.features,
            index[ID],
            {at: column for at, column in found.items() if at not in literal},
            {at: column for at, column in found.items() if at in literal},
            literal,
            tuple(name for name in formulas if name not in index),
            tuple(name for name in chunk.header if is_feature(name) and name not in known),
            bundle.has_text_ids,
        )

    def blank_rows(self, rows: int) -> RawBatch:
        """Rows to be filled in: texts are missing, and so are numbers that the file lacks.

        The values of a feature lie one after the other in memory.
        """
        values: Matrix = np.empty((len(self.features), rows))
        values[[at for at in range(len(self.features)) if at not in self.numbers]] = np.nan
        return RawBatch(values.T, {at: np.full(rows, None, object) for at in self.literal})


def check_header(file: str, header: Sequence[str]) -> None:
    """Check a header without a model.

    Raises:
        BadFile: a column occurs twice, or the column of ids is missing.
    """
    check_distinct(file, header)
    if ID not in header:
        raise BadFile(file, f"lacks the column {ID}")


def same_id(row: str) -> str:
    """Say that another row has the same id."""
    return f"column {ID}: has the same id as {row}"


def repeated_in_chunk(ids: Ids, row_numbers: NDArray[np.int64]) -> dict[int, str]:
    """Find rows of a chunk whose id an earlier row has, with the reasons why they are bad.

    A reason names the earlier row by its distance: rows before the chunk are not counted yet.
    """
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    distances = row_numbers - row_numbers[first[inverse]]
    bad = {}
    for at in np.flatnonzero(distances):
        where = f"that is {distances[at]:,} rows above it" if distances[at] > 1 else "above it"
        bad[int(row_numbers[at])] = same_id(f"the row {where}")
    return bad


def stamp_of(found: os.stat_result) -> tuple[int, int]:
    """Size and time of a file, which change when it is written to."""
    return found.st_size, found.st_mtime_ns


def guarded(file: str, problem: Callable[[BaseException], str], items: Iterator[T]) -> Iterator[T]:
    """Iterate, and turn errors of the iterator into `BadFile` as `foreign_code` does."""
    while True:
        with foreign_code(file, problem):
            found = list(islice(items, 1))
        if not found:
            return
        yield found[0]
