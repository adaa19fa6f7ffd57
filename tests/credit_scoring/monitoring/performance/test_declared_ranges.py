"""Figures of awkward cells lie within the ranges that their fields declare, and are JSON.

pytest turns warnings into errors: none of these divides by 0 or takes the logarithm of 0.
"""

import json
from dataclasses import asdict
from functools import cache
from itertools import product

import numpy as np
import pytest
from pydantic import TypeAdapter

from credit_scoring.monitoring.performance.calibration import calibration
from credit_scoring.monitoring.performance.discrimination import Discrimination, discrimination
from credit_scoring.monitoring.performance.expected import expected_performance
from credit_scoring.monitoring.performance.grade_tests import GradeCounts, grade_tests
from credit_scoring.monitoring.performance.paired_discrimination import (
    discrimination_difference,
)
from credit_scoring.monitoring.performance.vintages import vintage
from credit_scoring.monitoring.rates.group_ratios import GroupCounts, group_ratios

PDS = (0.0, 5e-324, 0.1, 0.1 + 2e-17, 0.5, 1 - 1e-16, 1.0)
TIMES = (1, 29, 30, 200)  # each cell that often


def cells():
    """Scores and outcomes of cells: all pairs of extreme PDs and outcomes, and drawn ones."""
    random = np.random.default_rng(1)
    for pds, flags in product(product(PDS, repeat=2), product((False, True), repeat=2)):
        yield np.array(pds), np.array(flags)
    for _ in range(100):
        size = int(random.integers(1, 7))
        yield random.choice(PDS, size), random.random(size) < random.random()


@cache
def adapter(kind: type) -> TypeAdapter:
    return TypeAdapter(kind)


def check(value) -> None:
    """pydantic reads the figures from JSON without NaN and infinity, and finds the same ones."""
    if value is not None:
        text = json.dumps(asdict(value), allow_nan=False)
        assert adapter(type(value)).validate_json(text, strict=True) == value


@pytest.mark.parametrize("times", TIMES)
def test_performance(times):
    for one, flags in cells():
        pd, bad = np.tile(one, times), np.tile(flags, times)
        check(discrimination(pd, bad))
        check(discrimination_difference(pd, pd[::-1], bad))
        check(calibration(pd, bad))
        check(expected_performance(pd, bad))
        check(vintage("2026-01", 12 * pd, bad, 12))


def test_grades_and_groups():
    numbers = (0, 1, 29, 30, 1000, 10**7)
    for of, pd in product(numbers, PDS):
        for bads in {0, min(of, 1), of // 2, of}:
            check(grade_tests([GradeCounts("A", of, pd, bads)])[0])
    shares = [(count, of) for of in numbers for count in sorted({0, min(of, 1), of // 2, of})]
    for (a, n), (b, m) in product(shares, repeat=2):
        counts = [GroupCounts("a", n, a, n, a, m, b), GroupCounts("b", m, b, m, b, n, a)]
        for one in group_ratios(counts):
            check(one)


def test_a_declared_range_is_checked():
    """The check refuses a figure beyond its range."""
    found = asdict(discrimination(np.arange(100.0), np.arange(100) % 2 == 1))
    with pytest.raises(ValueError, match="auc"):
        TypeAdapter(Discrimination).validate_python(found | {"auc": 1.1})
