"""Calibration: probabilities of default (PD) against the defaults that came."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.special import chdtrc, ndtr

from credit_scoring.monitoring.performance.observations import (
    Flags,
    Vector,
    checked_flags,
    checked_probabilities,
)
from credit_scoring.monitoring.performance.pd_bins import CalibrationBin, PdBins
from credit_scoring.monitoring.rates.hypothesis_test import HypothesisTest
from credit_scoring.monitoring.rates.proportion import LEAST, Proportion, wilson

# Defaults and non-defaults that a range must lead one to expect, for the chi-square distribution to
# be near: W. G. Cochran, Some Methods for Strengthening the Common Chi-Square Tests, Biometrics 10,
# 1954.
ENOUGH_EXPECTED = 5
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class BrierScore:
    """The Brier score and its parts, which add up to it."""

    score: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="mean of (PD - outcome)^2 (Brier 1950); equal to reliability - resolution"
            " + uncertainty + within_bin_variance - within_bin_covariance",
            examples=[0.069],
        ),
    ]
    reliability: Annotated[
        float,
        Field(
            ge=0,
            description="mean squared difference of mean PD and default rate over deciles of PD"
            " (Murphy 1973): 0 if every decile has the default rate that its PDs say",
            examples=[0.0004],
        ),
    ]
    resolution: Annotated[
        float,
        Field(
            ge=0,
            description="mean squared difference of the deciles' default rates and that of all: the"
            " larger, the better do the PDs tell loans apart",
            examples=[0.004],
        ),
    ]
    uncertainty: Annotated[
        float,
        Field(ge=0, le=0.25, description="r (1 - r) for the default rate r", examples=[0.073]),
    ]
    within_bin_variance: Annotated[
        float,
        Field(
            ge=0,
            description="mean squared difference of PDs and the mean of their decile (Stephenson,"
            " Coelho and Jolliffe 2008)",
            examples=[0.0005],
        ),
    ]
    within_bin_covariance: Annotated[
        float,
        Field(
            description="twice the mean product of that difference and the outcome's difference"
            " from the decile's default rate (the same source)",
            examples=[0.0009],
        ),
    ]


@dataclass(frozen=True)
class Calibration:
    """The PDs of loans whose outcomes are known, against these outcomes."""

    mean_pd: Annotated[
        float, Field(ge=0, le=1, description="mean probability of default", examples=[0.081])
    ]
    default_rate: Annotated[Proportion, Field(description="bad loans among these")]
    brier: Annotated[
        BrierScore | None,
        Field(description="Brier score with its parts; null with fewer than 30 loans"),
    ]
    log_loss: Annotated[
        float | None,
        Field(
            ge=0,
            description="mean of -ln(PD) of bad loans and -ln(1 - PD) of good ones, with the PD"
            " kept 2.2e-16 away from 0 and 1; null with fewer than 30 loans",
            examples=[0.25],
        ),
    ]
    hosmer_lemeshow: Annotated[
        HypothesisTest | None,
        Field(
            description="test of all deciles' default rates against their mean PDs, with as many"
            " degrees of freedom as ranges, for the model was not fitted to these loans (Hosmer,"
            " Lemeshow and Sturdivant 2013, 5.2.2, 5.4); ranges that expect fewer than 5 bad or 5"
            " good loans are merged; null with fewer than 30 loans, and if all expect fewer"
        ),
    ]
    spiegelhalter: Annotated[
        HypothesisTest | None,
        Field(
            description="test of the Brier score against the one that the PDs lead one to expect,"
            " normal and two-sided (Spiegelhalter 1986); null with fewer than 30 loans, if these"
            " expect fewer than 5 bad or 5 good ones, and if all PDs are 0.5"
        ),
    ]
    bins: Annotated[
        Sequence[CalibrationBin],
        Field(description="up to ten ranges with as many loans each, by rising PD"),
    ]


def calibration(pd: Vector, bad: Flags) -> Calibration | None:
    """The calibration of probabilities of default; None without a loan.

    Args:
        pd: probabilities of default, shape (loans,).
        bad: true for a loan that ended badly, shape (loans,).

    Raises:
        ValueError: a PD is missing or not a probability, `bad` is not boolean, or shapes differ.
    """
    pd = checked_probabilities(pd)
    bad = checked_flags(bad, pd)
    if not len(pd):
        return None
    bins = PdBins.of(pd, bad)
    is_enough = len(pd) >= LEAST
    return Calibration(
        min(float(pd.mean()), 1.0),
        wilson(int(bins.bads.sum()), len(pd)),
        brier_score(pd, bad, bins) if is_enough else None,
        _log_loss(pd, bad) if is_enough else None,
        hosmer_lemeshow(bins) if is_enough else None,
        spiegelhalter(pd, bad) if is_enough else None,
        bins.points(),
    )


def brier_score(pd: Vector, bad: Flags, bins: PdBins) -> BrierScore:
    """The Brier score and its parts.

    G. W. Brier, Verification of Forecasts Expressed in Terms of Probability, Monthly Weather Review
    78, 1950; A. H. Murphy, A New Vector Partition of the Probability Score, Journal of Applied
    Meteorology 12, 1973. Murphy's three parts add up to the score only if all PDs of a range are
    equal; D. B. Stephenson, C. A. S. Coelho and I. T. Jolliffe, Two Extra Components in the Brier
    Score Decomposition, Weather and Forecasting 23, 2008, give the two that are missing.

    Args:
        pd: probabilities of default, shape (loans,).
        bad: true for a loan that ended badly, shape (loans,).
        bins: the ranges of these.
    """
    shares, rates = bins.decisions / len(pd), bins.default_rate
    base = float(bins.bads.sum() / len(pd))
    within = pd - bins.mean_pd[bins.index]
    # `within` adds up to 0 in each range: the default rate of the range drops out of the last part.
    return BrierScore(
        float(np.mean((pd - bad) ** 2)),
        float(shares @ (bins.mean_pd - rates) ** 2),
        float(shares @ (rates - base) ** 2),
        base * (1 - base),
        float(np.mean(within**2)),
        float(2 * np.sum(within[bad]) / len(pd)),
    )


def hosmer_lemeshow(bins: PdBins) -> HypothesisTest | None:
    """The Hosmer-Lemeshow test; None if all loans lead one to expect fewer than 5 bad or 5 good.

    D. W. Hosmer, S. Lemeshow and R. X. Sturdivant, Applied Logistic Regression, 3rd edition, 2013,
    section 5.2.2: the sum over ranges of (bads - n PD)^2 / (n PD (1 - PD)) for n loans with the
    mean PD. For loans to which the model was not fitted (section 5.4) it is about chi-square with
    as many degrees of freedom as there are ranges, not two fewer.

    Args:
        bins: deciles of PD. Neighbours are merged, from the lowest PD up, until each leads one to
            expect at least 5 bad and 5 good loans; outcomes have no part in that.
    """
    merged: list[tuple[float, float, float]] = []  # loans, expected bads, bads
    n = expected = bads = 0.0
    for decisions, mean_pd, bad in zip(bins.decisions, bins.mean_pd, bins.bads, strict=True):
        n, expected, bads = n + decisions, expected + decisions * mean_pd, bads + bad
        if min(expected, n - expected) >= ENOUGH_EXPECTED:
            merged.append((n, expected, bads))
            n = expected = bads = 0.0
    if not merged:
        return None
    n, expected, bads = np.add(merged[-1], (n, expected, bads))  # the rest, if any
    table = np.array([*merged[:-1], (n, expected, bads)])
    n, expected, bads = table.T
    statistic = float(np.sum((bads - expected) ** 2 / (expected * (1 - expected / n))))
    return HypothesisTest(statistic, float(chdtrc(len(table), statistic)), len(table))


def spiegelhalter(pd: Vector, bad: Flags) -> HypothesisTest | None:
    """Spiegelhalter's test; None if it has no variance, or too few are expected bad or good.

    D. J. Spiegelhalter, Probabilistic Prediction in Patient Management and Clinical Trials,
    Statistics in Medicine 5, 1986: the difference of the Brier score from its mean under the PDs,
    divided by its standard deviation, is about standard normal if the PDs are right. It is positive
    if PDs lie too far from one half, negative if they are not far enough.

    Args:
        pd: probabilities of default, shape (loans,).
        bad: true for a loan that ended badly, shape (loans,).
    """
    expected = float(pd.sum())
    variance = float(np.sum((1 - 2 * pd) ** 2 * (pd * (1 - pd))))
    if min(expected, len(pd) - expected) < ENOUGH_EXPECTED or variance == 0:
        return None
    statistic = float(np.sum((bad - pd) * (1 - 2 * pd))) / variance**0.5
    return HypothesisTest(statistic, float(2 * ndtr(-abs(statistic))), None)


def _log_loss(pd: Vector, bad: Flags) -> float:
    """The mean negative logarithm of the probability of each outcome, as in scikit-learn."""
    of_outcome = np.where(bad, pd, 1 - pd)
    return -float(np.mean(np.log(np.clip(of_outcome, EPSILON, 1 - EPSILON))))
