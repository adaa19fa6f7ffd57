"""The difference in discrimination between two models on the same loans."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.special import ndtr, stdtr, stdtrit

from credit_scoring.monitoring.performance.discrimination import placements
from credit_scoring.monitoring.performance.observations import (
    Flags,
    Vector,
    checked_flags,
    checked_scores,
)
from credit_scoring.monitoring.rates.proportion import LEAST, Z


@dataclass(frozen=True)
class DiscriminationDifference:
    """The AUC of a first model minus that of a second one, on the same loans."""

    difference: Annotated[
        float | None,
        Field(
            ge=-1,
            le=1,
            description="AUC of the first model minus AUC of the second one; null with fewer than"
            " 30 good or 30 bad loans",
            examples=[0.012],
        ),
    ]
    low: Annotated[
        float,
        Field(
            ge=-1,
            le=1,
            description="lower end of the 95 % interval (DeLong et al. 1988, paired; by Student's t"
            " with fewer than 30 good or 30 bad loans)",
            examples=[-0.004],
        ),
    ]
    high: Annotated[float, Field(ge=-1, le=1, description="upper end", examples=[0.028])]
    p: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="two-sided p-value of equal areas; null if the data give no variance",
            examples=[0.14],
        ),
    ]
    goods: Annotated[int, Field(ge=1, description="number of good loans", examples=[920])]
    bads: Annotated[int, Field(ge=1, description="number of bad loans", examples=[80])]


def discrimination_difference(
    first: Vector, second: Vector, bad: Flags
) -> DiscriminationDifference | None:
    """The AUC of the first model minus that of the second; None without two loans of each class.

    DeLong, DeLong and Clarke-Pearson (1988): the variance is that of the differences of placement
    values of one loan, so that it takes account of the correlation of the two models. With fewer
    than 30 loans of a class, Student's t with min(goods, bads) - 1 degrees of freedom replaces the
    normal distribution. Two models that order all loans equally differ by 0 with p = 1. If they
    differ, but by the same placement for all loans, the data give no variance: the interval is
    [-1, 1].

    Args:
        first: scores of one model, shape (loans,); a higher one means a higher risk.
        second: scores of the other model, shape (loans,).
        bad: true for a loan that ended badly, shape (loans,).

    Raises:
        ValueError: a score is missing (NaN), `bad` is not boolean, or the shapes differ.
    """
    bad = checked_flags(bad, checked_scores(first))
    checked_flags(bad, checked_scores(second))
    bads = int(np.count_nonzero(bad))
    goods = len(bad) - bads
    fewest = min(bads, goods)
    if fewest < 2:
        return None
    of_bads = _placements_of(first, bad) - _placements_of(second, bad)
    of_goods = _placements_of(first, ~bad) - _placements_of(second, ~bad)
    found = float(of_bads.mean())
    error = float(np.sqrt(of_bads.var(ddof=1) / bads + of_goods.var(ddof=1) / goods))
    low, high, p = _interval(found, error, fewest)
    return DiscriminationDifference(
        found if fewest >= LEAST else None, max(low, -1.0), min(high, 1.0), p, goods, bads
    )


def _placements_of(scores: Vector, chosen: Flags) -> Vector:
    """The share of the other loans below each chosen one, in the order of the loans."""
    scores = np.asarray(scores, np.float64)
    values, others = scores[chosen], np.sort(scores[~chosen])
    order = np.argsort(values)
    found = np.empty(len(values))
    found[order] = placements(values[order], others)
    return found


def _interval(found: float, error: float, fewest: int) -> tuple[float, float, float | None]:
    """Lower and upper end of the 95 % interval, and the p-value of a difference of 0."""
    if error == 0:
        return (0.0, 0.0, 1.0) if found == 0 else (-1.0, 1.0, None)
    statistic = -abs(found) / error
    if fewest >= LEAST:
        return found - Z * error, found + Z * error, float(2 * ndtr(statistic))
    margin = float(stdtrit(fewest - 1, 0.975)) * error
    return found - margin, found + margin, float(2 * stdtr(fewest - 1, statistic))
