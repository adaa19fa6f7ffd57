"""Every count and label of a report against plain loops over the rows."""

from dataclasses import astuple
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest

from credit_scoring.monitoring.performance.expected import expected_performance
from register.monitoring.counted import SMALL
from register.monitoring.counting.tally import exact_sums, mean_of
from register.monitoring.document.cell import Cell
from tests.register.monitoring.drawn import END, START
from tests.register.monitoring.plain_figures import PlainDecision, counts, grouped, reviewing

BYS = [("month", None), ("week", None), ("grade", None), ("bundle", None), ("caller", None),
       ("group", "sex"), ("group", "age"), ("group", "unheard of")]  # fmt: skip


def pair(proportion):
    return proportion.count, proportion.of


def check_cell(cell: Cell, decisions: list[PlainDecision], *, is_group: bool = False) -> None:
    expected = counts(decisions)
    for name in ("volume", "automated"):
        assert getattr(cell, name) == expected[name]
    for name in ("model_approval", "approval"):
        assert pair(getattr(cell, name)) == expected[name]
    for name in ("low_side", "high_side", "all"):
        assert pair(getattr(cell.overrides, name)) == expected[name]
    maturity = cell.maturity
    for name in ("not_taken_up", "mature", "good", "bad"):
        assert getattr(maturity, name) == expected[name]
    labelled = expected["good"] + expected["bad"]
    assert maturity.labelled == labelled
    assert maturity.accepted == expected["approval"][0]
    assert pair(maturity.coverage) == (labelled, expected["mature"])
    if expected["mature"]:
        assert pair(cell.default_rate) == (expected["bad"], labelled)
    else:
        assert cell.default_rate is None
    check_reviews(cell, decisions)
    if is_group and len(decisions) < 30:
        check_without_scores(cell)
    else:
        check_scores(cell, decisions)


def check_without_scores(cell: Cell) -> None:
    """Means of few scores would tell those of persons."""
    assert cell.mean_pd is None
    assert (cell.score_drift, cell.expected) == (None, None)
    assert (cell.discrimination, cell.calibration) == (None, None)


def check_reviews(cell: Cell, decisions: list[PlainDecision]) -> None:
    found, expected = cell.reviews, reviewing(decisions)
    for name in ("requests", "open", "oldest_open", "reviewed", "reviews"):
        assert getattr(found, name) == expected[name]
    assert pair(found.changed) == (expected["changed"], expected["reviews"])
    hours = expected["hours"]
    if not hours:
        assert (found.hours_median, found.hours_p90) == (None, None)
        return
    assert found.hours_median == pytest.approx(np.median(hours))
    assert found.hours_p90 == pytest.approx(np.quantile(hours, 0.9))


def check_scores(cell: Cell, decisions: list[PlainDecision]) -> None:
    labelled = [one for one in decisions if one.label in ("good", "bad")]
    immature = [one.pd for one in decisions if one.label == "immature"]
    bads = [one for one in labelled if one.label == "bad"]
    if decisions:
        assert cell.mean_pd == pytest.approx(np.mean([one.pd for one in decisions]))
    else:
        assert cell.mean_pd is None
    assert (cell.expected is None) == (not immature)
    if immature:
        assert cell.expected.decisions == len(immature)
        found, of_these = cell.expected, expected_performance(np.array(immature))
        for name in ("default_rate", "auc", "brier"):
            here, there = (astuple(getattr(of, name)) for of in (found, of_these))
            assert here == pytest.approx(there)
    assert (cell.calibration is None) == (not labelled)
    if labelled:
        assert cell.calibration.mean_pd == pytest.approx(np.mean([one.pd for one in labelled]))
    assert (cell.discrimination is None) == (not bads or len(bads) == len(labelled))
    if cell.discrimination:
        goods = [one for one in labelled if one.label == "good"]
        assert (cell.discrimination.goods, cell.discrimination.bads) == (len(goods), len(bads))
        if cell.discrimination.auc is not None:
            wins = [
                (bad.row["probability"] > good.row["probability"])
                + 0.5 * (bad.row["probability"] == good.row["probability"])
                for bad in bads
                for good in goods
            ]
            assert cell.discrimination.auc == pytest.approx(np.mean(wins))


@pytest.mark.parametrize(("by", "group"), BYS)
@pytest.mark.parametrize("window", [12, 5])
def test_each_cell_is_what_loops_over_the_rows_count(drawn_register, by, group, window):
    report = drawn_register.report(by, window, group)
    decisions = drawn_register.plain(window)
    expected = grouped(decisions, by, group)
    found = {cell.key: cell for cell in report.cells}
    assert len(found) == len(report.cells)
    assert expected.keys() <= found.keys()
    for key, cell in found.items():
        check_cell(cell, expected.get(key, []), is_group=by == "group")
    check_cell(report.total, decisions)
    assert report.total.key == "total"
    if by not in ("month", "week"):
        assert found.keys() == expected.keys()


@pytest.mark.parametrize(("by", "group"), [("month", None), ("group", "age")])
def test_a_short_period_of_many_outcomes(drawn_register, by, group):
    """Then outcomes and reviews of other decisions are left out first."""
    start, end = datetime(2025, 1, 15, 12, tzinfo=UTC), datetime(2025, 3, 2, tzinfo=UTC)
    decisions = drawn_register.plain(start=start, end=end)
    outcomes = drawn_register.drawn.rows["outcome"]
    assert 0 < len(decisions) * SMALL < len(outcomes)
    report = drawn_register.report(by, group=group, start=start, end=end)
    expected = grouped(decisions, by, group)
    assert {cell.key for cell in report.cells} == expected.keys()
    for cell in report.cells:
        check_cell(cell, expected[cell.key], is_group=by == "group")
    if by == "group":
        assert {cell.mean_pd is None for cell in report.cells} == {True, False}
    assert report.total.maturity.bad > 0
    check_cell(report.total, decisions)


@pytest.mark.parametrize(
    ("start", "end"),
    [(START, END), (datetime(2025, 1, 15, tzinfo=UTC), datetime(2025, 3, 2, tzinfo=UTC))],
)
def test_outcomes_of_one_definition(one_definition_register, start, end):
    """PostgreSQL has a statement of its own for these, of all decisions and of a short period."""
    report = one_definition_register.report(start=start, end=end)
    decisions = one_definition_register.plain(start=start, end=end)
    assert len(report.definitions) == 1
    expected = grouped(decisions, "month", None)
    for cell in report.cells:
        check_cell(cell, expected.get(cell.key, []))
    check_cell(report.total, decisions)
    assert report.total.maturity.bad > 0


def test_means_do_not_depend_on_the_order_of_the_rows():
    """They are the nearest doubles to the exact means, of any blocks in any order."""
    numbers = np.random.default_rng(3)
    pd, cell = numbers.beta(1, 9, 5_000), numbers.integers(0, 3, 5_000)
    pd[:3] = 0.0, 1.0, 1e-12
    exact = [float(sum(map(Fraction, pd[cell == at].tolist())) / int((cell == at).sum()))
             for at in range(3)]  # fmt: skip
    found = []
    for blocks in (1, 7):
        order = numbers.permutation(5_000)
        parts = np.array_split(order, blocks)
        sums = np.sum([exact_sums(cell[rows], pd[rows], 3) for rows in parts], axis=0)
        means = [mean_of(sums[:, [at]], int((cell == at).sum())) for at in range(3)]
        assert means == pytest.approx(exact, rel=1e-15, abs=0)
        found.append(means)
    assert found[0] == found[1]
