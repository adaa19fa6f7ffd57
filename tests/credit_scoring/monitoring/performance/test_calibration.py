"""Calibration figures against scikit-learn, plain calculations, identities and simulations."""

from math import log, sqrt

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, log_loss

from credit_scoring.monitoring.performance.calibration import BrierScore, calibration
from credit_scoring.monitoring.performance.pd_bins import PdBins
from credit_scoring.monitoring.rates.proportion import wilson


def drawn(random, loans: int, shift: float = 0.0, digits: int = 17):
    """PDs of about 8 %, and outcomes whose log-odds are higher by `shift`."""
    pd = random.beta(1.2, 12, loans).round(digits)
    odds = pd / (1 - pd) * np.exp(shift)
    return pd, random.random(loans) < odds / (1 + odds)


def ranges(pd):
    """The loans of each range by the definition: deciles are loans of the sorted list."""
    n, rising = len(pd), sorted(pd)
    ends = sorted({rising[-(-n * tenths // 10) - 1] for tenths in range(1, 11)})
    return [
        [i for i, one in enumerate(pd) if before < one <= end]
        for before, end in zip([-1, *ends], ends, strict=False)
    ]


def plain_parts(pd, bad) -> BrierScore:
    """The parts by their definitions, loan by loan."""
    n, base = len(pd), sum(bad) / len(pd)
    reliability = resolution = variance = covariance = 0.0
    for members in ranges(pd):
        mean = sum(pd[i] for i in members) / len(members)
        rate = sum(bad[i] for i in members) / len(members)
        reliability += len(members) / n * (mean - rate) ** 2
        resolution += len(members) / n * (rate - base) ** 2
        variance += sum((pd[i] - mean) ** 2 for i in members) / n
        covariance += 2 * sum((pd[i] - mean) * (bad[i] - rate) for i in members) / n
    score = sum((p - y) ** 2 for p, y in zip(pd, bad, strict=True)) / n
    return BrierScore(score, reliability, resolution, base * (1 - base), variance, covariance)


@pytest.mark.parametrize("digits", [17, 2, 1])
@pytest.mark.parametrize("loans", [30, 31, 777])
def test_the_parts_of_the_brier_score(loans, digits):
    pd, bad = drawn(np.random.default_rng(loans), loans, 0.4, digits)
    found = calibration(pd, bad).brier
    expected = plain_parts(pd.tolist(), bad.tolist())
    for name, value in vars(expected).items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-14), name
    assert found.score == pytest.approx(brier_score_loss(bad, pd))


@pytest.mark.parametrize("loans", [30, 1000, 300_000])
def test_the_parts_add_up_to_the_score(loans):
    random = np.random.default_rng(loans)
    for pd in (random.random(loans), random.beta(0.01, 0.01, loans), random.random(loans) * 1e-8):
        found = calibration(pd, random.random(loans) < 0.3).brier
        total = (
            found.reliability
            - found.resolution
            + found.uncertainty
            + found.within_bin_variance
            - found.within_bin_covariance
        )
        assert total == pytest.approx(found.score, rel=1e-12)


def test_murphys_three_parts_suffice_if_the_pds_of_a_range_are_equal():
    pd = np.repeat([0.1, 0.3, 0.8], [50, 30, 20])
    bad = np.concatenate([np.arange(n) < k for n, k in ((50, 5), (30, 12), (20, 14))])
    found = calibration(pd, bad)
    assert [(one.mean_pd, one.default_rate) for one in found.bins] == [
        (pytest.approx(0.1), wilson(5, 50)),
        (pytest.approx(0.3), wilson(12, 30)),
        (pytest.approx(0.8), wilson(14, 20)),
    ]
    assert found.brier.reliability == pytest.approx(0.3 * 0.1**2 + 0.2 * 0.1**2)
    assert found.brier.resolution == pytest.approx(0.5 * 0.21**2 + 0.3 * 0.09**2 + 0.2 * 0.39**2)
    assert found.brier.uncertainty == pytest.approx(0.31 * 0.69)
    assert found.brier.within_bin_variance == pytest.approx(0, abs=1e-30)
    assert found.brier.within_bin_covariance == pytest.approx(0, abs=1e-15)
    assert (found.mean_pd, found.default_rate) == (pytest.approx(0.3), wilson(31, 100))


def test_the_log_loss_is_scikit_learns():
    pd, bad = drawn(np.random.default_rng(5), 500)
    assert calibration(pd, bad).log_loss == pytest.approx(log_loss(bad, pd))
    pd[:4], bad[:4] = (0, 1, 0, 1), (False, True, True, False)
    assert calibration(pd, bad).log_loss == pytest.approx(log_loss(bad, pd))


def plain_hosmer_lemeshow(pd, bad) -> tuple[float, int]:
    """The statistic and the number of ranges, after merging from the lowest PD up."""
    groups, rest = [], []
    for members in ranges(pd):
        rest = rest + members
        expected = sum(pd[i] for i in rest)
        if expected >= 5 and len(rest) - expected >= 5:
            groups, rest = [*groups, rest], []
    groups[-1] = groups[-1] + rest
    statistic = 0.0
    for members in groups:
        n, mean = len(members), sum(pd[i] for i in members) / len(members)
        observed = sum(bad[i] for i in members)
        statistic += (observed - n * mean) ** 2 / (n * mean * (1 - mean))
    return statistic, len(groups)


@pytest.mark.parametrize("loans", [120, 400, 5000])
def test_hosmer_and_lemeshows_test(loans):
    pd, bad = drawn(np.random.default_rng(loans), loans, 0.3)
    found = calibration(pd, bad).hosmer_lemeshow
    statistic, groups = plain_hosmer_lemeshow(pd.tolist(), bad.tolist())
    assert (found.statistic, found.degrees) == (pytest.approx(statistic), groups)
    assert found.p == pytest.approx(stats.chi2.sf(statistic, groups))


def test_ten_ranges_have_ten_degrees_of_freedom():
    """Ten ranges of 160 loans with one PD each, k / 16: the textbook's sum, by hand."""
    pd, defaults = np.repeat(np.arange(1, 11) / 16, 160), [4, 22, 25, 42, 54, 60, 63, 87, 95, 90]
    bad = np.concatenate([np.arange(160) < count for count in defaults])
    found = calibration(pd, bad).hosmer_lemeshow
    by_hand = [(o - 10 * k) ** 2 / (10 * k * (1 - k / 16)) for k, o in enumerate(defaults, 1)]
    assert found.statistic == pytest.approx(sum(by_hand))
    assert (found.degrees, found.p) == (10, pytest.approx(stats.chi2.sf(sum(by_hand), 10)))


@pytest.mark.parametrize("loans", [150, 600, 4000])
def test_right_pds_are_seldom_rejected(loans):
    random = np.random.default_rng(loans)
    found = [calibration(*drawn(random, loans)) for _ in range(1500)]
    for name in ("hosmer_lemeshow", "spiegelhalter"):
        rejected = np.mean([getattr(one, name).p <= 0.05 for one in found])
        assert rejected == pytest.approx(0.05, abs=0.022), name
    degrees = np.mean([one.hosmer_lemeshow.degrees for one in found])
    mean = np.mean([one.hosmer_lemeshow.statistic for one in found])
    assert mean == pytest.approx(degrees, rel=0.05)


def test_wrong_pds_are_rejected():
    random = np.random.default_rng(6)
    found = [calibration(*drawn(random, 4000, 0.4)) for _ in range(100)]
    assert np.mean([one.hosmer_lemeshow.p <= 0.05 for one in found]) > 0.95
    assert np.mean([one.spiegelhalter.p <= 0.05 for one in found]) > 0.95
    assert np.mean([one.spiegelhalter.statistic for one in found]) > 4
    assert np.mean([one.spiegelhalter.statistic > 0 for one in found]) > 0.95


def test_spiegelhalters_test():
    pd, bad = drawn(np.random.default_rng(8), 300, 0.2)
    numerator = sum((y - p) * (1 - 2 * p) for p, y in zip(pd, bad, strict=True))
    variance = sum((1 - 2 * p) ** 2 * p * (1 - p) for p in pd)
    found = calibration(pd, bad).spiegelhalter
    assert found.statistic == pytest.approx(numerator / sqrt(variance))
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.statistic)))
    assert found.degrees is None


