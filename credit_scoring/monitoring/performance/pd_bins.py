"""Ranges of probabilities of default (PD): means and default rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from credit_scoring.monitoring.performance.observations import Flags, Vector
from credit_scoring.monitoring.rates.proportion import Proportion, wilson

MOST_BINS = 10


@dataclass(frozen=True)
class CalibrationBin:
    """The loans of one range of PD: a point of the reliability diagram."""

    mean_pd: Annotated[
        float, Field(ge=0, le=1, description="mean probability of default", examples=[0.043])
    ]
    default_rate: Annotated[Proportion, Field(description="bad loans of the range")]


@dataclass(frozen=True, eq=False)
class PdBins:
    """Up to ten ranges of PD that hold about as many loans each; equal PDs are in one.

    They end at the loans' own deciles; the k-th decile is the smallest PD that at least k tenths of
    the loans do not exceed. A range includes its upper end. None is empty.

    Attributes:
        index: the range of each loan, shape (loans,).
        decisions: number of loans of each range, shape (ranges,).
        bads: number of bad ones, shape (ranges,).
        mean_pd: mean PD of each, shape (ranges,), rising.
    """

    index: NDArray[np.intp]
    decisions: Vector
    bads: Vector
    mean_pd: Vector

    @classmethod
    def of(cls, pd: Vector, bad: Flags) -> "PdBins":
        """The ranges of probabilities of default, shape (loans,), with at least one loan."""
        ranks = [-(-len(pd) * tenths // MOST_BINS) - 1 for tenths in range(1, MOST_BINS + 1)]
        ends = np.unique(np.partition(pd, ranks)[ranks])
        index = np.searchsorted(ends, pd)
        decisions = np.bincount(index, minlength=len(ends)).astype(np.float64)
        bads = np.bincount(index[bad], minlength=len(ends)).astype(np.float64)
        # The mean of equal numbers may differ from them by rounding; means stay within [0, 1].
        mean_pd = np.bincount(index, pd, len(ends)) / decisions
        return cls(index, decisions, bads, np.minimum(mean_pd, 1.0))

    @property
    def default_rate(self) -> Vector:
        """The share of bad loans of each range, shape (ranges,)."""
        return self.bads / self.decisions

    def points(self) -> Sequence[CalibrationBin]:
        """The points of the reliability diagram, by rising PD."""
        rows = zip(self.mean_pd.tolist(), self.bads, self.decisions, strict=True)
        return [CalibrationBin(mean, wilson(int(bads), int(of))) for mean, bads, of in rows]
