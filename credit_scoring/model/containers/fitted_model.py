"""A fitted model, however it is packed, as a pipeline of a transformer and a classifier.

Teams store bare estimators, pipelines of any length, searches for parameters, classifiers with a
tuned threshold, and dicts or tuples of a classifier and its preprocessor. Steps that do nothing in
prediction are left out, such as the samplers of imbalanced-learn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from credit_scoring.data.artifacts import MODEL_FILE, REFERENCE_FILE
from credit_scoring.errors import BadFile, abridged, first_few
from credit_scoring.model.classifiers.fitted_names import are_numbers, fitted_names, fitted_width
from credit_scoring.model.containers.part_kinds import is_classifier
from credit_scoring.model.containers.scorecard import is_scorecard, split_scorecard
from credit_scoring.model.containers.stored_parts import Parts, find_parts

PASSED_THROUGH = (None, "passthrough")
MOST_LAYERS = 20  # containers in containers


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A fitted model in the form that the service takes.

    Attributes:
        pipeline: two steps, a transformer and a classifier.
        is_unchanged: true if the model file has this pipeline itself.
        column: index of the default class in the columns of ``predict_proba``.
        threshold: the decision threshold that the model brings along, a probability of the default
            class; None without one.
        original: the model as stored if it has ``predict_proba``, to compare with; else None.
        is_in_table_order: true if the model was fitted on an array, so it gets the features in the
            order of the reference file. A step that records nothing takes a DataFrame.
    """

    pipeline: Pipeline
    is_unchanged: bool
    column: int
    threshold: float | None
    original: Any
    is_in_table_order: bool


class FittedSteps(Pipeline):  # type: ignore[misc]  # scikit-learn has no types
    """Transformers of a fitted model.

    A makers' own step without fitted attributes may be the last one, for which scikit-learn would
    refuse a pipeline as not fitted.
    """

    def __sklearn_is_fitted__(self) -> bool:
        """True: a step that is not fitted says so itself."""
        return True


@dataclass(frozen=True, eq=False)
class _Opened:
    """A model, opened container by container.

    Attributes:
        steps: the transformers found so far, in their order.
        model: what is left to open.
        threshold: see `_Threshold`.
        names: of the model's columns, if a container records them.
    """

    steps: tuple[tuple[str, Any], ...]
    model: Any
    threshold: "_Threshold | None" = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Threshold:
    """A decision threshold on the probability of one class; None for the second class."""

    value: float
    label: Any = None


def open_model(model: Any, features: Sequence[str], default_class: Any = None) -> FittedModel:
    """Open a model's containers.

    Args:
        model: as unpickled.
        features: names of the columns of the reference file that are features.
        default_class: which of the classifier's classes means default; None for 1.

    Raises:
        BadFile: the model is ambiguous, is not fitted, or is not a classifier of two classes.
    """
    opened = _opened(_Opened((), model))
    classifier, steps = opened.model, list(opened.steps)
    column, classes = _default_column(classifier, default_class)
    first = steps[0][1] if steps else classifier
    recorded = fitted_names(first)
    is_nameless = are_numbers(recorded) and not set(recorded) & set(features)
    names = list(opened.names) if is_nameless else recorded
    if not steps or names != recorded:
        chosen = names or _in_order(features, fitted_width(first))
        steps.insert(0, ("columns", _columns(chosen, features, as_array=is_nameless)))
    two_steps = isinstance(model, Pipeline) and type(model) is Pipeline and len(model.steps) == 2
    is_unchanged = two_steps and model[0] is steps[0][1] and model[1] is classifier
    transformer = steps[0][1] if len(steps) == 1 else FittedSteps(steps)
    return FittedModel(
        model if is_unchanged else Pipeline([("transformer", transformer), ("model", classifier)]),
        is_unchanged,
        column,
        _on_default_class(opened.threshold, column, classes),
        model if hasattr(model, "predict_proba") else None,
        not names and fitted_width(first) is not None,
    )


def _opened(state: _Opened) -> _Opened:
    """Open containers until a classifier is left."""
    for _ in range(MOST_LAYERS):
        following = _open_once(state)
        if following is None:
            if not is_classifier(state.model):
                raise BadFile(MODEL_FILE, _no_classifier(state.model))
            return state
        state = following
    raise BadFile(MODEL_FILE, f"more than {MOST_LAYERS} containers lie in each other")


def _open_once(state: _Opened) -> _Opened | None:
    """Open the outermost container; None if the model is not a container."""
    model = state.model
    if isinstance(model, (Mapping, list, tuple)):
        return _open_parts(state, find_parts(model))
    if isinstance(model, Pipeline):
        return _open_pipeline(state, model)
    kind = type(model).__name__
    if hasattr(model, "cv_results_") and hasattr(model, "refit"):  # a search for parameters
        if not hasattr(model, "best_estimator_"):
            raise BadFile(
                MODEL_FILE, f"{kind} without its best model: fit it with refit=True, or store that"
            )
        return replace(state, model=model.best_estimator_)
    if kind in ("TunedThresholdClassifierCV", "FixedThresholdClassifier"):
        return replace(state, model=_fitted_part(model), threshold=_threshold(model))
    if kind == "FrozenEstimator":
        return replace(state, model=model.estimator)
    if is_scorecard(model):
        binning, classifier = split_scorecard(model)
        return replace(state, steps=(*state.steps, ("binning", binning)), model=classifier)
    return None


