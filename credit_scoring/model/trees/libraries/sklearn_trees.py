"""scikit-learn's trees, forests, gradient boosting and AdaBoost."""

from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.model.trees.ensemble import (
    DEFAULT_LEFT,
    NAN_IS_MISSING,
    NotCovered,
    TreeEnsemble,
)
from credit_scoring.model.trees.libraries.tree_nodes import Nodes, Tree, in_order, joined
from credit_scoring.model.trees.single_precision import largest_doubles

TREES = ("DecisionTreeClassifier", "ExtraTreeClassifier")
# Strategies of a DummyClassifier that give one probability for all rows.
CONSTANT = ("prior", "most_frequent", "constant", "uniform")


def read_tree(fitted: Any) -> TreeEnsemble:
    """A decision tree, in probability.

    Raises:
        NotCovered: it has not two classes, or several outputs.
    """
    return joined([_tree(fitted, _probabilities(fitted))], 0.0, "probability")


def read_forest(fitted: Any) -> TreeEnsemble:
    """A forest, whose probability is the mean of its trees'.

    Raises:
        NotCovered: it has not two classes, or several outputs.
    """
    trees = [_tree(tree, _probabilities(tree)) for tree in fitted.estimators_]
    return joined(trees, 0.0, "probability").scaled(1 / len(trees))


def read_gradient_boosting(fitted: Any) -> TreeEnsemble:
    """A ``GradientBoostingClassifier``, in log-odds.

    With the exponential loss the log-odds are twice the raw output.

    Raises:
        NotCovered: it has not two classes, or begins with a model that is not a constant.
    """
    if fitted.n_classes_ != 2:
        raise NotCovered("it has not two classes")
    factor = 2.0 if fitted.loss == "exponential" else 1.0
    base = 0.0
    if not isinstance(fitted.init_, str):  # "zero"
        if (
            type(fitted.init_).__name__ != "DummyClassifier"
            or fitted.init_.strategy not in CONSTANT
        ):
            raise NotCovered(f"it begins with a {type(fitted.init_).__name__}")
        prior = fitted.init_.predict_proba(np.zeros((1, fitted.n_features_in_)))[0, 1]
        smallest = np.finfo(np.float64).eps  # as scikit-learn's `_init_raw_predictions` clips
        prior = np.clip(prior, smallest, 1 - smallest)
        base = float(np.log(prior / (1 - prior)))
    trees = [
        _tree(tree, tree.tree_.value[:, 0, 0] * (fitted.learning_rate * factor))
        for tree in np.ravel(fitted.estimators_)
    ]
    return joined(trees, base, "log-odds")


def read_adaboost(fitted: Any) -> TreeEnsemble:
    """An ``AdaBoostClassifier`` of decision trees, in log-odds.

    Its ``decision_function`` is the log-odds: a tree adds twice its part of the weights if it
    predicts class 1, else subtracts it.

    Raises:
        NotCovered: it has not two classes, or its estimators are not decision trees.
    """
    for estimator in fitted.estimators_:
        if type(estimator).__name__ not in TREES:
            raise NotCovered(f"it boosts a {type(estimator).__name__}")
    weights = fitted.estimator_weights_
    parts = weights[: len(fitted.estimators_)] / weights.sum()
    trees = []
    for tree, part in zip(fitted.estimators_, parts, strict=True):
        _probabilities(tree)  # raises
        says_one = tree.tree_.value[:, 0, 1] > tree.tree_.value[:, 0, 0]
        trees.append(_tree(tree, np.where(says_one, 2 * part, -2 * part)))
    return joined(trees, 0.0, "log-odds")


def _probabilities(fitted: Any) -> Matrix:
    """The probability of class 1 at each node of a decision tree."""
    if fitted.n_outputs_ != 1 or fitted.n_classes_ != 2:
        raise NotCovered("it has not two classes")
    return np.asarray(fitted.tree_.value[:, 0, 1], np.float64)


def _tree(fitted: Any, values: Matrix) -> Tree:
    """A decision tree with other values of the nodes; it rounds rows to single precision."""
    tree = fitted.tree_
    return in_order(
        Nodes(
            left=tree.children_left,
            right=tree.children_right,
            is_leaf=tree.children_left < 0,
            feature=tree.feature,
            threshold=largest_doubles(tree.threshold),
            decision=NAN_IS_MISSING | (tree.missing_go_to_left != 0) * DEFAULT_LEFT,
            cover=tree.weighted_n_node_samples,
            value=values,
        )
    )
