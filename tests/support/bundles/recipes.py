"""Pipelines of many kinds: the recipes that every test of a pipeline runs through."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from tests.support.bundles.artefacts import (
    AWKWARD,
    FLAGS,
    NUMBERS,
    PLAIN,
    TEXTS,
    imputed_and_scaled,
    lightgbm,
)

MIXED = [TEXTS[0], *PLAIN, FLAGS[0], *AWKWARD, TEXTS[1], FLAGS[1]]


class Recipe(NamedTuple):
    """The arguments of `make_folder`."""

    pipeline: Pipeline
    features: list[str] = NUMBERS
    prepare: Callable[[pd.DataFrame], pd.DataFrame] = pd.DataFrame.copy
    fit_columns: list[str] | None = None


def encoded(*, sparse: bool) -> ColumnTransformer:
    """Text and booleans encoded, in an order that is not the file's; numbers passed through."""
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=sparse)
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer(
        [
            ("one_hot", make_pipeline(SimpleImputer(strategy="most_frequent"), one_hot), TEXTS[1:]),
            ("ordinal", make_pipeline(SimpleImputer(strategy="most_frequent"), ordinal), TEXTS[:1]),
            ("flags", OrdinalEncoder(), FLAGS[::-1]),
        ],
        remainder="passthrough",
        sparse_threshold=1.0 if sparse else 0.0,
    )


def forest(**parameters: object) -> RandomForestClassifier:
    return RandomForestClassifier(n_estimators=8, max_depth=6, random_state=0, **parameters)


def nested() -> Pipeline:
    """Column transformers in column transformers, all with prefixes; a column comes twice."""
    inner = ColumnTransformer(
        [
            ("median", SimpleImputer(strategy="median"), PLAIN[:2]),
            ("zero", SimpleImputer(), PLAIN[2:]),
        ]
    )
    both = ColumnTransformer(
        [
            ("few", make_pipeline(inner, StandardScaler()), PLAIN),
            ("again", SimpleImputer(), PLAIN[:1]),
        ],
        remainder="passthrough",
    )
    return make_pipeline(both, FunctionTransformer(feature_names_out="one-to-one"))


# The served names, by the full names that `nested` gives.
NESTED_NAMES = {
    "few__median__AMT_CREDIT": "few__median__AMT_CREDIT",
    "few__median__DAYS_BIRTH": "DAYS_BIRTH",
    "few__zero__OWN_CAR_AGE": "OWN_CAR_AGE",
    "again__AMT_CREDIT": "again__AMT_CREDIT",
} | {f"remainder__{name}": name for name in AWKWARD}


def with_ratio(frame: pd.DataFrame) -> np.ndarray:
    ratio = frame["AMT_CREDIT"] / frame["DAYS_BIRTH"]
    return np.column_stack([ratio, frame["OWN_CAR_AGE"].fillna(-1)])


def names_with_ratio(_: FunctionTransformer, __: object) -> list[str]:
    return ["AMT_CREDIT / DAYS_BIRTH", "OWN_CAR_AGE"]


def names_of_numpy(*_: object) -> np.ndarray:
    return np.array(["AMT_CREDIT / DAYS_BIRTH", "OWN_CAR_AGE"])


def numbers_for_names(*_: object) -> list[int]:
    return [0, np.int64(1)]


def never_known(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(OWN_CAR_AGE=np.nan)


RECIPES = {
    "lightgbm": lambda: Recipe(make_pipeline(imputed_and_scaled(), lightgbm())),
    "lightgbm text sparse": lambda: Recipe(make_pipeline(encoded(sparse=True), lightgbm()), MIXED),
    "lightgbm text dense": lambda: Recipe(make_pipeline(encoded(sparse=False), lightgbm()), MIXED),
    "histogram boosting text": lambda: Recipe(
        make_pipeline(encoded(sparse=False), HistGradientBoostingClassifier(max_iter=10)), MIXED
    ),
    "forest": lambda: Recipe(make_pipeline(imputed_and_scaled(), forest(n_jobs=2))),
    "extra trees": lambda: Recipe(
        make_pipeline(imputed_and_scaled(), ExtraTreesClassifier(8, max_depth=6, random_state=0))
    ),
    "tree": lambda: Recipe(
        make_pipeline(imputed_and_scaled(), DecisionTreeClassifier(max_depth=5, random_state=0))
    ),
    "gradient boosting": lambda: Recipe(
        make_pipeline(
            imputed_and_scaled(), GradientBoostingClassifier(n_estimators=10, random_state=0)
        )
    ),
    "no imputation": lambda: Recipe(make_pipeline(StandardScaler(), lightgbm())),
    "no imputation, forest": lambda: Recipe(make_pipeline(StandardScaler(), forest())),
    "fewer and reversed": lambda: Recipe(
        make_pipeline(imputed_and_scaled(NUMBERS[:2:-1]), lightgbm())
    ),
    "more by indicators": lambda: Recipe(
        make_pipeline(SimpleImputer(add_indicator=True), lightgbm())
    ),
    "imputer of another order": lambda: Recipe(
        make_pipeline(SimpleImputer(), lightgbm()), fit_columns=NUMBERS[::-1]
    ),
    "imputer of fewer columns": lambda: Recipe(
        make_pipeline(SimpleImputer(), lightgbm()), fit_columns=NUMBERS[4:1:-1]
    ),
    "pandas output": lambda: Recipe(
        make_pipeline(imputed_and_scaled(PLAIN).set_output(transform="pandas"), lightgbm())
    ),
    "pandas output, forest": lambda: Recipe(
        make_pipeline(imputed_and_scaled().set_output(transform="pandas"), forest())
    ),
    "function, one to one": lambda: Recipe(
        make_pipeline(FunctionTransformer(np.cbrt, feature_names_out="one-to-one"), lightgbm()),
        PLAIN,
    ),
    "function, own names": lambda: Recipe(
        make_pipeline(
            FunctionTransformer(with_ratio, feature_names_out=names_with_ratio), lightgbm()
        )
    ),
    "one feature": lambda: Recipe(
        make_pipeline(StandardScaler(), lightgbm()), features=["OWN_CAR_AGE"]
    ),
    "a feature never known": lambda: Recipe(
        make_pipeline(SimpleImputer(keep_empty_features=True), lightgbm()), prepare=never_known
    ),
    "a feature never known, nor imputed": lambda: Recipe(
        make_pipeline(FunctionTransformer(feature_names_out="one-to-one"), forest()),
        prepare=never_known,
    ),
    "nested prefixes": lambda: Recipe(make_pipeline(nested(), lightgbm())),
    "names of NumPy": lambda: Recipe(
        make_pipeline(FunctionTransformer(with_ratio, feature_names_out=names_of_numpy), lightgbm())
    ),
    "numbers for names": lambda: Recipe(
        make_pipeline(
            FunctionTransformer(with_ratio, feature_names_out=numbers_for_names), lightgbm()
        )
    ),
    "components": lambda: Recipe(
        make_pipeline(make_pipeline(SimpleImputer(), StandardScaler(), PCA(3)), lightgbm())
    ),
}
