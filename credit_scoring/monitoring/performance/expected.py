"""Performance expected from the probabilities of default (PD) alone, before outcomes are known."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from credit_scoring.monitoring.performance.observations import (
    Flags,
    Vector,
    checked_flags,
    checked_probabilities,
)
from credit_scoring.monitoring.rates.proportion import LEAST, Z

ENOUGH_EXPECTED = 5  # bad and good loans, from which the normal distribution is near


@dataclass(frozen=True)
class Estimate:
    """A figure expected from the PDs, and the range of it in 95 of 100 cases."""

    value: Annotated[
        float | None,
        Field(description="expected figure; null with too few decisions", examples=[0.081]),
    ]
    low: Annotated[
        float | None,
        Field(description="lower end of the range; null with too few decisions", examples=[0.066]),
    ]
    high: Annotated[
        float | None, Field(description="upper end of it; null if `low` is", examples=[0.096])
    ]


@dataclass(frozen=True)
class ExpectedConfusion:
    """Expected numbers of loans by the model's decision and by outcome."""

    refused_bad: Annotated[float, Field(ge=0, description="true positives", examples=[41.3])]
    refused_good: Annotated[float, Field(ge=0, description="false positives", examples=[178.7])]
    accepted_bad: Annotated[float, Field(ge=0, description="false negatives", examples=[39.9])]
    accepted_good: Annotated[float, Field(ge=0, description="true negatives", examples=[740.1])]


@dataclass(frozen=True)
class Expected:
    """Estimates from the PDs alone: true only if the PDs are.

    They show whether other clients make the model's task harder or easier. They cannot show that
    the model has become wrong.
    """

    is_estimate: Annotated[
        Literal[True], Field(description="always true: no outcome has a part in these figures")
    ]
    decisions: Annotated[int, Field(ge=0, description="number of decisions", examples=[1000])]
    default_rate: Annotated[
        Estimate,
        Field(description="mean PD; null with fewer than 30 decisions"),
    ]
    auc: Annotated[
        Estimate,
        Field(
            description="area under the ROC curve; null if fewer than 30 bad or 30 good ones are"
            " expected, its range null if fewer than 5 are"
        ),
    ]
    brier: Annotated[
        Estimate, Field(description="mean of PD (1 - PD); null with fewer than 30 decisions")
    ]
    confusion: Annotated[
        ExpectedConfusion | None,
        Field(description="null if the model's decisions are not given"),
    ]


def expected_performance(pd: Vector, refused: Flags | None = None) -> Expected | None:
    """The performance to expect if the PDs are right; None without a decision.

    Confidence-based performance estimation (CBPE), as defined by NannyML,
    https://nannyml.readthedocs.io/en/stable/how_it_works/performance_estimation.html: a decision
    with the PD p counts as p bad loans and 1 - p good ones. The ranges are our addition: outcomes
    are drawn independently with the PDs, and the figure that they give lies within the range in 95
    of 100 cases, by the normal approximation. Doubt about the PDs is not part of it.

    Args:
        pd: probabilities of default, shape (decisions,).
        refused: true for a decision that the model refuses, shape (decisions,).

    Raises:
        ValueError: a PD is missing or not a probability, `refused` is not boolean, or the shapes
            differ.
    """
    pd = checked_probabilities(pd)
    if not len(pd):
        return None
    n, is_enough = len(pd), len(pd) >= LEAST
    brier, rate_error, brier_error = _moments(pd)
    return Expected(
        True,
        n,
        _estimate(min(float(pd.mean()), 1.0), rate_error, is_enough=is_enough),
        _expected_auc(pd),
        _estimate(brier, brier_error, is_enough=is_enough),
        None if refused is None else _confusion(pd, checked_flags(refused, pd)),
    )


def _moments(pd: Vector) -> tuple[float, float, float]:
    """The mean Brier score, and the standard errors of the default rate and of that score."""
    variance = pd * (1 - pd)
    of_brier = float(np.sum(variance * (1 - 2 * pd) ** 2))
    return float(variance.mean()), float(variance.sum()) ** 0.5 / len(pd), of_brier**0.5 / len(pd)


def _expected_auc(pd: Vector) -> Estimate:
    """The expected AUC.

    Each decision is p of a bad loan and 1 - p of a good one. A decision's outcome moves the AUC by
    (u - AUC) / bads - (v - AUC) / goods, with the shares u of good loans below it and v of bad ones
    above it; to first order the variance is the sum of the squares times p (1 - p).
    """
    bads, goods = float(pd.sum()), float(np.sum(1 - pd))
    fewest = min(bads, goods)
    if fewest < ENOUGH_EXPECTED:
        return Estimate(None, None, None)
    values, counts = _distinct(pd)
    bad = counts * values
    good = counts - bad
    del counts  # arrays are as long as millions of decisions: few at a time
    good_below = _shares_below(good, goods)
    del good
    auc = float(bad @ good_below) / bads
    moves = good_below
    moves -= auc
    moves /= bads
    bad_above = _shares_below(bad, bads)
    np.subtract(1, bad_above, out=bad_above)
    bad_above -= auc
    bad_above /= goods
    moves -= bad_above
    moves *= moves
    del bad_above
    np.subtract(1, values, out=values)
    values *= bad
    error = float(values @ moves) ** 0.5
    return _estimate(auc, error, is_enough=fewest >= LEAST)


def _distinct(pd: Vector) -> tuple[Vector, NDArray[np.intp]]:
    """The distinct values, rising, and the number of each; in less memory than `numpy.unique`."""
    values = np.sort(pd)
    is_first = np.append([True], values[1:] != values[:-1])
    first = np.flatnonzero(is_first)
    values = values[is_first]
    return values, np.diff(first, append=len(pd))


def _shares_below(weights: Vector, total: float) -> Vector:
    """The share of the total weight below each value, its own weight counted as a half."""
    below = np.cumsum(weights)
    below -= weights / 2
    below /= total
    return below


def _estimate(value: float, error: float, *, is_enough: bool) -> Estimate:
    """An estimate with its range, cut at 0 and 1; without the value if there are too few."""
    low, high = max(value - Z * error, 0.0), min(value + Z * error, 1.0)
    return Estimate(value if is_enough else None, low, high)


def _confusion(pd: Vector, refused: Flags) -> ExpectedConfusion:
    """The expected numbers by decision and outcome."""
    bad, good = (float(values.sum()) for values in (pd[refused], 1 - pd[refused]))
    accepted_bad, accepted_good = float(pd[~refused].sum()), float((1 - pd[~refused]).sum())
    return ExpectedConfusion(bad, good, accepted_bad, accepted_good)
