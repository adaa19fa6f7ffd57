"""The parts of a model that a team stored in a dict, list or tuple."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from credit_scoring.data.artifacts import MODEL_FILE
from credit_scoring.errors import BadFile, abridged, first_few
from credit_scoring.model.classifiers.fitted_names import fitted_width
from credit_scoring.model.containers.part_kinds import (
    THRESHOLDS,
    are_texts,
    is_classifier,
    is_transformer,
)

DEEPEST = 3  # containers in containers that are searched


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of a stored model.

    Attributes:
        classifier: a classifier or a container with one.
        preprocessors: the transformers before it, at most one, by name.
        threshold: the decision threshold on the probability of the second class; None without one.
        features: names of the model's columns; empty without them.
    """

    classifier: Any
    preprocessors: tuple[tuple[str, Any], ...]
    threshold: float | None
    features: tuple[str, ...]


def find_parts(container: Any) -> Parts:
    """Find the one classifier of a container, its preprocessor, threshold and column names.

    Raises:
        BadFile: the number of classifiers is not one, or several parts could prepare its columns.
    """
    entries = list(_entries(container, "", 0))
    classifiers = [(name, part) for name, part in entries if is_classifier(part)]
    if len(classifiers) != 1:
        found = first_few([f"{name} ({type(part).__name__})" for name, part in classifiers])
        number = f"{len(classifiers)} classifiers: {found}" if classifiers else "no classifier"
        names = first_few([f"{name} ({type(part).__name__})" for name, part in entries])
        raise BadFile(
            MODEL_FILE,
            f"is a {type(container).__name__} with {number}"
            f"{'' if classifiers else f'; it has {names}'}: store one model alone",
        )
    ((_, classifier),) = classifiers
    transformers = [(name, part) for name, part in entries if is_transformer(part)]
    if len(transformers) > 1:
        found = first_few([f"{name} ({type(part).__name__})" for name, part in transformers])
        raise BadFile(
            MODEL_FILE,
            f"has several preprocessors, whose order is not recorded: {found}; store a Pipeline",
        )
    features = _features(entries, transformers[0][1] if transformers else classifier)
    return Parts(classifier, tuple(transformers), _threshold(entries), features)


def _entries(container: Any, prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """The objects in a container and in its containers, named by their keys."""
    pairs = (
        [(str(key), part) for key, part in container.items()]
        if isinstance(container, Mapping)
        else [(f"[{at}]", part) for at, part in enumerate(container)]
    )
    for key, part in pairs:
        name = f"{prefix}{'.' if prefix and not key.startswith('[') else ''}{abridged(key)}"
        is_container = isinstance(part, (Mapping, list, tuple)) and not are_texts(part)
        if is_container and depth < DEEPEST:
            yield from _entries(part, name, depth + 1)
        else:
            yield name, part


def _features(entries: Sequence[tuple[str, Any]], first: Any) -> tuple[str, ...]:
    """The one list of as many texts as the first step takes columns; empty without one."""
    width = fitted_width(first)
    lists = [tuple(map(str, part)) for _, part in entries if are_texts(part)]
    fitting = {names for names in lists if len(names) == width}
    return fitting.pop() if len(fitting) == 1 else ()


def _threshold(entries: Sequence[tuple[str, Any]]) -> float | None:
    found = {
        float(part)
        for name, part in entries
        if name.rpartition(".")[2].lower() in THRESHOLDS
        and isinstance(part, (int, float, np.number))
        and not isinstance(part, bool)
    }
    if len(found) > 1:
        raise BadFile(MODEL_FILE, f"has several thresholds: {first_few(sorted(found))}")
    return found.pop() if found else None
