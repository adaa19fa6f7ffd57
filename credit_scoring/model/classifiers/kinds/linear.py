"""Linear classifiers: their log-odds are a weighted sum of the inputs."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import RawOutput
from credit_scoring.model.classifiers.predict_proba import (
    OwnProbabilities,
    OwnProbabilitiesClassifier,
    without_names,
)

AGREEMENT = 1e-12  # largest difference between a probability and that of the weighted sum
PROBES = 64


@dataclass(frozen=True, eq=False)
class LinearScore:
    """A weighted sum, and contributions to it: w·(x - mean of the background).

    These are its exact SHAP values if the inputs are taken as independent (Lundberg and Lee 2017,
    arXiv:1705.07874, corollary 1).

    Attributes:
        coefficients: the weights, shape (n,).
        intercept: the sum for a row of zeros.
        means: of the background, shape (n,); None before it is known.
    """

    coefficients: Matrix
    intercept: float
    means: Matrix | None = None

    def against(self, background: Matrix) -> "LinearScore":
        """The score with contributions against the means of a background, shape (m, n)."""
        return replace(self, means=background.mean(axis=0))

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """The sums of rows, shape (m, n).

        A product for each row, for one product of all rows would round a row's sum differently in
        company.
        """
        products: Matrix = (rows[:, None, :] @ self.coefficients[:, None])[:, 0, 0]
        return products + self.intercept

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """Contributions of rows, shape (m, n), and the sum for the means of the background."""
        if self.means is None:
            raise ValueError("no background to explain against")
        base = float(self.means @ self.coefficients) + self.intercept
        return (rows - self.means) * self.coefficients, base

    def scaled(self, factor: float, shift: float = 0.0) -> "LinearScore":
        """The score times a factor, plus a shift."""
        return replace(
            self, coefficients=self.coefficients * factor, intercept=self.intercept * factor + shift
        )

    def probes(self) -> Matrix:
        """Rows with sums between some -4 and 4, shape (PROBES, n)."""
        rows = np.random.default_rng(0).normal(size=(PROBES, len(self.coefficients)))
        norm = float(self.coefficients @ self.coefficients)
        if norm == 0:
            return rows
        # Along the weights lies the sum; across them anything goes.
        sums = np.linspace(-4, 4, PROBES) - self.intercept
        along = (sums - rows @ self.coefficients) / norm
        return np.asarray(rows + along[:, None] * self.coefficients, np.float64)


def linear_score(fitted: Any) -> LinearScore | None:
    """The decision function towards class 1; None if it is not one weighted sum."""
    weights = getattr(fitted, "coef_", None)
    intercept = np.ravel(getattr(fitted, "intercept_", ()))
    if not isinstance(weights, np.ndarray) or not hasattr(fitted, "decision_function"):
        return None
    if weights.size != weights.shape[-1] or len(intercept) != 1:
        return None
    score = LinearScore(np.array(weights.ravel(), np.float64), float(intercept[0]))
    probes = score.probes()
    decision = np.asarray(without_names(fitted).decision_function(probes), np.float64)
    is_sum = decision.shape == (PROBES,) and (
        np.abs(decision - score.raw_outputs(probes)).max() <= AGREEMENT * (1 + np.abs(probes).max())
    )
    return score if is_sum else None


def linear_classifier(fitted: Any, column: int) -> "LinearClassifier | None":
    """The classifier if its log-odds are a weighted sum, else None.

    Args:
        fitted: any classifier with ``predict_proba``.
        column: index of the default class.
    """
    score = linear_score(fitted)
    if score is None:
        return None
    own = OwnProbabilities(without_names(fitted), column)
    return linear_with(own, score if column == 1 else score.scaled(-1.0))


def linear_with(own: OwnProbabilities, log_odds: LinearScore) -> "LinearClassifier | None":
    """The classifier with these log-odds; None if they do not give its own probabilities.

    Args:
        own: the probabilities of the default class.
        log_odds: of the default class.
    """
    probes = log_odds.probes()
    found = _probabilities(log_odds, own.column, probes)
    if np.abs(own.probabilities(probes) - found).max() > AGREEMENT:
        return None
    has_bits = all(own.probability(row) == one for row, one in zip(probes, found, strict=True))
    return LinearClassifier(own, log_odds, has_bits=has_bits)


class LinearClassifier(OwnProbabilitiesClassifier):
    """A classifier whose log-odds are a weighted sum.

    Attributes:
        score: the raw output.
    """

    raw_output: RawOutput = "log-odds"
    explained_by = "linear"
    is_quick = True

    def __init__(
        self, own: OwnProbabilities, score: LinearScore, *, has_bits: bool = False
    ) -> None:
        """Wrap a fitted object.

        Args:
            own: the probabilities of the default class.
            score: the raw output.
            has_bits: true if the score gives the bits of the object's ``predict_proba`` for a row.
        """
        super().__init__(own)
        self.score = score
        self._has_bits = has_bits

    @property
    def coefficients(self) -> Matrix | None:
        """See `Classifier`."""
        return self.score.coefficients

    @property
    def needs_background(self) -> bool:
        """See `Classifier`."""
        return self.score.means is None

    def explained_against(self, background: Matrix) -> "LinearClassifier":
        """See `Classifier`."""
        return type(self)(self.own, self.score.against(background), has_bits=self._has_bits)

    @property
    def is_alike(self) -> bool:
        """See `Classifier`."""
        return self._has_bits

    def probability(self, row: Matrix) -> float:
        """See `Classifier`."""
        return float(self.probabilities(row.reshape(1, -1))[0])

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        if self._has_bits:
            found = _probabilities(self.score, self.own.column, rows)
            if not np.isnan(found).any():  # else `predict_proba` raises the right error
                return found
        return super().probabilities(rows)

    def probabilities_together(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return self.probabilities(rows) if self._has_bits else self.own.probabilities(rows)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        return self.score.contributions(rows)

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return self.score.raw_outputs(rows)


def _probabilities(log_odds: LinearScore, column: int, rows: Matrix) -> Matrix:
    """Probabilities of log-odds without scikit-learn's checks, which take most of a row's time."""
    if column == 1:
        return np.asarray(expit(log_odds.raw_outputs(rows)), np.float64)
    return np.asarray(1 - expit(-log_odds.raw_outputs(rows)), np.float64)
