"""Kinds of classifiers that a credit team has, each with a constructor."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
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
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from credit_scoring.data.artifacts import TARGET

NUMBERS = ["EXT SOURCE", "AMT_CREDIT", "AGE", "CHILDREN"]
TEXTS = ["BRANCH", "SUITE"]


def clients(number: int, seed: int) -> pd.DataFrame:
    """Clients whose outcome depends on each column; no value is missing."""
    random = np.random.default_rng(seed)
    risk = random.normal(size=number)
    branches = np.array(["01000", "02000", "03000", "04000"])
    return pd.DataFrame(
        {
            "EXT SOURCE": (risk + random.normal(size=number)).round(6),
            "AMT_CREDIT": np.exp(risk / 4 + random.normal(size=number) / 2).round(4),
            "AGE": random.integers(2, 7, number),
            "CHILDREN": random.poisson(np.exp(risk / 2), number),
            "BRANCH": branches[np.clip(risk + 2, 0, 3).astype(int)],
            "SUITE": np.where(risk > 0.4, "Children", np.where(risk < -0.6, "Family", "Alone")),
            TARGET: (risk + random.normal(size=number) > 0.8).astype(int),
        }
    )


def lightgbm() -> LGBMClassifier:
    return LGBMClassifier(
        n_estimators=12, num_leaves=7, min_child_samples=5, random_state=0, n_jobs=1, verbose=-1
    )


def of_library(library: str, name: str, **parameters: Any) -> Callable[[], Any]:
    """A constructor of an optional library."""

    def make() -> Any:
        return getattr(import_module(library), name)(**parameters)

    return make


def boosted(**parameters: Any) -> AdaBoostClassifier:
    return AdaBoostClassifier(n_estimators=8, random_state=0, **parameters)


def members() -> list[tuple[str, Any]]:
    return [("forest", forest()), ("logistic", LogisticRegression(max_iter=300))]


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(8, max_depth=5, random_state=0)


KINDS: dict[str, Callable[[], Any]] = {
    "lightgbm": lightgbm,
    "xgboost": of_library(
        "xgboost", "XGBClassifier", n_estimators=12, max_depth=3, random_state=0, n_jobs=1
    ),
    "catboost": of_library(
        "catboost", "CatBoostClassifier", iterations=12, depth=3, random_seed=0, verbose=False,
        allow_writing_files=False, thread_count=1,
    ),
    "logistic": lambda: LogisticRegression(max_iter=300),
    "logistic, cross-validated": lambda: LogisticRegressionCV(
        Cs=2, cv=2, max_iter=300, l1_ratios=(0,), use_legacy_attributes=False,
        scoring="neg_log_loss",
    ),
    "stochastic gradient": lambda: SGDClassifier(loss="log_loss", random_state=0),
    "discriminant analysis": LinearDiscriminantAnalysis,
    "naive bayes": GaussianNB,
    "tree": lambda: DecisionTreeClassifier(max_depth=4, random_state=0),
    "forest": forest,
    "extra trees": lambda: ExtraTreesClassifier(8, max_depth=5, random_state=0),
    "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=8, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=8, random_state=0),
    "adaboost": boosted,
    "adaboost of deeper trees": lambda: boosted(estimator=DecisionTreeClassifier(max_depth=2)),
    "bagging": lambda: BaggingClassifier(n_estimators=4, random_state=0),
    "voting": lambda: VotingClassifier(members(), voting="soft"),
    "stacking": lambda: StackingClassifier(members(), cv=2),
    "neural net": lambda: MLPClassifier((4,), max_iter=60, random_state=0, tol=1.0),
    "neighbours": lambda: KNeighborsClassifier(7),
}  # fmt: skip
