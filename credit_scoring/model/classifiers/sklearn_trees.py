"""Classifiers with the interface of scikit-learn that ``shap.TreeExplainer`` explains."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.split_points import of_trees

LARGEST_FLOAT = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class ExplainedClassifier:
    """A classifier that ``shap.TreeExplainer`` explains, except LightGBM's.

    Attributes:
        classifier: as unpickled.
        explainer: the ``shap.TreeExplainer`` of the classifier.
        columns: the names of the classifier's columns, if it was fitted on a DataFrame.
    """

    classifier: Any
    explainer: Any
    columns: Sequence[str] | None
    largest: float = LARGEST_FLOAT  # scikit-learn's trees cast to float32
    is_logistic = False
    is_quick = False

    @cached_property
    def split_points(self) -> tuple[Matrix, ...] | None:
        """See `Classifier`."""
        return of_trees(self.classifier)

    def probability(self, row: Matrix) -> float:
        """See `Classifier`."""
        return float(self.probabilities(row.reshape(1, -1))[0])

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        named = rows if self.columns is None else pd.DataFrame(rows, columns=pd.Index(self.columns))
        return np.ascontiguousarray(self.classifier.predict_proba(named)[:, 1], np.float64)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        values = np.asarray(self.explainer.shap_values(rows, check_additivity=False))
        # A classifier with one raw output per class gives values with a last axis of two.
        values = values[..., 1] if values.ndim == 3 else values
        expected = float(np.ravel(self.explainer.expected_value)[-1])
        # orjson writes only contiguous arrays.
        return np.ascontiguousarray(values, np.float64), expected
