"""`FeatureCounts`: recorded values by cell, bundle, feature and bin."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from credit_scoring.monitoring.psi import Drift, FeatureDrift, category_counts, drift
from register.monitoring.counting.weighted_drift import weighted_drift
from register.monitoring.document.feature_report import CellFeatures
from register.monitoring.features.record_bins import ChunkCounts, RecordChunk, count_chunk

if TYPE_CHECKING:  # it imports pandas, which takes half a second
    from register.monitoring.features.feature_reference import FeatureReference

# Gives each chunk with its counts, in any order.
FeatureCounter = Callable[[Iterator[RecordChunk]], Iterator[tuple[RecordChunk, ChunkCounts]]]


def in_this_process(chunks: Iterator[RecordChunk]) -> Iterator[tuple[RecordChunk, ChunkCounts]]:
    """Count the chunks one by one."""
    for chunk in chunks:
        yield chunk, count_chunk(chunk)


@dataclass(eq=False)
class BundleCounts:
    """The records of one bundle's decisions.

    Attributes:
        reference: the reference clients of the bundle.
        records: by cell, shape (cells,).
        numbers: by cell, feature and bin, shape (cells, features, bins).
        texts: by cell, and by text feature and category.
        unreadable: records that cannot be read, by cell.
    """

    reference: "FeatureReference"
    records: NDArray[np.int64]
    numbers: NDArray[np.int64]
    texts: dict[tuple[int, int], Counter[str | None]] = field(default_factory=dict)
    unreadable: Counter[int] = field(default_factory=Counter)

    @classmethod
    def of(cls, reference: "FeatureReference", cells: int) -> "BundleCounts":
        """No record yet, in any of some cells."""
        shape = (cells, len(reference.features), reference.bins.most)
        return cls(reference, np.zeros(cells, np.int64), np.zeros(shape, np.int64))

    def add(self, counts: ChunkCounts) -> None:
        """Add the counts of a chunk."""
        self.records[counts.cells] += counts.records
        self.numbers[counts.cells] += counts.numbers
        for (column, cell, category), number in counts.texts.items():
            self.texts.setdefault((cell, column), Counter())[category] += number
        self.unreadable += counts.unreadable

    def drifts(self, cells: Sequence[int]) -> Mapping[str, Drift]:
        """The stability index of each feature in some cells together.

        Args:
            cells: that have a record.
        """
        numbers = self.numbers[list(cells)].sum(axis=0)
        return {
            name: drift(self._text_counts(cells, column) if here is None else
                        np.array([here, numbers[column, : len(here)]], np.float64))
            for column, (name, here) in enumerate(
                zip(self.reference.features, self.reference.numbers, strict=True)
            )
        }  # fmt: skip

    def _text_counts(self, cells: Sequence[int], column: int) -> NDArray[np.float64]:
        counted: Counter[str | None] = Counter()
        for cell in cells:
            counted.update(self.texts.get((cell, column), {}))
        return category_counts(self.reference.texts[column], counted)


def cell_features(
    key: str, cells: Sequence[int], bundles: Sequence[BundleCounts], decisions: int
) -> CellFeatures:
    """The stability indices of the features in some cells together.

    Args:
        key: the name of these cells.
        cells: indices of them.
        bundles: counts of each bundle.
        decisions: of the cells, with or without a record.
    """
    found = [(int(one.records[list(cells)].sum()), one) for one in bundles]
    with_records = [(number, one) for number, one in found if number]
    labels: dict[str, str] = {}
    parts: dict[str, list[tuple[int, Drift]]] = {}
    for number, one in with_records:
        labels |= zip(one.reference.features, one.reference.labels, strict=True)
        for name, part in one.drifts(cells).items():
            parts.setdefault(name, []).append((number, part))
    features = []
    for name, of_feature in parts.items():
        mean = weighted_drift(of_feature)
        features.append(FeatureDrift(name, labels[name], mean.index, mean.expected, mean.bins))
    counted = sum(number for number, _ in found)
    return CellFeatures(
        key=key,
        decisions=counted,
        erased=decisions - counted,
        features=sorted(features, key=lambda feature: -feature.index),
    )
