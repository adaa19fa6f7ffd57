"""The pipeline, its fit, and the choice of trees and threshold on training clients."""

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder
from tqdm import tqdm  # type: ignore[import-untyped]

from credit_scoring.data.artifacts import ID, TARGET
from training.quality import costs
from training.table import FOLDS, MISSING_TEXT

TREES = range(25, 401, 25)  # numbers to choose from
JOBS = 2  # threads of LightGBM; `deterministic` gives the same trees with any number
THRESHOLDS = np.arange(1001) / 1000


def unfitted(features: pd.DataFrame, seed: int) -> Pipeline:
    """The unfitted pipeline for these features: impute, scale or encode, then classify.

    Args:
        features: a table of features only, one client per row; the types of its columns count.
        seed: of LightGBM's choice of rows and columns.
    """
    numbers = list(features.select_dtypes("number"))
    number = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), MinMaxScaler()
    )
    text = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=MISSING_TEXT, keep_empty_features=True),
        OneHotEncoder(max_categories=20, handle_unknown="infrequent_if_exist", sparse_output=False),
    )
    transformer = ColumnTransformer(
        [("number", number, numbers), ("text", text, list(features.columns.difference(numbers)))],
        verbose_feature_names_out=False,
    )
    classifier = LGBMClassifier(
        n_estimators=TREES[-1],
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=40,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.4,
        reg_lambda=5.0,
        class_weight="balanced",
        random_state=seed,
        n_jobs=JOBS,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )
    return Pipeline([("transformer", transformer), ("classifier", classifier)])


def fit(pipeline: Pipeline, clients: pd.DataFrame) -> Pipeline:
    """A fitted copy of the pipeline.

    The classifier gets an array without names, because LightGBM refuses names such as `a: b`.

    Args:
        pipeline: as `unfitted` makes it.
        clients: a table with id, outcome and features, one client per row.
    """
    transformer, classifier = (clone(step) for _, step in pipeline.steps)
    with tqdm(None, "fitting trees", classifier.n_estimators, disable=None) as progress:
        classifier.fit(
            transformer.fit_transform(clients.drop(columns=[ID, TARGET])),
            clients[TARGET].to_numpy(),
            callbacks=[lambda _: progress.update()],
        )
    return Pipeline([("transformer", transformer), ("classifier", classifier)])


def cross_validate(
    pipeline: Pipeline, training: pd.DataFrame, seed: int
) -> tuple[int, NDArray[np.float64]]:
    """Choose the number of trees that ranks the training clients best.

    Each client is scored by a model that was fitted on the other folds. The best number of trees
    has the largest area under the ROC curve of all clients.

    Returns:
        The number of trees, and the probabilities of class 1 with that number, shape (clients,).
    """
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    probabilities = np.empty((len(TREES), len(training)))
    for fitted, checked in folds.split(training, training[TARGET]):
        transformer, classifier = fit(pipeline, training.iloc[fitted])
        rows = transformer.transform(training.iloc[checked])
        for row, trees in enumerate(TREES):
            staged = classifier.predict_proba(rows, num_iteration=trees)
            probabilities[row, checked] = staged[:, 1]
    best = np.argmax([roc_auc_score(training[TARGET], row) for row in probabilities])
    return TREES[best], probabilities[best]


def cheapest_threshold(target: NDArray[np.int64], probability: NDArray[np.float64]) -> float:
    """The threshold of least mean cost, a probability with three decimals; the lowest if several.

    Args:
        target: outcomes, 0 or 1, shape (clients,).
        probability: probabilities of class 1, shape (clients,).
    """
    return float(THRESHOLDS[costs(target, probability, THRESHOLDS).argmin()])
