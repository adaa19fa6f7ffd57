"""Tests of grades against SciPy, examples by hand and the binomial distribution."""

import numpy as np
import pytest
from scipy import integrate, stats

from credit_scoring.monitoring.performance.grade_tests import (
    GradeCounts,
    GradeTest,
    binomial_p,
    grade_tests,
    jeffreys_p,
)
from credit_scoring.monitoring.rates.proportion import wilson

CASES = [(0, 1, 0.5), (1, 1, 0.5), (0, 800, 0.002), (3, 29, 0.05), (12, 400, 0.02), (40, 40, 0.9)]
CASES += [(9_000, 1_000_000, 0.0089), (5, 100, 0.0), (5, 100, 1.0), (0, 100, 0.0), (100, 100, 1.0)]


@pytest.mark.parametrize(("bads", "decisions", "pd"), CASES)
def test_they_are_scipys(bads, decisions, pd):
    assert jeffreys_p(bads, decisions, pd) == pytest.approx(
        stats.beta.cdf(pd, bads + 0.5, decisions - bads + 0.5)
    )
    assert binomial_p(bads, decisions, pd) == pytest.approx(
        stats.binomtest(bads, decisions, pd, "greater").pvalue
    )


def test_two_defaults_of_three_by_hand():
    """3 * 0.1^2 * 0.9 + 0.1^3; and the integral of the beta density up to the PD."""
    assert binomial_p(2, 3, 0.1) == pytest.approx(0.028)
    density = integrate.quad(lambda x: x**1.5 * (1 - x) ** 0.5, 0, 0.1)[0]
    whole = integrate.quad(lambda x: x**1.5 * (1 - x) ** 0.5, 0, 1)[0]
    assert jeffreys_p(2, 3, 0.1) == pytest.approx(density / whole)


@pytest.mark.parametrize(("decisions", "pd"), [(200, 0.02), (1000, 0.05), (5000, 0.2)])
def test_right_pds_are_seldom_rejected(decisions, pd):
    """The chance of a rejection at 5 %, from the binomial distribution itself."""
    bads = np.arange(decisions + 1)
    chances = stats.binom.pmf(bads, decisions, pd)
    for test, least, most in ((binomial_p, 0.015, 0.05), (jeffreys_p, 0.03, 0.07)):
        rejected = np.array([test(int(k), decisions, pd) <= 0.05 for k in bads])
        assert least < chances[rejected].sum() <= most


def test_more_defaults_make_a_low_pd_less_credible():
    for test in (jeffreys_p, binomial_p):
        values = [test(bads, 300, 0.05) for bads in range(301)]
        assert values == sorted(values, reverse=True)
        assert values[10] > 0.5 > values[20]


def test_grades_keep_their_order_and_are_adjusted():
    rows = [
        GradeCounts("A", 500, 0.01, 4),
        GradeCounts("B", 20, 0.05, 3),
        GradeCounts("C", 0, None, 0),
        GradeCounts("D", 300, 0.10, 48),
    ]
    found = grade_tests(rows)
    raw = [[test(row.bads, row.decisions, row.mean_pd) for row in rows if row.decisions]
           for test in (jeffreys_p, binomial_p)]  # fmt: skip
    adjusted = [iter(stats.false_discovery_control(p)) for p in raw]
    raw = [iter(p) for p in raw]
    expected = [
        GradeTest(
            row.grade,
            row.decisions,
            row.mean_pd,
            wilson(row.bads, row.decisions),
            *(pytest.approx(next(some)) if row.decisions else None for some in (*raw, *adjusted)),
        )
        for row in rows
    ]
    assert found == expected
    assert found[1].rate.rate is None
    assert found[3].jeffreys_p < found[3].jeffreys_adjusted < 0.01
    assert grade_tests([]) == []


@pytest.mark.parametrize(
    ("bads", "decisions", "pd", "message"),
    [
        (3, 2, 0.1, "3 out of 2"),
        (-1, 2, 0.1, "-1 out of 2"),
        (1, 2, None, "between 0 and 1"),
        (1, 2, float("nan"), "between 0 and 1"),
        (1, 2, 1.1, "between 0 and 1"),
    ],
)
def test_wrong_rows_are_refused(bads, decisions, pd, message):
    with pytest.raises(ValueError, match=message):
        grade_tests([GradeCounts("A", decisions, pd, bads)])
