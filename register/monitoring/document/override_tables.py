"""`OverrideTables`: who overrules the model, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from credit_scoring.monitoring.rates.proportion import Proportion


@dataclass(frozen=True, kw_only=True)
class OverrideRow:
    """Overrides of one reason, caller or reviewer."""

    key: Annotated[str, Field(description="the reason, caller or reviewer", examples=["INCOME"])]
    reviews: Annotated[int, Field(description="number of reviewed decisions")]
    low_side: Annotated[
        Proportion, Field(description="applications that were accepted, of all the model refused")
    ]
    high_side: Annotated[
        Proportion, Field(description="applications that were refused, of all the model accepted")
    ]


@dataclass(frozen=True, kw_only=True)
class OverrideTables:
    """Overrides by reason, caller and reviewer, the most reviews first."""

    by_reason: Annotated[
        Sequence[OverrideRow],
        Field(
            description="by the reason of the last review; proportions are of the decisions with"
            " this reason"
        ),
    ]
    by_caller: Annotated[
        Sequence[OverrideRow],
        Field(
            description="by the caller whose decision was reviewed; proportions are of all its"
            " decisions"
        ),
    ]
    by_reviewer: Annotated[
        Sequence[OverrideRow],
        Field(
            description="by the caller who made the last review; proportions are of the decisions"
            " that this reviewer reviewed last"
        ),
    ]
