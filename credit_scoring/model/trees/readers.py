"""The choice of the reader for a fitted model, by the name of its class."""

import logging
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from credit_scoring.data.tables import Categories
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

NO_TEXTS: Categories = MappingProxyType({})

log = logging.getLogger(__name__)


def ensemble_of(fitted: Any, texts: Categories = NO_TEXTS) -> TreeEnsemble | None:
    """The trees of a fitted classifier, of class 1; None if they are not read.

    For a tree ensemble that is not covered the reason is logged.

    Args:
        fitted: any classifier.
        texts: the texts of columns in which rows have codes, by column; only histogram boosting is
            read then.
    """
    try:
        return read_ensemble(fitted, texts)
    except NotCovered as reason:
        log.info("the trees of %s are not read: %s", type(fitted).__name__, reason)
        return None


def read_ensemble(fitted: Any, texts: Categories = NO_TEXTS) -> TreeEnsemble | None:
    """The trees of a fitted classifier, of class 1; None if it is not a tree ensemble.

    Args:
        fitted: any classifier.
        texts: see `ensemble_of`.

    Raises:
        NotCovered: it is a tree ensemble that is not read.
    """
    kind = type(fitted)
    read = READERS.get((kind.__module__.partition(".")[0], kind.__name__))
    if read is read_hist_gradient_boosting:
        return read_hist_gradient_boosting(fitted, texts)
    return None if read is None or texts else read(fitted)
