"""One output of a transformer: a raw feature and the arithmetic on it."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, Protocol

import numpy as np

from credit_scoring.data.tables import Matrix


class Step(Protocol):
    """One step of arithmetic on a feature, rising or constant in values that are not missing."""

    def __call__(self, values: Matrix) -> Matrix:
        """Apply the step to values."""


@dataclass(frozen=True, eq=False)
class Impute:
    """Replace missing values."""

    value: float | Matrix

    def __call__(self, values: Matrix) -> Matrix:
        """See `Step`."""
        return np.where(np.isnan(values), self.value, values)


@dataclass(frozen=True, eq=False)
class Indicate:
    """Give 1 for a missing value, else 0."""

    def __call__(self, values: Matrix) -> Matrix:
        """See `Step`."""
        return np.isnan(values).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Scale:
    """Multiply, then add."""

    scale: float | Matrix
    shift: float | Matrix

    def __call__(self, values: Matrix) -> Matrix:
        """See `Step`."""
        return values * self.scale + self.shift


@dataclass(frozen=True, eq=False)
class Clip:
    """Keep within bounds."""

    low: float | Matrix
    high: float | Matrix

    def __call__(self, values: Matrix) -> Matrix:
        """See `Step`."""
        return np.clip(values, self.low, self.high)


@dataclass(frozen=True, eq=False)
class Centre:
    """Subtract, then divide."""

    centre: float | Matrix
    scale: float | Matrix

    def __call__(self, values: Matrix) -> Matrix:
        """See `Step`."""
        return (values - self.centre) / self.scale


def side_by_side(steps: Sequence[Any]) -> Step:
    """Join steps of one class into one step for values of shape (rows, steps)."""
    parameters = zip(*map(astuple, steps), strict=True)
    step: Step = type(steps[0])(*map(np.array, parameters))
    return step


@dataclass(frozen=True, eq=False)
class TracedOutput:
    """One output of a transformer.

    Attributes:
        sources: the names of the raw features that it may be made from.
        steps: the arithmetic on its one source; None if it is not known.
        jumps: None, or rising doubles: the output is some function of the bin between two of them
            in which the result of `steps` is, or of its absence. A jump belongs to the bin above.
    """

    sources: frozenset[str]
    steps: tuple[Step, ...] | None = ()
    jumps: Matrix | None = None

    def __call__(self, values: Matrix) -> Matrix:
        """The output, or the number of its bin, for values of its source.

        Infinite values, which transformers refuse, stay. A missing value has the bin NaN.
        """
        assert self.steps is not None  # noqa: S101 - a condition on the caller
        output = values
        with np.errstate(all="ignore"):
            for step in self.steps:
                output = step(output)
        if self.jumps is not None:
            bins = np.searchsorted(self.jumps, output, "right")
            output = np.where(np.isnan(output), np.nan, bins)
        return np.where(np.isinf(values), values, output)

    def then(self, step: Step | None) -> "TracedOutput":
        """The output after one more step; None for an unknown step, which keeps bins."""
        if self.jumps is not None:
            return self
        steps = None if step is None or self.steps is None else (*self.steps, step)
        return replace(self, steps=steps)

    def binned(self, jumps: Matrix | None) -> "TracedOutput":
        """Some function of the bin that the output is in; None for unknown jumps."""
        if jumps is None or self.jumps is not None or self.steps is None:
            return self.then(None)
        return replace(self, jumps=jumps)
