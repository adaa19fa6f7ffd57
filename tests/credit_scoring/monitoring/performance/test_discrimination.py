"""AUC, Gini and KS against scikit-learn, SciPy, brute force and simulations."""

from dataclasses import astuple
from itertools import product

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from credit_scoring.monitoring.performance.discrimination import (
    Discrimination,
    discrimination,
    placements,
    restricted_discrimination,
)


def drawn(random, goods: int, bads: int, distance: float = 1.0, digits: int | None = None):
    """Normal scores, those of bad loans higher by `distance`, in a random order."""
    bad = random.permutation(np.repeat([False, True], [goods, bads]))
    scores = random.normal(distance * bad)
    return (scores if digits is None else scores.round(digits)), bad


def delong(scores, bad) -> tuple[float, float]:
    """AUC and its variance by the definition of 1988: the kernel of every pair."""
    bads, goods = scores[bad], scores[~bad]
    kernel = (bads[:, None] > goods) + 0.5 * (bads[:, None] == goods)
    by_bad, by_good = kernel.mean(axis=1), kernel.mean(axis=0)
    return kernel.mean(), by_bad.var(ddof=1) / len(bads) + by_good.var(ddof=1) / len(goods)


@pytest.mark.parametrize("digits", [None, 1, 0])
@pytest.mark.parametrize(("goods", "bads"), [(30, 30), (400, 37), (45, 300)])
def test_it_is_delongs_with_and_without_ties(goods, bads, digits):
    scores, bad = drawn(np.random.default_rng(goods), goods, bads, digits=digits)
    found = discrimination(scores, bad)
    auc, variance = delong(scores, bad)
    assert found.auc == pytest.approx(auc) == pytest.approx(roc_auc_score(bad, scores))
    assert (found.auc_low, found.auc_high) == pytest.approx(
        stats.norm.interval(0.95, auc, variance**0.5)
    )
    assert (found.gini, found.gini_low, found.gini_high) == pytest.approx(
        [2 * value - 1 for value in (found.auc, found.auc_low, found.auc_high)]
    )
    assert found.ks == pytest.approx(stats.ks_2samp(scores[bad], scores[~bad]).statistic)
    assert (found.goods, found.bads) == (goods, bads)


def test_four_loans_of_a_textbook():
    """Bads at 3 and 1, goods at 2 and 0: three of the four pairs are in order."""
    repeated = np.repeat([[3.0, 1, 2, 0]], 15, axis=0).ravel()
    found = discrimination(repeated, repeated % 2 == 1)
    assert (found.auc, found.gini, found.ks) == (0.75, 0.5, 0.5)
    assert placements(np.array([0.0, 1, 2, 3]), np.array([1.0, 1, 2])).tolist() == pytest.approx(
        [0, 1 / 3, 5 / 6, 1]
    )


def test_reversed_scores_have_the_opposite_gini():
    scores, bad = drawn(np.random.default_rng(3), 200, 60, digits=1)
    found, reverse = discrimination(scores, bad), discrimination(-scores, bad)
    assert reverse.gini == pytest.approx(-found.gini)
    assert (reverse.auc_low, reverse.auc_high) == pytest.approx(
        (1 - found.auc_high, 1 - found.auc_low)
    )
    assert reverse.ks == pytest.approx(found.ks)


@pytest.mark.parametrize(
    ("goods", "bads", "auc"), [(400, 40, 0.75), (60, 50, 0.7), (2000, 100, 0.85)]
)
def test_the_interval_covers_the_true_area(goods, bads, auc):
    """Normal scores at a distance d have the area Phi(d / sqrt 2)."""
    random, distance = np.random.default_rng(17), stats.norm.ppf(auc) * 2**0.5
    found = [discrimination(*drawn(random, goods, bads, distance)) for _ in range(1500)]
    covered = np.mean([one.auc_low <= auc <= one.auc_high for one in found])
    assert 0.93 < covered < 0.967
    assert np.mean([one.auc for one in found]) == pytest.approx(auc, abs=0.006)


