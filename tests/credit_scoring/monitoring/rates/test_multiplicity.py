"""Benjamini and Hochberg's adjustment against SciPy, their own example, and a simulation."""

import numpy as np
import pytest
from scipy import stats

from credit_scoring.monitoring.rates.hypothesis_test import HypothesisTest, adjusted
from credit_scoring.monitoring.rates.multiplicity import benjamini_hochberg

# Table of section 4.1 of their article: thrombolysis, 15 hypotheses; they reject four.
OF_1995 = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
    *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0),
]


def test_the_example_of_1995():
    found = benjamini_hochberg(OF_1995)
    assert [p <= 0.05 for p in found] == [True] * 4 + [False] * 11
    assert found[:4] == pytest.approx([0.0015, 0.003, 0.0095, 0.035625])


def test_it_is_scipys():
    random = np.random.default_rng(4)
    for size in (1, 2, 7, 500):
        p = random.random(size).round(2)
        assert benjamini_hochberg(p.tolist()) == pytest.approx(
            stats.false_discovery_control(p).tolist()
        )


def test_cells_without_a_test_do_not_count():
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([None, None]) == [None, None]
    assert benjamini_hochberg([0.5, None, 0.01, None]) == [0.5, None, 0.02, None]


@pytest.mark.parametrize("wrong", [float("nan"), -0.1, 1.1])
def test_other_values_are_refused(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([0.2, wrong])


def test_few_of_the_rejected_hypotheses_hold():
    """30 true hypotheses and 10 false ones: at most 30/40 of 10 % are rejected wrongly."""
    random, shares = np.random.default_rng(9), []
    for _ in range(1500):
        p = 2 * stats.norm.sf(np.abs(random.normal(np.repeat([0, 3], [30, 10]))))
        rejected = np.array(benjamini_hochberg(p.tolist())) <= 0.1
        shares.append(rejected[:30].sum() / max(rejected.sum(), 1))
    assert np.mean(shares) == pytest.approx(0.075, abs=0.01)


def test_tests_of_several_cells_keep_their_figures():
    tests = [HypothesisTest(3.2, 0.03, 8), None, HypothesisTest(-1.0, 0.3, None)]
    assert adjusted(tests) == [
        HypothesisTest(3.2, 0.03, 8, 0.06),
        None,
        HypothesisTest(-1.0, 0.3, None, 0.3),
    ]
