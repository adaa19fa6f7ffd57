"""The population stability index (PSI): how far new clients differ from the reference clients.

For the shares p of the reference clients and q of the new ones over the same bins, it is the sum of
(q - p) ln(q / p): 0 if all shares are equal, never negative, without a unit. Two samples of one
population differ too: their index is (bins - 1)(1/n + 1/m) on average, the mean of its chi-square
distribution; B. Yurdakul, Statistical Properties of Population Stability Index, Western Michigan
University, 2018, https://scholarworks.wmich.edu/dissertations/3208.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

if TYPE_CHECKING:  # they would import pandas, which takes half a second
    from credit_scoring.data.reference_population import ReferencePopulation
    from credit_scoring.data.tables import Table

MOST_BINS = 10  # of numbers; missing values have one more
# Clients that an empty bin counts as, since the logarithm of 0 is infinite: J. B. S. Haldane
# (Annals of Human Genetics 20, 1956) adds a half to counts before he takes the logarithm of their
# ratio. Other bins stay unchanged: without an empty one the index is the textbook's.
EMPTY = 0.5
# Values this close, relative to their size, are equal: the two tables may have been computed on
# different machines, and a change from 20 to 20.000000000000043 is not drift.
ROUNDING = 1e-9

Matrix = NDArray[np.float64]
Counts = NDArray[np.float64]
TextCounts = Mapping[str | None, int]  # clients by category, None for a missing one


@dataclass(frozen=True)
class Drift:
    """The population stability index (PSI) of new clients against earlier ones."""

    index: Annotated[
        float,
        Field(
            ge=0,
            description="population stability index: 0 if new and earlier clients have the same"
            " distribution; by custom 0.1 is a small shift and 0.25 a large one",
            examples=[0.31],
        ),
    ]
    expected: Annotated[
        float,
        Field(
            ge=0,
            description="mean index of two samples of one population, with as many clients and"
            " bins: an index near it is not evidence of drift",
            examples=[0.023],
        ),
    ]
    bins: Annotated[
        int,
        Field(
            ge=1,
            description="number of ranges or categories compared, missing values included",
            examples=[10],
        ),
    ]


@dataclass(frozen=True)
class NamedFeature:
    """A feature's name and label."""

    name: Annotated[str, Field(description="as in the files", examples=["EXT_SOURCE_2"])]
    label: Annotated[str, Field(description="in plain words", examples=["External credit score 2"])]


@dataclass(frozen=True)
class FeatureDrift(Drift, NamedFeature):
    """The population stability index of one feature."""


@dataclass(frozen=True)
class PopulationDrift:
    """The population stability indices of the score and of every feature."""

    reference: Annotated[int, Field(description="number of earlier clients")]
    new: Annotated[int, Field(description="number of new clients")]
    score: Annotated[Drift, Field(description="index of the probability of default")]
    features: Annotated[Sequence[FeatureDrift], Field(description="the largest index first")]


def population_drift(
    labels: Mapping[str, str],
    reference: "ReferencePopulation",
    new: "Table",
    reference_scores: Matrix,
    new_scores: Matrix,
) -> PopulationDrift:
    """Compare the new clients with the reference clients.

    Args:
        labels: labels by name of the feature, in the order of both tables.
        reference: the reference clients' raw values.
        new: the new clients' raw values.
        reference_scores: probabilities of default, shape (reference clients,).
        new_scores: the new clients' probabilities of default, shape (new clients,).
    """
    features = []
    for column, (name, label) in enumerate(labels.items()):
        here, there = reference.columns[column], new.values[:, column]
        categories = [table.categories.get(column) for table in (reference, new)]
        if categories == [None, None]:
            counts = number_counts(here, there)
        else:
            counts = text_counts(here, categories[0] or (), there, categories[1] or ())
        found = drift(counts)
        features.append(FeatureDrift(name, label, found.index, found.expected, found.bins))
    return PopulationDrift(
        len(reference_scores),
        len(new_scores),
        drift(number_counts(reference_scores, new_scores)),
        sorted(features, key=lambda feature: -feature.index),
    )


