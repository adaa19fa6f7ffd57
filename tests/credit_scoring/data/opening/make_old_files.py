"""Writes model files by the scikit-learn of the environment that runs this, for test_old_files.py.

For each file below, once, from the folder of this script, without the service's environment:

    uv venv --python 3.11 old
    uv pip install --python old/bin/python joblib 'scikit-learn==1.2.2' 'numpy<2' 'pandas<2.1' \
        'lightgbm==3.3.5' 'xgboost-cpu==2.1.4' 'catboost==1.2.2'
    old/bin/python make_old_files.py old_files
"""

import sys
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
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
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

NUMBERS = ["age", "income", "ratio"]
ROWS = 80


def clients() -> pd.DataFrame:
    """Clients with missing numbers and texts."""
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 80, ROWS),
            "income": random.lognormal(10, 1, ROWS).round(),
            "ratio": random.random(ROWS).round(3),
            "education": random.choice(["primary", "secondary", "higher"], ROWS),
        }
    )
    frame.loc[random.random(ROWS) < 0.2, "ratio"] = np.nan
    frame.loc[random.random(ROWS) < 0.2, "education"] = np.nan
    return frame


def outcomes(frame: pd.DataFrame) -> pd.Series:
    risk = frame["age"] / 80 + frame["ratio"].fillna(0.5) + (frame["education"] == "primary")
    return (risk > risk.median()).astype(int)


def passed_through() -> ColumnTransformer:
    return ColumnTransformer(
        [("ratio", SimpleImputer(add_indicator=True), ["ratio"])], remainder="passthrough"
    )


def texts_and_numbers() -> ColumnTransformer:
    text = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"),
        OneHotEncoder(handle_unknown="ignore", drop=["higher"]),
    )
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    return ColumnTransformer([("n", numbers, NUMBERS), ("t", text, ["education"])])


def codes() -> ColumnTransformer:
    code = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    )
    return ColumnTransformer(
        [("t", code, ["education"]), ("b", KBinsDiscretizer(3, encode="ordinal"), ["age"])],
        remainder=KNNImputer(),
    )


def scaled() -> ColumnTransformer:
    return ColumnTransformer([("n", make_pipeline(SimpleImputer(), PowerTransformer()), NUMBERS)])


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(3, max_depth=3, random_state=1)


def by_codes() -> object:
    ordinal = make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder())
    transformer = ColumnTransformer([("t", ordinal, ["education"])], remainder="passthrough")
    boosting = HistGradientBoostingClassifier(
        max_iter=3, max_leaf_nodes=4, categorical_features=[0]
    )
    return make_pipeline(transformer, boosting)


MODELS: dict[str, Callable[[], object]] = {
    "logistic regression": lambda: make_pipeline(texts_and_numbers(), LogisticRegression()),
    "remainder transformed": lambda: make_pipeline(codes(), LogisticRegression()),
    "power": lambda: make_pipeline(scaled(), LogisticRegression()),
    "tree": lambda: make_pipeline(passed_through(), DecisionTreeClassifier(max_depth=3)),
    "forest": lambda: make_pipeline(passed_through(), forest()),
    "extra trees": lambda: make_pipeline(
        passed_through(), ExtraTreesClassifier(3, max_depth=3, random_state=1)
    ),
    "gradient boosting": lambda: make_pipeline(
        passed_through(), GradientBoostingClassifier(n_estimators=3)
    ),
    "histograms": lambda: make_pipeline(
        passed_through(), HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=4)
    ),
    "histograms of categories": by_codes,
    "bagging": lambda: make_pipeline(
        passed_through(), BaggingClassifier(n_estimators=2, random_state=1)
    ),
    "voting": lambda: make_pipeline(
        scaled(),
        VotingClassifier([("a", LogisticRegression()), ("b", forest())], voting="soft"),
    ),
    "stacking": lambda: make_pipeline(
        scaled(), StackingClassifier([("a", LogisticRegression()), ("b", forest())], cv=2)
    ),
    "calibrated": lambda: make_pipeline(passed_through(), CalibratedClassifierCV(forest(), cv=2)),
    "isotonic": lambda: make_pipeline(
        scaled(), CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2)
    ),
    "neural net": lambda: make_pipeline(scaled(), MLPClassifier((2,), max_iter=9)),
    "search": lambda: GridSearchCV(
        make_pipeline(scaled(), LogisticRegression()), {"logisticregression__C": [1, 2]}, cv=2
    ),
}


def xgboost() -> object:
    from xgboost import XGBClassifier

    return make_pipeline(passed_through(), XGBClassifier(n_estimators=3, max_depth=2))


def catboost() -> object:
    from catboost import CatBoostClassifier

    model = CatBoostClassifier(iterations=3, depth=2, verbose=0, allow_writing_files=False)
    return make_pipeline(passed_through(), model)


def lightgbm() -> object:
    from lightgbm import LGBMClassifier

    return make_pipeline(passed_through(), LGBMClassifier(n_estimators=3, verbose=-1))


def main(out: Path) -> None:
    frame = clients()
    outcome = outcomes(frame)

    def write(name: str, models: dict[str, Callable[[], object]]) -> None:
        fitted = {}
        for kind, make in models.items():
            features = frame if "education" in str(make()) else frame[NUMBERS]
            model = make().fit(features, outcome)
            fitted[kind] = (model, list(features), model.predict_proba(features)[:, 1].tolist())
        joblib.dump(fitted, out / f"{name}.joblib", compress=9)

    write(f"sklearn-{sklearn.__version__}", MODELS)
    write(f"adaboost-{sklearn.__version__}", {"AdaBoost": lambda: make_pipeline(
        passed_through(), AdaBoostClassifier(n_estimators=2))})  # fmt: skip
    for make in (lightgbm, xgboost, catboost):
        try:
            module = __import__(make.__name__)
        except ImportError:
            continue
        write(f"{make.__name__}-{module.__version__}", {make.__name__: make})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
