"""Tables of clients as columns of doubles, with ids, classes and stored probabilities checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID, PROBA, TARGET, is_feature
from credit_scoring.errors import BadFile, first_few

Matrix = NDArray[np.float64]
Categories = Mapping[int, Sequence[str]]  # of the text features, by their position


@dataclass(frozen=True, eq=False)
class Table:
    """Feature values of clients as doubles; a text feature holds positions in its categories.

    Attributes:
        values: shape (clients, features), NaN where a value is missing.
        categories: by the position of a text feature.
    """

    values: Matrix
    categories: Categories

    def row(self, position: int) -> list[float | str | None]:
        """One client's values, NaN for a missing number and None for a missing text."""
        row: list[float | str | None] = self.values[position].tolist()
        for column, categories in self.categories.items():
            code = self.values[position, column]
            row[column] = None if np.isnan(code) else categories[int(code)]
        return row


def features_of(frame: pd.DataFrame) -> list[str]:
    """The names of the columns that are features."""
    return [name for name in map(str, frame.columns) if is_feature(name)]


def client_ids(file: str, frame: pd.DataFrame) -> list[int]:
    """The clients' ids.

    Raises:
        BadFile: the column is missing, or an id is no integer or is there twice.
    """
    if ID not in frame:
        raise BadFile(file, f"lacks the column {ID}")
    ids = frame[ID]
    if not pd.api.types.is_integer_dtype(ids):
        is_integer = pd.to_numeric(ids, errors="coerce") % 1 == 0
        raise BadFile(file, f"column {ID}: row {first_row(~is_integer)} is not an integer")
    if ids.duplicated().any():
        rows = np.flatnonzero(ids.duplicated(keep=False) & (ids == ids[ids.duplicated()].iloc[0]))
        raise BadFile(file, f"column {ID}: rows {rows[0] + 1} and {rows[1] + 1} have the same id")
    return ids.tolist()


def classes(file: str, frame: pd.DataFrame) -> NDArray[np.int64]:
    """Each reference client's class, 0 or 1, shape (clients,).

    Raises:
        BadFile: the column is missing, or holds something else.
    """
    if TARGET not in frame:
        raise BadFile(file, f"lacks the column {TARGET}")
    values = pd.to_numeric(frame[TARGET], errors="coerce")
    known = values.isin([0, 1])
    if not known.all():
        raise BadFile(file, f"column {TARGET}: row {first_row(~known)} is neither 0 nor 1")
    return values.to_numpy(np.int64)


def stored_probabilities(file: str, frame: pd.DataFrame) -> Matrix | None:
    """The probabilities that the model's makers stored, shape (clients,), NaN for a missing one.

    None without the column, or without a value in it.

    Raises:
        BadFile: one is no probability.
    """
    if PROBA not in frame or frame[PROBA].isna().all():
        return None
    values = pd.to_numeric(frame[PROBA], errors="coerce").to_numpy(np.float64)
    wrong = ~((values >= 0) & (values <= 1)) & frame[PROBA].notna().to_numpy()
    if wrong.any():
        raise BadFile(file, f"column {PROBA}: row {int(wrong.argmax()) + 1} is not a probability")
    return values


def as_float_columns(
    file: str, frame: pd.DataFrame, features: Sequence[str]
) -> tuple[list[Matrix], dict[int, Sequence[str]]]:
    """The features' values, an array each, and the categories of text; see `Table`.

    Where pandas has doubles the array is the frame's own: reading takes no memory twice.

    Raises:
        BadFile: a value is infinite.
    """
    columns, infinite = [], []
    categories: dict[int, Sequence[str]] = {}
    for position, name in enumerate(features):
        column = frame[name]
        if is_text(column):
            codes, texts = pd.factorize(column)
            categories[position] = texts.tolist()
            values = np.where(codes < 0, np.nan, codes)
        else:
            values = column.to_numpy(np.float64)
        if np.isinf(values).any():
            infinite.append(name)
        columns.append(values)
    check_range(file, infinite)
    return columns, categories


def is_text(column: pd.Series) -> bool:
    """Whether a column holds text; true, false and missing together are numbers."""
    return not pd.api.types.is_numeric_dtype(column) and column.dtype != object


def check_range(file: str, beyond: Sequence[str]) -> None:
    """JSON has no infinity, and a classifier may take less than all doubles.

    Raises:
        BadFile: some features have values beyond.
    """
    if beyond:
        raise BadFile(file, f"infinite or too large values in {first_few(beyond)}")


def first_row(condition: pd.Series) -> int:
    """The number of the first row where a condition holds, the row under the header being 1."""
    return int(condition.to_numpy().argmax()) + 1
