"""The paired difference of two areas against DeLong's covariance matrix and simulations."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from credit_scoring.monitoring.performance.discrimination import discrimination
from credit_scoring.monitoring.performance.paired_discrimination import (
    DiscriminationDifference,
    discrimination_difference,
)


def two_models(random, goods: int, bads: int, first: float = 1.0, second: float = 1.0):
    """Correlated scores of two models, and the outcomes, in a random order."""
    bad = random.permutation(np.repeat([False, True], [goods, bads]))
    noise = random.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], len(bad)).T
    return first * bad + noise[0], second * bad + noise[1], bad


def delong(first, second, bad) -> tuple[float, float]:
    """The difference and its variance L S L' by the definition of 1988."""
    kernels = [
        (one[bad][:, None] > one[~bad]) + 0.5 * (one[bad][:, None] == one[~bad])
        for one in (first, second)
    ]
    by_bad, by_good = (np.cov([k.mean(axis=axis) for k in kernels]) for axis in (1, 0))
    contrast = np.array([1, -1])
    covariance = by_bad / bad.sum() + by_good / (~bad).sum()
    return kernels[0].mean() - kernels[1].mean(), contrast @ covariance @ contrast


@pytest.mark.parametrize("digits", [3, 1, 0])
def test_it_is_delongs_with_and_without_ties(digits):
    first, second, bad = two_models(np.random.default_rng(digits), 300, 60, 1.3, 0.9)
    first, second = first.round(digits), second.round(digits)
    found = discrimination_difference(first, second, bad)
    difference, variance = delong(first, second, bad)
    low, high = stats.norm.interval(0.95, difference, variance**0.5)
    p = 2 * stats.norm.sf(abs(difference) / variance**0.5)
    assert found == DiscriminationDifference(
        *(pytest.approx(value) for value in (difference, low, high, p)), 300, 60
    )
    assert found.difference == pytest.approx(roc_auc_score(bad, first) - roc_auc_score(bad, second))
    reverse = discrimination_difference(second, first, bad)
    assert (reverse.difference, reverse.low, reverse.high, reverse.p) == pytest.approx(
        (-found.difference, -found.high, -found.low, found.p)
    )


def test_pairs_tell_more_than_two_samples():
    """The variance of two independent samples would be the sum of both."""
    first, second, bad = two_models(np.random.default_rng(2), 3000, 400, 1.1, 1.0)
    found = discrimination_difference(first, second, bad)
    one, other = discrimination(first, bad), discrimination(second, bad)
    independent = np.hypot(one.auc_high - one.auc_low, other.auc_high - other.auc_low)
    assert 0.4 * independent < found.high - found.low < 0.7 * independent


@pytest.mark.parametrize(("goods", "bads"), [(300, 50), (100, 12)])
def test_equally_good_models_seldom_differ(goods, bads):
    random = np.random.default_rng(31)
    found = [discrimination_difference(*two_models(random, goods, bads)) for _ in range(2000)]
    assert np.mean([one.p <= 0.05 for one in found]) == pytest.approx(0.05, abs=0.016)
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(0.95, abs=0.016)


def test_the_interval_covers_the_true_difference():
    random = np.random.default_rng(37)
    true = stats.norm.cdf(1.4 / 2**0.5) - stats.norm.cdf(1 / 2**0.5)
    found = [discrimination_difference(*two_models(random, 400, 80, 1.4)) for _ in range(1500)]
    assert np.mean([one.low <= true <= one.high for one in found]) == pytest.approx(0.95, abs=0.02)


def test_models_that_order_equally_do_not_differ():
    first, _, bad = two_models(np.random.default_rng(3), 100, 40)
    same = discrimination_difference(first, np.exp(first), bad)
    assert same == DiscriminationDifference(0.0, 0.0, 0.0, 1.0, 100, 40)


def test_opposite_perfect_models_give_no_variance():
    bad = np.repeat([False, True], [40, 40])
    perfect = bad.astype(float)
    found = discrimination_difference(perfect, -perfect, bad)
    assert found == DiscriminationDifference(1.0, -1.0, 1.0, None, 40, 40)


def test_few_loans_have_an_interval_only():
    first, second, bad = two_models(np.random.default_rng(4), 50, 29)
    found = discrimination_difference(first, second, bad)
    difference, variance = delong(first, second, bad)
    assert found.difference is None
    assert (found.low, found.high) == pytest.approx(
        stats.t.interval(0.95, 28, difference, variance**0.5)
    )
    assert found.p == pytest.approx(2 * stats.t.sf(abs(difference) / variance**0.5, 28))
    assert discrimination_difference(first[:2], second[:2], np.array([True, False])) is None
    assert discrimination_difference(np.empty(0), np.empty(0), np.empty(0, bool)) is None


def test_a_missing_score_is_refused():
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    bad = np.array([True, True, False, False])
    with pytest.raises(ValueError, match="without missing"):
        discrimination_difference(scores, np.array([0.1, np.nan, 0.3, 0.4]), bad)
    with pytest.raises(ValueError, match="as many"):
        discrimination_difference(scores, scores[:3], bad)
