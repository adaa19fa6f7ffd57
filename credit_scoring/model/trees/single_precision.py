"""Split points, in doubles, of libraries that round values to single precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below


def largest_doubles(thresholds: NDArray[Any]) -> Matrix:
    """The largest double that rounds to a float32 not above a threshold, for each threshold."""
    nearest = thresholds.astype(np.float32)
    single = np.where(nearest > thresholds, smaller_singles(nearest), nearest)
    following = -smaller_singles(-single)
    middle = (single.astype(np.float64) + following.astype(np.float64)) / 2  # a double, exactly
    return np.where(middle.astype(np.float32) == single, middle, below(middle))


def around_single(value: float) -> Matrix:
    """The largest doubles that round to less than a float32, and to it, shape (2,)."""
    single = np.array([value], np.float32)
    return largest_doubles(np.concatenate([smaller_singles(single), single]))


def smaller_singles(values: NDArray[Any]) -> NDArray[np.float32]:
    """The next smaller float32 of each, minus infinity after the last finite one."""
    with np.errstate(over="ignore", under="ignore"):
        return np.nextafter(values.astype(np.float32), np.float32(-np.inf))
