"""Pieces on which a formula is proved monotone, against its values."""

from itertools import pairwise

import numpy as np
import pytest

from credit_scoring.data.features.formulas import parse
from credit_scoring.float_search import at, first_true, place
from credit_scoring.whatif.curves.monotonicity import Monotonicity

OTHERS = {"a": 3.0, "b": -2.0, "zero": 0.0, "none": np.nan}
# By formula of x, in how many intervals of [-5, 5] it is monotone; 0 where that is not proved.
INTERVALS = {
    "x": 1, "a": 1, "none": 1, "none / x": 1, "x + none": 1, "x / zero": 1, "zero * x": 1,
    "-x * a + b": 1, "x / a - b * x": 1, "x * b / a": 1, "a - x - x": 1, "2 + x + x * 4": 1,
    "a / x": 3, "1 / (a - x) + x": 3, "x / (x - 1)": 0, "x * x": 3, "(x - 1) * (x - 1)": 3,
    "a / (x * x)": 5, "(x + 6) * (x + 7)": 1, "(6 - x) * (7 + x)": 0, "x - x": 0,
    "mean(x, a, none)": 1, "median(x, a, 2 * x, none)": 1, "min(x, a)": 1, "max(x, -a, x / 3)": 1,
    "sum(x, none, a)": 1, "sum(none)": 1, "min(x, -x)": 0, "min(none, x)": 1,
    "var(x, a)": 0, "var(x, none)": 1, "var(a, b)": 1, "var(x)": 1, "1e308 * x * 1e308": 0,
}  # fmt: skip


@pytest.mark.parametrize("text", INTERVALS)
def test_pieces_are_monotone(text: str):
    formula = parse(text)

    def columns(values: np.ndarray) -> dict[str, np.ndarray]:
        known = {name: np.array([value]) for name, value in OTHERS.items()} | {"x": values}
        return known | {"y": np.broadcast_to(formula(known), values.shape)}

    own = {name: np.array([value]) for name, value in OTHERS.items()}
    intervals = Monotonicity("x", {"y": formula.tree}, own, columns).intervals("y", -5.0, 5.0)
    if not INTERVALS[text]:
        assert not all(interval.is_monotone for interval in intervals)
        return
    intervals.sort()
    assert len(intervals) == INTERVALS[text]
    assert all(interval.is_monotone for interval in intervals)
    assert (intervals[0].first, intervals[-1].last) == (-5, 5)
    for one, other in pairwise(intervals):
        assert place(other.first) == place(one.last) + 1
    for interval in intervals:
        inner = np.linspace(interval.first, interval.last, 1000)
        steps = at(place(interval.first) + np.arange(50))
        values = np.unique(np.clip([*inner, *steps], interval.first, interval.last))
        found = columns(values)["y"]
        if np.isnan(found).any():
            assert np.isnan(found).all()
        else:
            rises, falls = (found[1:] >= found[:-1]).all(), (found[1:] <= found[:-1]).all()
            assert rises or falls


def test_a_formula_that_builds_on_another_has_its_pieces():
    trees = {"y": parse("a / x").tree, "z": parse("y * 2 + b").tree}

    def columns(values: np.ndarray) -> dict[str, np.ndarray]:
        y = parse("a / x")({"a": np.array([3.0]), "x": values})
        return {"x": values, "y": y, "z": y * 2 - 2}

    own = {name: np.array([value]) for name, value in OTHERS.items()}
    intervals = Monotonicity("x", trees, own, columns).intervals("z", -5.0, 5.0)
    assert sorted((interval.first, interval.last) for interval in intervals) == [
        (-5, -5e-324), (0, 0), (5e-324, 5),
    ]  # fmt: skip


def test_places_are_in_the_order_of_doubles():
    values = np.array([-np.inf, -1.5, -5e-324, 0.0, 5e-324, 1.0, np.nextafter(1, 2), np.inf])
    places = place(values)
    assert (np.diff(places) > 0).all()
    np.testing.assert_array_equal(at(places), values)
    assert place(-0.0) == place(0.0)
    assert np.diff(places)[[2, 3, 5]].tolist() == [1, 1, 1]


def test_the_first_double_at_which_something_holds():
    low, high = np.array([-1e308, -3.0, 1.0]), np.array([1e308, 5.0, 2.0])
    limits = np.array([-7.25, 0.0, 1.5])
    found = first_true(lambda values, rows: values >= limits[rows], low, high)
    np.testing.assert_array_equal(found, limits)
    assert first_true(lambda values, _: values > 0, np.empty(0), np.empty(0)).shape == (0,)


# By formula of x, the values in [-5, 5] at which it bends or jumps; None where it is curved.
BENDS = {
    "x": [], "a": [], "x * a - b / 2": [], "x / a": [], "mean(x, a, none)": [], "sum(x, x)": [],
    "min(x, a)": [3], "max(-x, x)": [0], "median(x, a, b)": [-2, 3], "min(none, x)": [],
    "min(2 * x, x, a)": [0, 3], "mean(x, -x / 2)": [], "x - x / 2": [],
    "x * x": None, "a / x": None, "x / x": None, "var(x, a)": None, "var(x)": [],
    "min(x * x, a)": None, "1e308 * x * 1e308": None,
}  # fmt: skip


@pytest.mark.parametrize("text", BENDS)
def test_linear_pieces_end_at_bends(text: str):
    formula = parse(text)

    def columns(values: np.ndarray) -> dict[str, np.ndarray]:
        known = {name: np.array([value]) for name, value in OTHERS.items()} | {"x": values}
        return known | {"y": np.broadcast_to(formula(known), values.shape)}

    own = {name: np.array([value]) for name, value in OTHERS.items()}
    monotonicity = Monotonicity("x", {"y": formula.tree}, own, columns, cuts_bends=True)
    intervals = sorted(monotonicity.intervals("y", -5.0, 5.0))
    bends = BENDS[text]
    if bends is None:
        assert not all(interval.is_linear for interval in intervals)
        return
    assert all(interval.is_linear for interval in intervals)
    firsts = [interval.first for interval in intervals[1:] if interval.first != interval.last]
    np.testing.assert_allclose(firsts, bends, atol=1e-15)
    for first, last, *_ in intervals:
        values = np.linspace(first, last, 101)
        found = columns(values)["y"]
        np.testing.assert_allclose(np.diff(found, 2), 0, atol=1e-14)
    # Trees have no use for bends.
    plain = Monotonicity("x", {"y": formula.tree}, own, columns).intervals("y", -5.0, 5.0)
    assert len(plain) <= len(intervals)
