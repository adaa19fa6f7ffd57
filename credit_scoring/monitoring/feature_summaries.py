"""Summaries of the features: their meaning, and their values in the reference population."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from credit_scoring.data.feature_dictionary import Change, DeclaredKind, FeatureDictionary
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix, Table

PERCENTS = (0, 5, 25, 50, 75, 95, 100)  # of the quantiles
FLAG_CATEGORIES = ("0", "1")

Kind = Literal["number", "flag", "text"]


@dataclass(frozen=True, eq=False)
class ClassValues:
    """The values of one feature among the earlier clients of one class.

    Quantiles are in the feature's unit, by linear interpolation between two values.
    """

    present: Annotated[
        int, Field(description="how many of these clients have a value", examples=[1846])
    ]
    quantiles: Annotated[
        Mapping[int, float] | None,
        Field(
            description="of numbers, by percent: at 25 is the value that a quarter of these clients"
            " do not exceed, at 0 their lowest and at 100 their highest; null for text and flags,"
            " and where nobody has a value",
            examples=[{"0": 0.1, "5": 0.2, "25": 0.4, "50": 0.5, "75": 0.6, "95": 0.7, "100": 0.8}],
        ),
    ]
    shares: Annotated[
        Mapping[str, float] | None,
        Field(
            description="of text and flags, by category: its share of these clients, of those with"
            " a value; the most frequent of both classes first; null for numbers, and where nobody"
            " has a value"
        ),
    ]


@dataclass(frozen=True, eq=False)
class FeatureSummary:
    """One feature: what it means, what may change, and its values among earlier clients."""

    name: Annotated[str, Field(description="as in the files", examples=["EXT_SOURCE_2"])]
    label: Annotated[str, Field(description="in plain words", examples=["External credit score 2"])]
    unit: Annotated[str, Field(description="of the values; empty where they have none")]
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
            description="how it is computed from other features; null where it is not",
            examples=["AMT_ANNUITY / AMT_CREDIT"],
        ),
    ]
    depends: Annotated[
        Sequence[str],
        Field(
            description="features from which it also follows, in a way that cannot be computed here"
        ),
    ]
    change: Annotated[Change, Field(description="how a suggestion to the client may move it")]
    protected: Annotated[
        bool, Field(description="whether law protects this trait, such as sex or age")
    ]
    kind: Annotated[
        Kind,
        Field(description="a flag is 1 (yes) or 0 (no) for every earlier client who has a value"),
    ]
    missing: Annotated[
        float,
        Field(ge=0, le=1, description="the share of earlier clients of whom it is not known"),
    ]
    class0: Annotated[ClassValues, Field(description="those who paid")]
    class1: Annotated[ClassValues, Field(description="those who did not pay")]


@dataclass(frozen=True, eq=False)
class FeatureSummaries:
    """Every feature, in the order of the files."""

    protected: Annotated[
        int, Field(ge=0, description="how many of the features are traits that law protects")
    ]
    features: Sequence[FeatureSummary]


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values of one feature in the reference population.

    Attributes:
        kind: "flag" if no client of either table has another value than 0 and 1.
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
        new: the new clients' raw values: a flag has no other values than 0 and 1 there, too.
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
                feature.group,
                feature.formula or None,
                feature.depends,
                feature.change,
                feature.protected,
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

    A flag has shares and not quantiles, as text has: those of two values say next to nothing.

    Args:
        reference: the reference clients' raw values.
        new: the new clients' raw values: a flag has no other values than 0 and 1 there, too.
        declared: the kind of each feature as `features.csv` has it.
    """
    return [
        _distribution(reference, new.values[:, position], position, kind)
        for position, kind in enumerate(declared)
    ]


def _distribution(
    reference: ReferencePopulation, new: Matrix, position: int, declared: DeclaredKind
) -> Distribution:
    """The distribution of one feature.

    Args:
        reference: the reference clients' raw values.
        new: the new clients' values of the feature.
        position: of the feature.
        declared: its kind as `features.csv` has it.
    """
    values = reference.columns[position]
    present = ~np.isnan(values)
    of_0, of_1 = (values[of_class][present[of_class]] for of_class in reference.by_class)
    missing = (len(reference) - len(of_0) - len(of_1)) / len(reference)
    if (categories := reference.categories.get(position)) is not None:
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
        of_0, of_1: positions in the categories, of the clients of each class with a value.
        categories: texts.
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
