"""The transformer of a pipeline, for raw rows from a table or a caller."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.raw_batch import RawBatch, frame_of
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.classifiers.classifier_input import ClassifierInput
from credit_scoring.model.transformers.traced_output import TracedOutput
from credit_scoring.model.transformers.transformer_trace import is_element_by_element, trace


@dataclass(frozen=True, eq=False)
class RawTransformer:
    """A pipeline's transformer for raw rows from a table or a caller.

    Attributes:
        transformer: as unpickled.
        features: names of the raw features.
        inputs: names of the features that the transformer takes, in its order.
        to_classifier: turns the transformer's output into the classifier's input.
        dtypes: pandas' types of the inputs.
        vectorised: transforms rows without pandas; None for rows that need the transformer.
    """

    transformer: Any
    features: tuple[str, ...]
    inputs: tuple[str, ...]
    to_classifier: ClassifierInput
    dtypes: Mapping[str, Any]
    vectorised: Callable[[RawBatch], Matrix | None] | None = None

    @cached_property
    def is_element_by_element(self) -> bool:
        """See `transformer_trace.is_element_by_element`."""
        return is_element_by_element(self.transformer)

    @cached_property
    def traced_outputs(self) -> tuple[TracedOutput, ...] | None:
        """The sources and steps of each output that the classifier takes; None if not known."""
        columns = self.to_classifier
        # LightGBM's codes and XGBoost's missing zeros are not the transformer's arithmetic.
        is_other = bool(columns.categories) or np.isnan(columns.absent)
        if not self.is_element_by_element or is_other:
            return None
        outputs = trace(self.transformer, self.inputs, columns.output_count)
        if outputs is None or columns.chosen is None:
            return outputs
        return tuple(outputs[at] for at in columns.chosen)

    def __call__(self, rows: RawBatch) -> Matrix:
        """Transform each row as if it were alone, shape (rows, n).

        Raises:
            Exception: any error of the transformer.
        """
        if self.is_element_by_element or len(rows) == 1:
            return self.in_one_call(rows)
        return np.concatenate([self.in_one_call(rows.take([row])) for row in range(len(rows))])

    def in_one_call(self, rows: RawBatch) -> Matrix:
        """Transform rows in one call; matrix products may differ from those of a row alone.

        Raises:
            Exception: any error of the transformer.
        """
        transformed = None if self.vectorised is None else self.vectorised(rows)
        return self.unvectorised(rows) if transformed is None else transformed

    def unvectorised(self, rows: RawBatch) -> Matrix:
        """Transform rows by the transformer's own method, in one call.

        Raises:
            Exception: any error of the transformer.
        """
        frame = frame_of(rows, self._columns, self.dtypes)
        return self.to_classifier(self.transformer.transform(frame), len(rows))

    @cached_property
    def _columns(self) -> dict[str, int]:
        """The columns of the inputs among the raw features, by name, in the transformer's order."""
        columns = {name: column for column, name in enumerate(self.features)}
        return {name: columns[name] for name in self.inputs}


def accept(
    transformer: RawTransformer, rows: RawBatch, number: int
) -> tuple[NDArray[np.intp], Matrix]:
    """Transform the rows that a transformer accepts; `number` is that of its outputs.

    Returns:
        Indices of the accepted rows, shape (accepted,), and values, shape (accepted, number).
    """
    with suppress(BadFile), foreign_code(MODEL_FILE, describe):
        return np.arange(len(rows)), transformer.in_one_call(rows)
    accepted, outputs = [], []
    for row in range(len(rows)):
        with suppress(BadFile), foreign_code(MODEL_FILE, describe):
            outputs.append(transformer.in_one_call(rows.take([row])))
            accepted.append(row)
    return np.array(accepted, np.intp), np.concatenate([np.empty((0, number)), *outputs])