@pytest.mark.parametrize("pd", [0.0, 1.0, 0.5, 1e-300, 1 - 1e-16])
def test_equal_and_extreme_pds(pd):
    bad = np.arange(100) < 30
    found = calibration(np.full(100, pd), bad)
    assert [one.mean_pd for one in found.bins] == [pytest.approx(pd)]
    assert found.brier.score == pytest.approx(0.3 * (1 - pd) ** 2 + 0.7 * pd**2)
    assert found.brier.resolution == 0
    kept = min(max(pd, np.finfo(float).eps), 1 - np.finfo(float).eps)
    assert found.log_loss == pytest.approx(-0.3 * log(kept) - 0.7 * log(1 - kept))
    assert found.spiegelhalter is None
    if pd == 0.5:
        assert found.hosmer_lemeshow.statistic == pytest.approx((30 - 50) ** 2 / 25)
    else:
        assert found.hosmer_lemeshow is None


def test_outcomes_of_one_class():
    pd, _ = drawn(np.random.default_rng(9), 400)
    for bad in (np.zeros(400, bool), np.ones(400, bool)):
        found = calibration(pd, bad)
        assert found.brier.uncertainty == 0
        assert found.brier.score == pytest.approx(np.mean((pd - bad) ** 2))
        assert found.default_rate.rate == bad[0]
        assert found.hosmer_lemeshow.p < 1e-3


