"""Kaplan-Meier curves against SciPy, a textbook's example and simulations."""

import warnings

import numpy as np
import pytest
from scipy import stats

from credit_scoring.monitoring.performance.vintages import Vintage, VintagePoint, vintage

# Weeks in remission under 6-mercaptopurine (E. J. Freireich et al., Blood 21, 1963), and the curve
# as in D. G. Kleinbaum and M. Klein, Survival Analysis, 3rd edition, 2012, table 2.1.
RELAPSES = [6, 6, 6, 7, 10, 13, 16, 22, 23]
CENSORED = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
REMISSION = {6: 0.8571, 7: 0.8067, 10: 0.7529, 13: 0.6902, 16: 0.6275, 22: 0.5378, 23: 0.4482}
AT_RISK = {6: 21, 7: 17, 10: 15, 13: 12, 16: 11, 22: 7, 23: 6}


def drawn(random, loans: int, digits: int = 17):
    """Months until default (3 % a month) or until the end of observation, and the former."""
    default = random.exponential(1 / 0.03, loans).round(digits)
    end = random.uniform(0, 15, loans).round(digits)
    return np.minimum(default, end), default <= end


def scipys(months, is_default):
    """The curve of `scipy.stats.ecdf` and its interval, where that exists, at whole months."""
    data = stats.CensoredData.right_censored(months, ~is_default)
    curve = stats.ecdf(data)
    with warnings.catch_warnings():  # the interval does not exist where the curve is 0 or 1
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = curve.cdf.confidence_interval(method="log-log")
    return curve.cdf, interval.low, interval.high


def test_the_textbooks_curve():
    months = np.array([*RELAPSES, *CENSORED], float)
    found = vintage("weeks", np.tile(months, 2), np.tile(np.arange(21) < 9, 2), 60)
    assert (found.month, found.accepted) == ("weeks", 42)
    points = {one.months: one for one in found.curve}
    assert list(points) == list(range(1, 36))
    for week, share in REMISSION.items():
        low_and_high = (points[week].low, points[week].high)
        assert points[week].at_risk == 2 * AT_RISK[week]
        given = points[week].cumulative
        assert given == (pytest.approx(1 - share, abs=5e-5) if AT_RISK[week] > 14 else None)
        assert low_and_high[0] < 1 - share < low_and_high[1]
    assert [points[week].defaults for week in (5, 6, 22, 35)] == [0, 6, 16, 18]


@pytest.mark.parametrize("digits", [17, 1, 0])
@pytest.mark.parametrize("loans", [40, 900])
def test_it_is_scipys(loans, digits):
    months, is_default = drawn(np.random.default_rng(loans), loans, digits)
    found = vintage("2026-01", months, is_default, 12).curve
    curve, low, high = scipys(months, is_default)
    assert len(found) == 12
    for one in found:
        assert one.at_risk == (months >= one.months).sum()
        assert one.defaults == (is_default & (months <= one.months)).sum()
        share = curve.evaluate(one.months)
        if one.at_risk < 30:
            assert one.cumulative is None
        else:
            assert one.cumulative == pytest.approx(share)
        if 0 < share < 1:
            assert [one.low, one.high] == pytest.approx(
                [float(end.evaluate(one.months)) for end in (low, high)]
            )


def test_without_censoring_it_is_a_share():
    months = np.where(np.arange(200) < 50, np.arange(200) % 6 + 0.5, 12.0)
    found = vintage("2026-01", months, np.arange(200) < 50, 12).curve
    assert [one.cumulative for one in found] == pytest.approx(
        [(months[:50] <= month).mean() / 4 for month in range(1, 13)]
    )
    assert [one.at_risk for one in found][-6:] == [150] * 6


def test_the_interval_covers_the_true_share():
    random, true = np.random.default_rng(3), 1 - np.exp(-0.03 * np.arange(1, 13))
    covered = []
    for _ in range(1500):
        curve = vintage("2026-01", *drawn(random, 300), 12).curve
        covered.append([one.low <= share <= one.high
                        for one, share in zip(curve, true, strict=True)])  # fmt: skip
    assert np.mean(covered, axis=0) == pytest.approx(0.95, abs=0.025)


def test_early_shares_are_not_too_high():
    """Loans still observed count as good only for as long as they were."""
    random = np.random.default_rng(4)
    months, is_default = drawn(random, 20_000)
    found = vintage("2026-01", months, is_default, 12).curve[-1]
    true = 1 - np.exp(-0.03 * 12)
    assert found.low < true < found.high
    defaults, others = (is_default & (months <= 12)).sum(), (months > 12).sum()
    assert defaults / (defaults + others) > true + 0.1  # of those whose outcome is known
    assert defaults / len(months) < true - 0.1  # of all


def test_no_default_has_wilsons_interval():
    found = vintage("2026-01", np.full(50, 2.0), np.zeros(50, bool), 12)
    high = stats.binomtest(0, 50).proportion_ci(0.95, "wilson").high
    point = VintagePoint(1, 50, 0, 0.0, 0.0, pytest.approx(high))
    assert found == Vintage(
        "2026-01", 50, [point, VintagePoint(2, *list(vars(point).values())[1:])]
    )


def test_only_defaults():
    """All forty end in the first month, of whom ten after the last observation of others."""
    found = vintage("2026-01", np.full(40, 1.0), np.ones(40, bool), 12)
    low = stats.binomtest(40, 40).proportion_ci(0.95, "wilson").low
    assert found.curve == [VintagePoint(1, 40, 40, 1.0, pytest.approx(low), 1.0)]


def test_a_month_nobody_was_observed_for_is_not_given():
    assert vintage("2026-01", np.empty(0), np.empty(0, bool), 12) == Vintage("2026-01", 0, [])
    assert vintage("2026-01", np.array([0.9]), np.array([True]), 12).curve == []
    few = vintage("2026-01", np.array([0.0, 1.0, 3.5]), np.array([False, True, False]), 12)
    assert [(one.months, one.at_risk, one.defaults, one.cumulative) for one in few.curve] == [
        (1, 2, 1, None),
        (2, 1, 1, None),
        (3, 1, 1, None),
    ]
    data = scipys(np.array([0.0, 1.0, 3.5]), np.array([False, True, False]))
    assert [few.curve[2].low, few.curve[2].high] == pytest.approx(
        [float(end.evaluate(3)) for end in data[1:]]
    )


def test_the_interval_contains_the_share_and_rises():
    for seed in range(60):
        random = np.random.default_rng(seed)
        months, is_default = drawn(
            random, int(random.integers(30, 120)), int(random.integers(0, 3))
        )
        curve = vintage("2026-01", months, is_default, 12).curve
        shares = [one.cumulative for one in curve if one.cumulative is not None]
        assert shares == sorted(shares)
        for one in curve:
            assert 0 <= one.low <= one.high <= 1
            assert one.cumulative is None or one.low <= one.cumulative <= one.high


@pytest.mark.parametrize("wrong", [np.nan, -0.1])
def test_other_months_are_refused(wrong):
    with pytest.raises(ValueError, match=r"without missing|not negative"):
        vintage("2026-01", np.array([1.0, wrong]), np.array([True, False]), 12)
    with pytest.raises(ValueError, match="booleans"):
        vintage("2026-01", np.array([1.0, 2.0]), np.array([0, 1]), 12)
