"""New clients transformed and scored by the pipeline's own methods."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from credit_scoring.data.artifacts import ID, MODEL_FILE, NEW_FILE, REFERENCE_FILE, is_feature
from credit_scoring.data.tables import Matrix, check_range, is_text
from credit_scoring.errors import BadFile, describe, first_few, foreign_code
from credit_scoring.model.classifiers.classifier import Classifier, check_width
from credit_scoring.model.classifiers.classifier_input import (
    NAMELESS,
    ClassifierInput,
    classifier_input,
    without_prefixes,
)
from credit_scoring.model.containers.fitted_model import FittedModel
from credit_scoring.model.transformers.transformer_trace import columns_chosen

T = TypeVar("T")
TRANSFORMED_AT_ONCE = 4096  # rows: bounds the transformer's temporary copies


class Each(Protocol):
    """`map`, or the `map` of a pool of threads: calls a function for each start of a chunk."""

    def __call__(self, function: Callable[[int], T], starts: Iterable[int], /) -> Iterable[T]:
        """The results, in the order of the chunks."""


def inputs_of(transformer: Any, features: Sequence[str]) -> list[str]:
    """The features that the transformer takes, in the order of its fit.

    Columns that a `ColumnTransformer` drops are left out. The id is a feature if `takes_id`.

    Raises:
        BadFile: the transformer takes a column that is not a feature, or the reference file lacks
            one.
    """
    inputs = _named_inputs(transformer)
    if inputs is None:
        return list(features)
    known = set(features)
    if strange := [name for name in inputs if name not in known and not is_feature(name)]:
        raise BadFile(
            MODEL_FILE, f"takes {first_few(strange)}, which is no feature: fit it without"
        )
    if missing := [name for name in inputs if name not in known]:
        raise BadFile(
            REFERENCE_FILE, f"lacks columns that {MODEL_FILE} needs: {first_few(missing)}"
        )
    return inputs


def takes_id(transformer: Any) -> bool:
    """True if a transformer was fitted on the clients' ids, which are a feature then."""
    return ID in (_named_inputs(transformer) or ())


def _named_inputs(transformer: Any) -> list[str] | None:
    """The columns that a fitted transformer takes; None if it records no names."""
    fitted = getattr(transformer, "feature_names_in_", None)
    if fitted is None:
        return None
    names = list(map(str, fitted))
    used = _used_columns(transformer, len(names))
    return [name for at, name in enumerate(names) if at in used]


def _used_columns(transformer: Any, number: int) -> Set[int]:
    """Indices of the columns that a fitted transformer reads."""
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
    """The new clients as the classifier takes them, and their scores by the pipeline.

    Attributes:
        to_classifier: turns the transformer's outputs into the classifier's input.
        values: shape (clients, names).
        probabilities: of the default class, by the pipeline's classifier; of the first chunk of
            clients for LightGBM on doubles, of all clients otherwise.
    """

    to_classifier: ClassifierInput
    values: Matrix
    probabilities: Matrix


def transform(
    model: FittedModel,
    classifier: Classifier,
    frame: pd.DataFrame,
    inputs: Sequence[str],
    begun: Transformed | None = None,
    each: Each = map,
) -> Transformed:
    """Transform and score the new clients in chunks.

    Args:
        model: the pipeline.
        classifier: the last step of the pipeline, for its range.
        frame: the clients.
        inputs: the columns that the transformer takes, in its order.
        begun: the result for the first `TRANSFORMED_AT_ONCE` clients, if they are transformed.
        each: see `Each`.

    Raises:
        BadFile: the transformer refuses the table, its outputs are not numbers or their names not
            distinct texts, a value is out of range, or the classifier refuses the outputs.
    """
    transformer, fitted = model.pipeline[0], model.pipeline[1]
    text = [name for name in inputs if is_text(frame[name])]

    def refused(error: BaseException) -> str:
        """The problem, without the error's text, which may hold a client's value."""
        return (
            f"the transformer of {MODEL_FILE} refuses it ({type(error).__name__});"
            f" its text columns: {first_few(text) or 'none'}"
        )

    def chunk(start: int, to_classifier: ClassifierInput | None) -> Transformed:
        part = frame.iloc[start : start + TRANSFORMED_AT_ONCE][list(inputs)]
        with foreign_code(NEW_FILE, refused):
            output = transformer.transform(part)
        if np.ma.isMaskedArray(output):
            raise BadFile(MODEL_FILE, "its transformer gives a masked array")
        if to_classifier is None:
            to_classifier = classifier_input(transformer, fitted, output)
        values = to_classifier(output, len(part))
        if len(to_classifier.names) != values.shape[1]:
            raise BadFile(MODEL_FILE, NAMELESS)
        if start == 0:
            check_width(fitted, len(to_classifier.names))
        _check_range(classifier, to_classifier, transformer, values)
        # LightGBM passes doubles to its trees unchanged, so `check_scores` makes the same call.
        if start > 0 and isinstance(fitted, LGBMClassifier) and not to_classifier.categories:
            return Transformed(to_classifier, values, np.empty(0))
        if not hasattr(fitted, "predict_proba"):  # a booster
            return Transformed(to_classifier, values, classifier.probabilities_together(values))
        with foreign_code(MODEL_FILE, _not_scored):
            scored = np.asarray(fitted.predict_proba(to_classifier.select(output)), np.float64)
        return Transformed(to_classifier, values, scored[:, model.column])

    first = begun or chunk(0, None)
    starts = range(TRANSFORMED_AT_ONCE, len(frame), TRANSFORMED_AT_ONCE)
    if not starts:
        return first
    values, probabilities = np.empty((len(frame), first.values.shape[1])), [first.probabilities]
    values[: len(first.values)] = first.values
    for start, part in zip(
        starts, each(lambda start: chunk(start, first.to_classifier), starts), strict=True
    ):
        values[start : start + len(part.values)] = part.values
        probabilities.append(part.probabilities)
    return Transformed(first.to_classifier, values, np.concatenate(probabilities))


def _check_range(
    classifier: Classifier, to_classifier: ClassifierInput, transformer: Any, rows: Matrix
) -> None:
    largest = classifier.largest
    extremes = [find(rows, axis=0) for find in (np.fmax.reduce, np.fmin.reduce)]
    beyond = np.flatnonzero((extremes[0] > largest) | (extremes[1] < -largest))
    if len(beyond):
        names = without_prefixes(transformer, to_classifier.names)
        check_range(NEW_FILE, [names[column] for column in beyond])


def _not_scored(error: BaseException) -> str:
    """The problem, with the error's text only if that is known to hold no client's value."""
    problem = f": {describe(error)}" if str(error).startswith("Input X contains NaN") else None
    return f"cannot score the clients of {NEW_FILE}{problem or f' ({type(error).__name__})'}"
