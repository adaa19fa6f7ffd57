"""SHAP values of every kind of tree ensemble, against the library's own, in this process."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import shap
from catboost import CatBoostClassifier, Pool
from lightgbm import LGBMClassifier
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from xgboost import DMatrix, XGBClassifier

from benchmarks.bench import Bench, Load, repeated, say
from benchmarks.servers import Speed
from benchmarks.table import Row, ratio_row
from credit_scoring.explain.tree_kernel.treeshap import read_trees
from credit_scoring.explain.tree_kernel.treeshap_numba import ROWS, contributions, with_gains
from credit_scoring.model.trees.readers import read_ensemble
from tests.support.servers.server import Failed

CLIENTS, FEATURES = 4_000, 100
LARGEST_DIFFERENCE = 1e-5  # XGBoost's own values have single precision

Explain = Callable[[np.ndarray], Any]


def explanations_part(bench: Bench) -> Iterator[Row]:
    """One client and many at once, with one thread, once both ways gave the same values."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(CLIENTS, FEATURES)).astype(np.float32).astype(np.float64)
    risk = rows[:, :20].sum(axis=1) + rows[:, 0] * rows[:, 1] + 3 * random.normal(size=CLIENTS)
    classes = (risk > 3).astype(int)
    for name, model in _models().items():
        say(f"SHAP values of {name}")
        model.fit(rows, classes)
        ensemble = read_ensemble(model)
        assert ensemble is not None  # noqa: S101 - each of these is known
        ours, other = partial(contributions, with_gains(read_trees(ensemble))), _own(model)
        several = rows[:ROWS]
        difference = np.abs(ours(several) - other(several)).max()
        if difference > LARGEST_DIFFERENCE:
            raise Failed(f"{name}: SHAP values differ by {difference}")
        for clients in (1, ROWS):
            loads = {
                "ours": _load(bench, ours, several[:clients]),
                "library": _load(bench, other, several[:clients]),
            }
            measure = f"SHAP values of {name}, {clients} at once, against the library's own"
            yield ratio_row(measure, ("≥", 10), bench.compare(loads), "ours", "library")


def _load(bench: Bench, explain: Explain, rows: np.ndarray) -> Load:
    def run() -> Speed:
        return repeated(bench.options.seconds, lambda: explain(rows))

    return run


def _models() -> dict[str, Any]:
    """The libraries' defaults except threads and output; CatBoost has 300 trees."""
    return {
        "LightGBM": LGBMClassifier(n_jobs=1, verbose=-1),
        "XGBoost": XGBClassifier(n_jobs=1),
        "CatBoost": CatBoostClassifier(
            iterations=300, thread_count=1, verbose=0, allow_writing_files=False
        ),
        "a forest": RandomForestClassifier(n_jobs=1, random_state=0),
        "gradient boosting": GradientBoostingClassifier(random_state=0),
        "HistGradientBoosting": HistGradientBoostingClassifier(random_state=0),
    }


def _own(model: Any) -> Explain:
    """SHAP values by the library, or by shap for scikit-learn, with one thread."""
    if isinstance(model, LGBMClassifier):
        booster = model.booster_
        return lambda rows: booster.predict(rows, pred_contrib=True, num_threads=1)[:, :-1]
    if isinstance(model, XGBClassifier):
        trees = model.get_booster()
        return lambda rows: trees.predict(DMatrix(rows, nthread=1), pred_contribs=True)[:, :-1]
    if isinstance(model, CatBoostClassifier):
        return lambda rows: model.get_feature_importance(
            Pool(rows), type="ShapValues", thread_count=1
        )[:, :-1]
    explainer = shap.TreeExplainer(model)

    def explain(rows: np.ndarray) -> np.ndarray:
        values = np.asarray(explainer.shap_values(rows, check_additivity=False))
        return values[..., 1] if values.ndim == 3 else values

    return explain
