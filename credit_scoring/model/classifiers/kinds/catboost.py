"""CatBoost's classifiers."""

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
from credit_scoring.model.trees.catboost_trees import LOGISTIC
from credit_scoring.model.trees.readers import ensemble_of


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
    trees = ensemble_of(model)
    features = len(model.feature_names_)
    if trees is not None:
        trees = trees if column == 1 else trees.opposite()
        if adds_up_to(trees, calls, features):
            return TreeClassifier(calls, trees, features)
    if options["grow_policy"] != "SymmetricTree":  # CatBoost's own values do not add up
        return None
    return CatBoostItself(calls)


class _Calls(OwnProbabilities):
    """Calls of CatBoost with one thread."""

    def __init__(self, fitted: Any, model: Any, column: int) -> None:
        super().__init__(fitted, column)
        self._model = model
        self._categorical = model.get_cat_feature_indices()

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
        from catboost import Pool  # the model has imported it

        pool = Pool(self.taken(rows), cat_features=self._categorical, thread_count=1)
        found = self._model.get_feature_importance(pool, type="ShapValues", thread_count=1)
        return np.asarray(found, np.float64)

    def taken(self, rows: Matrix) -> Any:
        """Rows as CatBoost takes them: categories are texts or whole numbers."""
        if isinstance(self.fitted, FrameModel):
            return self.fitted.frame(rows)
        if not self._categorical:
            return rows
        mixed = rows.astype(object)
        mixed[:, self._categorical] = rows[:, self._categorical].astype(np.int64)
        return mixed


class CatBoostItself(OwnProbabilitiesClassifier):
    """CatBoost explained by its own ``ShapValues``: trees with splits by categories."""

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
