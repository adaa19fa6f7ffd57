"""The choice of the wrapper for a fitted classifier."""

from functools import partial
from typing import Any

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.errors import BadFile, describe, foreign_code
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.classifiers.kinds.calibrated import calibrated_classifier
from credit_scoring.model.classifiers.kinds.catboost import catboost_classifier
from credit_scoring.model.classifiers.kinds.lightgbm import lightgbm_classifier
from credit_scoring.model.classifiers.kinds.linear import linear_classifier
from credit_scoring.model.classifiers.kinds.naive_bayes import naive_bayes
from credit_scoring.model.classifiers.kinds.permutation import PermutationClassifier
from credit_scoring.model.classifiers.kinds.tree_classifier import tree_classifier
from credit_scoring.model.classifiers.kinds.xgboost import xgboost_classifier
from credit_scoring.model.classifiers.predict_proba import OwnProbabilities, use_one_thread

BOOSTERS = (lightgbm_classifier, xgboost_classifier)  # known without predict_proba
KINDS = (catboost_classifier, tree_classifier, linear_classifier, naive_bayes)


def choose_classifier(fitted: Any, column: int = 1) -> Classifier:
    """Wrap a fitted classifier in the protocol; each call uses one thread.

    A classifier that is not explained exactly is explained by permutations.

    Args:
        fitted: the last step of the pipeline.
        column: index of the default class in the columns of ``predict_proba``.

    Raises:
        BadFile: it has no ``predict_proba``, or does not have two classes.
    """
    with foreign_code(MODEL_FILE, lambda error: f"its classifier fails: {describe(error)}"):
        use_one_thread(fitted)
        for known in BOOSTERS:
            if (found := known(fitted, column)) is not None:
                return found
        kind = type(fitted).__name__
        if not hasattr(fitted, "predict_proba"):
            raise BadFile(MODEL_FILE, f"its {kind} has no predict_proba")
        classes = getattr(fitted, "classes_", (0, 1))
        if len(classes) != 2:
            raise BadFile(MODEL_FILE, f"its {kind} has {len(classes)} classes, not two")
        for exact in (*KINDS, partial(calibrated_classifier, choose=choose_classifier)):
            if (found := exact(fitted, column)) is not None:
                return found
        return PermutationClassifier(OwnProbabilities(fitted, column))
