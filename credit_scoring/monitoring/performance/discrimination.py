"""Discrimination: how well scores put loans that ended badly above those that ended well."""

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
class Discrimination:
    """Area under the ROC curve (AUC), Gini coefficient and Kolmogorov-Smirnov statistic."""

    auc: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="area under the ROC curve: chance that a bad loan has a higher score than"
            " a good one, ties count a half; null with fewer than 30 good or 30 bad loans",
            examples=[0.742],
        ),
    ]
    auc_low: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="lower end of the 95 % interval (DeLong et al. 1988; a wider one with fewer"
            " than 30 good or 30 bad loans)",
            examples=[0.701],
        ),
    ]
    auc_high: Annotated[float, Field(ge=0, le=1, description="upper end", examples=[0.783])]
    gini: Annotated[
        float | None,
        Field(
            ge=-1,
            le=1,
            description="Gini coefficient, 2 AUC - 1; null if `auc` is",
            examples=[0.484],
        ),
    ]
    gini_low: Annotated[
        float, Field(ge=-1, le=1, description="lower end of the 95 % interval", examples=[0.402])
    ]
    gini_high: Annotated[float, Field(ge=-1, le=1, description="upper end", examples=[0.566])]
    ks: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Kolmogorov-Smirnov statistic: largest difference between the shares of bad"
            " and of good loans up to a score; null if `auc` is",
            examples=[0.37],
        ),
    ]
    goods: Annotated[int, Field(ge=1, description="number of good loans", examples=[920])]
    bads: Annotated[int, Field(ge=1, description="number of bad loans", examples=[80])]


@dataclass(frozen=True)
class RestrictedDiscrimination:
    """Discrimination among all clients, and among those whom the model accepts."""

    all: Annotated[
        Discrimination | None,
        Field(description="all clients; null without one good and one bad among them"),
    ]
    accepted: Annotated[
        Discrimination | None,
        Field(
            description="clients whom the model accepts: outcomes of later clients are known of"
            " these only; null without one good and one bad among them"
        ),
    ]


def discrimination(scores: Vector, bad: Flags) -> Discrimination | None:
    """The discrimination of scores; None without one good and one bad loan.

    AUC and its variance: E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, Comparing the Areas
    under Two or More Correlated Receiver Operating Characteristic Curves, Biometrics 44, 1988, in
    the fast form of X. Sun and W. Xu, IEEE Signal Processing Letters 21, 2014 (see `placements`).
    The interval is cut at 0 and 1.

    That variance is unknown with one loan of a class, too small with a few, and 0 if the scores
    separate the classes. With fewer than 30 of a class, and with a variance of 0, the interval
    follows from the largest variance that an AUC of A can have, A (1 - A) / min(goods, bads):
    Z. W. Birnbaum and O. M. Klose, Bounds for the Variance of the Mann-Whitney Statistic, Annals of
    Mathematical Statistics 28, 1957. It is Wilson's interval of a share among so many.

    Args:
        scores: shape (loans,); a higher one means a higher risk.
        bad: true for a loan that ended badly, shape (loans,).

    Raises:
        ValueError: a score is missing (NaN), `bad` is not boolean, or the shapes differ.
    """
    scores = checked_scores(scores)
    bad = checked_flags(bad, scores)
    bads, goods = np.sort(scores[bad]), np.sort(scores[~bad])
    fewest = min(len(bads), len(goods))
    if fewest == 0:
        return None
    auc, variance = auc_and_variance(bads, goods)
    if fewest < LEAST or variance == 0:
        low, high = wilson_interval(auc, fewest)
    else:
        low, high = max(auc - Z * variance**0.5, 0.0), min(auc + Z * variance**0.5, 1.0)
    is_enough = fewest >= LEAST
    return Discrimination(
        auc if is_enough else None,
        low,
        high,
        2 * auc - 1 if is_enough else None,
        2 * low - 1,
        2 * high - 1,
        _largest_difference(bads, goods) if is_enough else None,
        len(goods),
        len(bads),
    )


def restricted_discrimination(
    scores: Vector, bad: Flags, accepted: Flags
) -> RestrictedDiscrimination:
    """The discrimination among all reference clients and among the accepted ones.

    The accepted ones differ less from each other than all do, so that their AUC is lower: compare
    the AUC of granted loans with that one. J. Banasik, J. Crook and L. Thomas, Sample Selection
    Bias in Credit Scoring Models, Journal of the Operational Research Society 54, 2003.

    Args:
        scores: shape (clients,); a higher one means a higher risk.
        bad: true for a client in default, shape (clients,).
        accepted: true for a client whom the model accepts, shape (clients,).

    Raises:
        ValueError: a score is missing (NaN), flags are not boolean, or the shapes differ.
    """
    checked_flags(accepted, np.asarray(scores))
    return RestrictedDiscrimination(
        discrimination(scores, bad), discrimination(scores[accepted], bad[accepted])
    )


def auc_and_variance(bads: Vector, goods: Vector) -> tuple[float, float]:
    """The AUC and DeLong's variance of it; sources as in `discrimination`.

    Args:
        bads, goods: scores of each class, sorted, one or more; with one the variance is 0.
    """
    above = placements(bads, goods)
    auc = min(float(above.mean()), 1.0)
    if min(len(bads), len(goods)) == 1:
        return auc, 0.0
    below = placements(goods, bads)
    return auc, float(above.var(ddof=1) / len(bads) + below.var(ddof=1) / len(goods))


def placements(values: Vector, others: Vector) -> Vector:
    """The share of `others` below each value, those equal to it counted as a half.

    This is (mid-rank among all - mid-rank among the values) / number of others, of Sun and Xu.

    Args:
        values: shape (n,); sorted ones are found faster.
        others: sorted, shape (m,), m > 0.
    """
    below = np.searchsorted(others, values, "left").astype(np.float64)
    below += np.searchsorted(others, values, "right")
    below /= 2 * len(others)
    return below


def _largest_difference(bads: Vector, goods: Vector) -> float:
    """The Kolmogorov-Smirnov statistic of two sorted samples.

    One distribution function exceeds the other most at one of its own steps.
    """
    differences = [
        float((_shares_up_to(own, own) - _shares_up_to(other, own)).max())
        for own, other in ((bads, goods), (goods, bads))
    ]
    return max(*differences, 0.0)


def _shares_up_to(sample: Vector, values: Vector) -> Vector:
    """The share of a sorted sample that does not exceed each value."""
    return np.searchsorted(sample, values, "right") / len(sample)
