"""Knots of one feature of a row, between which the log-odds of a linear classifier are linear."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from credit_scoring.data.tables import Matrix
from credit_scoring.float_search import below
from credit_scoring.model.transformers.traced_output import Clip, TracedOutput
from credit_scoring.whatif.curves.breakpoints import VariedRow
from credit_scoring.whatif.curves.monotonicity import Interval


@dataclass(frozen=True, eq=False)
class LinearKnots:
    """Knots of a varied row under a classifier with coefficients, whose outputs have sources.

    A sum of products, in any order, rises and falls with each product, also in doubles: rounding
    keeps the order. So the log-odds are monotone where all products that change move in one
    direction, and the decision turns at most once there.

    Attributes:
        varied: the row.
    """

    varied: VariedRow

    def knots(self) -> Matrix:
        """The ends of the range, both sides of each jump, and each bend, rising."""
        edges = self.varied.breakpoints()
        found = [edges, below(edges[1:]), np.array([self.varied.high])]
        traced = self.varied.scorer.transformer.traced_outputs
        assert traced is not None  # noqa: S101 - a condition on the caller
        for output, source in self._sources.items():
            steps = traced[output].steps or ()
            for number, step in enumerate(steps):
                if isinstance(step, Clip):
                    before = TracedOutput(traced[output].sources, steps[:number])
                    limits = np.array([float(step.low), float(below(step.high))])
                    found.append(self.varied.crossings_of(source, before, limits))
        return np.unique(np.concatenate(found))

    @cached_property
    def is_linear(self) -> bool:
        """True if the log-odds are linear between the knots, except for rounding."""
        return self._keeps_bins and all(
            interval.is_linear
            for source in set(self._sources.values())
            for interval in self.varied.intervals[source]
        )

    @cached_property
    def is_monotone(self) -> bool:
        """True if the log-odds are monotone between the knots."""
        firsts = np.unique(
            [
                interval.first
                for source in set(self._sources.values())
                for interval in self.varied.intervals[source]
            ]
        )
        return self._keeps_bins and all(self._is_monotone_at(first) for first in firsts)

    def _is_monotone_at(self, value: float) -> bool:
        """True if the log-odds are monotone on the part of the range that begins with a value."""
        coefficients = self.varied.scorer.classifier.coefficients
        assert coefficients is not None  # noqa: S101 - a condition on the caller
        directions = set()
        for output, source in self._sources.items():
            direction = _interval_of(self.varied.intervals[source], value).direction
            if direction is None:
                return False
            directions.add(int(np.sign(coefficients[output])) * direction)
        return not {-1, 1} <= directions

    @cached_property
    def _keeps_bins(self) -> bool:
        """True if no binned output changes between the knots."""
        sources = self.varied.sources or {}
        return all(
            interval.is_monotone
            for output in self.varied.jumps
            for interval in self.varied.intervals[sources[output]]
        )

    @cached_property
    def _sources(self) -> dict[int, str]:
        """The source of each dependent output with a coefficient other than 0, unless binned."""
        coefficients, sources = self.varied.scorer.classifier.coefficients, self.varied.sources
        assert coefficients is not None  # noqa: S101 - a condition on the caller
        assert sources is not None  # noqa: S101 - a condition on the caller
        return {
            output: source
            for output, source in sources.items()
            if coefficients[output] and output not in self.varied.jumps
        }


def is_linear(varied: VariedRow) -> bool:
    """True for a linear classifier and outputs with known sources."""
    return varied.scorer.classifier.coefficients is not None and varied.sources is not None


def _interval_of(intervals: list[Interval], value: float) -> Interval:
    """The interval that holds a value."""
    return next(each for each in intervals if each.first <= value <= each.last)
