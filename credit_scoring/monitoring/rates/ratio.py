"""The ratio of two shares with its 95 % interval, and the test that they are equal."""

from dataclasses import dataclass
from math import sqrt
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.special import chdtrc, gammaln

from credit_scoring.monitoring.rates.proportion import LEAST, Proportion

ENOUGH_EXPECTED = 5  # in each cell of a table, from which the chi-square distribution is near
ROUNDING = 1e-7  # probabilities this close, relative to their size, are equal


@dataclass(frozen=True)
class Ratio:
    """The ratio of two shares with its 95 % interval."""

    ratio: Annotated[
        float | None,
        Field(
            ge=0,
            description="the group's share divided by the other's; null if either is a share of"
            " fewer than 30, or the other is 0",
            examples=[0.83],
        ),
    ]
    low: Annotated[
        float | None,
        Field(
            ge=0,
            description="lower end of the 95 % interval (Donner and Zou 2012, from Wilson's"
            " intervals); null if either is a share of nobody",
            examples=[0.76],
        ),
    ]
    high: Annotated[
        float | None,
        Field(
            ge=0,
            description="upper end of it; null if `low` is, and without one if the other share"
            " is 0",
            examples=[0.91],
        ),
    ]


def ratio(group: Proportion, other: Proportion) -> Ratio:
    """The share of a group divided by the share of another group.

    A. Donner and G. Y. Zou, Closed-form Confidence Intervals for Functions of the Normal Mean and
    Standard Deviation, Statistical Methods in Medical Research 21, 2012, from the shares' own
    intervals by Wilson: a ratio L is the lower end if p - L q exceeds 0 by the root of the squares
    of (p - lower end of p) and L (upper end of q - q); likewise the upper end. M. W. Fagerland, S.
    Lydersen and P. Laake, Statistical Methods in Medical Research 24, 2015, recommend it.

    The usual interval of the logarithm (D. Katz et al., Biometrics 34, 1978) holds the true ratio
    in 88 instead of 95 of 100 cases for a group of 30 of whom nine tenths are accepted, against a
    group of 1000. This one does in 96, and exists for shares of 0 and 1 too.
    """
    if group.low is None or group.high is None or other.low is None or other.high is None:
        return Ratio(None, None, None)
    p, q = group.count / group.of, other.count / other.of
    numerator = group.low * (2 * p - group.low)
    root = sqrt(max((p * q) ** 2 - numerator * other.high * (2 * q - other.high), 0.0))
    low = numerator / (p * q + root) if group.count else 0.0
    if other.count == 0:
        return Ratio(None, low, None)
    denominator = other.low * (2 * q - other.low)
    root = sqrt(max((p * q) ** 2 - group.high * (2 * p - group.high) * denominator, 0.0))
    is_enough = min(group.of, other.of) >= LEAST
    return Ratio(p / q if is_enough else None, low, (p * q + root) / denominator)


def equality_p(group: Proportion, other: Proportion) -> float | None:
    """Two-sided p-value of equal shares of two groups; None if one is a share of nobody.

    Pearson's chi-square test without correction for continuity; if one of the four expected counts
    is below 5 (W. G. Cochran, Biometrics 10, 1954), Fisher's exact test, which adds the
    probabilities of all tables with the same margins that are not likelier than this one.
    """
    a, n, b, m = group.count, group.of, other.count, other.of
    if n == 0 or m == 0:
        return None
    having, lacking = a + b, n + m - a - b
    if having == 0 or lacking == 0:
        return 1.0
    if min(n, m) * min(having, lacking) >= ENOUGH_EXPECTED * (n + m):
        statistic = (a * m - b * n) ** 2 / (n * m) * ((n + m) / (having * lacking))
        return float(chdtrc(1, statistic))
    return _fisher(a, n, having, n + m)


def _fisher(a: int, n: int, having: int, total: int) -> float:
    """The p-value of Fisher's exact test of `a` out of `n`, with `having` out of `total` in all."""
    counts = np.arange(max(0, n + having - total), min(n, having) + 1, dtype=np.float64)
    logs = -sum(
        gammaln(cell + 1)
        for cell in (counts, n - counts, having - counts, total - n - having + counts)
    )
    here = logs[a - int(counts[0])]
    weights = np.exp(logs - logs.max())
    as_rare = logs <= here + ROUNDING
    return float(min(weights[as_rare].sum() / weights.sum(), 1.0))
