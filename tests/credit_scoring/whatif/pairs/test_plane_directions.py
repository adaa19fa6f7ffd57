"""Directions of formulas of two features, against their values on a grid."""

import numpy as np
import pytest

from credit_scoring.data.features.formulas import parse
from credit_scoring.whatif.pairs.planes.plane_directions import PlaneDirections

OWN = {"c": np.array([2.0]), "missing": np.array([np.nan])}
RANGES = {"a": (1.0, 5.0), "b": (-4.0, -0.5)}


def directions_of(text: str, **more: str) -> tuple[int, int] | None:
    trees = {name: parse(each).tree for name, each in {"f": text, **more}.items()}
    return PlaneDirections(RANGES, trees, OWN).of("f")


@pytest.mark.parametrize(
    "text",
    ["a / b", "b / a", "a * b", "a + b", "a - 2 * b", "-a / (b - c)", "max(a, b + 6)", "a / c",
     "c - b", "mean(a, b, missing)", "median(a, b + 6, 3)", "sum(a, missing)",
     "(a + 1) * (b - 3)", "c * c"],
)  # fmt: skip
def test_a_formula_rises_or_falls_as_on_a_grid(text: str):
    found = directions_of(text)
    grid = np.meshgrid(np.linspace(1, 5, 41), np.linspace(-4, -0.5, 36), indexing="ij")
    one, other = (each.ravel() for each in grid)
    columns = {"a": one, "b": other, "c": np.full(len(one), 2.0), "missing": one * np.nan}
    values = np.broadcast_to(parse(text)(columns), one.shape).reshape(41, 36)
    for axis, direction in enumerate(found):
        steps = np.diff(values, axis=axis)
        assert (direction * steps >= 0).all()
        assert (steps == 0).all() == (direction == 0)


@pytest.mark.parametrize("text", ["a / (b + 1)", "a * (b + 1)", "a - a", "var(a, b)", "a + b - a"])
def test_a_formula_without_one_direction_is_not_proved(text: str):
    assert directions_of(text) is None


def test_formulas_build_on_each_other_and_on_missing_values():
    assert directions_of("g / 3 - b", g="a * c") == (1, -1)
    assert directions_of("a / missing") == (0, 0)