def _open_pipeline(state: _Opened, pipeline: Pipeline) -> _Opened:
    if not pipeline.steps:
        raise BadFile(MODEL_FILE, "is a Pipeline without steps")
    steps = []
    for name, step in pipeline.steps[:-1]:
        is_sampler = hasattr(step, "fit_resample") and not hasattr(step, "transform")
        if is_sampler or (step is None or (isinstance(step, str) and step in PASSED_THROUGH)):
            continue
        if not hasattr(step, "transform"):
            raise BadFile(
                MODEL_FILE, f"its step {abridged(name)} is a {type(step).__name__}, no transformer"
            )
        steps.append((name, step))
    taken = {name for name, _ in state.steps}
    renamed = [(name if name not in taken else f"inner_{name}", step) for name, step in steps]
    return replace(state, steps=(*state.steps, *renamed), model=pipeline.steps[-1][1])


def _open_parts(state: _Opened, parts: Parts) -> _Opened:
    threshold = state.threshold
    if parts.threshold is not None:
        threshold = _Threshold(parts.threshold)
    return _Opened(
        (*state.steps, *parts.preprocessors),
        parts.classifier,
        threshold,
        parts.features or state.names,
    )


def _fitted_part(model: Any) -> Any:
    fitted = getattr(model, "estimator_", None)
    if fitted is None:
        raise BadFile(MODEL_FILE, f"{type(model).__name__} is not fitted")
    return fitted


def _threshold(model: Any) -> _Threshold | None:
    """The threshold of a classifier with a tuned or fixed threshold; None for the usual one."""
    value = getattr(model, "best_threshold_", getattr(model, "threshold", "auto"))
    if value == "auto":
        value = 0.5
    if model.response_method == "decision_function":
        raise BadFile(
            MODEL_FILE,
            f"the threshold of its {type(model).__name__} is one of decision_function, not a"
            " probability: store the estimator in it, and the threshold in model.json",
        )
    scorer = getattr(model, "_curve_scorer", None)
    label = getattr(model, "pos_label", None) if scorer is None else scorer._get_pos_label()
    return _Threshold(float(value), label)


def _on_default_class(
    threshold: _Threshold | None, column: int, classes: Sequence[Any]
) -> float | None:
    """The threshold as one on the probability of the default class."""
    if threshold is None:
        return None
    of = 1 if threshold.label is None else list(classes).index(threshold.label)
    value = threshold.value
    if of != column:  # the other class is predicted above the threshold, and default below
        value = float(np.nextafter(1.0 - value, np.inf))
    if not 0 <= value <= 1:
        raise BadFile(MODEL_FILE, f"its threshold {threshold.value!r} is not a probability")
    return value


def _default_column(classifier: Any, default_class: Any) -> tuple[int, list[Any]]:
    """The index of the default class in a classifier's classes, and these."""
    classes = [
        label.item() if isinstance(label, np.generic) else label
        for label in getattr(classifier, "classes_", (0, 1))
    ]
    spelled = first_few(classes)
    if len(classes) != 2:
        raise BadFile(
            MODEL_FILE,
            f"its classifier knows {len(classes)} classes ({spelled}), two are needed: fit it on"
            " default or not",
        )
    if default_class is None:
        if classes in ([0, 1], [False, True], ["0", "1"], [-1, 1]):
            return 1, classes
        raise BadFile(
            MODEL_FILE,
            f"its classifier was fitted on the classes {spelled}: say in model.json which one means"
            f' default, as "default_class": {_as_json(classes[0])}',
        )
    for at, label in enumerate(classes):
        if label == default_class or str(label) == str(default_class):
            return at, classes
    raise BadFile(
        "model.json", f"default_class is {abridged(default_class)}, the model knows {spelled}"
    )


def _as_json(label: Any) -> str:
    return f'"{abridged(label)}"' if isinstance(label, str) else str(label).lower()


def _columns(names: Sequence[str], features: Sequence[str], *, as_array: bool) -> Any:
    """A transformer that hands on columns, chosen by name.

    LightGBM writes a space in a name as an underscore.

    Args:
        names: of the columns.
        features: names of the columns of the reference file that are features.
        as_array: true to hand on an array, for a model that was fitted on one.
    """
    known = set(features)
    spelled = {name.replace(" ", "_"): name for name in features}
    found = [name if name in known else spelled.get(name, name) for name in names]
    rows = pd.DataFrame(np.zeros((1, len(found))), columns=pd.Index(found))
    if as_array:
        chosen = [("columns", "passthrough", found)]
        return ColumnTransformer(chosen, verbose_feature_names_out=False).fit(rows)
    return FunctionTransformer(feature_names_out="one-to-one").fit(rows)


def _in_order(features: Sequence[str], width: int | None) -> Sequence[str]:
    """All features of the reference file, for a model that records no names."""
    if width is not None and width != len(features):
        raise BadFile(
            REFERENCE_FILE,
            f"has {len(features)} features, and {MODEL_FILE} takes {width} and records no names:"
            " keep only its columns, in its order",
        )
    return features


def _no_classifier(model: Any) -> str:
    kind = type(model).__name__
    if hasattr(model, "decision_function") or hasattr(model, "predict"):
        return (
            f"its {kind} gives no probabilities (no predict_proba): fit it inside scikit-learn's"
            " CalibratedClassifierCV"
        )
    return f"is a {kind}, not a fitted classifier or a Pipeline that ends with one"
