"""Vintages: the share of a month's loans in default, by months on book."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from credit_scoring.monitoring.performance.observations import (
    Flags,
    Vector,
    checked_flags,
    checked_scores,
)
from credit_scoring.monitoring.rates.proportion import LEAST, Z, wilson_interval


@dataclass(frozen=True)
class VintagePoint:
    """The share of loans in default up to a number of months on book."""

    months: Annotated[int, Field(ge=1, description="months since the decision", examples=[6])]
    at_risk: Annotated[
        int,
        Field(
            ge=1,
            description="loans observed for at least so long, and not in default before; a repaid"
            " one counts as observed up to the last day of any outcome",
            examples=[842],
        ),
    ]
    defaults: Annotated[
        int, Field(ge=0, description="defaults up to then, the month included", examples=[31])
    ]
    cumulative: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="share in default (Kaplan and Meier 1958): loans not observed so long count"
            " for as long as they were; null with fewer than 30 at risk",
            examples=[0.034],
        ),
    ]
    low: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="lower end of the 95 % interval (Greenwood's variance of ln(-ln))",
            examples=[0.024],
        ),
    ]
    high: Annotated[float, Field(ge=0, le=1, description="upper end", examples=[0.048])]


@dataclass(frozen=True)
class Vintage:
    """The loans decided on in one month, and their defaults by months on book."""

    month: Annotated[str, Field(description="year and month, in UTC", examples=["2026-03"])]
    accepted: Annotated[
        int, Field(ge=0, description="loans granted, observed since or not", examples=[870])
    ]
    curve: Annotated[
        Sequence[VintagePoint],
        Field(description="whole months on book, as far as a loan was observed"),
    ]


def vintage(month: str, months: Vector, is_default: Flags, window: int) -> Vintage:
    """The vintage of one month's loans.

    E. L. Kaplan and P. Meier, Nonparametric Estimation from Incomplete Observations, Journal of the
    American Statistical Association 53, 1958; the interval is that of ln(-ln S) with Greenwood's
    variance: J. D. Kalbfleisch and R. L. Prentice, The Statistical Analysis of Failure Time Data,
    1980. `scipy.stats.ecdf` gives the same curve and interval. They exist only where 0 < S < 1;
    elsewhere the interval is Wilson's for a share of 0 among the loans at risk, or of 1 among those
    at risk before the last default.

    The curve supposes that loans are observed for as long whether they default or not. It is too
    high if defaults are reported, but loans in good order are not.

    Args:
        month: its name.
        months: months on book until the first default, or else until the last observation; at
            least 0, with fractions, shape (loans,).
        is_default: true if `months` ends with a default, shape (loans,).
        window: number of months that the curve has at most.

    Raises:
        ValueError: a number of months is missing or negative, `is_default` is not boolean, or the
            shapes differ.
    """
    months = checked_scores(months)
    is_default = checked_flags(is_default, months)
    if (months < 0).any():
        raise ValueError("months on book are not negative")
    return Vintage(month, len(months), _curve(np.sort(months), np.sort(months[is_default]), window))


def _curve(months: Vector, events: Vector, window: int) -> list[VintagePoint]:
    """The points of the curve.

    Args:
        months: sorted months on book of all loans.
        events: sorted months on book of those in default.
        window: number of months that the curve has at most.
    """
    times, defaults = np.unique(events, return_counts=True)
    at_risk = len(months) - np.searchsorted(months, times)
    surviving = np.cumprod(1 - defaults / at_risk)
    left = np.maximum(at_risk - defaults, 1)  # 0 only where S is 0, which needs no variance
    greenwood = np.cumsum(defaults / (at_risk * left))
    points = []
    for month in range(1, window + 1):
        observed = len(months) - int(np.searchsorted(months, month))
        if observed == 0:
            break
        past = int(np.searchsorted(times, month, "right"))
        if past:
            share, variance = 1 - float(surviving[past - 1]), float(greenwood[past - 1])
            low, high = _interval(share, variance, int(at_risk[past - 1]))
        else:
            share, (low, high) = 0.0, wilson_interval(0.0, observed)
        count = int(np.searchsorted(events, month, "right"))
        given = share if observed >= LEAST else None
        points.append(VintagePoint(month, observed, count, given, low, high))
    return points


def _interval(share: float, variance: float, at_risk: int) -> tuple[float, float]:
    """Lower and upper end of the 95 % interval of a share in default above 0.

    Args:
        share: 1 - S.
        variance: Greenwood's sum, the variance of ln S.
        at_risk: loans at risk before the last default.
    """
    if share >= 1:
        return wilson_interval(1.0, at_risk)
    log_surviving = np.log1p(-share)
    margin = np.exp(Z * variance**0.5 / -log_surviving)
    return -float(np.expm1(log_surviving / margin)), -float(np.expm1(log_surviving * margin))
