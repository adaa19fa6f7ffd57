"""The protocol of classifiers, and the choice of the one for a fitted model."""

from typing import Any, Protocol

from lightgbm import LGBMClassifier

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.classifiers.lightgbm import LightGBMClassifier
from credit_scoring.model.classifiers.sklearn_trees import ExplainedClassifier


class Classifier(Protocol):
    """A binary tree classifier of rows of n transformed values."""

    @property
    def largest(self) -> float:
        """The largest magnitude that the classifier accepts."""

    @property
    def is_logistic(self) -> bool:
        """True if the raw output is log-odds; false if it may also be the probability."""

    @property
    def split_points(self) -> tuple[Matrix, ...] | None:
        """Rising split points of each of the n inputs; None if the trees are not known.

        A score can change only between a value up to a split point and a value above it.
        """

    @property
    def is_quick(self) -> bool:
        """True if `treeshap` computes `contributions`, whose last bits differ then."""

    def probability(self, row: Matrix) -> float:
        """Probability of class 1 of one row, shape (n,)."""

    def probabilities(self, rows: Matrix) -> Matrix:
        """Probabilities of class 1 of rows, shape (m, n), each to the bits of `probability`."""

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """SHAP values of class 1 of rows, shape (m, n), and the expected raw output."""


def check_width(fitted: Any, columns: int) -> None:
    """Check that a fitted classifier takes a number of columns.

    Args:
        fitted: the last step of the pipeline.
        columns: the number.

    Raises:
        BadFile: the classifier takes another number.
    """
    with foreign_code(MODEL_FILE, _failing):
        if getattr(fitted, "n_features_in_", columns) != columns:
            raise BadFile(
                MODEL_FILE,
                f"its transformer gives {columns} features,"
                f" its classifier takes {fitted.n_features_in_}",
            )


def choose_classifier(fitted: Any) -> Classifier:
    """Wrap a fitted classifier in the protocol; each call uses one thread.

    More threads slow down single rows, and OpenMP's hang in a forked process.

    Args:
        fitted: the last step of the pipeline.

    Raises:
        BadFile: ``shap.TreeExplainer`` does not explain the classifier.
    """
    with foreign_code(MODEL_FILE, _failing):
        if hasattr(fitted, "n_jobs"):
            fitted.n_jobs = 1
        if isinstance(fitted, LGBMClassifier):
            return LightGBMClassifier(fitted.booster_)
        columns = getattr(fitted, "feature_names_in_", None)
    import shap  # takes half a second and 75 MB, which LightGBM does not need

    kind = type(fitted).__name__
    with foreign_code(MODEL_FILE, lambda _: f"shap.TreeExplainer does not explain {kind}"):
        return ExplainedClassifier(fitted, shap.TreeExplainer(fitted), columns)


def _failing(error: BaseException) -> str:
    return f"its classifier fails: {describe(error)}"
