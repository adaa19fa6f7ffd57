"""XGBoost's classifiers and boosters."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile
from credit_scoring.model.classifiers.classifier import Classifier, RawOutput
from credit_scoring.model.classifiers.frame_levels import levels_of
from credit_scoring.model.classifiers.frame_model import FrameModel
from credit_scoring.model.classifiers.kinds.tree_classifier import TreeClassifier, adds_up_to
from credit_scoring.model.classifiers.predict_proba import (
    OwnProbabilities,
    OwnProbabilitiesClassifier,
)
from credit_scoring.model.trees.ensemble import Levels, NotCovered
from credit_scoring.model.trees.libraries.xgboost_trees import LOGISTIC, read_xgboost


def xgboost_classifier(fitted: Any, column: int) -> Classifier | None:
    """XGBoost's classifier or booster with log-odds; None for others.

    Args:
        fitted: any object; a `FrameModel` of XGBoost's classifier if that takes pandas' categories.
        column: index of the default class.

    Raises:
        BadFile: it is a booster that predicts no probabilities.
    """
    model = fitted.fitted if isinstance(fitted, FrameModel) else fitted
    kind = type(model)
    if kind.__module__.partition(".")[0] != "xgboost":
        return None
    booster = model if kind.__name__ == "Booster" else model.get_booster()
    config = json.loads(booster.save_config())["learner"]
    objective = config["objective"]["name"]
    if objective not in LOGISTIC:
        if booster is fitted:
            raise BadFile(
                MODEL_FILE,
                f"is an XGBoost booster with the objective {objective}, which predicts no"
                " probability of two classes",
            )
        return None
    levels: Levels = {}
    counts: dict[int, int] = {}
    if isinstance(fitted, FrameModel):
        found = _levels(booster, fitted)
        if found is None:
            return None
        levels = found
        counts = fitted.category_counts
    calls = _Calls(booster, model, config["gradient_booster"]["name"], column, levels)
    try:
        trees = read_xgboost(calls.view, levels)
    except NotCovered:
        return XGBoostItself(calls)
    trees = trees if column == 1 else trees.opposite()
    if not adds_up_to(trees, calls, booster.num_features(), counts):
        return XGBoostItself(calls)
    return TreeClassifier(calls, trees, booster.num_features())


def _levels(booster: Any, fitted: FrameModel) -> Levels | None:
    """The value that stands for each category in each column; None if they are not known.

    They are not known of XGBoost before 3.1. NaN stands for one whose code counts as missing.
    """
    levels = levels_of(fitted, booster)
    missing = getattr(fitted.fitted, "missing", np.nan)
    for known in ({} if levels is None else levels).values():
        known[np.arange(len(known)) == missing] = np.nan
    return levels


class _Calls(OwnProbabilities):
    """Calls of XGBoost with the classifier's options and one thread.

    Attributes:
        view: has what `read_xgboost` reads of a classifier.
        sign: 1 if class 1 is the default class, else -1.
    """

    def __init__(self, booster: Any, fitted: Any, kind: str, column: int, levels: Levels) -> None:
        super().__init__(fitted, column)
        self._levels = levels
        self.sign = 1.0 if column == 1 else -1.0
        missing = getattr(fitted, "missing", np.nan)
        best = getattr(fitted, "best_iteration", None) if booster is not fitted else None
        self.view = SimpleNamespace(
            get_booster=lambda: booster, missing=missing, best_iteration=best
        )
        self._booster, self._missing = booster, missing
        self._rounds = (0, 0) if best is None or kind == "gblinear" else (0, best + 1)
        self._is_linear = kind == "gblinear"

    def probabilities(self, rows: Matrix) -> Matrix:
        """The bits of ``predict_proba``, or of a booster's ``predict``; see `Classifier`."""
        if self._is_linear:
            found = self.by_matrix(rows)
        else:  # the call that `predict_proba` makes
            found = self._booster.inplace_predict(
                self._with_codes(rows),
                iteration_range=self._rounds,
                missing=self._missing,
                validate_features=False,
            )
        return np.asarray(found if self.column == 1 else 1 - found, np.float64)

    def by_matrix(self, rows: Matrix, **options: bool) -> Any:
        """A prediction on XGBoost's own matrix of rows, shape (m, ...)."""
        from xgboost import DMatrix  # the model has imported it

        matrix = DMatrix(
            self._with_codes(rows),
            missing=self._missing,
            feature_names=self._booster.feature_names,
            feature_types=self._booster.feature_types,
            nthread=1,
        )
        return self._booster.predict(matrix, iteration_range=self._rounds, **options)

    def _with_codes(self, rows: Matrix) -> Matrix:
        """Rows with XGBoost's codes of categories, shape (m, n); unknown ones are missing."""
        if not self._levels:
            return rows
        coded = rows.copy()
        for column, levels in self._levels.items():
            is_code = rows[:, column, np.newaxis] == levels
            coded[:, column] = np.where(is_code.any(axis=1), is_code.argmax(axis=1), np.nan)
        return coded


class XGBoostItself(OwnProbabilitiesClassifier):
    """XGBoost explained by its own ``pred_contribs``, in single precision: its linear booster."""

    raw_output: RawOutput = "log-odds"
    explained_by = "XGBoost"

    def __init__(self, calls: _Calls) -> None:
        super().__init__(calls)
        self._sign, self._predict = calls.sign, calls.by_matrix

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return self._sign * np.asarray(self._predict(rows, output_margin=True), np.float64)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        found = self._sign * np.asarray(self._predict(rows, pred_contribs=True), np.float64)
        return np.ascontiguousarray(found[:, :-1]), float(found[0, -1])
