"""The categories of pandas' categorical columns that a classifier recorded when it was fitted."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from credit_scoring.model.classifiers.inner_models import inner_models

# The types of whole numbers as XGBoost numbers them.
INTEGERS = {9: "int8", 10: "uint8", 11: "int16", 13: "int32", 15: "int64"}


@dataclass(frozen=True)
class FittedCategories:
    """The categorical columns of a classifier.

    Attributes:
        columns: their indices.
        known: the categories of those columns for which they are recorded, by index.
        takes_levels: true if the classifier takes pandas' categories, not their values.
    """

    columns: Sequence[int] = ()
    known: Mapping[int, Sequence[Any]] = field(default_factory=dict)
    takes_levels: bool = False


def fitted_categories(classifier: Any) -> FittedCategories | None:
    """The categorical columns of a classifier; None if they cannot be told from the others.

    Of one that is calibrated or combined they are those of the classifiers inside.

    Args:
        classifier: fitted.
    """
    if inner := inner_models(classifier):
        return _of_all([fitted_categories(model) for model in inner])
    library = type(classifier).__module__.partition(".")[0]
    is_booster = type(classifier).__name__ == "Booster"
    if library == "lightgbm":
        return _of_lightgbm(classifier if is_booster else classifier.booster_)
    if library == "xgboost":
        return _of_xgboost(classifier if is_booster else classifier.get_booster())
    if library == "catboost":  # it records hashes of categories
        return FittedCategories(list(classifier.get_cat_feature_indices()))
    encoder = getattr(classifier, "_preprocessor", None)  # of histogram boosting
    if encoder is not None:
        columns = [at for at, is_category in enumerate(classifier.is_categorical_) if is_category]
        known = encoder.named_transformers_["encoder"].categories_
        return FittedCategories(columns, dict(zip(columns, known, strict=True)))
    return FittedCategories()


def _of_all(every: Sequence[FittedCategories | None]) -> FittedCategories | None:
    """The columns of all classifiers; None if these know different levels of a column.

    Categories are those of the classifiers that take levels: of others, each knows those of the
    rows that it was fitted on.
    """
    columns: set[int] = set()
    known: dict[int, Sequence[Any]] = {}
    for one in every:
        if one is None:
            return None
        columns.update(one.columns)
        for column, levels in one.known.items() if one.takes_levels else ():
            if list(known.setdefault(column, levels)) != list(levels):
                return None
    return FittedCategories(sorted(columns), known, takes_levels=bool(known))


def _of_lightgbm(booster: Any) -> FittedCategories | None:
    known = booster.pandas_categorical or []
    columns = sorted(booster.params.get("categorical_column") or []) if known else []
    if len(columns) != len(known):
        return None
    return FittedCategories(columns, dict(zip(columns, known, strict=True)), takes_levels=True)


def _of_xgboost(booster: Any) -> FittedCategories:
    """The categories that XGBoost stores since 3.1; before, a category was its position alone."""
    kinds = booster.feature_types or []
    columns = [at for at, kind in enumerate(kinds) if kind == "c"]
    if not columns:
        return FittedCategories()
    model = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    stored = model.get("gbtree", model)["model"].get("cats", {}).get("enc", [])
    known = {at: _levels(stored[at]) for at in columns if at < len(stored)}
    return FittedCategories(
        columns, {at: levels for at, levels in known.items() if levels}, takes_levels=True
    )


def _levels(stored: Mapping[str, Any]) -> Sequence[Any]:
    """The texts of an Arrow array, which are offsets into bytes, or its whole numbers."""
    if "offsets" not in stored:
        return list(np.array(stored["values"], INTEGERS.get(stored["type"], "int64")))
    offsets, values = stored["offsets"], bytes(value % 256 for value in stored["values"])
    return [values[start:end].decode() for start, end in pairwise(offsets)]
