"""The pipeline's own arithmetic: its inputs, transforming, the outputs that are scored."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import MODEL_FILE, NEW_FILE, REFERENCE_FILE, is_feature
from credit_scoring.data.tables import Matrix, check_range, is_text
from credit_scoring.errors import BadFile, describe, first_few, foreign_code
from credit_scoring.model.classifiers.classifier import Classifier, check_width
from credit_scoring.model.classifiers.classifier_input import (
    NAMELESS,
    ClassifierInput,
    classifier_input,
    without_prefixes,
)
from credit_scoring.model.transformers.transformer_trace import columns_chosen

T = TypeVar("T")
TRANSFORMED_AT_ONCE = 4096  # rows: bounds the transformer's temporary copies


class Each(Protocol):
    """Calls a function for each of some chunks, as the `map` of a pool of threads does."""

    def __call__(self, function: Callable[[int], T], starts: Iterable[int], /) -> Iterable[T]:
        """The results, in the order of the chunks."""


def inputs_of(transformer: Any, features: Sequence[str]) -> list[str]:
    """The features that the transformer takes, in the order in which it was fitted on them.

    A column that a `ColumnTransformer` drops is not among them.

    Raises:
        BadFile: the reference clients lack one.
    """
    fitted = getattr(transformer, "feature_names_in_", None)
    if fitted is None:
        return list(features)
    names = list(map(str, fitted))
    used = _used_columns(transformer, len(names))
    inputs = [name for at, name in enumerate(names) if at in used]
    known = set(features)
    if strange := [name for name in inputs if not is_feature(name)]:
        raise BadFile(
            MODEL_FILE, f"takes {first_few(strange)}, which is no feature: fit it without"
        )
    if missing := [name for name in inputs if name not in known]:
        raise BadFile(
            REFERENCE_FILE, f"lacks columns that {MODEL_FILE} needs: {first_few(missing)}"
        )
    return inputs


def _used_columns(transformer: Any, number: int) -> Set[int]:
    """The columns that a fitted transformer reads, counted from 0."""
    while isinstance(transformer, Pipeline) and transformer.steps:
        transformer = transformer.steps[0][1]
    if not isinstance(transformer, ColumnTransformer):
        return set(range(number))
    return {
        at
        for _, step, chosen in transformer.transformers_
        if not (isinstance(step, str) and step == "drop")
        for at in columns_chosen(transformer, chosen, number)
    }


@dataclass(frozen=True, eq=False)
class Transformed:
    """The new clients as the classifier takes them, and their scores by the pipeline itself.

    Attributes:
        given: how the transformer's outputs reach the classifier.
        values: shape (clients, names).
        probabilities: of class 1, by the pipeline's own classifier, of the first clients: all, but
            for LightGBM on doubles as many as are transformed at once.
    """

    given: ClassifierInput
    values: Matrix
    probabilities: Matrix


def transform(
    pipeline: Pipeline,
    classifier: Classifier,
    frame: pd.DataFrame,
    inputs: Sequence[str],
    begun: Transformed | None = None,
    each: Each = map,
) -> Transformed:
    """Transform and score the new clients by the pipeline's own methods, some thousand at a time.

    Args:
        pipeline: as it was unpickled.
        classifier: the service's, of the same last step.
        frame: the clients.
        inputs: the columns that the transformer takes, in its order.
        begun: what this function gave for the first `TRANSFORMED_AT_ONCE` clients.
        each: calls a function for each of some chunks, as the `map` of a pool of threads does.

    Raises:
        BadFile: the transformer refuses the table, its outputs or their names are of no use, a
            value is out of range, or the classifier refuses them.
    """
    transformer, fitted = pipeline[0], pipeline[1]
    text = [name for name in inputs if is_text(frame[name])]

    def refused(error: BaseException) -> str:
        """Without the error's own text: it may hold a client's value."""
        return (
            f"the transformer of {MODEL_FILE} refuses it ({type(error).__name__});"
            f" its text columns: {first_few(text) or 'none'}"
        )

    def chunk(start: int, given: ClassifierInput | None) -> Transformed:
        part = frame.iloc[start : start + TRANSFORMED_AT_ONCE][list(inputs)]
        with foreign_code(NEW_FILE, refused):
            output = transformer.transform(part)
        if np.ma.isMaskedArray(output):
            raise BadFile(MODEL_FILE, "its transformer gives a masked array")
        if given is None:
            given = classifier_input(transformer, fitted, output)
        values = given(output, len(part))
        if len(given.names) != values.shape[1]:
            raise BadFile(MODEL_FILE, NAMELESS)
        if start == 0:
            check_width(fitted, len(given.names))
        _check_range(classifier, given, transformer, values)
        # LightGBM gives doubles to its trees as they are: the service's call is the same one.
        if start > 0 and isinstance(fitted, LGBMClassifier) and not given.categories:
            return Transformed(given, values, np.empty(0))
        with foreign_code(MODEL_FILE, _not_scored):
            scored = np.asarray(fitted.predict_proba(given.select(output)), np.float64)
        return Transformed(given, values, scored[:, 1])

    first = begun or chunk(0, None)
    starts = range(TRANSFORMED_AT_ONCE, len(frame), TRANSFORMED_AT_ONCE)
    if not starts:
        return first
    values, probabilities = np.empty((len(frame), first.values.shape[1])), [first.probabilities]
    values[: len(first.values)] = first.values
    for start, part in zip(
        starts, each(lambda start: chunk(start, first.given), starts), strict=True
    ):
        values[start : start + len(part.values)] = part.values
        probabilities.append(part.probabilities)
    return Transformed(first.given, values, np.concatenate(probabilities))


def _check_range(
    classifier: Classifier, given: ClassifierInput, transformer: Any, rows: Matrix
) -> None:
    largest = classifier.largest
    extremes = [find(rows, axis=0) for find in (np.fmax.reduce, np.fmin.reduce)]
    beyond = np.flatnonzero((extremes[0] > largest) | (extremes[1] < -largest))
    if len(beyond):
        names = without_prefixes(transformer, given.names)
        check_range(NEW_FILE, [names[column] for column in beyond])


def _not_scored(error: BaseException) -> str:
    """Without the error's own text, which may hold a client's value, unless it is known."""
    problem = f": {describe(error)}" if str(error).startswith("Input X contains NaN") else None
    return f"cannot score the clients of {NEW_FILE}{problem or f' ({type(error).__name__})'}"
