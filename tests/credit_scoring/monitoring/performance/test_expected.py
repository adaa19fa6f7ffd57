"""Expected performance against brute force and against outcomes drawn with the PDs."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import auc, roc_auc_score

from credit_scoring.monitoring.performance.calibration import calibration
from credit_scoring.monitoring.performance.expected import (
    Estimate,
    ExpectedConfusion,
    expected_performance,
)


def drawn(random, decisions: int, digits: int = 17):
    return random.beta(1.2, 9, decisions).round(digits)


def area(pd) -> float:
    """The area by NannyML's definition: expected rates at each threshold, by trapezoids."""
    points = [(0.0, 0.0)]
    for threshold in sorted(set(pd), reverse=True):
        chosen = pd[pd >= threshold]
        points.append(((1 - chosen).sum() / (1 - pd).sum(), chosen.sum() / pd.sum()))
    return auc(*np.transpose(points))


@pytest.mark.parametrize("digits", [17, 2, 1])
def test_the_figures_by_definition(digits):
    pd = drawn(np.random.default_rng(digits), 600, digits)
    found = expected_performance(pd)
    assert (found.is_estimate, found.decisions, found.confusion) == (True, 600, None)
    assert found.default_rate.value == pytest.approx(pd.mean())
    assert found.brier.value == pytest.approx(np.mean(pd * (1 - pd) ** 2 + (1 - pd) * pd**2))
    assert found.auc.value == pytest.approx(area(pd))


@pytest.mark.parametrize("digits", [17, 1])
def test_the_expected_area_is_that_of_weighted_loans(digits):
    """Each decision is a bad loan of weight p and a good one of weight 1 - p."""
    pd = drawn(np.random.default_rng(7), 400, digits)
    weights, bad = np.concatenate([pd, 1 - pd]), np.repeat([True, False], 400)
    weighted = roc_auc_score(bad, np.tile(pd, 2), sample_weight=weights)
    assert expected_performance(pd).auc.value == pytest.approx(weighted)


@pytest.mark.parametrize("decisions", [400, 3000])
def test_outcomes_drawn_with_the_pds_lie_in_the_ranges(decisions):
    random, each = np.random.default_rng(decisions), 600
    pd = drawn(random, decisions)
    found = expected_performance(pd)
    outcomes = [random.random(decisions) < pd for _ in range(each)]
    areas = np.array([roc_auc_score(bad, pd) for bad in outcomes])
    scores = np.array([calibration(pd, bad).brier.score for bad in outcomes])
    rates = np.array([bad.mean() for bad in outcomes])
    for name, values in (("auc", areas), ("brier", scores), ("default_rate", rates)):
        estimate = getattr(found, name)
        inside = np.mean((estimate.low <= values) & (values <= estimate.high))
        assert inside == pytest.approx(0.95, abs=0.027), name
        error = 4 * values.std() / each**0.5 + 1 / decisions
        assert values.mean() == pytest.approx(estimate.value, abs=error), name


def test_the_expected_confusion():
    pd = np.array([0.1, 0.2, 0.6, 0.9])
    found = expected_performance(pd, pd >= 0.5)
    assert found.confusion == ExpectedConfusion(
        *(pytest.approx(value) for value in (1.5, 0.5, 0.3, 1.7))
    )
    nobody = expected_performance(pd, np.zeros(4, bool)).confusion
    assert nobody == ExpectedConfusion(0.0, 0.0, pytest.approx(1.8), pytest.approx(2.2))


def test_a_cell_without_loans_has_no_figures():
    assert expected_performance(np.empty(0)) is None


def test_a_small_cell_has_ranges_only():
    found = expected_performance(np.full(29, 0.3))
    margin = stats.norm.ppf(0.975) * (0.21 / 29) ** 0.5
    assert found.default_rate == Estimate(
        None, pytest.approx(0.3 - margin), pytest.approx(0.3 + margin)
    )
    assert found.brier.value is None
    assert found.auc.value is None  # 8.7 bad ones are expected
    assert [found.auc.low, found.auc.high] == pytest.approx([0.5, 0.5])  # whatever the outcomes
    pd = np.linspace(0.1, 0.5, 29)
    found = expected_performance(pd)
    assert found.auc.value is None
    assert found.auc.low + 0.1 < area(pd) < found.auc.high - 0.1
    rare = expected_performance(np.full(1000, 0.004))
    assert rare.auc == Estimate(None, None, None)
    assert rare.default_rate.value == pytest.approx(0.004)
    assert expected_performance(np.full(1000, 0.031)).auc.value == pytest.approx(0.5)
    assert expected_performance(np.full(1000, 0.029)).auc.value is None


@pytest.mark.parametrize("pd", [0.0, 1.0])
def test_certain_outcomes(pd):
    found = expected_performance(np.full(50, pd))
    assert found.default_rate == Estimate(pd, pd, pd)
    assert found.brier == Estimate(0.0, 0.0, 0.0)
    assert found.auc == Estimate(None, None, None)


def test_certain_outcomes_of_both_classes():
    found = expected_performance(np.repeat([0.0, 1.0], [70, 40]))
    assert found.auc == Estimate(1.0, 1.0, 1.0)
    assert found.default_rate.value == pytest.approx(4 / 11)


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_other_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="between 0 and 1"):
        expected_performance(np.array([0.1, wrong]))
    with pytest.raises(ValueError, match="booleans"):
        expected_performance(np.array([0.1, 0.2]), np.array([0, 1]))
