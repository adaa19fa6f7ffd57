"""A test of a hypothesis: its statistic and its p-values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from credit_scoring.monitoring.rates.multiplicity import benjamini_hochberg


@dataclass(frozen=True)
class HypothesisTest:
    """The statistic of a test and its p-values."""

    statistic: Annotated[float, Field(description="the test's statistic", examples=[14.2])]
    p: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="chance of a statistic at least as extreme if the hypothesis holds",
            examples=[0.16],
        ),
    ]
    degrees: Annotated[
        int | None,
        Field(description="degrees of freedom; null if the test has none", examples=[10]),
    ]
    p_adjusted: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="p adjusted for the number of cells (Benjamini and Hochberg 1995); null"
            " outside a list of cells",
            examples=[0.31],
        ),
    ] = None


def adjusted(tests: Sequence[HypothesisTest | None]) -> list[HypothesisTest | None]:
    """The tests of several cells with `p_adjusted` set; None stays None and does not count."""
    values = benjamini_hochberg([None if test is None else test.p for test in tests])
    return [
        None if test is None else replace(test, p_adjusted=value)
        for test, value in zip(tests, values, strict=True)
    ]
