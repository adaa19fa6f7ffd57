"""Ids that come twice in a table of any length, found in bounded memory.

The ids of all parts are written into files by a hash of the id, each small enough to be sorted in
memory: equal ids are in the same file. For 10 million rows that is 240 MB on the disk, and some
50 MB in memory.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 1 << 21  # ids that are sorted in memory
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplicative hash, for 64 bits

Place = tuple[int, int]  # the number of a part, and the position in it


def find_duplicates(
    parts: Iterable[tuple[int, NDArray[np.int64]]], rows: int, scratch: Path
) -> Iterator[tuple[Place, Place]]:
    """Where an id is for the second time and further on, with where it is first.

    Args:
        parts: their numbers and ids.
        rows: how many ids there are in all.
        scratch: a folder for files that are gone afterwards.

    Raises:
        OSError: these cannot be written.
    """
    number = max(1, -(-rows // AT_ONCE))
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile(dir=scratch)) for _ in range(number)]
        for part, ids in parts:
            entries = np.column_stack([ids, np.full(len(ids), part), np.arange(len(ids))])
            bucket = ((ids.view(np.uint64) * SPREAD) >> np.uint64(32)) % np.uint64(number)
            for at in np.unique(bucket).tolist():
                entries[bucket == at].astype(np.int64).tofile(files[at])
        for file in files:
            file.seek(0)
            entries = np.fromfile(file, np.int64).reshape(-1, 3)
            yield from _repeated(entries)


def _repeated(entries: NDArray[np.int64]) -> Iterator[tuple[Place, Place]]:
    """The same among entries of id, part and position."""
    ids, parts, positions = entries.T
    order = np.lexsort((positions, parts, ids))
    ids, parts, positions = ids[order], parts[order], positions[order]
    same = np.append(False, ids[1:] == ids[:-1])
    first = 0
    for at in np.flatnonzero(same).tolist():
        if not same[at - 1]:
            first = at - 1
        yield (
            (int(parts[at]), int(positions[at])),
            (int(parts[first]), int(positions[first])),
        )
