"""Stretches of values with one decision, and the numbers that are written for them."""

import math
from typing import Any

import pytest

from advisor.simulation.turning_points import Stretch, few_digits, stretches

INF = math.inf


def curve(shape: str, *steps: tuple[float | None, float | None]) -> Any:
    return {"shape": shape, "steps": list(steps)}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (curve("steps"), []),
        (curve("steps", (1.0, 0.2), (2.0, 0.4)), [(-INF, INF, False)]),
        (curve("steps", (None, 0.1), (1.0, 0.6)), [(-INF, INF, True)]),
        (
            curve("steps", (1.0, 0.2), (2.0, 0.5), (3.0, 0.9), (4.0, 0.49), (5.0, 0.5)),
            [(-INF, 2.0, False), (2.0, 4.0, True), (4.0, 5.0, False), (5.0, INF, True)],
        ),
        (
            curve("steps", (1.0, 0.2), (2.0, None), (3.0, 0.2)),
            [(-INF, 2.0, False), (2.0, 3.0, None), (3.0, INF, False)],
        ),
        (
            curve("line", (0.0, 0.2), (1.0, 0.8), (2.0, 0.2)),
            [(-INF, 0.5, False), (0.5, 1.5, True), (1.5, INF, False)],
        ),
        (
            curve("line", (0.0, 0.0), (1.0, 1.0), (2.0, None)),
            [(-INF, 0.5, False), (0.5, 2.0, True), (2.0, INF, None)],
        ),
    ],
)
def test_stretches_of_a_curve(found: Any, expected: list[tuple[float, float, bool | None]]):
    parts = stretches(found, 0.5)
    assert [each.refused for each in parts] == [refused for _, _, refused in expected]
    ends = [(each.start, each.end) for each in parts]
    assert ends == [pytest.approx((start, end)) for start, end, _ in expected]


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        (-INF, 182_000.0, (None, 181_999.0)),
        (164_999.3, INF, (165_000.0, None)),
        (0.12341, 0.98769, (0.1235, 0.9876)),
        (-3652.4, -100.0, (-3652.4, -100.01)),
        (100_000.2, 100_000.4, (100_000.2, 100_000.3)),
        (100_000.21, 100_000.22, (100_000.211, 100_000.219)),
        (1.0, math.nextafter(1.0, 2.0), (1.0, 1.0)),
    ],
)
def test_written_numbers_lie_inside(
    start: float, end: float, written: tuple[float | None, float | None]
):
    assert Stretch(start, end, refused=False).written() == written


@pytest.mark.parametrize(
    ("number", "more", "up", "expected"),
    [
        (1234.5678, 0, True, 1234.57),
        (1234.5678, 0, False, 1234.56),
        (1234.5678, 1, False, 1234.567),
        (-1234.5678, 0, True, -1234.56),
        (1e300, 3, True, 1e300),
        (0.1 + 0.2, 30, True, 0.1 + 0.2),
    ],
)
def test_few_digits(number: float, more: int, up: bool, expected: float):
    assert few_digits(number, more, up) == expected
