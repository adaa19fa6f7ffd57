"""Rows of raw feature values, numbers and texts, and their conversion to a pandas frame."""

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
    """Raw feature values of some clients.

    Attributes:
        numbers: shape (clients, features), NaN for a missing number and in columns of text.
        texts: of each text feature, by its column, shape (clients,), None where one is missing.
    """

    numbers: Matrix
    texts: Mapping[int, Texts]

    @classmethod
    def of_table(cls, values: Matrix, categories: Categories) -> Self:
        """Rows of a `Table`; `values` is changed and belongs to the batch afterwards."""
        texts = {}
        for column, known in categories.items():
            codes = values[:, column]
            named = np.array([*known, None], dtype=object)
            texts[column] = named[np.where(np.isnan(codes), len(known), codes).astype(np.intp)]
            values[:, column] = np.nan
        return cls(values, texts)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.numbers)

    def take(self, rows: Sequence[int] | slice | NDArray[np.intp]) -> "RawBatch":
        """A copy of some rows, in C order."""
        return RawBatch(
            np.array(self.numbers[rows], order="C"),
            {column: np.array(texts[rows]) for column, texts in self.texts.items()},
        )

    def put(self, rows: Sequence[int], others: "RawBatch") -> None:
        """Replace some rows by others."""
        self.numbers[rows] = others.numbers
        for column, texts in self.texts.items():
            texts[rows] = others.texts[column]

    def value(self, row: int, column: int) -> float | str | None:
        """One value: NaN is a missing number, None a missing text."""
        if column in self.texts:
            text: str | None = self.texts[column][row]
            return text
        return float(self.numbers[row, column])

    def replace(
        self,
        column: int,
        values: Sequence[float | str | None] | Matrix,
        rows: NDArray[np.intp] | slice = slice(None),
    ) -> None:
        """Replace the values of one feature in some rows, or in all; its type stays."""
        if column in self.texts:
            self.texts[column][rows] = values
        else:
            self.numbers[rows, column] = values


def frame_of(rows: RawBatch, columns: Mapping[str, int], dtypes: Mapping[str, Any]) -> pd.DataFrame:
    """The frame that pandas would have read from a table of these rows.

    Args:
        rows: raw values.
        columns: the names of the frame's columns in their order, each with its column in `rows`.
        dtypes: pandas' types of the columns.
    """
    frame = pd.DataFrame(rows.numbers[:, list(columns.values())], columns=pd.Index(list(columns)))
    others = {}
    for name, column in columns.items():
        dtype = dtypes[name]
        if isinstance(dtype, pd.CategoricalDtype):
            others[name] = _as_categories(rows.texts.get(column, rows.numbers[:, column]), dtype)
        elif column in rows.texts:
            others[name] = pd.Series(rows.texts[column], dtype=dtype)
        elif dtype != np.float64:
            others[name] = pd.Series(_as_type(rows.numbers[:, column], dtype))
    return frame.assign(**others) if others else frame


def _as_categories(values: Texts | Matrix, dtype: pd.CategoricalDtype) -> pd.Series:
    """Values as categories; one that is not known is missing."""
    codes = dtype.categories.get_indexer(pd.Index(values))
    return pd.Series(pd.Categorical.from_codes(codes, dtype=dtype))


def _as_type(values: Matrix, dtype: Any) -> Any:
    """Numbers cast to a table's type, or as they are if the type cannot hold one of them."""
    if dtype == np.object_:  # true, false and missing values
        return np.array([bool(value) if value in (0, 1) else value for value in values], object)
    with np.errstate(invalid="ignore"):  # a value may be beyond the type's range
        cast = values[~np.isnan(values)].astype(dtype)
    if len(cast) < len(values) or (cast != values).any():
        return values
    return cast
