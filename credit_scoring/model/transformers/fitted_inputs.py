"""Types of raw features that a fitted model records in its encoders, imputers and scalers.

A CSV file does not record types: `01000` may be a code or a number. The model was fitted on one of
them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    TargetEncoder,
)

from credit_scoring.data.table_files.column_types import FittedInput, FittedKind
from credit_scoring.model.classifiers.fitted_categories import fitted_categories
from credit_scoring.model.classifiers.inner_models import inner_models
from credit_scoring.model.containers.scorecard import binning_of
from credit_scoring.model.transformers.transformer_trace import columns_chosen, is_identity

ENCODERS = (OneHotEncoder, OrdinalEncoder, TargetEncoder)
# scikit-learn's other transformers compute with numbers, except those of these modules.
TAKE_ANYTHING = (
    "sklearn.feature_extraction", "sklearn.impute._base", "sklearn.preprocessing._function",
    "sklearn.preprocessing._label",
)  # fmt: skip
# Libraries of classifiers; a team's own class may take texts.
TAKE_NUMBERS = frozenset({"catboost", "imblearn", "lightgbm", "sklearn", "xgboost"})

Sources = list[str | None]  # the raw feature of each unchanged column; None for other columns


class FittedInputs(dict[str, FittedInput]):
    """Types of raw features, by name; a feature that is text for one step is text."""

    def add(self, name: str | None, kind: FittedKind, categories: Iterable[str] = ()) -> None:
        """Add the type of a feature in one step of the model."""
        if name is None:
            return
        before = self.get(name)
        if before is None or (kind == "text" != before.kind):
            self[name] = FittedInput(kind, frozenset(categories))
        elif before.kind == kind:
            self[name] = FittedInput(kind, before.categories.union(categories))


def fitted_inputs(
    transformer: Any, classifier: Any, inputs: Sequence[str]
) -> Mapping[str, FittedInput]:
    """The types of the raw features for which the model records one.

    Args:
        transformer: fitted.
        classifier: fitted on the transformer's outputs.
        inputs: names of the raw features that the transformer takes, if it records none.
    """
    found = FittedInputs()
    names = getattr(transformer, "feature_names_in_", inputs)
    handed_on = _follow(transformer, list(map(str, names)), found)
    if handed_on is not None:
        _note_classifier(classifier, handed_on, found, hands_on=is_identity(transformer))
    return found


def _follow(step: Any, sources: Sources, found: FittedInputs) -> Sources | None:
    """Add the types that a step records.

    Returns:
        The sources of the step's outputs; None if they are not known.
    """
    if is_identity(step) or step == "passthrough" or _is_cast_to_category(step):
        return sources
    if step == "drop":
        return []
    if isinstance(step, Pipeline):
        handed_on: Sources | None = sources
        for _, inner in step.steps:
            if handed_on is None:
                return None
            handed_on = _follow(inner, handed_on, found)
        return handed_on
    if isinstance(step, ColumnTransformer):
        return _follow_columns(step, sources, found)
    if isinstance(step, SimpleImputer):
        return _follow_imputer(step, sources, found)
    if isinstance(step, FeatureUnion):
        for _, inner in step.transformer_list:
            _follow(inner, sources, found)
    elif (binning := binning_of(step)) is not None:
        for variable in map(str, binning.variable_names):
            _note_bins(variable, binning.get_binned_variable(variable), found)
    elif isinstance(step, ENCODERS):
        for name, categories in zip(sources, step.categories_, strict=False):
            _note_categories(name, categories, found)
    elif _computes_with_numbers(type(step).__module__):
        for name in sources:
            found.add(name, "number")
    return None


def _follow_columns(
    columns: ColumnTransformer, sources: Sources, found: FittedInputs
) -> Sources | None:
    handed_on: Sources = [None] * max(
        (part.stop for part in columns.output_indices_.values()), default=0
    )
    for name, step, chosen in columns.transformers_:
        at = columns_chosen(columns, chosen, len(sources))
        outputs = _follow(step, [sources[column] for column in at], found) if at else []
        part = columns.output_indices_[name]
        if outputs is not None and len(outputs) == part.stop - part.start:
            handed_on[part] = outputs
    return handed_on


def _follow_imputer(
    imputer: SimpleImputer, sources: Sources, found: FittedInputs
) -> Sources | None:
    """Add the types of an imputer: numbers, or texts if it imputes texts of its columns.

    A constant may be a text though the column holds numbers: the encoder after it knows.
    """
    filled = imputer.statistics_.tolist()
    of_objects = getattr(imputer, "_fit_dtype", imputer.statistics_.dtype) == np.object_
    for name, value in zip(sources, filled, strict=False):
        if not of_objects:
            found.add(name, "number")
        elif isinstance(value, str) and imputer.strategy != "constant":
            found.add(name, "text")
    is_whole = imputer.keep_empty_features or all(value == value for value in filled)
    return sources if is_whole and not imputer.add_indicator else None


def _note_categories(name: str | None, categories: Iterable[Any], found: FittedInputs) -> None:
    """Add the type of categories, of an encoder or of LightGBM, unless they are mixed."""
    known = [value for value in categories if value is not None and value == value]
    if known and all(isinstance(value, str) for value in known):
        found.add(name, "text", map(str, known))
    elif known and all(isinstance(value, (bool, np.bool_)) for value in known):
        found.add(name, "flag")
    elif all(isinstance(value, (Real, np.number)) for value in known):
        found.add(name, "number")


def _note_bins(name: str, binned: Any, found: FittedInputs) -> None:
    """Add the type of a variable that optbinning has binned."""
    if binned.dtype == "numerical":
        found.add(name, "number")
    else:
        _note_categories(name, [value for values in binned.splits for value in values], found)


def _note_classifier(
    classifier: Any, handed_on: Sources, found: FittedInputs, *, hands_on: bool
) -> None:
    """Add the types of raw features that reach the classifier: numbers, or its categories.

    Args:
        classifier: fitted.
        handed_on: the sources of its columns.
        found: the types found so far, to which these are added.
        hands_on: true if the transformer returns its input.
    """
    if inner := inner_models(classifier):
        for model in inner:
            _note_inner(model, handed_on, found, hands_on=hands_on)
        return
    categorical = fitted_categories(classifier)
    if categorical is None:
        return
    if isinstance(classifier, LGBMClassifier):
        handed_on = _in_order_of(classifier, handed_on)
    for at, categories in categorical.known.items():
        name = handed_on[at] if at < len(handed_on) else None
        _note_categories(name, categories, found)
        if (
            hands_on
            and isinstance(classifier, LGBMClassifier)
            and name is not None
            and name in found
        ):
            found[name] = replace(found[name], levels=tuple(categories))
    if type(classifier).__module__.partition(".")[0] not in TAKE_NUMBERS:
        return
    for at, name in enumerate(handed_on):
        if at not in categorical.columns:
            found.add(name, "number")


def _note_inner(model: Any, handed_on: Sources, found: FittedInputs, *, hands_on: bool) -> None:
    """Add the types that a classifier in a classifier records, see `_note_classifier`."""
    sources: Sources | None = handed_on
    while isinstance(model, Pipeline):
        for _, step in model.steps[:-1]:
            if sources is None:
                return
            sources, hands_on = _follow(step, sources, found), hands_on and is_identity(step)
        model = model.steps[-1][1]
    if sources is not None:
        _note_classifier(model, sources, found, hands_on=hands_on)


def _in_order_of(classifier: Any, handed_on: Sources) -> Sources:
    """Columns in the order in which a booster was trained on them, if it recorded their names."""
    names = [str(name) for name in classifier.feature_name_]
    return list(names) if set(names) <= {*filter(None, handed_on)} else handed_on


def _computes_with_numbers(module: str) -> bool:
    """True for a transformer's module if it is scikit-learn's and takes numbers only."""
    return module.startswith("sklearn.") and not module.startswith(TAKE_ANYTHING)


def _is_cast_to_category(step: Any) -> bool:
    """True for pandas' `astype("category")` as a transformer: values stay as they are."""
    return (
        isinstance(step, FunctionTransformer)
        and getattr(step.func, "__name__", "") == "astype"
        and (step.kw_args or {}).get("dtype") == "category"
    )
