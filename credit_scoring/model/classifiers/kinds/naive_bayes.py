"""Gaussian naive Bayes: its log-odds are a sum of one function of each input."""

from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import RawOutput
from credit_scoring.model.classifiers.predict_proba import (
    OwnProbabilities,
    OwnProbabilitiesClassifier,
    without_names,
)


def naive_bayes(fitted: Any, column: int) -> "GaussianNaiveBayes | None":
    """The classifier if it is scikit-learn's ``GaussianNB``, else None.

    Args:
        fitted: any classifier.
        column: index of the default class.
    """
    kind = type(fitted)
    if kind.__name__ != "GaussianNB" or not kind.__module__.startswith("sklearn."):
        return None
    return GaussianNaiveBayes(OwnProbabilities(without_names(fitted), column))


class GaussianNaiveBayes(OwnProbabilitiesClassifier):
    """Gaussian naive Bayes, explained by the log likelihood ratio of each input.

    A contribution is the ratio minus its mean over the background: exact SHAP values of a sum of
    functions of single inputs.
    """

    raw_output: RawOutput = "log-odds"
    explained_by = "additive"
    is_quick = True

    def __init__(self, own: OwnProbabilities, means: Matrix | None = None) -> None:
        super().__init__(own)
        self._means = means

    @property
    def needs_background(self) -> bool:
        """See `Classifier`."""
        return self._means is None

    def explained_against(self, background: Matrix) -> "GaussianNaiveBayes":
        """See `Classifier`."""
        return GaussianNaiveBayes(self.own, self._ratios(background).mean(axis=0))

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        if self._means is None:
            raise ValueError("no background to explain against")
        return self._ratios(rows) - self._means, self._prior() + float(self._means.sum())

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return np.asarray(self._prior() + self._ratios(rows).sum(axis=1), np.float64)

    def _ratios(self, rows: Matrix) -> Matrix:
        """Log likelihood ratios of the default class to the other one, shape (m, n)."""
        default, other = (
            self._log_density(rows, c) for c in (self.own.column, 1 - self.own.column)
        )
        return default - other

    def _log_density(self, rows: Matrix, column: int) -> Matrix:
        mean, variance = self.own.fitted.theta_[column], self.own.fitted.var_[column]
        density: Matrix = -0.5 * (np.log(2 * np.pi * variance) + (rows - mean) ** 2 / variance)
        return density

    def _prior(self) -> float:
        """The log-odds of the default class before any input is known."""
        prior = np.log(self.own.fitted.class_prior_)
        return float(prior[self.own.column] - prior[1 - self.own.column])
