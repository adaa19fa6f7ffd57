"""LightGBM's classifiers and boosters."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from lightgbm import Booster, LGBMClassifier

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile
from credit_scoring.float_search import LARGEST_DOUBLE
from credit_scoring.model.classifiers.classifier import Classifier, Contributions, RawOutput
from credit_scoring.model.classifiers.kinds.lightgbm_single_row import SingleRowPredictor
from credit_scoring.model.trees.ensemble import TreeEnsemble, split_points
from credit_scoring.model.trees.readers import ensemble_of


def lightgbm_classifier(fitted: Any, column: int) -> "LightGBMClassifier | None":
    """LightGBM's classifier or booster with log-odds; None for others.

    Args:
        fitted: any object.
        column: index of the default class.

    Raises:
        BadFile: it predicts no probabilities.
    """
    if isinstance(fitted, Booster):
        booster = fitted
    elif isinstance(fitted, LGBMClassifier):
        if type(fitted).predict_proba is not LGBMClassifier.predict_proba:
            return None
        booster = fitted.booster_
        if callable(fitted.objective_):
            raise BadFile(
                MODEL_FILE,
                "was trained by LightGBM with an objective of its own, so its predict_proba gives"
                " no probabilities",
            )
    else:
        return None
    text = booster.model_to_string(num_iteration=1)
    head = text.partition("\nTree=")[0].splitlines()
    slope = _slope(booster, head)
    if slope is None and booster is fitted:
        objective = next((line for line in head if line.startswith("objective=")), "none")
        raise BadFile(
            MODEL_FILE,
            f"is a LightGBM booster that predicts no probability of two classes ({objective})",
        )
    if slope is None or "\nis_linear=1" in text:  # no SHAP values for linear leaves
        return None
    return LightGBMClassifier(booster, column, slope)


def _slope(booster: Booster, head: Sequence[str]) -> float | None:
    """Log-odds per unit of LightGBM's raw score; None if they are not proportional.

    Args:
        booster: the booster.
        head: lines of its text before the trees.
    """
    objective = next((line for line in head if line.startswith("objective=")), "")
    name, *options = objective.removeprefix("objective=").split(" ")
    if name not in ("binary", "cross_entropy") or "num_tree_per_iteration=1" not in head:
        return None
    sigmoid = [option.removeprefix("sigmoid:") for option in options if "sigmoid:" in option]
    slope = float(sigmoid[0]) if sigmoid else 1.0
    if "average_output" in head:  # a forest: raw scores are sums, probabilities are of the mean
        slope /= booster.best_iteration if booster.best_iteration > 0 else booster.num_trees()
    return slope


class LightGBMClassifier(Classifier):
    """LightGBM's boosted trees.

    ``pred_contrib``, the call that ``shap.TreeExplainer`` makes, is the exact TreeSHAP of Lundberg
    et al. (2018, arXiv:1802.03888). `treeshap` computes these values in a tenth of the time.
    """

    largest = LARGEST_DOUBLE
    raw_output: RawOutput = "log-odds"
    explained_by = "treeshap"

    def __init__(self, booster: Booster, column: int = 1, slope: float = 1.0) -> None:
        """Wrap a booster.

        Args:
            booster: with one raw score a row.
            column: index of the default class.
            slope: log-odds of class 1 per unit of the raw score.
        """
        self.booster = booster
        self._is_1 = column == 1
        self._slope = slope if self._is_1 else -slope
        self._of_row = SingleRowPredictor(booster)
        self._accelerated: Contributions | None = None

    @property
    def is_quick(self) -> bool:
        """See `Classifier`."""
        return self._accelerated is not None

    @cached_property
    def trees(self) -> TreeEnsemble | None:
        """See `Classifier`."""
        trees = ensemble_of(self.booster)
        return trees if trees is None or self._is_1 else trees.opposite()

    @cached_property
    def split_points(self) -> tuple[Matrix, ...] | None:
        """See `Classifier`."""
        return None if self.trees is None else split_points(self.trees, self.booster.num_feature())

    def explain_by(self, contributions: Contributions) -> None:
        """See `Classifier`."""
        self._accelerated = contributions

    def probability(self, row: Matrix) -> float:
        """See `Classifier`."""
        return self._of_row(row) if self._is_1 else 1.0 - self._of_row(row)

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        if len(rows) == 1:
            return np.array([self.probability(np.ascontiguousarray(rows[0]))])
        of_1 = np.asarray(self.booster.predict(rows, num_threads=1), np.float64)
        return of_1 if self._is_1 else 1.0 - of_1

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        raw = np.asarray(self.booster.predict(rows, raw_score=True, num_threads=1), np.float64)
        return self._slope * raw

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        if self._accelerated is not None:
            return self._accelerated(rows)
        found = np.asarray(self.booster.predict(rows, pred_contrib=True, num_threads=1))
        if self._slope != 1.0:
            found = self._slope * found
        return np.ascontiguousarray(found[:, :-1]), float(found[0, -1])
