"""scikit-learn's HistGradientBoostingClassifier."""

from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.model.trees.ensemble import (
    CATEGORICAL,
    DEFAULT_LEFT,
    NAN_IS_MISSING,
    NO_LEVELS,
    Integers,
    Levels,
    NotCovered,
    TreeEnsemble,
)
from credit_scoring.model.trees.libraries.tree_nodes import Nodes, Tree, edges_of, in_order, joined

# Known values of the columns of categories, by column, and the codes of them in the trees' sets.
Categories = dict[int, tuple[Matrix, Integers]]


def read_hist_gradient_boosting(fitted: Any, levels: Levels = NO_LEVELS) -> TreeEnsemble:
    """A ``HistGradientBoostingClassifier``, in log-odds; the shares are by counts of rows.

    Args:
        fitted: the classifier.
        levels: see `Levels`; any value that is not among them is missing.

    Raises:
        NotCovered: it has more than two classes, or categories that are not numbers.
    """
    if fitted.n_trees_per_iteration_ != 1:
        raise NotCovered("it has not two classes")
    column = np.arange(fitted.n_features_in_)
    categories: Categories = {}
    if fitted._preprocessor is not None:  # it puts categorical columns first, and codes them
        is_categorical = np.asarray(fitted.is_categorical_)
        column = np.concatenate([column[is_categorical], column[~is_categorical]])
        encoder = fitted._preprocessor.named_transformers_["encoder"]
        for at, known in enumerate(encoder.categories_):
            if int(column[at]) in levels:
                values = levels[int(column[at])]
            elif known.dtype.kind in "biuf":
                values = np.asarray(known, np.float64)
            else:
                raise NotCovered("its categories are not numbers")
            categories[at] = values, np.arange(len(values))
    elif fitted.is_categorical_ is not None:  # of scikit-learn before 1.4: numbers are the codes
        for at in np.flatnonzero(fitted.is_categorical_).tolist():
            values = np.asarray(fitted._bin_mapper.bin_thresholds_[at], np.float64)
            categories[at] = values, values.astype(np.int64)
    trees = [_tree(one, column, categories) for (one,) in fitted._predictors]
    return joined(trees, float(np.ravel(fitted._baseline_prediction)[0]), "log-odds")


def _tree(predictor: Any, column: Integers, categories: Categories) -> Tree:
    nodes = predictor.nodes
    by_category = (nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0)
    missing_left = nodes["missing_go_to_left"] != 0
    threshold = nodes["num_threshold"].copy()
    left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
    edges: list[Matrix] = []
    for node in np.flatnonzero(by_category):
        # Unknown values go with NaN: the set is of the known categories on the other side.
        known, codes = categories[int(nodes["feature_idx"][node])]
        words = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]].astype(np.int64)
        goes_left = words[codes // 32] >> (codes % 32) & 1 == 1
        threshold[node] = len(edges)
        if missing_left[node]:
            left[node], right[node] = right[node], left[node]
            goes_left = ~goes_left
        chosen = known[goes_left & ~np.isnan(known)]
        edges.append(edges_of(np.stack([below(chosen), chosen], axis=1)))
    default_left = missing_left & ~by_category
    return in_order(
        Nodes(
            left=left,
            right=right,
            is_leaf=nodes["is_leaf"] != 0,
            feature=column[nodes["feature_idx"]],
            threshold=threshold,
            decision=NAN_IS_MISSING | default_left * DEFAULT_LEFT | by_category * CATEGORICAL,
            cover=nodes["count"].astype(np.float64),
            value=nodes["value"],
        ),
        edges,
    )
