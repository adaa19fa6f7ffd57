"""The raw values at which the bin of one of optbinning's variables may change."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import above

# Others, such as piecewise binning, are not constant within a bin.
CONSTANT = ("OptimalBinning", "ContinuousOptimalBinning", "MulticlassOptimalBinning")


def jumps_of(variable: Any) -> Matrix | None:
    """Rising doubles from each of which to the next all numbers are in one bin.

    optbinning bins numbers by ``np.digitize(values, splits)``: a split belongs to the bin above it.
    Special codes, and the known numbers of a categorical variable, are compared for equality.

    Args:
        variable: a fitted binning of one feature, in a binning process.

    Returns:
        Shape (jumps,); None if a number may change the output within a bin, or is compared with
        texts.
    """
    if type(variable).__name__ not in CONSTANT:
        return None
    is_numerical = getattr(variable, "dtype", "numerical") == "numerical"
    splits = variable.splits if is_numerical else ()
    single = _listed(variable.special_codes)
    if not is_numerical:
        single += [value for categories in variable.splits for value in categories]
    if not all(isinstance(value, Real) for value in (*splits, *single)):
        return None
    alone = np.array([float(value) for value in single], np.float64)
    jumps = np.concatenate([np.asarray(splits, np.float64), alone, above(alone)])
    return np.unique(jumps[np.isfinite(jumps)])


def _listed(codes: Any) -> list[Any]:
    """Special codes, which may be several under a name."""
    if codes is None:
        return []
    if not isinstance(codes, Mapping):
        return list(codes)
    return [
        code
        for several in codes.values()
        for code in (several if isinstance(several, list | np.ndarray) else [several])
    ]
