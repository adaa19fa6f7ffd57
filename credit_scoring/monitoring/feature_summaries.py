"""Summaries of the features: their meaning, and their values in the reference population."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from credit_scoring.data.features.feature_dictionary import Change, DeclaredKind, FeatureDictionary
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix, Table

PERCENTS = (0, 5, 25, 50, 75, 95, 100)
FLAG_CATEGORIES = ("0", "1")

Kind = Literal["number", "flag", "text"]


@dataclass(frozen=True, eq=False)
class ClassValues:
    """The values of one feature among the earlier clients of one class.

    Quantiles are in the feature's unit, by linear interpolation between two values.
    """

    present: Annotated[int, Field(description="number of clients with a value", examples=[1846])]
    quantiles: Annotated[
        Mapping[int, float] | None,
        Field(
            description="quantiles by percent: a quarter of these clients do not exceed the value"
            " at 25; their lowest value is at 0, their highest at 100; null for text and flags, and"
            " if no client has a value",
            examples=[{"0": 0.1, "5": 0.2, "25": 0.4, "50": 0.5, "75": 0.6, "95": 0.7, "100": 0.8}],
        ),
    ]
    shares: Annotated[
        Mapping[str, float] | None,
        Field(
            description="share of each category among the clients with a value, the most frequent"
            " of both classes first; null for numbers, and if no client has a value"
        ),
    ]


@dataclass(frozen=True, eq=False)
class FeatureSummary:
    """One feature: its meaning, its allowed change, and its values among earlier clients."""

    name: Annotated[str, Field(description="as in the files", examples=["EXT_SOURCE_2"])]
    label: Annotated[str, Field(description="in plain words", examples=["External credit score 2"])]
    unit: Annotated[str, Field(description="unit of the values, in words; empty without one")]
    base_unit: Annotated[
        str,
        Field(
            description="unit in the column unit of features.csv, in whatever language and currency"
            " `unit` is: it says how values are to be written",
            examples=["currency", "days from the application"],
        ),
    ]
    group: Annotated[
        str,
        Field(
            description="the theme under which it is given as a reason",
            examples=["External credit scores"],
        ),
    ]
    formula: Annotated[
        str | None,
        Field(
            description="computes it from other features; null without one",
            examples=["AMT_ANNUITY / AMT_CREDIT"],
        ),
    ]
    depends: Annotated[
        Sequence[str],
        Field(description="features that it also depends on, but not by a formula"),
    ]
    change: Annotated[Change, Field(description="the direction in which a client may change it")]
    protected: Annotated[
        bool, Field(description="true if law protects this trait, such as sex or age")
    ]
    lowest: Annotated[float | None, Field(description="no value below is accepted; null if any is")]
    highest: Annotated[
        float | None, Field(description="no value above is accepted; null if any is")
    ]
    kind: Annotated[
        Kind, Field(description="a flag is 1 (yes) or 0 (no) for every client with a value")
    ]
    missing: Annotated[
        float, Field(ge=0, le=1, description="share of earlier clients without a value")
    ]
    class0: Annotated[ClassValues, Field(description="earlier clients who paid")]
    class1: Annotated[ClassValues, Field(description="earlier clients who did not pay")]


@dataclass(frozen=True, eq=False)
class FeatureSummaries:
    """Every feature, in the order of the files."""

    protected: Annotated[
        int, Field(ge=0, description="number of features that are traits that law protects")
    ]
    features: Sequence[FeatureSummary]


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values of one feature in the reference population.

    Attributes:
        kind: "flag" if no client of either table has a value except 0 and 1.
        missing: the share of the reference clients without a value.
        class0, class1: the values of each class.
    """

    kind: Kind
    missing: float
    class0: ClassValues
    class1: ClassValues


def feature_summaries(
    dictionary: FeatureDictionary, reference: ReferencePopulation, new: Table
) -> FeatureSummaries:
    """Summarise each feature, in the order of the tables.

    Args:
        dictionary: words, themes and formulas.
        reference: the reference clients' raw values.
        new: the new clients' raw values; a flag has only 0 and 1 in both tables.
    """
    features = dictionary.features.values()
    found = distributions(reference, new, [feature.kind for feature in features])
    return FeatureSummaries(
        len(dictionary.protected),
        [
            FeatureSummary(
                feature.name,
                feature.label,
                feature.unit,
                feature.base_unit,
                feature.theme,
                feature.formula or None,
                feature.depends,
                feature.change,
                feature.protected,
                feature.lowest if math.isfinite(feature.lowest) else None,
                feature.highest if math.isfinite(feature.highest) else None,
                values.kind,
                values.missing,
                values.class0,
                values.class1,
            )
            for feature, values in zip(features, found, strict=True)
        ],
    )


def distributions(
    reference: ReferencePopulation, new: Table, declared: Sequence[DeclaredKind]
) -> list[Distribution]:
    """The distribution of each feature, in the order of the tables.

    A flag has shares like text: quantiles of two values say next to nothing.

    Args:
        reference: the reference clients' raw values.
        new: the new clients' raw values; a flag has only 0 and 1 in both tables.
        declared: the kind of each feature in `features.csv`.
    """
    return [
        _distribution(reference, new.values[:, column], column, kind)
        for column, kind in enumerate(declared)
    ]


def _distribution(
    reference: ReferencePopulation, new: Matrix, column: int, declared: DeclaredKind
) -> Distribution:
    """The distribution of one feature.

    Args:
        reference: the reference clients' raw values.
        new: the new clients' values of the feature, shape (new clients,).
        column: the feature's column.
        declared: its kind in `features.csv`.
    """
    values = reference.columns[column]
    present = ~np.isnan(values)
    of_0, of_1 = (values[of_class][present[of_class]] for of_class in reference.by_class)
    missing = (len(reference) - len(of_0) - len(of_1)) / len(reference)
    if (categories := reference.categories.get(column)) is not None:
        return Distribution("text", missing, *_shares(of_0, of_1, categories))
    are_flags = [np.isin(v, (0, 1)).all() for v in (of_0, of_1, new[~np.isnan(new)])]
    is_flag = len(of_0) + len(of_1) > 0 and all(are_flags) and declared != "number"
    if is_flag or declared == "flag":
        return Distribution("flag", missing, *_shares(of_0, of_1, FLAG_CATEGORIES))
    return Distribution("number", missing, _quantiles(of_0), _quantiles(of_1))


def _quantiles(present: Matrix) -> ClassValues:
    if not len(present):
        return ClassValues(0, None, None)
    quantiles = np.percentile(present, PERCENTS).tolist()
    return ClassValues(len(present), dict(zip(PERCENTS, quantiles, strict=True)), None)


def _shares(
    of_0: Matrix, of_1: Matrix, categories: Sequence[str]
) -> tuple[ClassValues, ClassValues]:
    """The shares of the categories in each class.

    Args:
        of_0, of_1: codes of the clients of each class with a value, indices of `categories`.
        categories: the texts.
    """
    counts = [np.bincount(v.astype(np.intp), minlength=len(categories)) for v in (of_0, of_1)]
    order = np.argsort(-(counts[0] + counts[1]), kind="stable").tolist()
    first, second = (
        ClassValues(
            len(values),
            quantiles=None,
            shares={categories[at]: float(count[at] / len(values)) for at in order}
            if len(values)
            else None,
        )
        for values, count in zip((of_0, of_1), counts, strict=True)
    )
    return first, second
