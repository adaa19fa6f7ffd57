"""Tree classifiers behind one protocol: probabilities and SHAP values of class 1."""

import logging
from typing import Any, Protocol

import numpy as np
from lightgbm import LGBMClassifier

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.data.tables import Matrix
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.classifiers.lightgbm import LightGBMClassifier
from credit_scoring.model.classifiers.sklearn_trees import ExplainedClassifier

LARGEST_DOUBLE = float(np.finfo(np.float64).max)
LARGEST_FLOAT = float(np.finfo(np.float32).max)
AGREEMENT = 1e-10  # of two ways to the same SHAP values, in log-odds

log = logging.getLogger(__name__)


class Classifier(Protocol):
    """A binary tree classifier on transformed values, n of them a client."""

    @property
    def largest(self) -> float:
        """The largest magnitude that the classifier accepts."""

    @property
    def is_logistic(self) -> bool:
        """Whether its raw output is log-odds; else it may also be the probability."""

    @property
    def thresholds(self) -> tuple[Matrix, ...] | None:
        """Of each input, rising and each once: a score can change only where one is passed.

        A value on a threshold is below it. None where the trees are not known.
        """

    @property
    def is_quick(self) -> bool:
        """True if `contributions` are computed by `treeshap`: their last bits are others then."""

    def probability(self, row: Matrix) -> float:
        """Probability of class 1 for one client, shape (n,)."""

    def probabilities(self, rows: Matrix) -> Matrix:
        """Probability of class 1 for rows, shape (m, n), each to the bits of `probability`."""

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """SHAP values of class 1 for rows of clients, shape (m, n), and the expected value."""


def check_width(fitted: Any, columns: int) -> None:
    """Check how many columns a fitted classifier takes.

    Args:
        fitted: the last step of the pipeline.
        columns: how many it is given.

    Raises:
        BadFile: it takes another number.
    """
    with foreign_code(MODEL_FILE, _failing):
        if getattr(fitted, "n_features_in_", columns) != columns:
            raise BadFile(
                MODEL_FILE,
                f"its transformer gives {columns} features,"
                f" its classifier takes {fitted.n_features_in_}",
            )


def choose_classifier(fitted: Any) -> Classifier:
    """The classifier of a pipeline behind the protocol, with one thread a call.

    Threads cost a single row more than they give, and OpenMP's hang in a forked process.

    Args:
        fitted: the last step of the pipeline.

    Raises:
        BadFile: nothing here explains it.
    """
    with foreign_code(MODEL_FILE, _failing):
        if hasattr(fitted, "n_jobs"):
            fitted.n_jobs = 1
        if isinstance(fitted, LGBMClassifier):
            return LightGBMClassifier(fitted.booster_)
        columns = getattr(fitted, "feature_names_in_", None)
    import shap  # half a second and 75 MB that LightGBM can do without

    kind = type(fitted).__name__
    with foreign_code(MODEL_FILE, lambda _: f"shap.TreeExplainer does not explain {kind}"):
        return ExplainedClassifier(fitted, shap.TreeExplainer(fitted), columns)


def _failing(error: BaseException) -> str:
    return f"its classifier fails: {describe(error)}"
