"""Comparison of recorded values with computed ones, to the last bit."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix

Differs = NDArray[np.bool_]  # true for each decision that differs, shape (decisions,)


def differing_numbers(recorded: Sequence[float | None], computed: Matrix | None) -> Differs:
    """True for each decision whose doubles differ.

    JSON has neither infinite numbers nor NaN: they are recorded as null.

    Args:
        recorded: doubles, or null.
        computed: doubles, shape (decisions,); None if all are null.
    """
    given = np.array(recorded, np.float64)
    expected = np.full(len(given), np.nan) if computed is None else computed
    are_null = np.isnan(given) & ~np.isfinite(expected)
    differs: Differs = (given.view(np.int64) != expected.view(np.int64)) & ~are_null
    return differs


def differing_values(recorded: Sequence[object], computed: Sequence[object] | None) -> Differs:
    """True for each decision whose whole numbers, texts or nulls differ.

    Args:
        recorded: values.
        computed: values, one for each decision; None if all are null.
    """
    if computed is None:
        return np.array([value is not None for value in recorded], bool)
    pairs = zip(recorded, computed, strict=True)
    return np.array([one != other for one, other in pairs], bool)


def by_decision(differing: Mapping[str, Differs], number: int) -> list[tuple[str, ...]]:
    """The names of the fields that differ, for each of a number of decisions."""
    found: list[tuple[str, ...]] = [()] * number
    wrong = np.zeros(number, bool)
    for differs in differing.values():
        wrong |= differs
    for at in np.flatnonzero(wrong).tolist():
        found[at] = tuple(name for name, differs in differing.items() if differs[at])
    return found
