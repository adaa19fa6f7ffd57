"""Ratios of shares against SciPy, and the coverage of their interval."""

import numpy as np
import pytest
from scipy import optimize, stats

from credit_scoring.monitoring.rates.proportion import wilson
from credit_scoring.monitoring.rates.ratio import Ratio, equality_p, ratio


def limits(a, n, b, m):
    """The ends by their definition, found by bisection of p - L q against its own margin."""
    p, q = a / n, b / m
    (p_low, p_high), (q_low, q_high) = (
        stats.binomtest(count, of).proportion_ci(0.95, "wilson") for count, of in ((a, n), (b, m))
    )
    low = optimize.brentq(
        lambda end: p - end * q - np.hypot(p - p_low, end * (q_high - q)), 0, 1e9, xtol=1e-12
    )
    high = optimize.brentq(
        lambda end: end * q - p - np.hypot(p_high - p, end * (q - q_low)), 0, 1e9, xtol=1e-12
    )
    return low, high


@pytest.mark.parametrize(
    ("a", "n", "b", "m"),
    [(12, 40, 48, 80), (1, 35, 34, 35), (30, 31, 1, 900_000), (40, 40, 30, 50), (40, 40, 99, 99)],
)
def test_the_ends_are_those_of_the_definition(a, n, b, m):
    low, high = limits(a, n, b, m)
    found = ratio(wilson(a, n), wilson(b, m))
    assert found == Ratio(
        pytest.approx(a * m / (n * b)),
        pytest.approx(low),
        pytest.approx(high),
    )
    assert found.low <= found.ratio <= found.high
    turned = ratio(wilson(b, m), wilson(a, n))
    assert (turned.low, turned.high) == pytest.approx((1 / found.high, 1 / found.low))


def test_large_groups_have_katzs_interval_too():
    expected = stats.contingency.relative_risk(30_000, 90_000, 20_000, 50_000)
    low, high = expected.confidence_interval(0.95)
    found = ratio(wilson(30_000, 90_000), wilson(20_000, 50_000))
    assert (found.ratio, found.low, found.high) == pytest.approx(
        (expected.relative_risk, low, high), rel=1e-4
    )


def test_nobody_accepted():
    nobody = ratio(wilson(0, 40), wilson(30, 50))
    assert (nobody.ratio, nobody.low) == (0.0, 0.0)
    assert 0.08 < nobody.high < 0.25
    unbounded = ratio(wilson(30, 50), wilson(0, 40))
    assert unbounded == Ratio(None, pytest.approx(1 / nobody.high), None)
    assert ratio(wilson(0, 40), wilson(0, 40)) == Ratio(None, 0.0, None)


def test_a_small_group_has_an_interval_only():
    found = ratio(wilson(12, 29), wilson(48, 80))
    assert found.ratio is None
    assert found.low < 12 / 29 * 80 / 48 < found.high
    assert ratio(wilson(0, 0), wilson(48, 80)) == Ratio(None, None, None)
    assert ratio(wilson(48, 80), wilson(0, 0)) == Ratio(None, None, None)


@pytest.mark.parametrize(
    ("n", "m", "p", "q"),
    [
        (200, 1000, 0.6, 0.75),
        (40, 400, 0.9, 0.97),
        (30, 1000, 0.9, 0.9),
        (30, 30, 0.5, 0.8),
        (30, 300, 0.1, 0.2),
        (35, 5000, 0.99, 0.95),
    ],
)
def test_the_interval_covers_the_true_ratio(n, m, p, q):
    random, each = np.random.default_rng(5), 4000
    draws = zip(random.binomial(n, p, each), random.binomial(m, q, each), strict=True)
    intervals = [ratio(wilson(a, n), wilson(b, m)) for a, b in draws]
    covered = np.mean([one.low <= p / q <= one.high for one in intervals])
    assert 0.935 < covered < 0.975


def test_the_test_of_equal_shares_is_scipys():
    """Chi-square for large expected counts, Fisher's exact test for small ones."""
    random = np.random.default_rng(2)
    for _ in range(300):
        n, m = random.integers(1, 60, 2)
        a, b = random.binomial(n, 0.15), random.binomial(m, 0.15)
        table = np.array([[a, n - a], [b, m - b]])
        found = equality_p(wilson(a, n), wilson(b, m))
        if not table.sum(axis=0).all():
            assert found == 1
        elif stats.contingency.expected_freq(table).min() >= 5:
            assert found == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
        else:
            assert found == pytest.approx(stats.fisher_exact(table).pvalue)


def test_large_groups_are_tested_too():
    table = [[2, 99_998], [30, 899_970]]
    found = equality_p(wilson(2, 100_000), wilson(30, 900_000))
    assert found == pytest.approx(stats.fisher_exact(table).pvalue)
    big = equality_p(wilson(5_000_000, 10_000_000), wilson(2_505_000, 5_000_000))
    expected = stats.chi2_contingency(
        [[5_000_000, 5_000_000], [2_505_000, 2_495_000]], correction=False
    )
    assert big == pytest.approx(expected.pvalue)
    assert equality_p(wilson(0, 0), wilson(3, 10)) is None
