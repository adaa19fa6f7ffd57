"""Probabilities by a fitted object's own ``predict_proba``, and the threads that it uses."""

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import TOLERANCE, Classifier
from credit_scoring.model.classifiers.frame_model import FrameModel

SINGLE_TOLERANCE = 1e-6  # if single precision is inside


class OwnProbabilities:
    """The probability of one class by a fitted object's own ``predict_proba``.

    Attributes:
        fitted: the object.
        column: the index of the class.
        tolerance: the largest error of a probability.
    """

    def __init__(self, fitted: Any, column: int) -> None:
        self.fitted = fitted
        self.column = column
        self.tolerance = SINGLE_TOLERANCE if _is_single_precision(fitted) else TOLERANCE
        names = (
            None if isinstance(fitted, FrameModel) else getattr(fitted, "feature_names_in_", None)
        )
        self._names = None if names is None else pd.Index(names)

    def probability(self, row: Matrix) -> float:
        """See `Classifier`."""
        return float(self.probabilities(row.reshape(1, -1))[0])

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        named = rows if self._names is None else pd.DataFrame(rows, columns=self._names)
        both = self.fitted.predict_proba(named)
        return np.ascontiguousarray(both[:, self.column], np.float64)


class OwnProbabilitiesClassifier(Classifier):
    """The base of classifiers that score by `OwnProbabilities`.

    Attributes:
        own: the probabilities of the default class.
    """

    def __init__(self, own: OwnProbabilities) -> None:
        self.own = own

    @property
    def tolerance(self) -> float:
        """See `Classifier`."""
        return self.own.tolerance

    def probability(self, row: Matrix) -> float:
        """See `Classifier`."""
        return self.own.probability(row)

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        if self.is_alike or len(rows) == 1:
            return self.own.probabilities(rows)
        return np.array([self.own.probability(row) for row in rows], np.float64)

    def probabilities_together(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return self.own.probabilities(rows)


def without_names(fitted: Any) -> Any:
    """A copy of a fitted scikit-learn object that takes arrays and does not ask for names.

    Histogram boosting with categories is returned itself: an encoder inside asks for names too.
    """
    if getattr(fitted, "_preprocessor", None) is not None:
        return fitted
    nameless = copy(fitted)
    vars(nameless).pop("feature_names_in_", None)
    return nameless


def use_one_thread(fitted: Any) -> None:
    """Let a fitted object and the estimators inside it use one thread in each call.

    More threads slow down single rows, and OpenMP's hang in a forked process.
    """
    for part in _parts(fitted):
        if _is_xgboost(part):
            part.set_param({"nthread": 1})  # predictions ask the booster, not the classifier
        elif hasattr(part, "n_jobs"):
            part.n_jobs = 1


def _is_single_precision(fitted: Any) -> bool:
    """True if probabilities are rounded to single precision somewhere inside a fitted object.

    XGBoost does so, and gradient boosting that starts from another model.
    """
    return any(
        _is_xgboost(part)
        or (type(part).__name__ == "GradientBoostingClassifier" and hasattr(part.init, "fit"))
        for part in _parts(fitted)
    )


def _parts(fitted: Any) -> Iterator[Any]:
    """A fitted object, the estimators inside it, and XGBoost's boosters inside those."""
    waiting, seen = [fitted], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, (list, tuple)):
            waiting.extend(part)
        elif isinstance(part, dict):
            waiting.extend(part.values())
        elif _is_xgboost(part):
            yield part
        elif hasattr(part, "predict_proba") or hasattr(part, "get_params"):
            yield part
            waiting.extend(getattr(part, "__dict__", {}).values())


def _is_xgboost(part: Any) -> bool:
    return (type(part).__module__, type(part).__name__) == ("xgboost.core", "Booster")
