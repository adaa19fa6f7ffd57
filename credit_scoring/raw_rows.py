"""Raw rows: values of clients as a transformer takes them, and their way through it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.classifier_input import ClassifierInput
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.files import MODEL_FILE
from credit_scoring.outputs import Output, is_element_by_element, outputs_of
from credit_scoring.tables import Categories, Matrix

Texts = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class RawRows:
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

    def take(self, rows: Sequence[int] | slice | NDArray[np.intp]) -> "RawRows":
        """Some of the rows, copied; a row's values lie one after the other then."""
        return RawRows(
            np.array(self.numbers[rows], order="C"),
            {position: np.array(texts[rows]) for position, texts in self.texts.items()},
        )

    def put(self, rows: Sequence[int], others: "RawRows") -> None:
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


@dataclass(frozen=True, eq=False)
class RawTransformer:
    """A pipeline's transformer for raw rows of any origin.

    Attributes:
        transformer: as it was unpickled.
        features: names of the raw features.
        inputs: those that the transformer takes, in its order.
        given: how its outputs reach the classifier.
        dtypes: pandas' types of the inputs, as in both tables.
        quickly: gives the same for rows, or None for those that it leaves to the transformer.
    """

    transformer: Any
    features: tuple[str, ...]
    inputs: tuple[str, ...]
    given: ClassifierInput
    dtypes: Mapping[str, Any]
    quickly: Callable[[RawRows], Matrix | None] | None = None

    @cached_property
    def is_element_by_element(self) -> bool:
        """Whether a row among many surely comes out as it does alone."""
        return is_element_by_element(self.transformer)

    @cached_property
    def outputs(self) -> tuple[Output, ...] | None:
        """The sources and steps of each output that the classifier takes; None if not known."""
        # LightGBM's codes of categories are no arithmetic of the transformer's.
        if not self.is_element_by_element or self.given.categories:
            return None
        outputs = outputs_of(self.transformer, self.inputs, self.given.outputs)
        if outputs is None or self.given.chosen is None:
            return outputs
        return tuple(outputs[at] for at in self.given.chosen)

    def __call__(self, rows: RawRows) -> Matrix:
        """Transform each row as if it were alone, shape (rows, n).

        Raises:
            Exception: whatever the transformer raises.
        """
        if self.is_element_by_element or len(rows) == 1:
            return self.together(rows)
        return np.concatenate([self.together(rows.take([row])) for row in range(len(rows))])

    def together(self, rows: RawRows) -> Matrix:
        """Transform rows in one call: matrix products may differ from those of a row alone.

        Raises:
            Exception: whatever the transformer raises.
        """
        transformed = None if self.quickly is None else self.quickly(rows)
        return self.itself(rows) if transformed is None else transformed

    def itself(self, rows: RawRows) -> Matrix:
        """Transform rows by the transformer's own method, in one call.

        Raises:
            Exception: whatever the transformer raises.
        """
        output = self.transformer.transform(self._frame(rows))
        return self.given(output, len(rows))

    def _frame(self, rows: RawRows) -> pd.DataFrame:
        return frame_of(rows, self._positions, self.dtypes)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """The places of the inputs among the raw features, by name, in the transformer's order."""
        place = {name: at for at, name in enumerate(self.features)}
        return {name: place[name] for name in self.inputs}


def frame_of(
    rows: RawRows, positions: Mapping[str, int], dtypes: Mapping[str, Any]
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


def accept(
    transformer: RawTransformer, rows: RawRows, number: int
) -> tuple[NDArray[np.intp], Matrix]:
    """The rows that a transformer of a number of outputs accepts, and what it makes of them.

    Returns:
        Positions of shape (accepted,), and values of shape (accepted, number).
    """
    with suppress(BadFile), foreign_code(MODEL_FILE, describe):
        return np.arange(len(rows)), transformer.together(rows)
    accepted, outputs = [], []
    for row in range(len(rows)):
        with suppress(BadFile), foreign_code(MODEL_FILE, describe):
            outputs.append(transformer.together(rows.take([row])))
            accepted.append(row)
    return np.array(accepted, np.intp), np.concatenate([np.empty((0, number)), *outputs])


def _as_type(values: Matrix, dtype: Any) -> Any:
    """Numbers as the type that a table has them in, where it holds them."""
    if dtype == np.object_:  # true, false and missing
        return np.array([bool(value) if value in (0, 1) else value for value in values], object)
    with np.errstate(invalid="ignore"):  # beyond the type's range
        cast = values[~np.isnan(values)].astype(dtype)
    if len(cast) < len(values) or (cast != values).any():
        return values
    return cast
