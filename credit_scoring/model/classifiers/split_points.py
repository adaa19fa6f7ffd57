"""Split points of fitted trees: the values at which a score can change."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.model.classifiers.lightgbm_text import (
    CATEGORICAL,
    LIGHTGBM_ZERO,
    NAN_IS_MISSING,
    ZERO_IS_MISSING,
    Fields,
)

MISSING_BITS = ZERO_IS_MISSING | NAN_IS_MISSING


def of_lightgbm(trees: Sequence[Fields], features: int) -> tuple[Matrix, ...] | None:
    """Split points of LightGBM's trees, see `Classifier.split_points`.

    None if a tree splits by categories, or its leaves are linear functions.

    Args:
        trees: from `tree_fields`.
        features: the number of features that the booster takes.
    """
    if any(tree.get("is_linear", "0") != "0" for tree in trees):
        return None

    def joined(name: str, dtype: Any) -> NDArray[Any]:
        return np.concatenate([np.array(tree.get(name, "").split(), dtype) for tree in trees])

    split_on, kind = joined("split_feature", np.intp), joined("decision_type", np.intp)
    at = joined("threshold", np.float64)
    if (kind & CATEGORICAL).any():
        return None
    at = np.where((at >= 0) & (at < LIGHTGBM_ZERO), LIGHTGBM_ZERO, at)
    at = np.where((at < 0) & (at >= -LIGHTGBM_ZERO), below(-LIGHTGBM_ZERO), at)
    zero_is_missing = split_on[kind & MISSING_BITS == ZERO_IS_MISSING]
    around_zero = np.array([below(-LIGHTGBM_ZERO), LIGHTGBM_ZERO])
    return _by_feature(
        np.concatenate([split_on, np.repeat(zero_is_missing, 2)]),
        np.concatenate([at, np.tile(around_zero, len(zero_is_missing))]),
        features,
    )


def of_trees(classifier: Any) -> tuple[Matrix, ...] | None:
    """Split points of scikit-learn's trees, see `Classifier.split_points`; None for other kinds.

    These trees round values to float32 before they compare them.
    """
    kind = type(classifier)
    trees: Iterable[Any]
    if kind in (DecisionTreeClassifier, ExtraTreeClassifier):
        trees = [classifier]
    elif kind in (RandomForestClassifier, ExtraTreesClassifier):
        trees = classifier.estimators_
    elif kind is GradientBoostingClassifier and classifier.init in (None, "zero"):
        trees = np.ravel(classifier.estimators_)
    else:
        return None
    features = np.concatenate([tree.tree_.feature for tree in trees])
    at = np.concatenate([tree.tree_.threshold for tree in trees])
    inner = features >= 0  # a leaf has -2
    return _by_feature(features[inner], _of_doubles(at[inner]), classifier.n_features_in_)


def _of_doubles(thresholds: Matrix) -> Matrix:
    """The largest double that rounds to a float32 not above a threshold, for each threshold."""
    nearest = thresholds.astype(np.float32)
    single = np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)
    following = np.nextafter(single, np.float32(np.inf))
    middle = (single.astype(np.float64) + following.astype(np.float64)) / 2  # a double, exactly
    return np.where(middle.astype(np.float32) == single, middle, below(middle))


def _by_feature(features: NDArray[Any], values: Matrix, number: int) -> tuple[Matrix, ...]:
    return tuple(np.unique(values[features == feature]) for feature in range(number))
