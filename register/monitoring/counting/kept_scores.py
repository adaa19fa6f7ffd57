"""`KeptScores`: the scores of loans, which performance is computed from, in the order of cells."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from register.monitoring.counting.values import Codes
from register.monitoring.reading.labels import Flags

CELL = np.int16  # a report has fewer than a thousand cells


class KeptScores:
    """Columns of some decisions, collected block by block.

    They take the columns' bytes and two more for each decision that is kept: memory that is
    reserved for others is never touched. Arrays of each block would leave gaps when they go.
    """

    def __init__(self, most: int, *kinds: type) -> None:
        """Begin with none.

        Args:
            most: decisions.
            kinds: element types of the columns.
        """
        self._columns: list[NDArray[Any]] = [np.empty(most, kind) for kind in kinds]
        self._cells = np.empty(most, CELL)
        self._number = 0

    def add(self, cell: Codes, chosen: Flags, *columns: NDArray[Any]) -> None:
        """Keep the chosen decisions of a block.

        Args:
            cell: of each decision.
            chosen: true for the chosen ones.
            columns: of the decisions.
        """
        rows = np.flatnonzero(chosen)
        here = slice(self._number, self._number + len(rows))
        for kept, column in zip(self._columns, columns, strict=True):
            kept[here] = column[rows]
        self._cells[here] = cell[rows]
        self._number += len(rows)

    def in_order(self, cells: int) -> "CellScores":
        """All of them, cell by cell, and of one cell as they were added; nothing is kept here.

        Args:
            cells: of the report.
        """
        cell = self._cells[: self._number]
        order = np.argsort(cell, kind="stable")
        found = []
        while self._columns:  # one by one, so that only one needs room for a copy
            found.append(self._columns.pop(0)[: self._number][order])
        return CellScores(found, np.append([0], np.cumsum(np.bincount(cell, minlength=cells))))


@dataclass(frozen=True, eq=False)
class CellScores:
    """Columns of decisions, cell by cell.

    Attributes:
        columns: each of shape (decisions,).
        bounds: the first decision of each cell and the end of the last one, shape (cells + 1,).
    """

    columns: Sequence[NDArray[Any]]
    bounds: Codes

    def of(self, cells: range) -> list[NDArray[Any]]:
        """The columns of some cells that follow each other, as views."""
        rows = slice(self.bounds[cells.start], self.bounds[cells.stop])
        return [column[rows] for column in self.columns]
