"""Draw, blank and round the columns of a simulated table."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


def draw(rng: np.random.Generator, size: int, shares: Mapping[str, float]) -> Array:
    """Draw an array of `size` names with the given shares, which sum up to 1."""
    return np.array(list(shares), dtype=object)[rng.choice(len(shares), size, p=[*shares.values()])]


def blank(values: Array, where: Array) -> Array:
    """Replace the values by NaN if a condition is true."""
    return np.where(where, np.nan, values)


def tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Round to seven significant digits, and never to fewer than two decimals.

    Flags become 0 and 1. Columns of whole numbers without missing values become integers.
    """
    values = table.to_numpy(dtype=float)
    with np.errstate(divide="ignore"):
        digits = 6 - np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** np.where(np.isfinite(digits), digits.clip(2, 15), 0)
    rounded = pd.DataFrame(np.round(values * scale) / scale, table.index, table.columns)
    whole = ~(values % 1 != 0).any(axis=0)
    return rounded.astype(dict.fromkeys(table.columns[whole], int))
