"""LightGBM's boosted trees."""

from collections.abc import Callable
from functools import cached_property

import numpy as np
from lightgbm import Booster

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import LARGEST_DOUBLE
from credit_scoring.model.classifiers.lightgbm_single_row import SingleRowPredictor
from credit_scoring.model.classifiers.lightgbm_text import Fields, tree_fields
from credit_scoring.model.classifiers.split_points import of_lightgbm


class LightGBMClassifier:
    """LightGBM's boosted trees.

    ``pred_contrib``, the call that ``shap.TreeExplainer`` makes, is the exact TreeSHAP of Lundberg
    et al. (2018, arXiv:1802.03888). `treeshap` computes these values in a tenth of the time.
    """

    largest = LARGEST_DOUBLE
    is_logistic = True

    def __init__(self, booster: Booster) -> None:
        self.booster = booster
        self.probability = SingleRowPredictor(booster)
        self._accelerated: Callable[[Matrix], tuple[Matrix, float]] | None = None

    @cached_property
    def split_points(self) -> tuple[Matrix, ...] | None:
        """See `Classifier`."""
        return of_lightgbm(self.trees, self.booster.num_feature())

    @cached_property
    def trees(self) -> list[Fields]:
        """The fields of each tree in LightGBM's text format."""
        return tree_fields(self.booster)

    @property
    def is_quick(self) -> bool:
        """See `Classifier`."""
        return self._accelerated is not None

    def explain_by(self, contributions: Callable[[Matrix], tuple[Matrix, float]]) -> None:
        """Compute `contributions` by another function from now on."""
        self._accelerated = contributions

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        if len(rows) == 1:
            return np.array([self.probability(np.ascontiguousarray(rows[0]))])
        return np.asarray(self.booster.predict(rows, num_threads=1), np.float64)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        if self._accelerated is not None:
            return self._accelerated(rows)
        contributions = np.asarray(self.booster.predict(rows, pred_contrib=True, num_threads=1))
        return np.ascontiguousarray(contributions[:, :-1]), float(contributions[0, -1])
