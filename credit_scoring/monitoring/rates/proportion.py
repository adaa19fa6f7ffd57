"""A share of decisions with its 95 % interval."""

from dataclasses import dataclass
from math import sqrt
from typing import Annotated

from pydantic import Field

LEAST = 30  # decisions from which a share or another estimate is given beside its interval
# Quantile 0.975 of the standard normal distribution, for an interval of 95 %; as a number, since
# SciPy takes a quarter of a second to import, and readings of the register need no more of it.
Z = 1.959963984540054


@dataclass(frozen=True)
class Proportion:
    """A count out of a number, the share, and its 95 % interval by Wilson's score method."""

    count: Annotated[int, Field(ge=0, description="number that has the property", examples=[84])]
    of: Annotated[int, Field(ge=0, description="number that could have it", examples=[1200])]
    rate: Annotated[
        float | None,
        Field(ge=0, le=1, description="count / of; null if `of` is below 30", examples=[0.07]),
    ]
    low: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="lower end of the 95 % interval (Wilson 1927); null if `of` is 0",
            examples=[0.0569],
        ),
    ]
    high: Annotated[
        float | None,
        Field(ge=0, le=1, description="upper end of it; null if `of` is 0", examples=[0.0859]),
    ]


def wilson(count: int, of: int) -> Proportion:
    """The share `count / of` with its 95 % interval.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, Journal of
    the American Statistical Association 22, 1927: all shares that the count does not contradict at
    the level of 5 %, by the normal approximation with the variance of that share. Without the
    correction for continuity.

    Raises:
        ValueError: `count` is negative or exceeds `of`.
    """
    count, of = int(count), int(of)
    if not 0 <= count <= of:
        raise ValueError(f"{count} out of {of} is not a share")
    if of == 0:
        return Proportion(count, of, None, None, None)
    rate = count / of
    low, high = wilson_interval(rate, of)
    return Proportion(count, of, rate if of >= LEAST else None, low, high)


def wilson_interval(rate: float, of: float) -> tuple[float, float]:
    """Lower and upper end of Wilson's 95 % interval; `of`, above 0, need not be whole."""
    centre = (rate + Z * Z / (2 * of)) / (1 + Z * Z / of)
    margin = Z * sqrt(rate * (1 - rate) / of + (Z / (2 * of)) ** 2) / (1 + Z * Z / of)
    low = 0.0 if rate == 0 else max(centre - margin, 0.0)
    high = 1.0 if rate == 1 else min(centre + margin, 1.0)
    return low, high
