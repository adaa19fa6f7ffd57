"""A model as a team stored it, asked what it takes and for its probabilities.

`scoring_script.py` imports this in other environments, as old as Python 3.7. It leaves the model
whole and asks its own ``predict_proba``, where the service takes models apart: so the two can be
held against each other.
"""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from credit_scoring.model.containers.part_kinds import (
    THRESHOLDS,
    are_texts,
    is_booster,
    is_classifier,
    is_transformer,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# LightGBM, CatBoost and XGBoost number the columns of an array.
NUMBERED = re.compile(r"(Column_|f)?\d+")
CATEGORICAL = re.compile(r"^\[categorical_feature: ([\d,]+)\]$", re.MULTILINE)


def entries(container: Any) -> Iterator[Any]:
    """The objects in a container and in its containers; a list of texts is one object."""
    for part in container.values() if hasattr(container, "values") else container:
        is_list = isinstance(part, (list, tuple, dict)) and not are_texts(part)
        yield from entries(part) if is_list else [part]


class Model:
    """A classifier, with the transformer before it if a container holds one.

    Attributes:
        classifier: has ``predict_proba``, or is a booster.
        transformer: prepares its columns; None without one.
        names: of the columns that the model takes, in its order; empty if none are recorded.
        width: their number; None if it is not recorded.
        has_threshold: true if a decision threshold is stored with it.
    """

    def __init__(self, stored: Any) -> None:
        parts = list(entries(stored)) if isinstance(stored, (dict, list, tuple)) else [stored]
        classifiers = [part for part in parts if is_classifier(part)]
        transformers = [part for part in parts if is_transformer(part)]
        if len(classifiers) != 1 or len(transformers) > 1:
            raise SystemExit(ambiguity(stored, classifiers, transformers))
        self.classifier = classifiers[0]
        self.transformer = transformers[0] if transformers else None
        first = self.classifier if self.transformer is None else self.transformer
        if type(inner(first) or first).__name__ == "DictVectorizer":
            raise SystemExit(
                "its DictVectorizer takes dicts, and a table has columns: train it with a"
                " OneHotEncoder in a ColumnTransformer"
            )
        self.width = width_of(first)
        self.names = needed_names(first)
        self.has_threshold = holds_threshold(stored)
        lists = {tuple(part) for part in parts if are_texts(part) and len(part) == self.width}
        if not self.names and len(lists) == 1:
            self.names = list(lists.pop())

    def kind(self) -> str:
        """The name of the class of the classifier, in its pipeline if it is in one."""
        last = self.classifier
        while getattr(last, "steps", None):
            last = last.steps[-1][1]
        return type(last).__name__

    def classes(self) -> list[Any]:
        """The labels of the columns of its probabilities."""
        found = getattr(self.classifier, "classes_", None)
        return [0, 1] if found is None else [plain(label) for label in found]

    def probabilities(self, frame: Any) -> Any:
        """The probabilities of both classes, shape (rows, 2)."""
        rows = self.arranged(frame)
        if self.transformer is not None:
            rows = self.transformer.transform(rows)
            given, taken = rows.shape[1], width_of(self.classifier)
            if taken not in (None, given):
                raise SystemExit(
                    f"its {type(self.transformer).__name__} gives {given} columns, and its"
                    f" {self.kind()} takes {taken}: store a Pipeline of all that prepares them"
                )
        if not is_booster(self.classifier):
            return np.asarray(self.classifier.predict_proba(rows))
        if hasattr(self.classifier, "feature_types"):
            import xgboost

            rows = xgboost.DMatrix(rows, enable_categorical=True)
        of_one = np.asarray(self.classifier.predict(rows))
        if of_one.ndim != 1 or not ((of_one >= 0) & (of_one <= 1)).all():
            raise SystemExit(
                "its booster gives no probabilities of two classes: train a binary one"
            )
        return np.column_stack([1 - of_one, of_one])

    def arranged(self, frame: Any) -> Any:
        """The columns that the model takes, in its order and with its types."""
        if not self.names:
            is_numeric = all(pd.api.types.is_numeric_dtype(dtype) for dtype in frame.dtypes)
            return frame.to_numpy() if is_numeric and self.width is not None else frame
        spelled = {name.replace(" ", "_"): name for name in frame}  # LightGBM writes an underscore
        columns = [name if name in frame else spelled.get(name, name) for name in self.names]
        rows = frame[columns]
        if self.transformer is None:
            rows = with_categories(self.classifier, rows)
        return rows


def ambiguity(stored: Any, classifiers: list[Any], transformers: list[Any]) -> str:
    """The reason why an object is not one model, and the next step."""
    if not classifiers and hasattr(stored, "predict"):
        return (
            f"its {type(stored).__name__} has no predict_proba: fit it inside a"
            " CalibratedClassifierCV, or fit a classifier"
        )
    if not classifiers:
        return f"its {type(stored).__name__} holds no classifier: store one model alone"
    counts = Counter(type(part).__name__ for part in (*classifiers, *transformers))
    kinds = ", ".join(name if count == 1 else f"{count} {name}" for name, count in counts.items())
    if len(classifiers) > 1:
        found = f"{len(classifiers)} classifiers"
    else:
        found = f"{len(transformers)} preprocessors, whose order is not recorded"
    return f"it holds {found} ({kinds}): store one model alone, or one Pipeline"


def holds_threshold(stored: Any) -> bool:
    """True for a classifier with a threshold, and for a container with one."""
    if type(stored).__name__ in ("TunedThresholdClassifierCV", "FixedThresholdClassifier"):
        return True
    if isinstance(stored, dict):
        named = [str(key).lower() in THRESHOLDS for key in stored]
        return any(named) or any(holds_threshold(part) for part in stored.values())
    return isinstance(stored, (list, tuple)) and any(holds_threshold(part) for part in stored)


def with_categories(classifier: Any, rows: Any) -> Any:
    """Text columns as pandas' categories, if a bare booster was trained on these."""
    booster = getattr(classifier, "booster_", classifier)
    levels = getattr(booster, "pandas_categorical", None)
    if levels:
        match = CATEGORICAL.search(booster.model_to_string())
        at = [int(number) for number in match.group(1).split(",")] if match else []
        names = [rows.columns[column] for column in at]
        if len(names) != len(levels):
            names = [name for name in rows if not pd.api.types.is_numeric_dtype(rows[name])]
        types = {name: pd.CategoricalDtype(known) for name, known in zip(names, levels)}  # noqa: B905 - Python 3.7
        return rows.astype(types)
    if hasattr(classifier, "get_booster"):  # XGBoost's, whose own attribute is what it was given
        booster = classifier.get_booster()
    types_of = getattr(booster, "feature_types", None)
    kinds = types_of if isinstance(types_of, list) else []
    return rows.astype({name: "category" for name, kind in zip(rows, kinds) if kind == "c"})  # noqa: B905 - Python 3.7


def inner(model: Any) -> Any:
    """The part that gets a model's columns first, such as the first step of a pipeline."""
    for step in [step for _, step in getattr(model, "steps", [])]:
        is_sampler = hasattr(step, "fit_resample") and not hasattr(step, "transform")
        if step is not None and step != "passthrough" and not is_sampler:
            return step
    for name in ("binning_process_", "best_estimator_", "estimator_"):
        if getattr(model, name, None) is not None:
            return getattr(model, name)
    calibrated = getattr(model, "calibrated_classifiers_", None)
    if calibrated:
        first = calibrated[0]
        return getattr(first, "estimator", None) or getattr(first, "base_estimator", None)
    return None


def needed_names(model: Any) -> list[str]:
    """The names of the columns that a model takes, without those that it drops at once."""
    while model is not None:
        names = recorded_names(model)
        following = inner(model)
        if names and following is not None and needed_names(following):
            return needed_names(following)
        if names:
            used = getattr(model, "_transformer_to_input_indices", None)
            if used is not None:
                dropped = {name for name, step, _ in model.transformers_ if isinstance(step, str)
                           and step == "drop"}  # fmt: skip
                kept = {at for name, found in used.items() if name not in dropped for at in found}
                return [name for at, name in enumerate(names) if at in kept]
            return names
        model = following
    return []


def recorded_names(model: Any) -> list[str]:
    """The names that an object records; empty if these are the numbers of an array's columns."""
    for key in (
        "feature_names_in_",
        "feature_name_",
        "feature_names_",
        "feature_names",
        "variable_names",
    ):
        found = getattr(model, key, None)
        if found is not None and not callable(found):
            names = [str(name) for name in found]
            return [] if all(NUMBERED.fullmatch(name) for name in names) else names
    of_booster = getattr(model, "feature_name", None)
    if callable(of_booster):
        names = of_booster()
        return [] if all(NUMBERED.fullmatch(name) for name in names) else names
    get_booster = getattr(model, "get_booster", None)
    return recorded_names(get_booster()) if callable(get_booster) else []


def width_of(model: Any) -> int | None:
    """The number of columns that a model takes; None if it is not recorded."""
    while model is not None:
        for key in ("n_features_in_", "n_features_"):
            number = getattr(model, key, None)
            if isinstance(number, int) and number > 0:  # CatBoost's is 0 after unpickling
                return number
        for key in ("num_feature", "num_features"):
            if callable(getattr(model, key, None)):
                return int(getattr(model, key)())
        names = getattr(model, "feature_names_", None)
        if names is not None:
            return len(names)
        model = inner(model)
    return None


def plain(label: Any) -> Any:
    """A label as JSON can hold it."""
    return label.item() if isinstance(label, np.generic) else label
