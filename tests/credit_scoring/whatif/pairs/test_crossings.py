"""Crossings of monotone functions, against plain bisection through the doubles."""

from collections.abc import Callable

import numpy as np
import pytest

from credit_scoring.float_search import below
from credit_scoring.whatif.pairs.planes.crossings import crossings

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "line": lambda values: (values - 3.3) / 7.7,
    "falling ratio": lambda values: 5e5 / values,
    "negative ratio": lambda values: values / -17_123.0,
    "cube": lambda values: values**3,
    "steps": np.floor,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_crossing_is_the_first_double_beyond_a_limit(name: str):
    compute = FUNCTIONS[name]
    low, high = 1.5, 4e6
    one, other = compute(np.array([low, high]))
    inside = np.random.default_rng(0).uniform(min(one, other), max(one, other), 50)
    limits = np.array([*inside, one, other, min(one, other) - 1, max(one, other) + 1])
    found = crossings(compute, limits, low, high)
    lowest, highest = min(one, other), max(one, other)
    assert np.isnan(found).tolist() == [not lowest <= limit < highest for limit in limits]
    for limit, value in zip(limits, found, strict=True):
        if not np.isnan(value):
            before, at = compute(np.array([below(value), value])) > limit
            assert (before, at) == ((False, True) if one < other else (True, False))
            assert low < value <= high


def test_a_constant_and_a_missing_function_cross_nothing():
    limits = np.array([-1.0, 0.0, 1.0])
    for compute in (np.zeros_like, lambda values: values * np.nan):
        assert np.isnan(crossings(compute, limits, 0.0, 9.0)).all()
