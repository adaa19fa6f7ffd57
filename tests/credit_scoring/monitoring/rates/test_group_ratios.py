"""Ratios among groups against figures computed by hand."""

import numpy as np
import pytest
from scipy import stats

from credit_scoring.monitoring.rates.group_ratios import GroupCounts, GroupRatio, group_ratios
from credit_scoring.monitoring.rates.proportion import wilson
from credit_scoring.monitoring.rates.ratio import ratio


def by_name(found: list[GroupRatio]) -> dict[str | None, GroupRatio]:
    return {one.group: one for one in found}


def test_the_example_of_the_guidelines():
    """Questions and Answers to 29 CFR 1607, number 11: of 80 White applicants 48 are hired, of 40
    Black applicants 12: 30 % against 60 % are 50 %, below four fifths."""
    black, white = group_ratios([GroupCounts("Black", 40, 12), GroupCounts("White", 80, 48)])
    assert (white.is_reference, white.acceptance_ratio, white.p, white.p_adjusted) == (
        True,
        None,
        None,
        None,
    )
    assert (white.ratio_to_best, white.below_four_fifths) == (1.0, False)
    assert (black.is_reference, black.below_four_fifths) == (False, True)
    assert black.ratio_to_best == pytest.approx(0.5)
    assert black.acceptance_ratio == ratio(wilson(12, 40), wilson(48, 80))
    assert black.acceptance_ratio.ratio == pytest.approx(0.5)
    table = [[12, 28], [48, 32]]
    assert black.p == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert black.p_adjusted == black.p


COUNTS = [
    GroupCounts(None, 900, 500, 30, 3, 400, 20),
    GroupCounts("young", 200, 120, 40, 10, 60, 9),
    GroupCounts("old", 800, 640, 40, 8, 500, 15),
    GroupCounts("few", 20, 20, 2, 1, 10, 0),
    GroupCounts("none", 0, 0),
]


def test_the_largest_known_group_is_the_reference():
    found = by_name(group_ratios(COUNTS))
    assert list(found) == [None, "young", "old", "few", "none"]
    assert [name for name, one in found.items() if one.is_reference] == ["old"]
    assert found["young"].acceptance_ratio == ratio(wilson(120, 200), wilson(640, 800))
    assert found[None].acceptance_ratio == ratio(wilson(500, 900), wilson(640, 800))
    raw = [found[name].p for name in (None, "young", "few")]
    assert [found[name].p_adjusted for name in (None, "young", "few")] == pytest.approx(
        stats.false_discovery_control(raw).tolist()
    )
    assert (found["none"].p, found["none"].p_adjusted) == (None, None)


def test_errors_are_shares_of_known_outcomes():
    found = by_name(group_ratios(COUNTS))
    young = found["young"]
    assert (young.tpr, young.fpr) == (wilson(10, 40), wilson(9, 60))
    assert young.tpr_ratio == ratio(wilson(10, 40), wilson(8, 40))
    assert young.tpr_ratio.ratio == pytest.approx(1.25)
    assert young.fpr_ratio == ratio(wilson(9, 60), wilson(15, 500))
    assert (found["old"].tpr_ratio, found["old"].fpr_ratio) == (None, None)


def test_a_group_of_few_is_neither_rated_nor_the_best():
    """All 20 of `few` are accepted: the best group is `old`, with 80 %."""
    found = by_name(group_ratios(COUNTS))
    few = found["few"]
    assert (few.acceptance.rate, few.ratio_to_best, few.below_four_fifths) == (None, None, None)
    assert few.acceptance_ratio.ratio is None
    assert few.acceptance_ratio.low < 1.25 < few.acceptance_ratio.high
    assert found["old"].ratio_to_best == 1.0
    assert found["young"].ratio_to_best == pytest.approx(0.75)
    assert found["young"].below_four_fifths


def test_groups_without_a_name_or_an_acceptance():
    assert group_ratios([]) == []
    (only,) = group_ratios([GroupCounts(None, 40, 0)])
    assert (only.is_reference, only.ratio_to_best, only.p) == (True, None, None)
    first, second = group_ratios([GroupCounts("a", 40, 0), GroupCounts("b", 50, 0)])
    assert (first.acceptance_ratio.ratio, first.p) == (None, 1.0)
    assert second.is_reference


def test_a_wrong_count_is_refused():
    with pytest.raises(ValueError, match="41 out of 40"):
        group_ratios([GroupCounts("a", 40, 41)])
    with pytest.raises(ValueError, match="3 out of 2"):
        group_ratios([GroupCounts("a", 40, 4, bad=2, bad_refused=3)])


def test_equal_groups_are_seldom_told_apart():
    """Ten groups with one acceptance: at the level of 5 %, one draw in twenty has a difference."""
    random, wrong = np.random.default_rng(12), 0
    for _ in range(1000):
        sizes = random.integers(100, 400, 10)
        counts = [
            GroupCounts(str(number), int(size), int(random.binomial(size, 0.7)))
            for number, size in enumerate(sizes)
        ]
        wrong += any(
            one.p_adjusted is not None and one.p_adjusted <= 0.05 for one in group_ratios(counts)
        )
    assert 0.01 < wrong / 1000 < 0.065