def drift(counts: Counts) -> Drift:
    """The population stability index of two populations.

    Args:
        counts: reference clients and new clients by bin, shape (2, bins). A bin without any client
            is left out; a bin without clients of one population counts `EMPTY` for it.
    """
    counts = counts[:, counts.any(axis=0)]
    n, m = counts.sum(axis=1).tolist()
    here, there = np.where(counts == 0, EMPTY, counts)
    p, q = here / n, there / m
    bins = counts.shape[1]
    return Drift(float((q - p) @ np.log(q / p)), (bins - 1) * (1 / n + 1 / m), bins)


@dataclass(frozen=True)
class NumberBins:
    """Up to ten bins of numbers, and one for missing values.

    They end at the reference clients' nine deciles; the k-th decile is the smallest value that at
    least k tenths of the clients do not exceed. A bin includes its upper end; the first and the
    last one are open. A value that several deciles share has a bin of its own, apart from the rare
    values around it; there are fewer bins then. A value within `ROUNDING` of a decile equals it.

    Attributes:
        ends: the upper ends of all bins except the last, rising: a comparison and a number, which
            hold for all values of this bin and of those before it.
    """

    ends: tuple[tuple[np.ufunc, float], ...]

    @classmethod
    def of(cls, reference: Matrix) -> "NumberBins":
        """The bins for values of reference clients, shape (clients,), NaN for a missing value."""
        return cls(tuple(_ends(reference[~np.isnan(reference)])))

    def counts(self, values: Matrix) -> NDArray[np.int64]:
        """Clients by bin, missing values last; counts of two parts add up."""
        present = np.count_nonzero(values == values)
        up_to = [np.count_nonzero(compare(values, end)) for compare, end in self.ends]
        return np.diff([0, *up_to, present, len(values)])


def number_counts(reference: Matrix, new: Matrix) -> Counts:
    """Clients by bin of numbers, shape (2, bins); see `NumberBins`.

    Args:
        reference: shape (reference clients,), NaN for a missing value.
        new: shape (new clients,), NaN for a missing value.
    """
    bins = NumberBins.of(reference)
    return np.asarray([bins.counts(reference), bins.counts(new)], np.float64)


def text_counts(
    reference: Matrix, reference_texts: Sequence[str], new: Matrix, new_texts: Sequence[str]
) -> Counts:
    """Clients by category of either table, missing values last, shape (2, bins).

    Args:
        reference: indices of `reference_texts`, shape (reference clients,), NaN if missing.
        reference_texts: the categories of the reference clients.
        new: indices of `new_texts`, shape (new clients,), NaN if missing.
        new_texts: the categories of the new clients, in an order of their own.
    """
    return category_counts(by_category(reference, reference_texts), by_category(new, new_texts))


def by_category(values: Matrix, texts: Sequence[str]) -> dict[str | None, int]:
    """Clients by category.

    Args:
        values: indices of `texts`, shape (clients,), NaN if missing.
        texts: the categories.
    """
    codes = np.where(np.isnan(values), len(texts), values).astype(np.intp)
    counted = np.bincount(codes, minlength=len(texts) + 1).tolist()
    return dict(zip((*texts, None), counted, strict=True))


def category_counts(reference: TextCounts, new: TextCounts) -> Counts:
    """Counts by category of both tables, missing values last, shape (2, bins)."""
    texts = dict.fromkeys(text for text in (*reference, *new) if text is not None)
    bins = [*texts, None]
    return np.array([[side.get(text, 0) for text in bins] for side in (reference, new)], float)


def _ends(present: Matrix) -> list[tuple[np.ufunc, float]]:
    """The upper ends of all bins except the last, see `NumberBins`.

    Args:
        present: the reference clients' values without missing ones, shape (any,).
    """
    if not len(present):
        return []
    ranks = [-(-len(present) * tenths // MOST_BINS) - 1 for tenths in range(1, MOST_BINS)]
    spans: list[tuple[float, float, int]] = []  # from, to, and how many deciles share it
    for decile in np.partition(present, ranks)[ranks].tolist():
        margin = ROUNDING * abs(decile)
        start, end, shared_by = decile - margin, decile + margin, 1
        if spans and start <= spans[-1][1]:
            start, _, before = spans.pop()
            shared_by += before
        spans.append((start, end, shared_by))
    ends: list[tuple[np.ufunc, float]] = []
    for start, end, shared_by in spans:
        if shared_by > 1:  # lower values have another bin
            ends.append((np.less, start))
        ends.append((np.less_equal, end))
    return ends
