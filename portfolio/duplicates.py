"""Ids that occur twice in a table of any length, found in bounded memory.

The ids of all part files are distributed by a hash over temporary files, each small enough to be
sorted in memory; equal ids are in the same file, and texts are compared by their digests. For 10
million rows that is 240 MB on the disk and 50 MB in memory, and a third more for texts.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from portfolio.tables.row_ids import Ids, id_keys

AT_ONCE = 1 << 21  # ids that are sorted in memory
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplicative hash, for 64 bits


class Place(NamedTuple):
    """A row of a part file: number of the part, and index of the row."""

    part: int
    row: int


class Duplicate(NamedTuple):
    """A row whose id occurs before, and the first row with this id."""

    place: Place
    first: Place


def find_duplicates(
    parts: Iterable[tuple[int, Ids]], rows: int, scratch: Path
) -> Iterator[Duplicate]:
    """Find all rows except the first of each id.

    Args:
        parts: numbers of parts, and their ids.
        rows: number of ids in all parts.
        scratch: a folder for temporary files.

    Raises:
        OSError: a temporary file cannot be written.
    """
    number = max(1, -(-rows // AT_ONCE))
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile(dir=scratch)) for _ in range(number)]
        width = 3
        for part, ids in parts:
            keys = id_keys(ids)
            entries = np.column_stack([keys, np.full(len(ids), part), np.arange(len(ids))])
            first = np.ascontiguousarray(keys[:, 0]).view(np.uint64)
            bucket = ((first * SPREAD) >> np.uint64(32)) % np.uint64(number)
            for at in np.unique(bucket).tolist():
                entries[bucket == at].astype(np.int64).tofile(files[at])
            width = entries.shape[1]
        for file in files:
            file.seek(0)
            yield from _duplicates(np.fromfile(file, np.int64).reshape(-1, width))


def _duplicates(entries: NDArray[np.int64]) -> Iterator[Duplicate]:
    """Find rows whose id occurs before among entries of the id's keys, part and index."""
    entries = entries[np.lexsort(entries.T[::-1])]
    keys, first = entries[:, :-2], 0
    is_repeated = (keys[1:] == keys[:-1]).all(axis=1)
    for at in np.flatnonzero(np.append(False, is_repeated)).tolist():
        if (keys[at] != keys[first]).any():
            first = at - 1
        yield Duplicate(Place(*entries[at, -2:].tolist()), Place(*entries[first, -2:].tolist()))
