"""Outputs of a transformer traced to the raw features and the arithmetic that make them."""

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from credit_scoring.model.containers.binned_variable import jumps_of
from credit_scoring.model.containers.fitted_model import FittedSteps
from credit_scoring.model.containers.scorecard import binning_of
from credit_scoring.model.transformers.traced_output import (
    Centre,
    Clip,
    Impute,
    Indicate,
    Scale,
    TracedOutput,
)


class Untraceable(ValueError):
    """A transformer whose arithmetic this module does not know."""


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
    """Functions of bins of raw features, which optbinning finds by name."""
    raw = {name: output for output in given if output.steps == () for name in output.sources}
    return [
        raw[name].binned(jumps_of(binning.get_binned_variable(name)))
        for name in map(str, binning.get_support(names=True))
    ]


def _of_discretizer(discretizer: Any, given: Sequence[TracedOutput]) -> list[TracedOutput]:
    """Numbers of bins, or flags of each; an edge belongs to the bin above it."""
    if discretizer.dtype not in (None, np.float64):  # it rounds values before it bins them
        raise Untraceable
    outputs = []
    for output, edges in zip(given, discretizer.bin_edges_, strict=True):
        number = 1 if discretizer.encode == "ordinal" else len(edges) - 1
        outputs += [output.binned(np.asarray(edges[1:-1], np.float64))] * number
    return outputs


# Each of these works element by element.
TRACED: dict[type, Callable[[Any, Sequence[TracedOutput]], list[TracedOutput]]] = {
    Pipeline: _of_pipeline,
    FittedSteps: _of_pipeline,
    ColumnTransformer: _of_columns,
    SimpleImputer: _of_imputer,
    MinMaxScaler: _of_min_max,
    StandardScaler: lambda scaler, given: _centred(
        given, scaler.mean_ if scaler.with_mean else None, scaler.scale_
    ),
    RobustScaler: lambda scaler, given: _centred(given, scaler.center_, scaler.scale_),
    MaxAbsScaler: _of_max_abs,
    KBinsDiscretizer: _of_discretizer,
    OneHotEncoder: _of_one_hot,
    OrdinalEncoder: lambda _, given: [output.then(None) for output in given],
}
