"""Acceleration of a tree ensemble's SHAP values by `treeshap`, exact and some ten times as fast."""

import logging

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.explain.tree_kernel.treeshap import read_trees
from credit_scoring.model.classifiers.classifier import Classifier

# Largest difference between SHAP values of `treeshap` and of the classifier before, in raw output;
# relative where raw outputs are larger than 1.
AGREEMENT = 1e-10

log = logging.getLogger(__name__)


def is_compiled(classifier: Classifier) -> bool:
    """True if `accelerate` is fast, false if numba has to compile for seconds first."""
    if classifier.trees is None:
        return True
    from credit_scoring.explain.tree_kernel.treeshap_numba import is_at_hand  # takes 55 MB

    return is_at_hand()


def accelerate(classifier: Classifier, rows: Matrix) -> None:
    """Let `treeshap` explain a tree ensemble if both ways agree on some rows, and log the result.

    A classifier without known trees is left unchanged.

    Args:
        classifier: any classifier.
        rows: transformed rows that both explain, shape (m, n).
    """
    ensemble = classifier.trees
    if ensemble is None or classifier.is_quick:
        return
    from credit_scoring.explain.tree_kernel.treeshap_numba import (  # compiled by the first call
        contributions,
        with_gains,
    )

    trees = with_gains(read_trees(ensemble))

    def explain(rows: Matrix) -> Matrix:
        complete = np.ascontiguousarray(ensemble.completed(rows))
        found = np.asarray(contributions(trees, complete), np.float64)
        return ensemble.by_feature(found)

    expected, base = classifier.contributions(rows)
    largest = max(1.0, np.abs(classifier.raw_outputs(rows)).max(initial=0))
    if np.abs(explain(rows) - expected).max(initial=0) <= AGREEMENT * largest:
        classifier.explain_by(lambda rows: (explain(rows), base))
        log.info("explained by treeshap from now on")
    else:
        log.warning("explanations are not accelerated: treeshap gives other values")
