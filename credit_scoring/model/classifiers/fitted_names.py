"""Names of the columns on which a classifier was fitted, as far as it records them."""

import re
from collections.abc import Sequence
from typing import Any

# The names that LightGBM, CatBoost and XGBoost give to the columns of an array.
NUMBERED = re.compile(r"(Column_|f)?\d+")


def fitted_names(fitted: Any) -> list[str]:
    """The names of a classifier's columns in its order; empty if it records none.

    Args:
        fitted: a classifier, a booster of LightGBM or XGBoost, or a calibrated classifier.
    """
    for name in ("feature_names_in_", "feature_name_", "feature_names_", "feature_names"):
        found = getattr(fitted, name, None)
        if found is not None and not callable(found):
            return list(map(str, found))
    if callable(names := getattr(fitted, "feature_name", None)):  # LightGBM's booster
        return list(map(str, names()))
    calibrated = getattr(fitted, "calibrated_classifiers_", None)
    if calibrated:
        return fitted_names(calibrated[0].estimator)
    inner = getattr(fitted, "estimator", None)  # FrozenEstimator
    return [] if inner is None else fitted_names(inner)


def are_numbers(names: Sequence[str]) -> bool:
    """True for the names that a library gives to the columns of an array."""
    return all(NUMBERED.fullmatch(name) for name in names)


def fitted_width(fitted: Any) -> int | None:
    """The number of a classifier's columns; None if it does not record it."""
    for name in ("n_features_in_", "n_features_"):
        number = getattr(fitted, name, None)
        if isinstance(number, int) and number > 0:  # CatBoost's is 0 after unpickling
            return number
    for name in ("num_feature", "num_features"):
        if callable(count := getattr(fitted, name, None)):
            return int(count())
    return len(fitted_names(fitted)) or None
