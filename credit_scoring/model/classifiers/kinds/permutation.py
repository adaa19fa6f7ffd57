"""Any classifier with ``predict_proba``, explained by permutations of its inputs."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.model.classifiers.classifier import RawOutput
from credit_scoring.model.classifiers.predict_proba import (
    OwnProbabilities,
    OwnProbabilitiesClassifier,
)
from credit_scoring.model.trees.readers import ensemble_of

BACKGROUND = 32  # reference clients whose values replace a client's
EVALUATIONS = 10_000  # rows that the classifier scores for one explanation, about
MOST_VALUES = 4_000_000  # scored in one call
MOST_PAIRS = 64  # of a permutation and its reverse
SEED = 0
EXPLAINED_AT_START = 100
MEANS = ("VotingClassifier", "BaggingClassifier")  # of the probabilities of classifiers inside


class PermutationClassifier(OwnProbabilitiesClassifier):
    """Any classifier with ``predict_proba``, explained in probabilities.

    The antithetic permutation sampling of ``shap.PermutationExplainer`` (Castro et al. 2009,
    "Polynomial calculation of the Shapley value based on sampling"; Mitchell et al. 2022,
    arXiv:2104.12199): a client's values replace those of each background client one after another,
    in some random orders and their reverses; a contribution is the mean change of the probability.
    Contributions add up exactly. One by one they approximate Shapley values, often to some
    hundredths of the largest one; they are exact if no more than two inputs interact. The orders
    are the same for all clients and processes, so a client's values are always the same. shap's own
    class draws its orders from NumPy's global generator, which threads share.

    Attributes:
        background: clients to explain against; None before they are known.
    """

    raw_output: RawOutput = "probability"
    explained_by = "permutation"
    most_explained = EXPLAINED_AT_START

    def __init__(self, own: OwnProbabilities, background: Matrix | None = None) -> None:
        super().__init__(own)
        self.background = background
        self._expected = (
            np.empty(0) if background is None else self.probabilities_together(background)
        )

    @cached_property
    def is_alike(self) -> bool:
        """True for a mean of trees; in any other classifier matrix products may be inside."""
        kind = type(self.own.fitted)
        if not kind.__module__.startswith("sklearn.") or kind.__name__ not in MEANS:
            return False
        return all(ensemble_of(one) is not None for one in self.own.fitted.estimators_)

    @property
    def needs_background(self) -> bool:
        """See `Classifier`."""
        return self.background is None

    def explained_against(self, background: Matrix) -> "PermutationClassifier":
        """A classifier explained against some of the background, evenly spread by probability."""
        order = np.argsort(self.probabilities_together(background), kind="stable")
        at = np.unique(np.linspace(0, len(order) - 1, BACKGROUND).astype(np.intp))
        some = np.ascontiguousarray(background[order[at]])
        return PermutationClassifier(self.own, some)

    def raw_outputs(self, rows: Matrix) -> Matrix:
        """See `Classifier`."""
        return self.probabilities_together(rows)

    def contributions(self, rows: Matrix) -> tuple[Matrix, float]:
        """See `Classifier`."""
        if self.background is None:
            raise ValueError("no background to explain against")
        orders = _orders(rows.shape[1], len(self.background))
        found = [self._explained(row, self.background, orders) for row in rows]
        return np.array(found), float(self._expected.mean())

    def _explained(self, row: Matrix, background: Matrix, orders: NDArray[np.intp]) -> Matrix:
        """Mean changes of the probability as a row's values come in, shape (n,).

        Args:
            row: shape (n,).
            background: the values that it replaces, shape (clients, n).
            orders: in which the features come in, shape (orders, n).
        """
        features = len(row)
        is_other = (row != background) & ~(np.isnan(row) & np.isnan(background))
        order, step, client = np.nonzero(is_other.T[orders])
        rank = np.argsort(orders, axis=1)
        # Probabilities after each step; a step that changes no value has those of the last one.
        scored = np.tile(self._expected, (len(orders), features + 1, 1))
        last = np.zeros(scored.shape, np.intp)
        last[order, step + 1, client] = step + 1
        at_once = max(1, MOST_VALUES // features)
        for start in range(0, len(step), at_once):
            o, k, c = (index[start : start + at_once] for index in (order, step, client))
            mixed = np.where(rank[o] <= k[:, None], row, background[c])
            scored[o, k + 1, c] = self.probabilities_together(mixed)
        after = np.take_along_axis(scored, np.maximum.accumulate(last, axis=1), axis=1)
        changes = np.diff(after.mean(axis=2), axis=1)
        mean: Matrix = np.take_along_axis(changes, rank, axis=1).mean(axis=0)
        return mean


def _orders(features: int, background: int) -> NDArray[np.intp]:
    """Some random orders of the features and their reverses, shape (orders, features)."""
    pairs = EVALUATIONS // (2 * features * background)
    random = np.random.default_rng(SEED)
    one_way = [random.permutation(features) for _ in range(min(max(pairs, 1), MOST_PAIRS))]
    return np.array([order for one in one_way for order in (one, one[::-1])])
