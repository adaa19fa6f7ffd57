"""`FeatureReport`: the stability index of every feature in every cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from credit_scoring.monitoring.psi import FeatureDrift


@dataclass(frozen=True, kw_only=True)
class CellFeatures:
    """The stability indices of the features in one cell."""

    key: Annotated[str, Field(description="as in `cells`", examples=["2026-10"])]
    decisions: Annotated[int, Field(description="decisions whose records were counted")]
    erased: Annotated[
        int, Field(description="decisions without a record: erased, or their model is unreadable")
    ]
    features: Annotated[
        Sequence[FeatureDrift],
        Field(
            description="population stability index of each feature against the reference clients"
            " of the model that decided; of several models the mean of their indices, weighted by"
            " decisions, and the largest number of bins; the largest index first; none for a group"
            " of fewer than 30"
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class FeatureReport:
    """The stability indices of the features."""

    total: CellFeatures
    cells: Annotated[Sequence[CellFeatures], Field(description="in the order of `cells`")]
