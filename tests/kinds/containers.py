"""Containers in which a credit team stores a classifier."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler

from tests.kinds.kinds import NUMBERS, TEXTS

Classes = pd.Series


class Stored(NamedTuple):
    """A stored object and its probabilities of class 1, as its makers compute them."""

    model: Any
    probabilities: Callable[[pd.DataFrame], np.ndarray]
    features: list[str]
    threshold: float | None = None


def own(model: Any, features: list[str], threshold: float | None = None) -> Stored:
    """An object with `predict_proba`."""
    return Stored(
        model, lambda rows: model.predict_proba(rows[features])[:, 1], features, threshold
    )


def mixed(classifier: Any) -> Pipeline:
    """A pipeline that takes numbers and texts."""
    columns = ColumnTransformer(
        [
            ("number", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS[::-1]),
            ("text", OneHotEncoder(handle_unknown="ignore", sparse_output=False), TEXTS),
        ]
    )
    return make_pipeline(columns, classifier)


def bare(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    """The estimator alone, fitted on columns in an order that is not the table's."""
    features = NUMBERS[::-1]
    return own(classifier.fit(rows[features], classes), features)


def bare_on_an_array(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    model = classifier.fit(rows[NUMBERS].to_numpy(float), classes)
    return Stored(
        model, lambda some: model.predict_proba(some[NUMBERS].to_numpy(float))[:, 1], NUMBERS
    )


def two_steps(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    features = [*TEXTS, *NUMBERS]
    return own(mixed(classifier).fit(rows[features], classes), features)


def one_step(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    return own(make_pipeline(classifier).fit(rows[NUMBERS], classes), NUMBERS)


def three_steps(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    model = Pipeline(
        [
            ("imputed", SimpleImputer()),
            ("left", "passthrough"),
            ("scaled", StandardScaler()),
            ("none", None),
            ("model", classifier),
        ]
    )
    return own(model.fit(rows[NUMBERS], classes), NUMBERS)


def resampled(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    from imblearn.pipeline import make_pipeline as make_resampled
    from imblearn.under_sampling import RandomUnderSampler

    sampler = RandomUnderSampler(random_state=0)
    model = make_resampled(SimpleImputer(), sampler, StandardScaler(), classifier)
    return own(model.fit(rows[NUMBERS], classes), NUMBERS)


def grid_search(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    features = [*NUMBERS, *TEXTS]
    grid = {"columntransformer__number__standardscaler__with_mean": [True, False]}
    return own(GridSearchCV(mixed(classifier), grid, cv=2).fit(rows[features], classes), features)


def random_search(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    model = make_pipeline(SimpleImputer(), StandardScaler(), classifier)
    choices = {"simpleimputer__strategy": ["mean", "median"]}
    search = RandomizedSearchCV(model, choices, n_iter=2, cv=2, random_state=0)
    return own(search.fit(rows[NUMBERS], classes), NUMBERS)


def tuned_threshold(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    features = [*NUMBERS, *TEXTS]
    tuned = TunedThresholdClassifierCV(mixed(classifier), cv=2, thresholds=9)
    tuned.fit(rows[features], classes)
    return own(tuned, features, float(tuned.best_threshold_))


def fixed_threshold(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    fixed = FixedThresholdClassifier(classifier, threshold=0.3, response_method="predict_proba")
    return own(fixed.fit(rows[NUMBERS], classes), NUMBERS, 0.3)


def in_a_dict(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    scaler = StandardScaler().fit(rows[NUMBERS].to_numpy())
    model = classifier.fit(scaler.transform(rows[NUMBERS].to_numpy()), classes)

    def probabilities(some: pd.DataFrame) -> np.ndarray:
        return model.predict_proba(scaler.transform(some[NUMBERS].to_numpy()))[:, 1]

    stored = {"model": model, "scaler": scaler, "features": list(NUMBERS), "threshold": 0.25}
    stored["outcome"] = LabelEncoder().fit(classes)
    return Stored(stored, probabilities, NUMBERS, 0.25)


def in_a_tuple(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    scaler = StandardScaler().fit(rows[NUMBERS])
    model = classifier.fit(scaler.transform(rows[NUMBERS]), classes)
    return Stored(
        (scaler, model),
        lambda some: model.predict_proba(scaler.transform(some[NUMBERS]))[:, 1],
        NUMBERS,
    )


def calibrated_by_a_sigmoid(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    fitted = FrozenEstimator(classifier.fit(rows[NUMBERS], classes))
    return own(CalibratedClassifierCV(fitted).fit(rows[NUMBERS], classes), NUMBERS)


def calibrated_isotonically(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    """Three pipelines, each calibrated, that take texts."""
    features = [*NUMBERS, *TEXTS]
    model = CalibratedClassifierCV(mixed(classifier), method="isotonic", cv=3)
    return own(model.fit(rows[features], classes), features)


def binning() -> Any:
    from optbinning import BinningProcess

    return BinningProcess([*NUMBERS, *TEXTS], categorical_variables=TEXTS)


def quietly_fitted(model: Any, rows: pd.DataFrame, classes: Classes) -> Any:
    """Fit a model of optbinning, whose fit warns under pandas 3."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(rows, classes)


def scorecard(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    from optbinning import Scorecard

    features = [*NUMBERS, *TEXTS]
    model = Scorecard(binning(), classifier)
    return own(quietly_fitted(model, rows[features], classes), features)


def binned(classifier: Any, rows: pd.DataFrame, classes: Classes) -> Stored:
    features = [*NUMBERS, *TEXTS]
    model = make_pipeline(binning(), classifier)
    return own(quietly_fitted(model, rows[features], classes), features)


CONTAINERS: dict[str, Callable[[Any, pd.DataFrame, Classes], Stored]] = {
    "bare": bare,
    "bare, fitted on an array": bare_on_an_array,
    "one step": one_step,
    "two steps": two_steps,
    "three steps": three_steps,
    "resampled": resampled,
    "grid search": grid_search,
    "random search": random_search,
    "tuned threshold": tuned_threshold,
    "fixed threshold": fixed_threshold,
    "dict": in_a_dict,
    "tuple": in_a_tuple,
    "calibrated by a sigmoid": calibrated_by_a_sigmoid,
    "calibrated isotonically": calibrated_isotonically,
    "scorecard": scorecard,
    "binned": binned,
}
