"""Tables of clients as columns of doubles, with classes and stored probabilities checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.data.artifacts import ID, PROBA, TARGET, is_feature
from credit_scoring.errors import BadFile, first_few

Matrix = NDArray[np.float64]
Categories = Mapping[int, Sequence[str]]  # the categories of each text feature, by its column


@dataclass(frozen=True, eq=False)
class Table:
    """Feature values of clients as doubles; a text is the index of its category.

    Attributes:
        values: shape (clients, features), NaN where a value is missing.
        categories: of each text feature, by its column.
    """

    values: Matrix
    categories: Categories

    def row(self, client: int) -> list[float | str | None]:
        """One client's values, NaN for a missing number and None for a missing text."""
        row: list[float | str | None] = self.values[client].tolist()
        for column, categories in self.categories.items():
            code = self.values[client, column]
            row[column] = None if np.isnan(code) else categories[int(code)]
        return row


def features_of(frame: pd.DataFrame, *, with_id: bool = False) -> list[str]:
    """The names of the columns that are features, and that of the ids if the model takes them."""
    return [
        name for name in map(str, frame.columns) if is_feature(name) or (with_id and name == ID)
    ]


def classes(file: str, frame: pd.DataFrame) -> NDArray[np.int64]:
    """Each reference client's class, 0 or 1, shape (clients,).

    Raises:
        BadFile: the column is missing, or a value is neither 0 nor 1.
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

    None if the column is missing or empty.

    Raises:
        BadFile: a value is not a probability.
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
    """The features' values as in `Table`, an array each, and the categories of text features.

    The array of a column of doubles is the frame's own memory, not a copy.

    Raises:
        BadFile: a value is infinite.
    """
    columns, infinite = [], []
    categories: dict[int, Sequence[str]] = {}
    for number, name in enumerate(features):
        column = frame[name]
        if is_text(column):
            codes, texts = pd.factorize(column)
            categories[number] = texts.tolist()
            values = np.where(codes < 0, np.nan, codes)
        else:
            values = column.to_numpy(np.float64)
        if np.isinf(values).any():
            infinite.append(name)
        columns.append(values)
    check_range(file, infinite)
    return columns, categories


def is_text(column: pd.Series) -> bool:
    """True if a column holds text; a column of true, false and missing values does not."""
    return not pd.api.types.is_numeric_dtype(column) and column.dtype != object


def check_range(file: str, beyond: Sequence[str]) -> None:
    """Refuse a table if some features have values out of range.

    JSON has no infinity, and a classifier may accept a smaller range than that of doubles.

    Raises:
        BadFile: `beyond` names a feature.
    """
    if beyond:
        raise BadFile(file, f"infinite or too large values in {first_few(beyond)}")


def first_row(condition: pd.Series) -> int:
    """The number of the first row for which a condition holds; the row under the header is 1."""
    return int(condition.to_numpy().argmax()) + 1
