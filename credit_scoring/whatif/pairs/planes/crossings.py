"""The first doubles at which a monotone function passes some limits."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import at, first_true, place

STEPS = 12  # of interpolation; formulas are smooth, and bisection alone takes 64
CLOSE = 4  # doubles around the interpolated value


def crossings(
    compute: Callable[[Matrix], Matrix], limits: Matrix, low: float, high: float
) -> Matrix:
    """The first double at which a function passes each limit, NaN if it does not, shape (k,).

    A rising function passes a limit where it is above it, a falling one where it is not.

    Args:
        compute: the function, rising or falling from `low` to `high`, or constant or missing.
        limits: any values, shape (k,).
        low, high: the range of doubles.
    """
    found = np.full(len(limits), np.nan)
    one, other = compute(np.array([low, high]))
    if one == other or np.isnan(one) or np.isnan(other):
        return found
    rises = one < other
    passed = np.flatnonzero((limits >= min(one, other)) & (limits < max(one, other)))
    if not len(passed):
        return found
    limits = limits[passed]
    first, last = np.full(len(limits), low), np.full(len(limits), high)

    def is_beyond(values: Matrix, index: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.asarray((compute(values) > limits[index]) == rises)

    if np.isfinite([one, other, high - low]).all():
        first, last = _narrowed(compute, limits, first, last, (one, other))
    found[passed] = first_true(is_beyond, first, last)
    return found


def _narrowed(
    compute: Callable[[Matrix], Matrix],
    limits: Matrix,
    first: Matrix,
    last: Matrix,
    ends: tuple[float, float],
) -> tuple[Matrix, Matrix]:
    """Nearer doubles on both sides of each crossing, by false position (the Illinois method)."""
    rises = ends[0] < ends[1]
    below, beyond = ends[0] - limits, ends[1] - limits
    for _ in range(STEPS):
        with np.errstate(all="ignore"):
            guess = last - beyond * (last - first) / (beyond - below)
        guess = np.where((guess > first) & (guess < last), guess, first / 2 + last / 2)
        value = compute(guess)
        is_beyond = (value > limits) == rises
        beyond = np.where(is_beyond, value - limits, beyond / 2)
        below = np.where(is_beyond, below / 2, value - limits)
        first, last = np.where(is_beyond, first, guess), np.where(is_beyond, guess, last)
    # Both sides of the better end: mostly, few doubles are left between them.
    errors = np.abs(compute(first) - limits), np.abs(compute(last) - limits)
    centre = place(np.where(errors[0] < errors[1], first, last))
    for near in (at(centre - CLOSE), at(centre + CLOSE)):
        inside = (near > first) & (near < last)
        is_beyond = (compute(near) > limits) == rises
        first = np.where(inside & ~is_beyond, near, first)
        last = np.where(inside & is_beyond, near, last)
    return first, last