def test_a_small_cell_has_an_interval_only():
    assert calibration(np.empty(0), np.empty(0, bool)) is None
    for loans in (1, 2, 29):
        pd, bad = drawn(np.random.default_rng(loans), loans)
        found = calibration(pd, bad)
        assert found.mean_pd == pytest.approx(pd.mean())
        assert found.default_rate == wilson(int(bad.sum()), loans)
        assert found.default_rate.rate is None
        assert (found.brier, found.log_loss) == (None, None)
        assert (found.hosmer_lemeshow, found.spiegelhalter) == (None, None)
        assert sum(one.default_rate.of for one in found.bins) == loans


def test_few_expected_defaults_have_no_test():
    """1000 loans of 0.4 % lead one to expect four."""
    bad = np.arange(1000) < 6
    found = calibration(np.full(1000, 0.004), bad)
    assert (found.hosmer_lemeshow, found.spiegelhalter) == (None, None)
    assert calibration(np.full(1000, 0.0051), bad).hosmer_lemeshow.degrees == 1
    assert calibration(np.full(1000, 0.997), ~bad).hosmer_lemeshow is None


@pytest.mark.parametrize("digits", [17, 2])
@pytest.mark.parametrize("loans", [1, 9, 10, 11, 1234])
def test_ranges_hold_all_loans(loans, digits):
    pd, bad = drawn(np.random.default_rng(1), loans, digits=digits)
    bins = PdBins.of(pd, bad)
    members = ranges(pd.tolist())
    assert bins.decisions.tolist() == [len(some) for some in members]
    assert bins.bads.tolist() == [bad[some].sum() for some in members]
    assert bins.mean_pd == pytest.approx([pd[some].mean() for some in members])


@pytest.mark.parametrize("wrong", [np.nan, -1e-9, 1.0000001, np.inf])
def test_other_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        calibration(np.array([0.2, wrong]), np.array([True, False]))
    with pytest.raises(ValueError, match="booleans"):
        calibration(np.array([0.2, 0.3]), np.array([1.0, 0.0]))
