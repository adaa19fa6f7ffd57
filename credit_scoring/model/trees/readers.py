"""The choice of the reader for a fitted model, by the name of its class."""

import logging
from collections.abc import Callable
from typing import Any

from credit_scoring.model.trees.catboost_trees import read_catboost
from credit_scoring.model.trees.ensemble import NotCovered, TreeEnsemble
from credit_scoring.model.trees.hist_gradient_boosting import read_hist_gradient_boosting
from credit_scoring.model.trees.lightgbm_text import read_lightgbm
from credit_scoring.model.trees.sklearn_trees import (
    read_adaboost,
    read_forest,
    read_gradient_boosting,
    read_tree,
)
from credit_scoring.model.trees.xgboost_trees import read_xgboost

# By names: a library is imported only with a model of its own.
READERS: dict[tuple[str, str], Callable[[Any], TreeEnsemble]] = {
    ("lightgbm", "LGBMClassifier"): lambda fitted: read_lightgbm(fitted.booster_),
    ("lightgbm", "Booster"): read_lightgbm,
    ("xgboost", "XGBClassifier"): read_xgboost,
    ("xgboost", "XGBRFClassifier"): read_xgboost,
    ("catboost", "CatBoostClassifier"): read_catboost,
    ("sklearn", "DecisionTreeClassifier"): read_tree,
    ("sklearn", "ExtraTreeClassifier"): read_tree,
    ("sklearn", "RandomForestClassifier"): read_forest,
    ("sklearn", "ExtraTreesClassifier"): read_forest,
    ("sklearn", "GradientBoostingClassifier"): read_gradient_boosting,
    ("sklearn", "HistGradientBoostingClassifier"): read_hist_gradient_boosting,
    ("sklearn", "AdaBoostClassifier"): read_adaboost,
    ("imblearn", "BalancedRandomForestClassifier"): read_forest,
    ("imblearn", "RUSBoostClassifier"): read_adaboost,
}

log = logging.getLogger(__name__)


def ensemble_of(fitted: Any) -> TreeEnsemble | None:
    """The trees of a fitted classifier, of class 1; None if they are not read.

    For a tree ensemble that is not covered the reason is logged.
    """
    try:
        return read_ensemble(fitted)
    except NotCovered as reason:
        log.info("the trees of %s are not read: %s", type(fitted).__name__, reason)
        return None


def read_ensemble(fitted: Any) -> TreeEnsemble | None:
    """The trees of a fitted classifier, of class 1; None if it is not a tree ensemble.

    Raises:
        NotCovered: it is a tree ensemble that is not read.
    """
    kind = type(fitted)
    read = READERS.get((kind.__module__.partition(".")[0], kind.__name__))
    return None if read is None else read(fitted)
