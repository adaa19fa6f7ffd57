"""Doubles in their order: a search for the first one at which something becomes true."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Places = NDArray[np.int64]
LARGEST_DOUBLE = float(np.finfo(np.float64).max)


def place(values: Matrix) -> Places:
    """Where doubles stand among all doubles: the next larger double has the next place.

    Both zeros have the place 0. An IEEE 754 double that is positive is ordered as its bits are.
    """
    bits = np.asarray(values, np.float64).view(np.int64)
    return np.where(bits < 0, -(bits & np.int64(2**63 - 1)), bits)


def at(places: Places) -> Matrix:
    """The doubles at some places."""
    bits = np.where(places < 0, -places | np.int64(-(2**63)), places)
    return bits.view(np.float64)


def above(values: Matrix | float) -> Matrix:
    """The next larger double of each."""
    return np.nextafter(values, np.inf)


def below(values: Matrix | float) -> Matrix:
    """The next smaller double of each."""
    return np.nextafter(values, -np.inf)


def between(one: Places, other: Places) -> Places:
    """The places in the middle; the sum of two may be out of range."""
    return np.asarray((one >> 1) + (other >> 1) + (one & other & 1))


def first_true(
    holds: Callable[[Matrix, NDArray[np.intp]], NDArray[np.bool_]], low: Matrix, high: Matrix
) -> Matrix:
    """Of several conditions, the first double from which on each holds, shape (k,).

    They are bisected all at once, in at most 64 rounds.

    Args:
        holds: takes doubles and which of the conditions each is asked of, both of shape (m,). A
            condition that is false and later true again is found at one such place.
        low: where each condition is false, shape (k,).
        high: where each is true, above `low`.
    """
    false, true = place(low), place(high)
    while len(open_ones := np.flatnonzero(true - 1 > false)):
        one, other = false[open_ones], true[open_ones]
        middle = between(one, other)
        found = holds(at(middle), open_ones)
        true[open_ones[found]] = middle[found]
        false[open_ones[~found]] = middle[~found]
    return at(true)
