"""Fitted classifiers of every kind, as they come out of a pickle."""

import pickle
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    RidgeClassifier,
    SGDClassifier,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

FEATURES = 9


class Kind(NamedTuple):
    """A kind of classifier and the answers expected of its wrapper.

    Attributes:
        make: makes an unfitted classifier.
        explained_by: the method of its contributions.
        raw_output: their unit.
        takes_nan: true if it takes missing values.
        last_bits: the largest difference between a score alone and in company: matrix products
            round differently.
    """

    make: Callable[[], Any]
    explained_by: str
    raw_output: str
    takes_nan: bool = False
    last_bits: float = 0.0


def clients(*, with_nan: bool) -> tuple[np.ndarray, np.ndarray]:
    """301 rows of nine features, two of them flags, and classes that follow four of them."""
    random = np.random.default_rng(5)
    rows = random.normal(size=(301, FEATURES))
    rows[:, 7:] = rows[:, 7:] > 0.3
    rows[:, 6] = np.round(rows[:, 6] * 3)
    risk = rows[:, 0] + rows[:, 1] * rows[:, 2] + rows[:, 7] + 0.7 * random.normal(size=301)
    if with_nan:
        rows[random.random(rows.shape) < 0.1] = np.nan
    return rows, (risk > 0.8).astype(int)


def xgboost(**options: object) -> Any:
    module = pytest.importorskip("xgboost")
    return module.XGBClassifier(**{"n_estimators": 20} | options)


def catboost(**options: object) -> Any:
    module = pytest.importorskip("catboost")
    quiet = {"verbose": 0, "allow_writing_files": False}
    return module.CatBoostClassifier(**{"iterations": 20, "depth": 4} | quiet | options)


def lightgbm(**options: object) -> Any:
    return LGBMClassifier(**{"n_estimators": 20, "verbose": -1, "n_jobs": 2} | options)


def forest(**options: object) -> Any:
    return RandomForestClassifier(**{"n_estimators": 10, "random_state": 0, "n_jobs": 2} | options)


def calibrated(inner: Any, **options: object) -> Any:
    return CalibratedClassifierCV(inner, **options)


def prefit(inner: Any, **options: object) -> Any:
    inner.fit(*clients(with_nan=False))
    return CalibratedClassifierCV(FrozenEstimator(inner), **options)


