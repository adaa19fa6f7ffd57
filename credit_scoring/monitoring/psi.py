"""The population stability index: how far new clients differ from the reference clients.

For the shares p of the reference clients and q of the new ones over the same bins, it is the sum of
(q - p) ln(q / p): 0 where all shares are equal, never negative, without a unit. Samples of one
population differ a little too: by (bins - 1)(1/n + 1/m) on average, which is the mean of the
index's chi-square distribution; B. Yurdakul, Statistical Properties of Population Stability
Index, Western Michigan University, 2018, https://scholarworks.wmich.edu/dissertations/3208.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from credit_scoring.data.reference_population import ReferencePopulation
from credit_scoring.data.tables import Matrix, Table

MOST_BINS = 10  # of numbers; missing values have one more
# What an empty bin counts, or its logarithm is infinite: half a client, as much as J. B. S. Haldane
# (Annals of Human Genetics 20, 1956) adds to counts before he takes the logarithm of their ratio.
# Bins that are not empty stay as they are: without an empty one the index is the textbook's.
EMPTY = 0.5
# Values this close, relative to their size, are the same: the two tables may have been computed on
# different machines, and 20.000000000000043 is no drift from 20.
ROUNDING = 1e-9

Counts = NDArray[np.float64]
TextCounts = Mapping[str | None, int]  # clients by category, None where it is missing


@dataclass(frozen=True)
class Drift:
    """How far the new clients differ from the earlier ones in one thing."""

    index: Annotated[
        float,
        Field(
            ge=0,
            description="the population stability index: 0 where new clients are spread as earlier"
            " ones; by custom a little different from 0.1 on and clearly different from 0.25 on",
            examples=[0.31],
        ),
    ]
    expected: Annotated[
        float,
        Field(
            ge=0,
            description="the index that chance alone gives on average, for this many clients and"
            " bins: an index near it says nothing",
            examples=[0.023],
        ),
    ]
    bins: Annotated[
        int,
        Field(
            ge=1,
            description="how many ranges of values or categories are compared; missing is one of"
            " them",
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
    """How far the new clients differ from the earlier ones in one feature."""


@dataclass(frozen=True)
class PopulationDrift:
    """How far the new clients differ from those whom the model was made for."""

    reference: Annotated[int, Field(description="how many earlier clients there are")]
    new: Annotated[int, Field(description="how many new clients there are")]
    score: Annotated[Drift, Field(description="in the probability of default")]
    features: Annotated[Sequence[FeatureDrift], Field(description="the largest index first")]


def population_drift(
    labels: Mapping[str, str],
    reference: ReferencePopulation,
    new: Table,
    reference_scores: Matrix,
    new_scores: Matrix,
) -> PopulationDrift:
    """Compare the new clients with the reference clients.

    A feature without text has the bins of `number_counts`, one with text those of `text_counts`.

    Args:
        labels: by the name of the feature, in the order of both tables.
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
    """The index of two populations.

    Args:
        counts: clients by bin, shape (2, bins): of the reference clients and of the new ones. Bins
            that are empty on both sides are left out; one that is on one side counts `EMPTY` there.
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

    They end at the reference clients' nine deciles, each the smallest value that at least so many
    tenths of them do not exceed; a bin has its upper end, and the first and the last one are open.
    A value that several deciles share is a bin of its own: there are fewer bins then, and the rare
    values below it and above it are not mixed with it. Values within `ROUNDING` of a decile are
    that decile.

    Attributes:
        ends: where all bins but the last one end, rising: comparisons that hold up to there.
    """

    ends: tuple[tuple[np.ufunc, float], ...]

    @classmethod
    def of(cls, reference: Matrix) -> "NumberBins":
        """The bins for some reference clients, shape (clients,), NaN where a value is missing."""
        return cls(tuple(_ends(reference[~np.isnan(reference)])))

    def counts(self, values: Matrix) -> NDArray[np.int64]:
        """Clients by bin, the missing values last; those of two parts add up."""
        present = np.count_nonzero(values == values)
        up_to = [np.count_nonzero(compare(values, end)) for compare, end in self.ends]
        return np.diff([0, *up_to, present, len(values)])


def number_counts(reference: Matrix, new: Matrix) -> Counts:
    """Clients by bin of numbers, shape (2, bins); see `NumberBins`.

    Args:
        reference: shape (reference clients,), NaN where a value is missing.
        new: shape (new clients,), the same.
    """
    bins = NumberBins.of(reference)
    return np.asarray([bins.counts(reference), bins.counts(new)], np.float64)


def text_counts(
    reference: Matrix, reference_texts: Sequence[str], new: Matrix, new_texts: Sequence[str]
) -> Counts:
    """Clients by category that either side has, then the missing values, shape (2, bins).

    Args:
        reference: positions in the reference categories, shape (reference clients,), NaN where
            a value is missing.
        reference_texts: the categories.
        new: positions in the new categories, shape (new clients,), the same.
        new_texts: the categories, in an order of their own.
    """
    return category_counts(by_category(reference, reference_texts), by_category(new, new_texts))


def by_category(values: Matrix, texts: Sequence[str]) -> dict[str | None, int]:
    """Clients by category.

    Args:
        values: positions in the categories, shape (clients,), NaN where it is missing.
        texts: the categories.
    """
    codes = np.where(np.isnan(values), len(texts), values).astype(np.intp)
    counted = np.bincount(codes, minlength=len(texts) + 1).tolist()
    return dict(zip((*texts, None), counted, strict=True))


def category_counts(reference: TextCounts, new: TextCounts) -> Counts:
    """The same of clients that are counted already."""
    texts = dict.fromkeys(text for text in (*reference, *new) if text is not None)
    bins = [*texts, None]  # the last one: missing
    return np.array([[side.get(text, 0) for text in bins] for side in (reference, new)], float)


def _ends(present: Matrix) -> list[tuple[np.ufunc, float]]:
    """Where all bins but the last one end, rising: comparisons that hold up to there.

    Args:
        present: the reference clients' values, shape (clients with a value,); there may be none.
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
        if shared_by > 1:  # what lies below it has a bin of its own
            ends.append((np.less, start))
        ends.append((np.less_equal, end))
    return ends
