"""`RecordBins`: the bins of one bundle's features, and counts of records in them.

Workers of a cluster import this module; it needs no database.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import orjson
import zstandard
from numpy.typing import NDArray

from credit_scoring.data.table_files.cells import MISSING_TEXTS
from credit_scoring.monitoring.performance.observations import Vector
from register.evidence.compression import Codec
from register.monitoring.reading.score_bins import bin_codes

TextCount = tuple[int, int, str | None]  # column, cell, and category: None for a missing one


@dataclass(frozen=True, eq=False)
class RecordBins:
    """The bins of one bundle's features.

    Attributes:
        ends: of each feature's bins, rising: a number is in the bin of the first end that is not
            less than it; None for a text.
        dictionary: of the records' compression; None without one.
        literal: texts that are categories though they are read as missing values elsewhere, such
            as NA, by feature.
    """

    ends: Sequence[Vector | None]
    dictionary: bytes | None
    literal: Mapping[int, Set[str]] = field(default_factory=dict)

    @cached_property
    def most(self) -> int:
        """Bins of the number with the most, with that of missing values."""
        return max((len(ends) + 2 for ends in self.ends if ends is not None), default=1)

    def unexpected(self, column: int, value: object) -> bool:
        """True for a text in a number's place, and for one that counts as missing so far."""
        if not isinstance(value, str):
            return False
        if self.ends[column] is not None:
            return True
        return value in MISSING_TEXTS and value not in self.literal.get(column, ())

    def counts(
        self, values: Vector, column: int, cells: NDArray[np.intp], number: int
    ) -> NDArray[np.int64]:
        """Records of one feature by cell and bin, missing values last, shape (number, bins).

        Args:
            values: shape (records,), NaN if missing.
            column: the feature; a text has no values here.
            cells: of the records, below `number`.
            number: of cells.
        """
        ends = self.ends[column]
        bins = bin_codes(np.zeros(0) if ends is None else ends, values)
        counts = np.bincount(cells * self.most + bins, minlength=number * self.most)
        return counts.reshape(number, self.most)


@dataclass(frozen=True, eq=False)
class RecordChunk:
    """Recorded decisions of one bundle.

    Attributes:
        bundle: the id of the bundle.
        bins: of its features.
        cells: of the decisions, an index each.
        records: of the decisions, compressed.
    """

    bundle: int
    bins: RecordBins
    cells: Sequence[int]
    records: Sequence[bytes]


@dataclass(frozen=True, eq=False)
class ChunkCounts:
    """The records of a chunk by bin.

    Attributes:
        cells: that the chunk has, rising.
        records: of each cell, shape (cells,).
        numbers: records by cell, feature and bin, shape (cells, features, bins).
        texts: records of text features.
        unreadable: records that cannot be read, by cell.
        unexpected: texts that `RecordBins.unexpected` finds, with their features; if there are
            any, the chunk is not counted.
    """

    cells: NDArray[np.int64]
    records: NDArray[np.int64]
    numbers: NDArray[np.int64]
    texts: Counter[TextCount] = field(default_factory=Counter)
    unreadable: Counter[int] = field(default_factory=Counter)
    unexpected: Set[tuple[int, str]] = frozenset()


def count_chunk(chunk: RecordChunk) -> ChunkCounts:
    """Count the records of a chunk."""
    bins, read = chunk.bins, _Reader(chunk.bins)
    text_columns = [column for column, ends in enumerate(bins.ends) if ends is None]
    numbers = np.empty((len(chunk.records), len(bins.ends)))
    texts: Counter[TextCount] = Counter()
    cells: list[int] = []
    unreadable: Counter[int] = Counter()
    for cell, record in zip(chunk.cells, chunk.records, strict=True):
        values = read(record)
        if values is None:
            unreadable[cell] += 1
            continue
        if not read.unexpected:
            for column in text_columns:
                texts[column, cell, values[column]] += 1
                values[column] = None
            numbers[len(cells)] = values  # None becomes NaN
        cells.append(cell)
    found, index, records = np.unique(
        np.array(cells, np.int64), return_inverse=True, return_counts=True
    )
    if read.unexpected:
        return ChunkCounts(found, records, np.zeros(0, np.int64), unexpected=read.unexpected)
    by_feature = [
        bins.counts(values, column, index, len(found))
        for column, values in enumerate(numbers[: len(cells)].T)
    ]
    return ChunkCounts(found, records, np.stack(by_feature, axis=1), texts, unreadable)


class _Reader:
    """Reads records.

    Attributes:
        unexpected: texts so far, see `RecordBins.unexpected`.
    """

    def __init__(self, bins: RecordBins) -> None:
        self._bins, self._codec = bins, Codec.of_bytes(bins.dictionary)
        self.unexpected: set[tuple[int, str]] = set()

    def __call__(self, record: bytes) -> list[Any] | None:
        """The values of a record; None if it was changed by hand and cannot be read."""
        try:
            text = self._codec.decompress(record)
            values = orjson.loads(text)
        except (zstandard.ZstdError, orjson.JSONDecodeError):
            return None
        if not isinstance(values, list) or len(values) != len(self._bins.ends):
            return None
        if b'"' in text:
            self.unexpected.update(
                (column, value)
                for column, value in enumerate(values)
                if self._bins.unexpected(column, value)
            )
        return values
