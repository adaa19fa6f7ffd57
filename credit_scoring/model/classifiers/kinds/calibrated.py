"""scikit-learn's ``CalibratedClassifierCV``: a calibration over some fitted classifiers."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import TOLERANCE, Classifier, RawOutput
from credit_scoring.model.classifiers.kinds.linear import (
    LinearClassifier,
    LinearScore,
    linear_score,
    linear_with,
)
from credit_scoring.model.classifiers.kinds.tree_classifier import (
    TreeClassifier,
    adds_up_to,
    probes,
)
from credit_scoring.model.classifiers.predict_proba import OwnProbabilities
from credit_scoring.model.trees.contributions import raw_outputs
from credit_scoring.model.trees.ensemble import CATEGORICAL, TreeEnsemble, split_points

Choose = Callable[[Any], Classifier]


class LinearMargin(LinearClassifier):
    """A calibrated classifier explained by the mean decision function of linear ones."""

    raw_output: RawOutput = "margin"
    coefficients = None


class TreeMargin(TreeClassifier):
    """A calibrated classifier explained by the mean raw output of tree ensembles."""

    raw_output: RawOutput = "margin"


def calibrated_classifier(fitted: Any, column: int, choose: Choose) -> Classifier | None:
    """A calibrated classifier that is explained below its calibration; None for others.

    Over one classifier a sigmoid of its raw output gives log-odds that are linear in it. Any other
    calibration is explained in the raw output, averaged over the classifiers: a margin.

    Args:
        fitted: any classifier.
        column: index of the default class.
        choose: wraps a classifier below the calibration, towards class 1.
    """
    kind = type(fitted)
    if kind.__name__ != "CalibratedClassifierCV" or not kind.__module__.startswith("sklearn."):
        return None
    parts = [_Part(one) for one in fitted.calibrated_classifiers_]
    if any(part.falls for part in parts):
        return None
    own = OwnProbabilities(fitted, column)
    scores = [linear_score(part.estimator) for part in parts]
    if known := [score for score in scores if score is not None]:
        return _linear(own, parts, known) if len(known) == len(parts) else None
    if not all(hasattr(part.estimator, "predict_proba") for part in parts):
        return None
    inner = [choose(part.estimator).trees for part in parts]
    # Derived columns of several models would be others, under the same numbers.
    ensembles = [trees for trees in inner if trees is not None and trees.derived is None]
    return _of_trees(own, parts, ensembles) if len(ensembles) == len(parts) else None


class _Part:
    """One fitted classifier with its calibration.

    Attributes:
        estimator: the fitted classifier.
        sigmoid: slope and shift of the log-odds in its response; None for other calibrations.
        falls: true if the calibrated probability falls as the response rises.
    """

    def __init__(self, one: Any) -> None:
        self.estimator = one.estimator
        if type(self.estimator).__name__ == "FrozenEstimator":
            self.estimator = self.estimator.estimator
        self.sigmoid: tuple[float, float] | None = None
        if one.method == "sigmoid":
            calibrator = one.calibrators[0]
            self.sigmoid = -float(calibrator.a_), -float(calibrator.b_)
        self.falls = self.sigmoid is not None and self.sigmoid[0] <= 0

    def response(self, rows: Matrix) -> Matrix:
        """The values that are calibrated, shape (m,)."""
        if hasattr(self.estimator, "decision_function"):
            names = getattr(self.estimator, "feature_names_in_", None)
            named = rows if names is None else pd.DataFrame(rows, columns=pd.Index(names))
            return np.asarray(self.estimator.decision_function(named), np.float64)
        return OwnProbabilities(self.estimator, 1).probabilities(rows)


def _linear(
    own: OwnProbabilities, parts: Sequence[_Part], scores: Sequence[LinearScore]
) -> LinearClassifier | None:
    sign = 1.0 if own.column == 1 else -1.0
    if len(parts) == 1 and parts[0].sigmoid is not None:
        slope, shift = parts[0].sigmoid
        return linear_with(own, scores[0].scaled(slope, shift).scaled(sign))
    mean = LinearScore(
        np.mean([score.coefficients for score in scores], axis=0),
        float(np.mean([score.intercept for score in scores])),
    )
    return LinearMargin(own, mean.scaled(sign))


def _of_trees(
    own: OwnProbabilities, parts: Sequence[_Part], ensembles: Sequence[TreeEnsemble]
) -> TreeClassifier | None:
    features = int(own.fitted.n_features_in_)
    if len(parts) == 1 and parts[0].sigmoid is not None:
        trees = _calibrated_trees(parts[0], ensembles[0], features)
        if trees is not None:
            trees = trees if own.column == 1 else trees.opposite()
            if adds_up_to(trees, own, features):
                return TreeClassifier(own, trees, features)
    trees = _mean(ensembles)
    return TreeMargin(own, trees if own.column == 1 else trees.opposite(), features)


def _calibrated_trees(part: _Part, trees: TreeEnsemble, features: int) -> TreeEnsemble | None:
    """Trees that add up to the calibrated log-odds; None if the response is not their raw output.

    The response may be the raw output times a number: the loss "exponential" halves log-odds.
    """
    assert part.sigmoid is not None  # noqa: S101 - the caller checks it
    slope, shift = part.sigmoid
    rows = probes(split_points(trees, features))
    response, output = part.response(rows), raw_outputs(trees, rows)
    factor = float(response @ output / (output @ output)) if output.any() else 1.0
    if np.abs(factor * output - response).max() > TOLERANCE * (1 + np.abs(response).max()):
        return None
    return replace(trees.scaled(slope * factor, shift), raw_output="log-odds")


def _mean(ensembles: Sequence[TreeEnsemble]) -> TreeEnsemble:
    """The trees of all ensembles, which add up to the mean of the raw outputs."""

    def joined(name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in ensembles])

    def starts(name: str) -> Any:
        ends = np.cumsum([0, *(getattr(one, name)[-1] for one in ensembles)])
        parts = [getattr(one, name)[:-1] + end for one, end in zip(ensembles, ends, strict=False)]
        return np.concatenate([*parts, ends[-1:]])

    sets = np.cumsum([0, *(len(one.first_edge) - 1 for one in ensembles)])
    threshold = [
        np.where(one.decision & CATEGORICAL, one.threshold + first, one.threshold)
        for one, first in zip(ensembles, sets, strict=False)
    ]
    return replace(
        ensembles[0],
        first_node=starts("first_node"),
        first_leaf=starts("first_leaf"),
        feature=joined("feature"),
        threshold=np.concatenate(threshold),
        decision=joined("decision"),
        child=joined("child"),
        share=joined("share"),
        leaf=joined("leaf") / len(ensembles),
        first_edge=starts("first_edge"),
        edge=joined("edge"),
        base=float(np.mean([one.base for one in ensembles])),
    )
