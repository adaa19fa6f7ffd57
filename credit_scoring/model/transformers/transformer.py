"""The transformer of a pipeline, for raw rows of any origin."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch, frame_of
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.classifiers.classifier_input import ClassifierInput
from credit_scoring.model.transformers.transformer_trace import (
    Output,
    is_element_by_element,
    outputs_of,
)


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
    quickly: Callable[[RawBatch], Matrix | None] | None = None

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

    def __call__(self, rows: RawBatch) -> Matrix:
        """Transform each row as if it were alone, shape (rows, n).

        Raises:
            Exception: whatever the transformer raises.
        """
        if self.is_element_by_element or len(rows) == 1:
            return self.together(rows)
        return np.concatenate([self.together(rows.take([row])) for row in range(len(rows))])

    def together(self, rows: RawBatch) -> Matrix:
        """Transform rows in one call: matrix products may differ from those of a row alone.

        Raises:
            Exception: whatever the transformer raises.
        """
        transformed = None if self.quickly is None else self.quickly(rows)
        return self.itself(rows) if transformed is None else transformed

    def itself(self, rows: RawBatch) -> Matrix:
        """Transform rows by the transformer's own method, in one call.

        Raises:
            Exception: whatever the transformer raises.
        """
        output = self.transformer.transform(self._frame(rows))
        return self.given(output, len(rows))

    def _frame(self, rows: RawBatch) -> pd.DataFrame:
        return frame_of(rows, self._positions, self.dtypes)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """The places of the inputs among the raw features, by name, in the transformer's order."""
        place = {name: at for at, name in enumerate(self.features)}
        return {name: place[name] for name in self.inputs}


def accept(
    transformer: RawTransformer, rows: RawBatch, number: int
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
