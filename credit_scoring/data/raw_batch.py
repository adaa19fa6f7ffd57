"""Rows of raw values, as clients or callers have them and as transformers take them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.data.tables import Categories, Matrix

Texts = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class RawBatch:
    """Raw values of some clients.

    Attributes:
        numbers: shape (clients, features), NaN where a number is missing and where there is text.
        texts: by the position of a text feature, shape (clients,), None where one is missing.
    """

    numbers: Matrix
    texts: Mapping[int, Texts]

    @classmethod
    def of_table(cls, values: Matrix, categories: Categories) -> Self:
        """Rows of a table whose texts are positions in their categories; `values` is taken over."""
        texts = {}
        for position, known in categories.items():
            codes = values[:, position]
            named = np.array([*known, None], dtype=object)
            texts[position] = named[np.where(np.isnan(codes), len(known), codes).astype(np.intp)]
            values[:, position] = np.nan
        return cls(values, texts)

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.numbers)

    def take(self, rows: Sequence[int] | slice | NDArray[np.intp]) -> "RawBatch":
        """Some of the rows, copied; a row's values lie one after the other then."""
        return RawBatch(
            np.array(self.numbers[rows], order="C"),
            {position: np.array(texts[rows]) for position, texts in self.texts.items()},
        )

    def put(self, rows: Sequence[int], others: "RawBatch") -> None:
        """Replace some rows by others."""
        self.numbers[rows] = others.numbers
        for position, texts in self.texts.items():
            texts[rows] = others.texts[position]

    def value(self, row: int, position: int) -> float | str | None:
        """One value: NaN is a missing number, None a missing text."""
        if position in self.texts:
            text: str | None = self.texts[position][row]
            return text
        return float(self.numbers[row, position])

    def replace(
        self,
        position: int,
        values: Sequence[float | str | None] | Matrix,
        rows: NDArray[np.intp] | slice = slice(None),
    ) -> None:
        """Give some rows, or all, other values of one feature, which is text or not as before."""
        if position in self.texts:
            self.texts[position][rows] = values
        else:
            self.numbers[rows, position] = values


def frame_of(
    rows: RawBatch, positions: Mapping[str, int], dtypes: Mapping[str, Any]
) -> pd.DataFrame:
    """Rows as pandas would have read them from a table.

    Args:
        rows: raw values.
        positions: the columns of the frame, each with its feature's place in the rows.
        dtypes: pandas' types of the columns.
    """
    names = list(positions)
    frame = pd.DataFrame(rows.numbers[:, list(positions.values())], columns=pd.Index(names))
    others = {}
    for name, position in positions.items():
        dtype = dtypes[name]
        if position in rows.texts:
            others[name] = pd.Series(rows.texts[position], dtype=dtype)
        elif isinstance(dtype, pd.CategoricalDtype):
            others[name] = pd.Series(rows.numbers[:, position]).astype(dtype)
        elif dtype != np.float64:
            others[name] = pd.Series(_as_type(rows.numbers[:, position], dtype))
    return frame.assign(**others) if others else frame


def _as_type(values: Matrix, dtype: Any) -> Any:
    """Numbers as the type that a table has them in, where it holds them."""
    if dtype == np.object_:  # true, false and missing
        return np.array([bool(value) if value in (0, 1) else value for value in values], object)
    with np.errstate(invalid="ignore"):  # beyond the type's range
        cast = values[~np.isnan(values)].astype(dtype)
    if len(cast) < len(values) or (cast != values).any():
        return values
    return cast
