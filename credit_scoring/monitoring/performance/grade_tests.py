"""Tests of each grade's probability of default (PD) against its defaults."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from scipy.special import betainc

from credit_scoring.monitoring.rates.multiplicity import benjamini_hochberg
from credit_scoring.monitoring.rates.proportion import Proportion, wilson


@dataclass(frozen=True)
class GradeCounts:
    """Loans of one grade whose outcomes are known.

    Attributes:
        grade: its name.
        decisions: number of loans known to have ended well or badly.
        mean_pd: mean probability of default of these; None without one.
        bads: number of these that ended badly.
    """

    grade: str
    decisions: int
    mean_pd: float | None
    bads: int


@dataclass(frozen=True)
class GradeTest:
    """One grade: its mean PD, its default rate, and two tests of the one against the other.

    Both suppose that loans default independently of each other. They do not in a bad year, so that
    a small p-value there says less.
    """

    grade: Annotated[str, Field(description="the grade", examples=["C"])]
    decisions: Annotated[int, Field(ge=0, description="loans with a known outcome", examples=[810])]
    mean_pd: Annotated[
        float | None,
        Field(ge=0, le=1, description="mean probability of default; null without a loan"),
    ]
    rate: Annotated[Proportion, Field(description="default rate: bad ones of these loans")]
    jeffreys_p: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Jeffreys test (ECB, Instructions for reporting the validation results of"
            " internal models, February 2019, 2.5.3.1): small if the PD is too low; null without a"
            " loan",
            examples=[0.21],
        ),
    ]
    binomial_p: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="exact binomial test: chance of at least so many defaults if the PD is"
            " right; null without a loan",
            examples=[0.22],
        ),
    ]
    jeffreys_adjusted: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="`jeffreys_p` adjusted for the number of grades (Benjamini and Hochberg"
            " 1995)",
            examples=[0.42],
        ),
    ]
    binomial_adjusted: Annotated[
        float | None,
        Field(ge=0, le=1, description="`binomial_p`, adjusted likewise", examples=[0.44]),
    ]


def grade_tests(rows: Sequence[GradeCounts]) -> list[GradeTest]:
    """Test each grade, in the order given. See `jeffreys_p` and `binomial_p`.

    Raises:
        ValueError: the bads exceed the decisions, or a mean PD of some loans is missing or not a
            probability.
    """
    jeffreys = [jeffreys_p(row.bads, row.decisions, row.mean_pd) for row in rows]
    binomial = [binomial_p(row.bads, row.decisions, row.mean_pd) for row in rows]
    adjusted = benjamini_hochberg(jeffreys), benjamini_hochberg(binomial)
    return [
        GradeTest(row.grade, row.decisions, row.mean_pd, wilson(row.bads, row.decisions), *p)
        for row, *p in zip(rows, jeffreys, binomial, *adjusted, strict=True)
    ]


def jeffreys_p(bads: int, decisions: int, mean_pd: float | None) -> float | None:
    """The chance that the default rate is below the PD, by a Bayesian; None without a loan.

    European Central Bank, Instructions for reporting the validation results of internal models,
    February 2019, section 2.5.3.1. Under Jeffreys' prior the rate of D defaults among N loans has
    the distribution Beta(D + 1/2, N - D + 1/2); its distribution function at the PD is the p-value
    of the hypothesis that the PD is not below the rate, one-sided.

    Raises:
        ValueError: the bads exceed the decisions, or `mean_pd` is not a probability.
    """
    pd = _checked(bads, decisions, mean_pd)
    return None if pd is None else float(betainc(bads + 0.5, decisions - bads + 0.5, pd))


def binomial_p(bads: int, decisions: int, mean_pd: float | None) -> float | None:
    """The chance of at least so many defaults if each loan defaults with the PD; None without one.

    It is exact: the upper tail of the binomial distribution, which is the incomplete beta function
    I(PD; D, N - D + 1). C. J. Clopper and E. S. Pearson, Biometrika 26, 1934.

    Raises:
        ValueError: the bads exceed the decisions, or `mean_pd` is not a probability.
    """
    pd = _checked(bads, decisions, mean_pd)
    if pd is None:
        return None
    return float(betainc(bads, decisions - bads + 1, pd)) if bads else 1.0


def _checked(bads: int, decisions: int, mean_pd: float | None) -> float | None:
    """The mean PD, None without a loan."""
    if not 0 <= bads <= decisions:
        raise ValueError(f"{bads} out of {decisions} is not a share")
    if decisions == 0:
        return None
    if mean_pd is None or not 0 <= mean_pd <= 1:
        raise ValueError("a mean PD lies between 0 and 1")
    return mean_pd
