"""Wilson's interval against SciPy, published values, and its exact coverage."""

from dataclasses import astuple

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtri

from credit_scoring.monitoring.rates.proportion import Proportion, Z, wilson


@pytest.mark.parametrize("of", [1, 2, 29, 30, 31, 263, 10_000, 10_000_000])
def test_the_interval_is_scipys(of):
    for count in sorted({0, 1, of // 3, of // 2, of - 1, of}):
        expected = stats.binomtest(count, of).proportion_ci(0.95, "wilson")
        found = wilson(count, of)
        assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-9, abs=1e-12)
        assert 0 <= found.low <= count / of <= found.high <= 1
        assert found.rate == (None if of < 30 else count / of)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(count, of, low, high):
    """R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3."""
    found = wilson(count, of)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_covers_95_percent_on_average():
    """Coverage by the binomial distribution itself, over many true shares."""
    shares = np.linspace(0.02, 0.98, 97)
    for of in (30, 100, 400):
        intervals = np.array([astuple(wilson(count, of))[3:] for count in range(of + 1)])
        covered = (intervals[:, :1] <= shares) & (shares <= intervals[:, 1:])
        chances = stats.binom.pmf(np.arange(of + 1)[:, None], of, shares)
        coverage = (covered * chances).sum(axis=0)
        assert coverage.mean() == pytest.approx(0.95, abs=0.006)
        assert coverage.min() > 0.88


def test_of_nothing_is_no_share():
    assert wilson(0, 0) == Proportion(0, 0, None, None, None)
    assert wilson(0, 30) == Proportion(0, 30, 0.0, 0.0, pytest.approx(0.11351, abs=5e-6))
    assert wilson(30, 30) == Proportion(30, 30, 1.0, pytest.approx(0.88649, abs=5e-6), 1.0)


@pytest.mark.parametrize(("count", "of"), [(-1, 3), (4, 3), (1, 0)])
def test_other_counts_are_refused(count, of):
    with pytest.raises(ValueError, match=f"^{count} out of {of} is not a share$"):
        wilson(count, of)


def test_numpys_whole_numbers_become_pythons():
    found = wilson(np.int64(40), np.uint32(50))
    assert found == wilson(40, 50)
    assert [type(value) for value in astuple(found)] == [int, int, float, float, float]


def test_the_quantile_is_that_of_the_normal_distribution():
    assert ndtri(0.975) == Z
