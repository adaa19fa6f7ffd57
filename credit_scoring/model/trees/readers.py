"""The choice of the reader for a fitted model, by the name of its class."""

import logging
from collections.abc import Callable
from typing import Any

from credit_scoring.model.trees.ensemble import NO_LEVELS, Levels, NotCovered, TreeEnsemble
from credit_scoring.model.trees.libraries.catboost_trees import read_catboost
from credit_scoring.model.trees.libraries.hist_gradient_boosting import read_hist_gradient_boosting
from credit_scoring.model.trees.libraries.lightgbm_text import read_lightgbm
from credit_scoring.model.trees.libraries.sklearn_trees import (
    read_adaboost,
    read_forest,
    read_gradient_boosting,
    read_tree,
)
from credit_scoring.model.trees.libraries.xgboost_trees import read_xgboost

# By names: a library is imported only with a model of its own.
READERS: dict[tuple[str, str], Callable[[Any], TreeEnsemble]] = {
    ("lightgbm", "Booster"): read_lightgbm,
    ("xgboost", "XGBClassifier"): read_xgboost,
    ("xgboost", "XGBRFClassifier"): read_xgboost,
    ("catboost", "CatBoostClassifier"): read_catboost,
    ("sklearn", "DecisionTreeClassifier"): read_tree,
    ("sklearn", "ExtraTreeClassifier"): read_tree,
    ("sklearn", "RandomForestClassifier"): read_forest,
    ("sklearn", "ExtraTreesClassifier"): read_forest,
    ("sklearn", "GradientBoostingClassifier"): read_gradient_boosting,
    ("sklearn", "AdaBoostClassifier"): read_adaboost,
    ("imblearn", "BalancedRandomForestClassifier"): read_forest,
    ("imblearn", "RUSBoostClassifier"): read_adaboost,
}

# Of a classifier whose rows may have other values than its codes of categories.
READERS_OF_LEVELS: dict[tuple[str, str], Callable[[Any, Levels], TreeEnsemble]] = {
    ("lightgbm", "LGBMClassifier"): lambda fitted, levels: read_lightgbm(fitted.booster_, levels),
    ("sklearn", "HistGradientBoostingClassifier"): read_hist_gradient_boosting,
}

log = logging.getLogger(__name__)


def ensemble_of(fitted: Any, levels: Levels = NO_LEVELS) -> TreeEnsemble | None:
    """The trees of a fitted classifier, of class 1; None if they are not read.

    For a tree ensemble that is not covered the reason is logged.

    Args:
        fitted: any classifier.
        levels: see `Levels`; only `READERS_OF_LEVELS` read classifiers with any.
    """
    try:
        return read_ensemble(fitted, levels)
    except NotCovered as reason:
        log.info("the trees of %s are not read: %s", type(fitted).__name__, reason)
        return None


def read_ensemble(fitted: Any, levels: Levels = NO_LEVELS) -> TreeEnsemble | None:
    """The trees of a fitted classifier, of class 1; None if it is not a tree ensemble.

    Args:
        fitted: any classifier.
        levels: see `ensemble_of`.

    Raises:
        NotCovered: it is a tree ensemble that is not read.
    """
    name = type(fitted).__module__.partition(".")[0], type(fitted).__name__
    if name in READERS_OF_LEVELS:
        return READERS_OF_LEVELS[name](fitted, levels)
    return None if name not in READERS or levels else READERS[name](fitted)
