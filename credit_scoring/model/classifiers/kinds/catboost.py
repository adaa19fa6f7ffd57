"""CatBoost's classifiers."""

import logging
from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import Classifier, RawOutput
from credit_scoring.model.classifiers.frame_model import FrameModel
from credit_scoring.model.classifiers.kinds.tree_classifier import TreeClassifier, adds_up_to
from credit_scoring.model.classifiers.predict_proba import (
    OwnProbabilities,
    OwnProbabilitiesClassifier,
)
from credit_scoring.model.trees.ensemble import Integers, NotCovered
from credit_scoring.model.trees.libraries.catboost_trees import LOGISTIC, read_catboost

TRIED_CODES = range(2)  # of a column whose categories are whole numbers or flags

log = logging.getLogger(__name__)


def catboost_classifier(fitted: Any, column: int) -> Classifier | None:
    """CatBoost's classifier with log-odds; None for others.

    Args:
        fitted: any object; a `FrameModel` of CatBoost's classifier if that takes texts.
        column: index of the default class.
    """
    model = fitted.fitted if isinstance(fitted, FrameModel) else fitted
    kind = type(model)
    if (kind.__module__.partition(".")[0], kind.__name__) != ("catboost", "CatBoostClassifier"):
        return None
    options = model.get_all_params()
    if str(options["loss_function"]).partition(":")[0] not in LOGISTIC:
        return None
    calls = _Calls(fitted, model, column)
    features = len(model.feature_names_)
    try:
        trees = read_catboost(model, calls.leaves if calls.categorical else None)
    except NotCovered as reason:
        log.info("the trees of %s are not read: %s", kind.__name__, reason)
    else:
        trees = trees if column == 1 else trees.opposite()
        if adds_up_to(trees, calls, features, calls.category_counts):
            return TreeClassifier(calls, trees, features)
    if options["grow_policy"] != "SymmetricTree":  # CatBoost's own values do not add up
        return None
    return CatBoostItself(calls)


class _Calls(OwnProbabilities):
    """Calls of CatBoost with one thread.

    Attributes:
        categorical: indices of the categorical features.
    """

    def __init__(self, fitted: Any, model: Any, column: int) -> None:
        super().__init__(fitted, column)
        self._model = model
        self.categorical = list(model.get_cat_feature_indices())

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        both = self._model.predict_proba(self.taken(rows), thread_count=1)
        return np.ascontiguousarray(both[:, self.column], np.float64)

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """Log-odds of class 1 for rows, shape (m, n)."""
        found = self._model.predict(
            self.taken(rows), prediction_type="RawFormulaVal", thread_count=1
        )
        return np.asarray(found, np.float64)

    def contributions(self, rows: Matrix) -> Matrix:
        """CatBoost's SHAP values of class 1 for rows and their base, shape (m, n + 1)."""
        found = self._model.get_feature_importance(
            self._pool(rows), type="ShapValues", thread_count=1
        )
        return np.asarray(found, np.float64)

    def leaves(self, model: Any, rows: Matrix) -> Integers:
        """The leaf that each row reaches in each tree of a model with these features.

        The shape is (m, trees).
        """
        if not len(rows):  # CatBoost takes no empty table
            return np.empty((0, model.tree_count_), np.int64)
        found = model.calc_leaf_indexes(self._pool(rows), thread_count=1)
        return np.asarray(found, np.int64)

    @property
    def category_counts(self) -> dict[int, int]:
        """The number of codes to try for each categorical column, by its index."""
        texts = self.fitted.categories if isinstance(self.fitted, FrameModel) else {}
        return {column: len(texts.get(column, TRIED_CODES)) for column in self.categorical}

    def _pool(self, rows: Matrix) -> Any:
        """CatBoost's own table of rows."""
        from catboost import Pool  # the model has imported it

        return Pool(self.taken(rows), cat_features=self.categorical, thread_count=1)

    def taken(self, rows: Matrix) -> Any:
        """Rows as CatBoost takes them: categories are texts or whole numbers."""
        if isinstance(self.fitted, FrameModel):
            return self.fitted.frame(rows)
        if not self.categorical:
            return rows
        mixed = rows.astype(object)
        mixed[:, self.categorical] = rows[:, self.categorical].astype(np.int64)
        return mixed


class CatBoostItself(OwnProbabilitiesClassifier):
    """CatBoost explained by its own ``ShapValues``: trees that are not read."""

    raw_output: RawOutput = "log-odds"
    explained_by = "CatBoost"

    def __init__(self, calls: _Calls) -> None:
        super().__init__(calls)
        self._calls = calls
        self._sign = 1.0 if calls.column == 1 else -1.0

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return self._sign * self._calls.raw_outputs(rows)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        found = self._sign * self._calls.contributions(rows)
        return np.ascontiguousarray(found[:, :-1]), float(found[0, -1])
