"""Fitted tree ensembles of every kind, rows on their split points."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier, early_stopping
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from credit_scoring.float_search import above
from credit_scoring.model.trees.ensemble import TreeEnsemble, split_points
from credit_scoring.model.trees.readers import read_ensemble

FEATURES = 6
CATEGORIES = [1, 4]  # columns that are categories in some models
LIGHTGBM = {"n_estimators": 8, "min_child_samples": 3, "verbose": -1, "n_jobs": 1}
XGBOOST = {"n_estimators": 8, "max_depth": 5, "n_jobs": 1}
CATBOOST = {"iterations": 8, "depth": 5, "verbose": 0, "allow_writing_files": False,
            "thread_count": 1}  # fmt: skip

Rows = np.ndarray


def clients(seed: int, clients: int = 400) -> tuple[Rows, Rows]:
    """Values, a tenth of them missing, two columns of whole numbers, and classes."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=(clients, FEATURES))
    rows[:, CATEGORIES] = random.integers(0, 7, (clients, 2))
    risk = rows[:, 0] * rows[:, 2] + rows[:, 3] + (rows[:, 1] % 3 == 1) - (rows[:, 4] == 5)
    classes = (risk + random.normal(size=clients) > 0.3).astype(int)
    rows[random.random(rows.shape) < 0.1] = np.nan
    return rows, classes


def _filled(rows: Rows) -> Rows:
    return np.where(np.isnan(rows), -1.0, rows)


def lightgbm(rows: Rows, classes: Rows, **options: Any) -> Any:
    return LGBMClassifier(**LIGHTGBM | options).fit(rows, classes)


def lightgbm_stopped(rows: Rows, classes: Rows) -> Any:
    model = LGBMClassifier(**LIGHTGBM | {"n_estimators": 60, "learning_rate": 0.5})
    stop = early_stopping(3, verbose=False)
    model.fit(rows[100:], classes[100:], eval_X=rows[:100], eval_y=classes[:100], callbacks=[stop])
    assert 0 < model.best_iteration_ < 50
    return model


def xgboost(rows: Rows, classes: Rows, kind: str = "XGBClassifier", **options: Any) -> Any:
    library = pytest.importorskip("xgboost")
    return getattr(library, kind)(**XGBOOST | options).fit(rows, classes)


def xgboost_stopped(rows: Rows, classes: Rows) -> Any:
    library = pytest.importorskip("xgboost")
    model = library.XGBClassifier(
        **XGBOOST | {"n_estimators": 60, "learning_rate": 0.7}, early_stopping_rounds=3
    )
    model.fit(rows[100:], classes[100:], eval_set=[(rows[:100], classes[:100])], verbose=False)
    assert model.best_iteration < 50
    return model


def catboost(rows: Rows, classes: Rows, **options: Any) -> Any:
    library = pytest.importorskip("catboost")
    return library.CatBoostClassifier(**CATBOOST | options).fit(rows, classes)


def catboost_shrunk(rows: Rows, classes: Rows) -> Any:
    model = catboost(rows, classes, boost_from_average=True)
    model.shrink(5)
    return model


def imblearn(name: str, **options: Any) -> Callable[[Rows, Rows], Any]:
    def fit(rows: Rows, classes: Rows) -> Any:
        ensemble = pytest.importorskip("imblearn.ensemble")
        return getattr(ensemble, name)(**options, random_state=0).fit(_filled(rows), classes)

    return fit


def sklearn(model: Any, missing: bool = True) -> Callable[[Rows, Rows], Any]:
    def fit(rows: Rows, classes: Rows) -> Any:
        return model.fit(rows if missing else _filled(rows), classes)

    return fit


def xgboost_categories(rows: Rows, classes: Rows, **options: Any) -> Any:
    types = ["c" if at in CATEGORIES else "q" for at in range(FEATURES)]
    return xgboost(
        rows, classes, enable_categorical=True, feature_types=types, max_cat_to_onehot=1, **options
    )


def xgboost_one_hot(rows: Rows, classes: Rows) -> Any:
    types = ["c" if at in CATEGORIES else "q" for at in range(FEATURES)]
    return xgboost(
        rows, classes, enable_categorical=True, feature_types=types, max_cat_to_onehot=50
    )


