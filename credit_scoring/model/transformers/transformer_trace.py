"""Outputs of a transformer traced to the raw features and the arithmetic that make them."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from numbers import Real
from typing import Any, Protocol

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from credit_scoring.data.tables import Matrix
from credit_scoring.model.containers.scorecard import binning_of


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


class Untraceable(ValueError):
    """A transformer whose arithmetic this module does not know."""


@dataclass(frozen=True, eq=False)
class TracedOutput:
    """One output of a transformer.

    Attributes:
        sources: the names of the raw features that it may be made from.
        steps: the arithmetic on its one source; None if it is not known.
    """

    sources: frozenset[str]
    steps: tuple[Step, ...] | None = ()

    def __call__(self, values: Matrix) -> Matrix:
        """The output for values of its source; infinite values, which transformers refuse, stay."""
        assert self.steps is not None  # noqa: S101 - a condition on the caller
        output = values
        with np.errstate(all="ignore"):
            for step in self.steps:
                output = step(output)
        return np.where(np.isinf(values), values, output)

    def then(self, step: Step | None) -> "TracedOutput":
        """The output after one more step; None for an unknown step."""
        steps = None if step is None or self.steps is None else (*self.steps, step)
        return replace(self, steps=steps)


def trace(transformer: Any, inputs: Sequence[str], number: int) -> tuple[TracedOutput, ...] | None:
    """Trace the outputs of a fitted transformer; None if they are not known.

    Args:
        transformer: fitted.
        inputs: the names of the raw features that it takes, in its order, if it records none.
        number: of its outputs.
    """
    names = map(str, getattr(transformer, "feature_names_in_", inputs))
    try:
        outputs = _traced(transformer, [TracedOutput(frozenset([name])) for name in names])
    except (ValueError, KeyError):  # or a column without a known name
        return None
    return tuple(outputs) if len(outputs) == number else None


def is_identity(transformer: Any) -> bool:
    """True for a transformer that returns its input, as a fitted remainder does."""
    return type(transformer) is FunctionTransformer and transformer.func is None


def is_element_by_element(transformer: Any) -> bool:
    """True if a transformer surely gives a row the same values alone and among others."""
    if isinstance(transformer, Pipeline):
        return all(is_element_by_element(step) for _, step in transformer.steps)
    if isinstance(transformer, ColumnTransformer):
        return all(is_element_by_element(step) for _, step, _ in transformer.transformers_)
    if is_identity(transformer) or binning_of(transformer) is not None:
        return True
    return transformer in ("passthrough", "drop") or type(transformer) in TRACED


def _traced(step: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    """The outputs of a step, given those of the step before."""
    if is_identity(step) or step == "passthrough":
        return list(given)
    if step == "drop":
        return []
    if (binning := binning_of(step)) is not None:
        return _of_binning(binning, given)
    traced = TRACED.get(type(step))
    if traced is None:
        raise Untraceable
    return traced(step, given)


def _of_pipeline(pipeline: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    outputs = list(given)
    for _, step in pipeline.steps:
        outputs = _traced(step, outputs)
    return outputs


def columns_chosen(columns: Any, chosen: Any, number: int) -> list[int]:
    """Indices of the columns that a part of a fitted column transformer takes.

    Args:
        columns: the column transformer.
        chosen: the part's columns, as in `transformers_`.
        number: of the columns that the column transformer takes.

    Raises:
        ValueError: a column has no known name.
    """
    asked = np.atleast_1d(np.arange(number)[chosen] if isinstance(chosen, slice) else chosen)
    if asked.dtype == np.bool_:
        return [int(at) for at in np.flatnonzero(asked)]
    if np.issubdtype(asked.dtype, np.integer):
        return [int(at) for at in np.arange(number)[asked]]
    names = [str(name) for name in getattr(columns, "feature_names_in_", ())]
    return [names.index(str(name)) for name in asked]


def _of_columns(columns: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    outputs = []
    for _, step, chosen in columns.transformers_:
        if at := columns_chosen(columns, chosen, len(given)):
            outputs += _traced(step, [given[column] for column in at])
    return outputs


def _of_imputer(imputer: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    if not (isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values)):
        raise Untraceable
    if not all(isinstance(value, Real) for value in imputer.statistics_):  # it imputes texts
        return [output.then(None) for output in given]
    outputs = [
        output.then(Impute(float(value)))
        for output, value in zip(given, imputer.statistics_, strict=True)
        if imputer.keep_empty_features or value == value
    ]
    if imputer.add_indicator:
        outputs += [given[column].then(Indicate()) for column in imputer.indicator_.features_]
    return outputs


def _of_min_max(scaler: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    outputs = [
        output.then(Scale(float(scale), float(shift)) if scale > 0 else None)
        for output, scale, shift in zip(given, scaler.scale_, scaler.min_, strict=True)
    ]
    if scaler.clip:
        return [output.then(Clip(*map(float, scaler.feature_range))) for output in outputs]
    return outputs


def _of_max_abs(scaler: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    if getattr(scaler, "clip", False):
        raise Untraceable
    return _centred(given, None, scaler.scale_)


def _centred(given: Sequence[TracedOutput], centres: Any, scales: Any) -> list[TracedOutput]:
    """The outputs less their centres, then divided by their scales; None omits either."""
    number = len(given)
    return [
        output.then(Centre(float(centre), float(scale)) if scale > 0 else None)
        for output, centre, scale in zip(
            given,
            np.zeros(number) if centres is None else centres,
            np.ones(number) if scales is None else scales,
            strict=True,
        )
    ]


def _of_one_hot(encoder: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    outputs = []
    for column, output in enumerate(given):
        number = len(encoder.categories_[column])
        infrequent = getattr(encoder, "infrequent_categories_", [None] * len(given))[column]
        if infrequent is not None:  # these share one output
            number += 1 - len(infrequent)
        if encoder.drop_idx_ is not None and encoder.drop_idx_[column] is not None:
            number -= 1
        outputs += [output.then(None)] * number
    return outputs


def _of_binning(binning: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    """Weights of evidence of raw features, which optbinning finds by name."""
    raw = {name: output for output in given if output.steps == () for name in output.sources}
    return [raw[str(name)].then(None) for name in binning.get_support(names=True)]


# Each of these works element by element.
TRACED: dict[type, Callable[[Any, Sequence[TracedOutput]], list[TracedOutput]]] = {
    Pipeline: _of_pipeline,
    ColumnTransformer: _of_columns,
    SimpleImputer: _of_imputer,
    MinMaxScaler: _of_min_max,
    StandardScaler: lambda scaler, given: _centred(
        given, scaler.mean_ if scaler.with_mean else None, scaler.scale_
    ),
    RobustScaler: lambda scaler, given: _centred(given, scaler.center_, scaler.scale_),
    MaxAbsScaler: _of_max_abs,
    OneHotEncoder: _of_one_hot,
    OrdinalEncoder: lambda _, given: [output.then(None) for output in given],
}
