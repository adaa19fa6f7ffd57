"""Contributions against shap, against sums over all subsets, and by hand."""

import math
import pickle

import numpy as np
import pytest
import shap
from scipy.special import logit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from credit_scoring.model.classifiers.choice import choose_classifier
from credit_scoring.model.classifiers.kinds import permutation
from credit_scoring.model.classifiers.kinds.permutation import PermutationClassifier
from credit_scoring.model.classifiers.predict_proba import OwnProbabilities
from tests.credit_scoring.model.classifiers.fitted_classifiers import clients, fitted


def shapley_values(function, row: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Shapley values of the mean of a function over a background, by their definition."""
    features = len(row)
    replaced = (np.arange(2**features)[:, None] >> np.arange(features)) & 1 == 1
    worth = np.array([function(np.where(one, row, background)).mean() for one in replaced])
    sizes = replaced.sum(axis=1)
    values = np.zeros(features)
    for feature in range(features):
        without = np.flatnonzero(~replaced[:, feature])
        weight = [1 / (features * math.comb(features - 1, size)) for size in sizes[without]]
        values[feature] = (weight * (worth[without | 1 << feature] - worth[without])).sum()
    return values


def test_linear_contributions_are_those_of_shap_and_by_hand():
    rows, classes = clients(with_nan=False)
    own = LogisticRegression().fit(rows, classes)
    classifier = choose_classifier(own)
    assert classifier.needs_background
    with pytest.raises(ValueError, match="no background"):
        classifier.contributions(rows)
    classifier = classifier.explained_against(rows[:100])
    assert not classifier.needs_background
    values, base = classifier.contributions(rows)
    by_hand = own.coef_[0] * (rows - rows[:100].mean(axis=0))
    np.testing.assert_allclose(values, by_hand, rtol=1e-12, atol=1e-15)
    explainer = shap.LinearExplainer(own, shap.maskers.Independent(rows[:100], max_samples=100))
    np.testing.assert_allclose(values, explainer.shap_values(rows), atol=1e-12)
    assert base == pytest.approx(explainer.expected_value, abs=1e-12)
    np.testing.assert_array_equal(classifier.coefficients, own.coef_[0])
    np.testing.assert_array_equal(choose_classifier(own, 0).coefficients, -own.coef_[0])


def test_contributions_of_naive_bayes_are_shapley_values():
    rows, classes = clients(with_nan=False)
    own = GaussianNB().fit(rows, classes)
    classifier = choose_classifier(own).explained_against(rows[:30])
    values, _ = classifier.contributions(rows[:3])

    def log_odds(some: np.ndarray) -> np.ndarray:
        return logit(own.predict_proba(some)[:, 1])

    expected = [shapley_values(log_odds, row, rows[:30]) for row in rows[:3]]
    np.testing.assert_allclose(values, expected, atol=1e-9)


def test_contributions_below_a_sigmoid_are_scaled():
    rows, classes = clients(with_nan=False)
    own = CalibratedClassifierCV(LogisticRegression(), ensemble=False).fit(rows, classes)
    classifier = choose_classifier(own).explained_against(rows)
    part = own.calibrated_classifiers_[0]
    slope = -part.calibrators[0].a_ * part.estimator.coef_[0]
    assert slope[0] != pytest.approx(part.estimator.coef_[0][0], rel=0.02)
    np.testing.assert_allclose(classifier.coefficients, slope, rtol=1e-12)
    values, _ = classifier.contributions(rows)
    np.testing.assert_allclose(values, slope * (rows - rows.mean(axis=0)), atol=1e-12)


def test_contributions_below_several_calibrations_are_means():
    rows, classes = clients(with_nan=False)
    boosting = HistGradientBoostingClassifier(max_iter=5)
    own = CalibratedClassifierCV(boosting, cv=3, method="isotonic").fit(rows, classes)
    values, base = choose_classifier(own).contributions(rows)
    explainers = [shap.TreeExplainer(one.estimator) for one in own.calibrated_classifiers_]
    expected = np.mean(
        [one.shap_values(rows, check_additivity=False) for one in explainers], axis=0
    )
    np.testing.assert_allclose(values, expected, atol=1e-9)
    of_folds = np.mean([np.ravel(one.expected_value)[-1] for one in explainers])
    assert base == pytest.approx(of_folds, abs=1e-9)


def test_a_forest_is_explained_as_by_shap():
    rows, _ = clients(with_nan=False)
    own = pickle.loads(fitted("forest"))
    values, base = choose_classifier(own).contributions(rows)
    explainer = shap.TreeExplainer(own)
    np.testing.assert_allclose(values, explainer.shap_values(rows)[..., 1], atol=1e-9)
    assert base == pytest.approx(explainer.expected_value[1], abs=1e-9)


@pytest.mark.parametrize(
    ("name", "error"), [("voting", 0.05), ("stacking", 0.05), ("network", 0.1)]
)
def test_permutations_approximate_shapley_values(name: str, error: float):
    """The error is relative to the largest value of all."""
    rows, _ = clients(with_nan=False)
    classifier = choose_classifier(pickle.loads(fitted(name))).explained_against(rows)
    values, base = classifier.contributions(rows[:4])
    order = np.argsort(classifier.probabilities(rows), kind="stable")
    background = rows[order[np.linspace(0, len(rows) - 1, 32).astype(int)]]
    expected = [shapley_values(classifier.probabilities, row, background) for row in rows[:4]]
    assert np.abs(values - expected).max() <= error * np.abs(expected).max()
    assert base == pytest.approx(classifier.probabilities(background).mean(), abs=1e-15)


class Recorded:
    """A classifier of a sum and products of two inputs each, which counts the rows it scores."""

    classes_ = (0, 1)

    def __init__(self) -> None:
        self.scored = 0
        self.largest_call = 0

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        self.scored += len(rows)
        self.largest_call = max(self.largest_call, rows.size)
        weights = np.linspace(-1, 1, rows.shape[1])
        score = 0.5 + 1e-3 * (rows @ weights + rows[:, 0] * rows[:, -2:].sum(axis=1))
        return np.column_stack([1 - score, score])


def test_permutations_are_exact_for_pairs_that_interact():
    rows, _ = clients(with_nan=False)
    classifier = choose_classifier(Recorded()).explained_against(rows)
    background = classifier.background
    values, _ = classifier.contributions(rows[:5])
    for row, found in zip(rows[:5], values, strict=True):
        expected = shapley_values(classifier.probabilities, row, background)
        np.testing.assert_allclose(found, expected, atol=1e-14)
        assert np.abs(found).max() > 1e-4


@pytest.mark.parametrize("features", [1, 2, 9, 150, 700])
def test_an_explanation_takes_a_bounded_number_of_scores(features: int):
    rows = np.random.default_rng(1).normal(size=(50, features))
    own = Recorded()
    classifier = choose_classifier(own).explained_against(rows)
    own.scored = 0
    values, base = classifier.contributions(rows[:1])
    assert 0 < own.scored <= max(permutation.EVALUATIONS, 2 * 32 * features)
    assert own.largest_call <= permutation.MOST_VALUES
    np.testing.assert_allclose(base + values.sum(axis=1), classifier.probabilities(rows[:1]))


def test_an_input_equal_to_the_background_contributes_nothing():
    rows, _ = clients(with_nan=False)
    rows[:, 3], rows[:, 4] = 2.0, np.nan
    own = OwnProbabilities(Recorded(), 1)
    some = np.nan_to_num(rows)
    values, _ = PermutationClassifier(own).explained_against(some).contributions(some[:3])
    np.testing.assert_array_equal(values[:, [3, 4]], 0)
    assert (values[:, [0, 1, 2]] != 0).all()


@pytest.mark.parametrize("name", ["voting", "network", "calibrated neighbours"])
def test_permutations_always_give_a_client_the_same_values(name: str):
    rows, _ = clients(with_nan=False)
    one, other = (
        choose_classifier(pickle.loads(fitted(name))).explained_against(rows) for _ in range(2)
    )
    together, _ = one.contributions(rows[:20])
    alone = [other.contributions(row[None])[0][0] for row in rows[:20][::-1]][::-1]
    np.testing.assert_array_equal(together, alone)
