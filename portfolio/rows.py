"""Values of a piece of a table, its bad rows apart."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID
from credit_scoring.data.raw_batch import RawBatch


@dataclass(frozen=True, eq=False)
class Block:
    """Some rows of a piece that could be read.

    Attributes:
        ids: of the clients, shape (rows,).
        rows: raw values.
        numbers: of the rows in the piece, counted from 1.
        bad: what is wrong with other rows, by number.
        read: how many rows there were, the bad ones included.
    """

    ids: NDArray[np.int64]
    rows: RawBatch
    numbers: NDArray[np.int64]
    bad: dict[int, str] = field(default_factory=dict)
    read: int = 0

    def without(self, bad: dict[int, str]) -> "Block":
        """The same with some more rows among the bad ones."""
        if not bad:
            return self
        kept = np.flatnonzero(~np.isin(self.numbers, list(bad)))
        return Block(
            self.ids[kept], self.rows.take(kept), self.numbers[kept], self.bad | bad, self.read
        )


def repeated(ids: NDArray[np.int64], numbers: NDArray[np.int64]) -> dict[int, str]:
    """Rows whose id an earlier row of the same piece has, and why they are bad."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    earlier = numbers[first[inverse]]
    again = np.flatnonzero(numbers != earlier)
    return {int(numbers[at]): same_id(_above(int(numbers[at] - earlier[at]))) for at in again}


def same_id(row: str) -> str:
    """What is wrong with a row whose id another row has."""
    return f"column {ID}: has the same id as {row}"


def _above(rows: int) -> str:
    """A row by its distance: of a piece nobody knows yet how many rows are before it."""
    return "the row above it" if rows == 1 else f"the row that is {rows:,} rows above it"
