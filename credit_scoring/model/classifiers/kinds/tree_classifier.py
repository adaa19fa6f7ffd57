"""Tree ensembles of scikit-learn, and the base of classifiers with known trees."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import expit

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import (
    LARGEST_SINGLE,
    Contributions,
    RawOutput,
)
from credit_scoring.model.classifiers.fitted_names import fitted_width
from credit_scoring.model.classifiers.frame_levels import levels_of
from credit_scoring.model.classifiers.frame_model import FrameModel
from credit_scoring.model.classifiers.predict_proba import (
    OwnProbabilities,
    OwnProbabilitiesClassifier,
    without_names,
)
from credit_scoring.model.trees.contributions import contributions, raw_outputs
from credit_scoring.model.trees.ensemble import TreeEnsemble, split_points
from credit_scoring.model.trees.readers import ensemble_of

PROBES = 64
NO_CATEGORIES: Mapping[int, int] = MappingProxyType({})


class TreeClassifier(OwnProbabilitiesClassifier):
    """A classifier whose raw output is the sum of known trees, explained by exact TreeSHAP."""

    explained_by = "treeshap"

    def __init__(self, own: OwnProbabilities, trees: TreeEnsemble, features: int) -> None:
        """Wrap a fitted object.

        Args:
            own: probabilities of the fitted object.
            trees: towards the default class.
            features: the number of inputs, n.
        """
        super().__init__(own)
        self._trees = trees
        self._features = features
        self._accelerated: Contributions | None = None

    @property
    def raw_output(self) -> RawOutput:
        """See `Classifier`."""
        return self._trees.raw_output

    @property
    def trees(self) -> TreeEnsemble:
        """See `Classifier`."""
        return self._trees

    @property
    def is_quick(self) -> bool:
        """See `Classifier`."""
        return self._accelerated is not None

    @cached_property
    def split_points(self) -> tuple[Matrix | None, ...]:
        """See `Classifier`."""
        derived = self._trees.derived
        unknown = frozenset[int]() if derived is None else derived.unknown
        return tuple(
            None if feature in unknown else points
            for feature, points in enumerate(split_points(self._trees, self._features))
        )

    def explain_by(self, contributions: Contributions) -> None:
        """See `Classifier`."""
        self._accelerated = contributions

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        if self._accelerated is not None:
            return self._accelerated(rows)
        return contributions(self._trees, rows)

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return raw_outputs(self._trees, rows)


def tree_classifier(fitted: Any, column: int) -> TreeClassifier | None:
    """The classifier if it is scikit-learn's or alike and its trees are known, else None.

    Args:
        fitted: any classifier; a `FrameModel` of LightGBM or histogram boosting that takes texts.
        column: index of the default class.
    """
    taken, counts = fitted, NO_CATEGORIES
    if isinstance(fitted, FrameModel):
        levels = levels_of(fitted, fitted.fitted)
        trees = None if levels is None else ensemble_of(fitted.fitted, levels)
        counts = fitted.category_counts
    else:
        trees, taken = ensemble_of(fitted), without_names(fitted)
    features = fitted_width(fitted)
    if trees is None or features is None:
        return None
    own = OwnProbabilities(taken, column)
    trees = trees if column == 1 else trees.opposite()
    if not adds_up_to(trees, own, features, counts):
        return None
    return TreeClassifier(own, trees, features)


def adds_up_to(
    trees: TreeEnsemble,
    own: OwnProbabilities,
    features: int,
    category_counts: Mapping[int, int] = NO_CATEGORIES,
) -> bool:
    """True if trees give the probabilities of a fitted object for some rows next to splits.

    Args:
        trees: towards the default class.
        own: the probabilities of the default class.
        features: the number of inputs, n.
        category_counts: the number of codes to try for each categorical input, by its index.
    """
    rows = probes(split_points(trees, features), category_counts)
    try:
        expected = own.probabilities(rows)
    except ValueError:  # it takes other values than numbers
        return False
    output = raw_outputs(trees, rows)
    found = expit(output) if trees.raw_output == "log-odds" else output
    return bool(np.abs(found - expected).max() <= own.tolerance)


def probes(
    split_points: Sequence[Matrix], category_counts: Mapping[int, int] = NO_CATEGORIES
) -> Matrix:
    """Rows of split points and the single-precision numbers above them, shape (PROBES, n).

    Of a categorical input they have codes, from 0 up.
    """
    random = np.random.default_rng(0)
    rows = np.zeros((PROBES, len(split_points)))
    for feature, points in enumerate(split_points):
        if len(points):
            rows[:, feature] = random.choice(points, PROBES)
    with np.errstate(over="ignore"):
        above = np.nextafter(rows.astype(np.float32), np.float32(np.inf)).astype(np.float64)
    rows = np.where(random.random(rows.shape) < 0.5, rows, above)
    for column, count in category_counts.items():
        rows[:, column] = random.integers(0, max(1, count), PROBES)
    return np.clip(rows, -LARGEST_SINGLE, LARGEST_SINGLE)
