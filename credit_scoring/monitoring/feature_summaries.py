"""How the values of each feature are distributed among the reference clients of each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from credit_scoring.data.feature_dictionary import DeclaredKind
from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix, Table

PERCENTS = (0, 5, 25, 50, 75, 95, 100)  # of the quantiles
FLAG_CATEGORIES = ("0", "1")

Kind = Literal["number", "flag", "text"]


@dataclass(frozen=True, eq=False)
class ClassDistribution:
    """The values of one feature among the reference clients of one class, missing ones left out.

    Attributes:
        present: how many of these clients have a value.
        quantiles: by percent, in the feature's unit, between two values by linear interpolation;
            None for text, for flags, and where no value is present.
        shares: the share of each category among the clients with a value, the most frequent of
            both classes first; 0 and 1 for a flag. None for numbers, and where no value is present.
    """

    present: int
    quantiles: Mapping[int, float] | None = None
    shares: Mapping[str, float] | None = None


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values of one feature among the reference clients.

    Attributes:
        kind: "flag" if no client of either table has another value than 0 and 1, "text", or else
            "number".
        missing: the share of the reference clients without a value.
        by_class: of class 0 and of class 1.
    """

    kind: Kind
    missing: float
    by_class: tuple[ClassDistribution, ClassDistribution]


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
        return Distribution("text", missing, _shares(of_0, of_1, categories))
    are_flags = [np.isin(v, (0, 1)).all() for v in (of_0, of_1, new[~np.isnan(new)])]
    is_flag = len(of_0) + len(of_1) > 0 and all(are_flags) and declared != "number"
    if is_flag or declared == "flag":
        return Distribution("flag", missing, _shares(of_0, of_1, FLAG_CATEGORIES))
    return Distribution("number", missing, (_quantiles(of_0), _quantiles(of_1)))


def _quantiles(present: Matrix) -> ClassDistribution:
    if not len(present):
        return ClassDistribution(0)
    quantiles = np.percentile(present, PERCENTS).tolist()
    return ClassDistribution(len(present), quantiles=dict(zip(PERCENTS, quantiles, strict=True)))


def _shares(
    of_0: Matrix, of_1: Matrix, categories: Sequence[str]
) -> tuple[ClassDistribution, ClassDistribution]:
    """The shares of the categories in each class.

    Args:
        of_0, of_1: positions in the categories, of the clients of each class with a value.
        categories: texts.
    """
    counts = [np.bincount(v.astype(np.intp), minlength=len(categories)) for v in (of_0, of_1)]
    order = np.argsort(-(counts[0] + counts[1]), kind="stable").tolist()
    first, second = (
        ClassDistribution(
            len(values),
            shares={categories[at]: float(count[at] / len(values)) for at in order}
            if len(values)
            else None,
        )
        for values, count in zip((of_0, of_1), counts, strict=True)
    )
    return first, second
