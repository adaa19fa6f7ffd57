"""Tree classifiers behind one protocol: probabilities and SHAP values of class 1."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pandas as pd
from lightgbm import Booster, LGBMClassifier

from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.files import MODEL_FILE
from credit_scoring.lightgbm_row import SingleRowPredictor
from credit_scoring.lightgbm_text import Fields, tree_fields
from credit_scoring.tables import Matrix
from credit_scoring.thresholds import of_lightgbm, of_trees
from credit_scoring.treeshap import NotCovered, read_trees

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
        """Whether `quicken` was of use; the last bits of contributions differ from those before."""

    def quickens_soon(self) -> bool:
        """Whether `quicken` takes a moment, and not the seconds of a compiler."""

    def quicken(self, rows: Matrix) -> None:
        """Explain faster from now on, where that is possible.

        Args:
            rows: of some clients, shape (m, n), for whom both ways are compared.
        """

    def probability(self, row: Matrix) -> float:
        """Probability of class 1 for one client, shape (n,)."""

    def probabilities(self, rows: Matrix) -> Matrix:
        """Probability of class 1 for rows, shape (m, n), each to the bits of `probability`."""

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """SHAP values of class 1 for rows of clients, shape (m, n), and the expected value."""


class LightGBMClassifier:
    """LightGBM's boosted trees.

    ``pred_contrib`` is the exact TreeSHAP of Lundberg et al. (2018, arXiv:1802.03888), the very
    call that ``shap.TreeExplainer`` makes. `treeshap` gives the same in a tenth of the time.
    """

    largest = LARGEST_DOUBLE
    is_logistic = True

    def __init__(self, booster: Booster) -> None:
        self.booster = booster
        self.probability = SingleRowPredictor(booster)
        self._quickly: Callable[[Matrix], tuple[Matrix, float]] | None = None

    @cached_property
    def thresholds(self) -> tuple[Matrix, ...] | None:
        """See `Classifier`."""
        return of_lightgbm(self._saved, self.booster.num_feature())

    @cached_property
    def _saved(self) -> list[Fields]:
        """What the saved model says of its trees, for `thresholds` and `quicken`: read once."""
        return tree_fields(self.booster)

    @property
    def is_quick(self) -> bool:
        """See `Classifier`."""
        return self._quickly is not None

    def quickens_soon(self) -> bool:
        """See `Classifier`."""
        from credit_scoring.treeshap_kernel import is_at_hand  # 55 MB: not before it is wanted

        return is_at_hand()

    def quicken(self, rows: Matrix) -> None:
        """See `Classifier`; of no use where the log says so."""
        try:
            trees = read_trees(self._saved)
        except NotCovered as reason:
            log.info("explained by LightGBM itself: %s", reason)
            return
        from credit_scoring.treeshap_kernel import contributions  # compiled where it is called

        expected, base = self.contributions(rows)
        if np.abs(contributions(trees, rows) - expected).max() <= AGREEMENT:
            self._quickly = lambda rows: (contributions(trees, rows), base)
            log.info("explained by treeshap from now on")
        else:
            log.warning("explained by LightGBM itself: treeshap gives other values")

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`; LightGBM goes through rows one by one."""
        if len(rows) == 1:
            return np.array([self.probability(np.ascontiguousarray(rows[0]))])
        return np.asarray(self.booster.predict(rows, num_threads=1), np.float64)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        if self._quickly is not None:
            return self._quickly(rows)
        contributions = np.asarray(self.booster.predict(rows, pred_contrib=True, num_threads=1))
        return np.ascontiguousarray(contributions[:, :-1]), float(contributions[0, -1])


@dataclass(frozen=True, eq=False)
class ExplainedClassifier:
    """Any other classifier that ``shap.TreeExplainer`` explains.

    Attributes:
        classifier: as it was unpickled.
        explainer: the ``shap.TreeExplainer`` of it.
        columns: the names of its inputs, where it was fitted on a DataFrame.
    """

    classifier: Any
    explainer: Any
    columns: Sequence[str] | None
    largest: float = LARGEST_FLOAT  # scikit-learn's trees cast to float32
    is_logistic = False
    is_quick = False

    def quickens_soon(self) -> bool:
        """See `Classifier`."""
        return True

    def quicken(self, rows: Matrix) -> None:
        """Nothing: shap's way is the only one."""

    @cached_property
    def thresholds(self) -> tuple[Matrix, ...] | None:
        """See `Classifier`."""
        return of_trees(self.classifier)

    def probability(self, row: Matrix) -> float:
        """See `Classifier`."""
        return float(self.probabilities(row.reshape(1, -1))[0])

    def probabilities(self, rows: Matrix) -> Matrix:
        """See `Classifier`; a tree's leaf is found for each row alone."""
        named = rows if self.columns is None else pd.DataFrame(rows, columns=pd.Index(self.columns))
        return np.ascontiguousarray(self.classifier.predict_proba(named)[:, 1], np.float64)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        values = np.asarray(self.explainer.shap_values(rows, check_additivity=False))
        # Classifiers with one raw output per class add a last axis of two.
        values = values[..., 1] if values.ndim == 3 else values
        expected = float(np.ravel(self.explainer.expected_value)[-1])
        # orjson writes contiguous doubles alone.
        return np.ascontiguousarray(values, np.float64), expected


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