KINDS = {
    "lightgbm": Kind(lightgbm, "treeshap", "log-odds", True),
    "lightgbm sigmoid 2": Kind(lambda: lightgbm(sigmoid=2.0), "treeshap", "log-odds", True),
    "lightgbm forest": Kind(
        lambda: lightgbm(boosting_type="rf", bagging_freq=1, bagging_fraction=0.5),
        "treeshap", "log-odds", True,
    ),
    "lightgbm dart": Kind(lambda: lightgbm(boosting_type="dart"), "treeshap", "log-odds", True),
    "lightgbm cross entropy": Kind(
        lambda: lightgbm(objective="cross_entropy"), "treeshap", "log-odds", True
    ),
    "lightgbm of two outputs": Kind(
        lambda: lightgbm(objective="multiclass", num_class=2), "permutation", "probability", True
    ),
    "lightgbm linear leaves": Kind(
        lambda: lightgbm(linear_tree=True), "permutation", "probability", True
    ),
    "xgboost": Kind(xgboost, "treeshap", "log-odds", True),
    "xgboost missing": Kind(lambda: xgboost(missing=0.0), "treeshap", "log-odds"),
    "xgboost dart": Kind(
        lambda: xgboost(booster="dart", rate_drop=0.3), "treeshap", "log-odds", True
    ),
    "xgboost linear": Kind(lambda: xgboost(booster="gblinear"), "XGBoost", "log-odds"),
    "xgboost forest": Kind(
        lambda: pytest.importorskip("xgboost").XGBRFClassifier(n_estimators=20, max_depth=4),
        "treeshap", "log-odds", True,
    ),
    "xgboost other loss": Kind(
        lambda: xgboost(objective="reg:squarederror"), "permutation", "probability", True
    ),
    "catboost": Kind(catboost, "treeshap", "log-odds", True),
    "catboost lossguide": Kind(
        lambda: catboost(grow_policy="Lossguide"), "treeshap", "log-odds", True
    ),
    "catboost of two outputs": Kind(
        lambda: catboost(loss_function="MultiClass"), "permutation", "probability", True
    ),
    "forest": Kind(forest, "treeshap", "probability", True),
    "extra trees": Kind(
        lambda: ExtraTreesClassifier(10, random_state=0), "treeshap", "probability", True
    ),
    "tree": Kind(
        lambda: DecisionTreeClassifier(max_depth=5, random_state=0), "treeshap", "probability", True
    ),
    "gradient boosting": Kind(
        lambda: GradientBoostingClassifier(n_estimators=10), "treeshap", "log-odds"
    ),
    "gradient boosting exponential": Kind(
        lambda: GradientBoostingClassifier(n_estimators=10, loss="exponential"),
        "treeshap", "log-odds",
    ),
    "gradient boosting from a model": Kind(
        lambda: GradientBoostingClassifier(n_estimators=3, init=LogisticRegression()),
        "permutation", "probability", last_bits=1e-6,  # rounds to single precision
    ),
    "histogram boosting": Kind(
        lambda: HistGradientBoostingClassifier(max_iter=10), "treeshap", "log-odds", True
    ),
    "histogram boosting categories": Kind(
        lambda: HistGradientBoostingClassifier(max_iter=10, categorical_features=[7, 8]),
        "treeshap", "log-odds", True,
    ),
    "adaboost": Kind(lambda: AdaBoostClassifier(n_estimators=5), "treeshap", "log-odds"),
    "logistic": Kind(LogisticRegression, "linear", "log-odds"),
    "logistic cv": Kind(
        lambda: LogisticRegressionCV(
            l1_ratios=(0,), use_legacy_attributes=False, scoring="neg_log_loss"
        ),
        "linear", "log-odds",
    ),
    "sgd": Kind(lambda: SGDClassifier(loss="log_loss", random_state=0), "linear", "log-odds"),
    "sgd huber": Kind(
        lambda: SGDClassifier(loss="modified_huber", random_state=0),
        "permutation", "probability", last_bits=1e-14,
    ),
    "lda": Kind(LinearDiscriminantAnalysis, "linear", "log-odds"),
    "naive bayes": Kind(GaussianNB, "additive", "log-odds"),
    "calibrated logistic": Kind(
        lambda: calibrated(LogisticRegression(), ensemble=False), "linear", "log-odds",
        last_bits=1e-15,
    ),
    "calibrated frozen boosting": Kind(
        lambda: prefit(GradientBoostingClassifier(n_estimators=10)), "treeshap", "log-odds"
    ),
    "calibrated frozen exponential": Kind(
        lambda: prefit(GradientBoostingClassifier(n_estimators=10, loss="exponential")),
        "treeshap", "log-odds",
    ),
    "calibrated forest": Kind(
        lambda: calibrated(forest(), ensemble=False), "treeshap", "log-odds", True
    ),
    "calibrated lightgbm": Kind(
        lambda: calibrated(lightgbm(), ensemble=False), "treeshap", "log-odds", True
    ),
    "calibrated xgboost": Kind(
        lambda: calibrated(xgboost(), ensemble=False), "treeshap", "margin", True
    ),
    "calibrated catboost folds": Kind(
        lambda: calibrated(catboost()), "treeshap", "margin", True
    ),
    "stacked xgboost": Kind(
        lambda: StackingClassifier([("boosted", xgboost()), ("forest", forest())]),
        "permutation", "probability", True, 1e-15,
    ),
    "calibrated isotonic": Kind(
        lambda: calibrated(forest(), method="isotonic", ensemble=False), "treeshap", "margin", True
    ),
    "calibrated temperature": Kind(
        lambda: calibrated(forest(), method="temperature", ensemble=False),
        "treeshap", "margin", True,
    ),
    "calibrated folds": Kind(
        lambda: calibrated(HistGradientBoostingClassifier(max_iter=5, categorical_features=[7, 8])),
        "treeshap", "margin", True,
    ),
    "calibrated support vectors": Kind(
        lambda: calibrated(LinearSVC(), ensemble=False), "linear", "log-odds", last_bits=1e-15
    ),
    "calibrated ridge folds": Kind(
        lambda: calibrated(RidgeClassifier()), "linear", "margin", last_bits=1e-15
    ),
    "calibrated pipeline": Kind(
        lambda: calibrated(make_pipeline(StandardScaler(), LogisticRegression())),
        "permutation", "probability", last_bits=1e-15,
    ),
    "calibrated neighbours": Kind(
        lambda: calibrated(KNeighborsClassifier(), ensemble=False), "permutation", "probability"
    ),
    "voting": Kind(
        lambda: VotingClassifier(
            [("forest", forest()), ("logistic", LogisticRegression())], voting="soft", n_jobs=2
        ),
        "permutation", "probability", last_bits=1e-15,
    ),
    "stacking": Kind(
        lambda: StackingClassifier([("forest", forest()), ("bayes", GaussianNB())], n_jobs=2),
        "permutation", "probability", last_bits=1e-15,
    ),
    "bagging": Kind(
        lambda: BaggingClassifier(GaussianNB(), 5, n_jobs=2, random_state=0),
        "permutation", "probability", last_bits=1e-15,
    ),
    "voting of trees": Kind(
        lambda: VotingClassifier(
            [("forest", forest()), ("boosting", GradientBoostingClassifier(random_state=0))],
            voting="soft", weights=[3, 1],
        ),
        "permutation", "probability",
    ),
    "bagging of trees": Kind(
        lambda: BaggingClassifier(
            DecisionTreeClassifier(max_depth=4), 7, max_features=0.7, n_jobs=2, random_state=0
        ),
        "permutation", "probability",
    ),
    "adaboost of others": Kind(
        lambda: AdaBoostClassifier(GaussianNB(), n_estimators=3), "permutation", "probability"
    ),
    "network": Kind(
        lambda: MLPClassifier((8,), solver="lbfgs", max_iter=5000, random_state=0),
        "permutation", "probability", last_bits=1e-15,
    ),
    "neighbours": Kind(KNeighborsClassifier, "permutation", "probability"),
}  # fmt: skip


@cache
def fitted(name: str) -> bytes:
    """A fitted classifier of `KINDS` as a pickle."""
    kind = KINDS[name]
    return pickle.dumps(kind.make().fit(*clients(with_nan=kind.takes_nan)))