MODELS: dict[str, Callable[[Rows, Rows], Any]] = {
    "lightgbm": lightgbm,
    "lightgbm zero missing": lambda x, y: lightgbm(x, y, zero_as_missing=True),
    "lightgbm nothing missing": lambda x, y: lightgbm(x, y, use_missing=False),
    "lightgbm dart": lambda x, y: lightgbm(x, y, boosting_type="dart", drop_rate=0.5),
    "lightgbm forest": lambda x, y: lightgbm(
        x, y, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6
    ),
    "lightgbm sigmoid": lambda x, y: lightgbm(x, y, sigmoid=2.5),
    "lightgbm stopped": lightgbm_stopped,
    "lightgbm no split": lambda x, y: lightgbm(x, y, min_child_samples=400),
    "lightgbm categories": lambda x, y: LGBMClassifier(
        **LIGHTGBM, min_data_per_group=5, cat_smooth=1, max_cat_to_onehot=1
    ).fit(x, y, categorical_feature=CATEGORIES),
    "xgboost": xgboost,
    "xgboost forest": lambda x, y: xgboost(x, y, kind="XGBRFClassifier"),
    "xgboost dart": lambda x, y: xgboost(x, y, booster="dart", rate_drop=0.5, random_state=1),
    "xgboost lossguide": lambda x, y: xgboost(
        x, y, grow_policy="lossguide", tree_method="hist", gamma=1.0
    ),
    "xgboost stopped": xgboost_stopped,
    "xgboost missing 3": lambda x, y: xgboost(x, y, missing=3.0),
    "xgboost missing 0": lambda x, y: xgboost(x, y, missing=0.0),
    "xgboost light nodes": lambda x, y: xgboost(x, y, min_child_weight=0, reg_lambda=0.0),
    "xgboost no split": lambda x, y: xgboost(x, y, gamma=1e9),
    "xgboost categories": xgboost_categories,
    "xgboost categories missing 3": lambda x, y: xgboost_categories(x, y, missing=3.0),
    "xgboost one-hot": xgboost_one_hot,
    "catboost": catboost,
    "catboost largest missing": lambda x, y: catboost(x, y, nan_mode="Max"),
    "catboost nothing missing": lambda x, y: catboost(_filled(x), y, nan_mode="Forbidden"),
    "catboost lossguide": lambda x, y: catboost(x, y, grow_policy="Lossguide"),
    "catboost depthwise": lambda x, y: catboost(x, y, grow_policy="Depthwise"),
    "catboost averaged": lambda x, y: catboost(x, y, boost_from_average=True),
    "catboost shrunk": catboost_shrunk,
    "tree": sklearn(DecisionTreeClassifier(random_state=0)),
    "tree best first": sklearn(DecisionTreeClassifier(max_leaf_nodes=14, random_state=0)),
    "tree no split": sklearn(DecisionTreeClassifier(max_depth=1, min_samples_leaf=300)),
    "extra tree": sklearn(ExtraTreeClassifier(random_state=0), missing=False),
    "forest": sklearn(RandomForestClassifier(6, random_state=0)),
    "forest balanced": sklearn(RandomForestClassifier(6, class_weight="balanced", random_state=0)),
    "extra trees": sklearn(ExtraTreesClassifier(6, random_state=0), missing=False),
    "balanced forest": imblearn("BalancedRandomForestClassifier", n_estimators=6),
    "gradient boosting": sklearn(
        GradientBoostingClassifier(n_estimators=8, random_state=0), missing=False
    ),
    "gradient boosting exponential": sklearn(
        GradientBoostingClassifier(n_estimators=8, loss="exponential", random_state=0),
        missing=False,
    ),
    "gradient boosting zero": sklearn(
        GradientBoostingClassifier(n_estimators=8, init="zero", random_state=0), missing=False
    ),
    "gradient boosting uniform": sklearn(
        GradientBoostingClassifier(n_estimators=8, init=DummyClassifier(strategy="uniform")),
        missing=False,
    ),
    "histogram boosting": sklearn(HistGradientBoostingClassifier(max_iter=8, min_samples_leaf=3)),
    "histogram boosting categories": sklearn(
        HistGradientBoostingClassifier(
            max_iter=8, min_samples_leaf=3, categorical_features=CATEGORIES
        )
    ),
    "adaboost": sklearn(
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=8, random_state=0),
        missing=False,
    ),
    "rusboost": imblearn(
        "RUSBoostClassifier", n_estimators=8, estimator=DecisionTreeClassifier(max_depth=2)
    ),
}
TAKE_NO_MISSING = ("catboost nothing", "extra", "balanced", "gradient", "adaboost", "rusboost")
SINGLE = 1e-6  # of XGBoost's own sums
DOUBLE = 1e-12


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted classifier and its trees.

    Attributes:
        model: as its library gives it.
        ensemble: its trees.
        rows: that the model accepts, many values on split points or just above them.
        accuracy: the largest difference in probability, relative to 1.
    """

    model: Any
    ensemble: TreeEnsemble
    rows: Rows
    accuracy: float


def fitted(name: str, seed: int = 0) -> Fitted:
    """A model of `MODELS`."""
    rows, classes = clients(seed)
    model = MODELS[name](rows, classes)
    ensemble = read_ensemble(model)
    assert ensemble is not None
    random = np.random.default_rng(seed + 100)
    found = rows[:60].copy()
    for feature, points in enumerate(split_points(ensemble, FEATURES)):
        inside = points[np.abs(points) < 1e30]
        if len(inside):
            near = random.choice(np.concatenate([inside, above(inside)]), len(found))
            found[:, feature] = np.where(random.random(len(found)) < 0.5, near, found[:, feature])
    if name.startswith(TAKE_NO_MISSING):
        found = _filled(found)
    accuracy = SINGLE if name.startswith("xgboost") else DOUBLE
    return Fitted(model, ensemble, found, accuracy)
