"""Differences in decisions among groups of clients, for example by sex or by age."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEW = 10  # distinct numbers, at most, that are a group each; more are cut into bins
BINS = 5  # with equal numbers of clients

Group = dict[str, Any]


def audit(
    traits: pd.DataFrame, target: NDArray[np.int64], refused: NDArray[np.bool_]
) -> dict[str, list[Group]]:
    """Figures for each group of each column.

    Args:
        traits: numbers or texts, one client per row. Clients without a value are a group. A column
            of more than ten numbers is cut into five bins; a bin includes its upper end, the last
            one infinity.
        target: outcomes, 0 or 1, shape (clients,).
        refused: decisions, shape (clients,).

    Returns:
        By column, for each group: its name (None if the value is missing), the number of clients,
        the share accepted, its ratio to that of the best-off group (below 0.8 it is a sign of
        adverse impact by the four-fifths rule, 29 CFR 1607.4 D), and the shares refused among
        clients in default (true positives) and among solvent ones (false positives). All to four
        decimals; None for a share of no clients, and for a ratio to 0.
    """
    return {str(name): _figures(_groups(traits[name]), target, refused) for name in traits}


def _figures(
    groups: pd.Series, target: NDArray[np.int64], refused: NDArray[np.bool_]
) -> list[Group]:
    found: list[Group] = []
    for name in dict.fromkeys(groups.sort_values()):  # clients without a value come last
        within = (groups.isna() if pd.isna(name) else groups == name).to_numpy()
        found.append(
            {
                "group": None if pd.isna(name) else str(name),
                "clients": int(within.sum()),
                "accepted": _share(~refused[within]),
                "ratio_to_best": None,
                "true_positive_rate": _share(refused[within & (target == 1)]),
                "false_positive_rate": _share(refused[within & (target == 0)]),
            }
        )
    best = max(group["accepted"] for group in found)
    for group in found:
        group["ratio_to_best"] = group["accepted"] / best if best else None
        group |= {name: round(x, 4) for name, x in group.items() if isinstance(x, float)}
    return found


def _groups(values: pd.Series) -> pd.Series:
    """The group of each client: an ordered category, missing if the value is."""
    if not pd.api.types.is_numeric_dtype(values) or values.nunique() <= FEW:
        groups = values.astype("category")
        return groups.cat.rename_categories(list(map(_name, groups.cat.categories)))
    shares = np.arange(1, BINS) / BINS
    finite = values[np.isfinite(values)]
    ends = np.unique(np.quantile(finite, shares, method="inverted_cdf"))
    within = [f"{low} to {high}" for low, high in pairwise(map(_name, ends))]
    names = [f"up to {_name(ends[0])}", *within, f"above {_name(ends[-1])}"]
    return pd.cut(values, [-np.inf, *ends, np.inf], labels=names, include_lowest=True)


def _name(value: object) -> str:
    """The name of a group; a whole number is written without decimals."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _share(flags: NDArray[np.bool_]) -> float | None:
    return float(flags.mean()) if len(flags) else None
