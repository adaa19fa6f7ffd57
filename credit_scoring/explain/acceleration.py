"""Acceleration of LightGBM's SHAP values by `treeshap`, exact and some ten times as fast."""

import logging

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.explain.treeshap import NotCovered, read_trees
from credit_scoring.model.classifiers.classifier import Classifier
from credit_scoring.model.classifiers.lightgbm import LightGBMClassifier

AGREEMENT = 1e-10  # largest difference between SHAP values of `treeshap` and LightGBM, in log-odds

log = logging.getLogger(__name__)


def is_compiled(classifier: Classifier) -> bool:
    """True if `accelerate` is fast, false if numba has to compile for seconds first."""
    if not isinstance(classifier, LightGBMClassifier):
        return True
    from credit_scoring.explain.treeshap_numba import is_at_hand  # takes 55 MB

    return is_at_hand()


def accelerate(classifier: Classifier, rows: Matrix) -> None:
    """Let `treeshap` explain a LightGBM classifier if both agree on some rows, and log the result.

    A classifier of another kind is left unchanged.

    Args:
        classifier: any classifier.
        rows: transformed rows that both explain, shape (m, n).
    """
    if not isinstance(classifier, LightGBMClassifier):
        return
    try:
        trees = read_trees(classifier.trees)
    except NotCovered as reason:
        log.info("explained by LightGBM itself: %s", reason)
        return
    from credit_scoring.explain.treeshap_numba import contributions  # compiled by its first call

    expected, base = classifier.contributions(rows)
    if np.abs(contributions(trees, rows) - expected).max() <= AGREEMENT:
        classifier.explain_by(lambda rows: (contributions(trees, rows), base))
        log.info("explained by treeshap from now on")
    else:
        log.warning("explained by LightGBM itself: treeshap gives other values")
