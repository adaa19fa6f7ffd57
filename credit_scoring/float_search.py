"""Bisection on doubles: the first double for which a condition holds."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Places = NDArray[np.int64]
LARGEST_DOUBLE = float(np.finfo(np.float64).max)


def place(values: Matrix) -> Places:
    """The rank of each double among all doubles: the next larger double has the next rank.

    Both zeros have rank 0. Positive IEEE 754 doubles are ordered as their bits.
    """
    bits = np.asarray(values, np.float64).view(np.int64)
    return np.where(bits < 0, -(bits & np.int64(2**63 - 1)), bits)


def at(places: Places) -> Matrix:
    """The doubles of some ranks."""
    bits = np.where(places < 0, -places | np.int64(-(2**63)), places)
    return bits.view(np.float64)


def above(values: Matrix | float) -> Matrix:
    """The next larger double of each."""
    return np.nextafter(values, np.inf)


def below(values: Matrix | float) -> Matrix:
    """The next smaller double of each."""
    return np.nextafter(values, -np.inf)


def between(one: Places, other: Places) -> Places:
    """The ranks in the middle, without the sum of two ranks, which may overflow."""
    return np.asarray((one >> 1) + (other >> 1) + (one & other & 1))


def first_true(
    holds: Callable[[Matrix, NDArray[np.intp]], NDArray[np.bool_]], low: Matrix, high: Matrix
) -> Matrix:
    """The first double for which each of k conditions holds, shape (k,).

    All conditions are bisected together, in at most 64 rounds. For a condition that becomes true
    several times one of these doubles is found.

    Args:
        holds: tests doubles, shape (m,), each for the condition of an index, shape (m,).
        low: a double for which each condition is false, shape (k,).
        high: a larger double for which each condition is true, shape (k,).
    """
    false, true = place(low), place(high)
    while len(open_ones := np.flatnonzero(true - 1 > false)):
        one, other = false[open_ones], true[open_ones]
        middle = between(one, other)
        found = holds(at(middle), open_ones)
        true[open_ones[found]] = middle[found]
        false[open_ones[~found]] = middle[~found]
    return at(true)
