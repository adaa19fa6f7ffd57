"""scikit-learn's ``CalibratedClassifierCV``: a calibration over some fitted classifiers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import TOLERANCE, Classifier, RawOutput
from credit_scoring.model.classifiers.frame_model import FrameModel
from credit_scoring.model.classifiers.inner_models import unwrapped
from credit_scoring.model.classifiers.kinds.linear import (
    LinearClassifier,
    LinearScore,
    linear_score,
    linear_with,
)
from credit_scoring.model.classifiers.kinds.tree_classifier import (
    NO_CATEGORIES,
    TreeClassifier,
    adds_up_to,
    probes,
)
from credit_scoring.model.classifiers.predict_proba import OwnProbabilities
from credit_scoring.model.trees.contributions import raw_outputs
from credit_scoring.model.trees.ensemble import TreeEnsemble, mean_of, split_points

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
        fitted: any classifier; a `FrameModel` of a calibrated one if that takes texts.
        column: index of the default class.
        choose: wraps a classifier below the calibration, towards class 1.
    """
    model = fitted.fitted if isinstance(fitted, FrameModel) else fitted
    kind = type(model)
    if kind.__name__ != "CalibratedClassifierCV" or not kind.__module__.startswith("sklearn."):
        return None
    frame = fitted if isinstance(fitted, FrameModel) else None
    parts = [_Part(one, frame) for one in model.calibrated_classifiers_]
    if any(part.falls for part in parts):
        return None
    own = OwnProbabilities(fitted, column)
    scores = [linear_score(part.estimator) for part in parts]
    if known := [score for score in scores if score is not None]:
        return _linear(own, parts, known) if len(known) == len(parts) else None
    if not all(hasattr(part.estimator, "predict_proba") for part in parts):
        return None
    inner = [choose(part.asked).trees for part in parts]
    ensembles = [trees for trees in inner if trees is not None]
    if frame is None and any(trees.derived is not None for trees in ensembles):
        return None  # CatBoost takes categories as texts or whole numbers only
    return _of_trees(own, parts, ensembles) if len(ensembles) == len(parts) else None


class _Part:
    """One fitted classifier with its calibration.

    Attributes:
        estimator: the fitted classifier.
        asked: the classifier, or a `FrameModel` of it, which takes rows of doubles.
        sigmoid: slope and shift of the log-odds in its response; None for other calibrations.
        falls: true if the calibrated probability falls as the response rises.
    """

    def __init__(self, one: Any, frame: FrameModel | None) -> None:
        self.estimator = unwrapped(one.estimator)
        self.asked = self.estimator if frame is None else replace(frame, fitted=self.estimator)
        self.sigmoid: tuple[float, float] | None = None
        if one.method == "sigmoid":
            calibrator = one.calibrators[0]
            self.sigmoid = -float(calibrator.a_), -float(calibrator.b_)
        self.falls = self.sigmoid is not None and self.sigmoid[0] <= 0

    def response(self, rows: Matrix) -> Matrix:
        """The values that are calibrated, shape (m,)."""
        if hasattr(self.estimator, "decision_function"):
            return np.asarray(self.estimator.decision_function(self._taken(rows)), np.float64)
        return OwnProbabilities(self.asked, 1).probabilities(rows)

    def _taken(self, rows: Matrix) -> Any:
        """Rows as the classifier takes them."""
        if isinstance(self.asked, FrameModel):
            return self.asked.frame(rows)
        names = getattr(self.estimator, "feature_names_in_", None)
        return rows if names is None else pd.DataFrame(rows, columns=pd.Index(names))


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
    counts = own.fitted.category_counts if isinstance(own.fitted, FrameModel) else NO_CATEGORIES
    if len(parts) == 1 and parts[0].sigmoid is not None:
        trees = _calibrated_trees(parts[0], ensembles[0], features, counts)
        if trees is not None:
            trees = trees if own.column == 1 else trees.opposite()
            if adds_up_to(trees, own, features, counts):
                return TreeClassifier(own, trees, features)
    trees = mean_of(ensembles)
    return TreeMargin(own, trees if own.column == 1 else trees.opposite(), features)


def _calibrated_trees(
    part: _Part, trees: TreeEnsemble, features: int, counts: Mapping[int, int]
) -> TreeEnsemble | None:
    """Trees that add up to the calibrated log-odds; None if the response is not their raw output.

    The response may be the raw output times a number: the loss "exponential" halves log-odds.
    """
    assert part.sigmoid is not None  # noqa: S101 - the caller checks it
    slope, shift = part.sigmoid
    rows = probes(split_points(trees, features), counts)
    response, output = part.response(rows), raw_outputs(trees, rows)
    factor = float(response @ output / (output @ output)) if output.any() else 1.0
    if np.abs(factor * output - response).max() > TOLERANCE * (1 + np.abs(response).max()):
        return None
    return replace(trees.scaled(slope * factor, shift), raw_output="log-odds")