@pytest.mark.parametrize(("goods", "bads"), [(500, 1), (500, 5), (8, 8), (3, 200), (29, 29)])
@pytest.mark.parametrize("auc", [0.5, 0.75, 0.95])
def test_a_small_cell_has_an_interval_only_and_a_safe_one(goods, bads, auc):
    random, distance = np.random.default_rng(23), stats.norm.ppf(auc) * 2**0.5
    found = [discrimination(*drawn(random, goods, bads, distance)) for _ in range(400)]
    assert {(one.auc, one.gini, one.ks) for one in found} == {(None, None, None)}
    assert np.mean([one.auc_low <= auc <= one.auc_high for one in found]) > 0.93


def test_perfect_scores_have_no_perfect_interval():
    """DeLong's variance is 0; Wilson's interval for 40 of 40 begins at 0.912."""
    bad = np.repeat([False, True], [500, 40])
    found = discrimination(bad.astype(float), bad)
    low = stats.binomtest(40, 40).proportion_ci(0.95, "wilson").low
    assert (found.auc, found.gini, found.ks) == (1.0, 1.0, 1.0)
    assert (found.auc_low, found.auc_high) == (pytest.approx(low), 1.0)
    worst = discrimination(-bad.astype(float), bad)
    assert (worst.auc, worst.gini, worst.auc_low, worst.ks) == (0.0, -1.0, 0.0, 1.0)
    assert worst.auc_high == pytest.approx(1 - low)


def test_equal_scores_tell_nothing():
    found = discrimination(np.full(100, 0.3), np.arange(100) < 40)
    assert (found.auc, found.gini, found.ks) == (0.5, 0.0, 0.0)
    assert found.auc_low < 0.5 < found.auc_high


def test_awkward_cells():
    nothing, flags = np.empty(0), np.empty(0, bool)
    assert discrimination(nothing, flags) is None
    assert discrimination(np.ones(50), np.zeros(50, bool)) is None
    assert discrimination(np.ones(50), np.ones(50, bool)) is None
    pair = discrimination(np.array([0.1, 0.9]), np.array([False, True]))
    assert pair == Discrimination(
        None, pytest.approx(0.20655, abs=5e-6), 1.0, None, pytest.approx(-0.5869, abs=5e-5), 1.0,
        None, 1, 1,
    )  # fmt: skip
    infinite = discrimination(np.tile([-np.inf, np.inf], 50), np.tile([False, True], 50))
    assert infinite.auc == 1.0


def test_every_small_case_agrees_with_every_pair():
    """All orders of 5 loans with ties; each is repeated so that it has enough."""
    for scores in product((0.0, 1.0, 2.0), repeat=5):
        values, bad = np.tile(scores, 15), np.tile([True, True, False, False, False], 15)
        found = discrimination(values, bad)
        assert found.auc == pytest.approx(roc_auc_score(bad, values))
        assert found.ks == pytest.approx(stats.ks_2samp(values[bad], values[~bad]).statistic)


def test_figures_are_plain_numbers():
    found = discrimination(*drawn(np.random.default_rng(1), 50, 50))
    assert [type(value) for value in astuple(found)] == [float] * 7 + [int] * 2


def test_the_accepted_are_harder_to_tell_apart():
    random = np.random.default_rng(8)
    scores, bad = drawn(random, 3000, 400, 1.2)
    accepted = scores < 1
    found = restricted_discrimination(scores, bad, accepted)
    assert found.all == discrimination(scores, bad)
    assert found.accepted.auc == pytest.approx(roc_auc_score(bad[accepted], scores[accepted]))
    assert found.accepted.goods + found.accepted.bads == accepted.sum()
    assert found.accepted.auc_high < found.all.auc_low
    assert restricted_discrimination(scores, bad, np.zeros(3400, bool)).accepted is None


@pytest.mark.parametrize(
    ("scores", "bad", "message"),
    [
        ([0.1, np.nan], [True, False], "without missing ones"),
        ([[0.1], [0.2]], [[True], [False]], "one axis"),
        ([0.1, 0.2], [1, 0], "booleans"),
        ([0.1, 0.2], [True], "as many"),
    ],
)
def test_other_arrays_are_refused(scores, bad, message):
    with pytest.raises(ValueError, match=message):
        discrimination(np.array(scores), np.array(bad))
