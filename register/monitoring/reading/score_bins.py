"""Bins of numbers as arrays, in which many values are counted at once."""

import numpy as np
from numpy.typing import NDArray

from credit_scoring.monitoring.performance.observations import Vector
from credit_scoring.monitoring.psi import NumberBins


def upper_ends(bins: NumberBins) -> Vector:
    """The ends of all bins but the last, rising: each bin includes its end, as no other double.

    A bin of numbers that are less than an end has the double before it as its end.
    """
    return np.array(
        [np.nextafter(end, -np.inf) if compare is np.less else end for compare, end in bins.ends]
    )


def bin_codes(ends: Vector, values: Vector) -> NDArray[np.intp]:
    """The bin of each value, as `NumberBins.counts` counts them; the one after all if missing.

    Args:
        ends: `upper_ends`.
        values: NaN if missing.
    """
    return np.where(np.isnan(values), len(ends) + 1, np.searchsorted(ends, values))
