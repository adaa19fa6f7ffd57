"""`RecordedFeatures`: the records of decisions, read in chunks and counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, Select, select

from credit_scoring.errors import BadFile
from register.archive.stored_bundles import UnknownBundle
from register.monitoring.counting.cells import Cells
from register.monitoring.features.feature_counts import BundleCounts, FeatureCounter
from register.monitoring.features.feature_reference import FeatureReference
from register.monitoring.features.record_bins import RecordChunk
from register.monitoring.reading.column_blocks import NO_WHOLE, Columns
from register.monitoring.reading.decision_facts import of_audit
from register.reading.periods import Period
from register.tables import schema
from register.tables.column_types import microseconds

CHUNK = 2_000  # records

Texts = dict[int, set[str]]  # some texts of a feature, by its column


@dataclass(eq=False)
class RecordedFeatures:
    """The records of a period's decisions.

    Attributes:
        connection: to the register; in one transaction.
        period: of the decisions.
        cells: of the report.
        columns: whole numbers that `cells` needs, as of `DecisionFacts`.
        names: of them.
        left_out: bundles whose reference clients cannot be read.
    """

    connection: Connection
    period: Period
    cells: Cells
    columns: Sequence[ColumnElement[int]]
    names: Sequence[str]
    left_out: dict[int, str] = field(default_factory=dict)

    def counted(self, bundles: Sequence[int], counter: FeatureCounter) -> list[BundleCounts]:
        """The counts of those bundles whose reference clients can be read.

        A feature that is a number in the file and a text in records is read as a text then, and
        its bundle is counted again.
        """
        found: list[BundleCounts] = []
        texts: dict[int, Texts] = {bundle: {} for bundle in bundles}
        while texts:
            counts = self._none_yet(texts)
            again: dict[int, Texts] = {}
            for chunk, result in counter(self._chunks(counts)):
                if not result.unexpected:
                    counts[chunk.bundle].add(result)
                    continue
                known = again.setdefault(chunk.bundle, texts[chunk.bundle])
                for column, text in result.unexpected:
                    known.setdefault(column, set()).add(text)
            found += [of for bundle, of in counts.items() if bundle not in again]
            texts = again
        return found

    def _none_yet(self, bundles: Mapping[int, Texts]) -> dict[int, BundleCounts]:
        """Counts of bundles before any record."""
        counts = {}
        for bundle, texts in bundles.items():
            try:
                reference = FeatureReference.read(self.connection, bundle, texts)
            except (BadFile, UnknownBundle) as error:
                self.left_out[bundle] = str(error)
            else:
                counts[bundle] = BundleCounts.of(reference, len(self.cells))
        return counts

    def _chunks(self, counts: Mapping[int, BundleCounts]) -> Iterator[RecordChunk]:
        """The records of some bundles."""
        filling: dict[int, tuple[list[int], list[bytes]]] = {bundle: ([], []) for bundle in counts}
        for rows in self._rows(list(counts)):
            codes = self.cells.codes(self._columns_of(rows)).tolist()
            for row, cell in zip(rows, codes, strict=True):
                cells, records = filling[row.bundle]
                cells.append(cell)
                records.append(row.record)
            for bundle, (cells, records) in filling.items():
                if len(cells) >= CHUNK:
                    yield RecordChunk(bundle, counts[bundle].reference.bins, cells, records)
                    filling[bundle] = ([], [])
        for bundle, (cells, records) in filling.items():
            if cells:
                yield RecordChunk(bundle, counts[bundle].reference.bins, cells, records)

    def _rows(self, bundles: Sequence[int]) -> Iterator[Sequence[Row[Any]]]:
        decision, evidence = schema.decision.c, schema.evidence.c
        of_decision = (evidence.decision == decision.id) & (evidence.at == decision.at)
        found: Select[Any] = select(
            decision.at, decision.bundle, evidence.record, *self.columns
        ).join_from(schema.decision, schema.evidence, of_decision)
        if self.cells.group is not None:
            found = found.outerjoin(schema.audit, of_audit(self.cells.group))
        found = self.period.within(found.where(decision.bundle.in_(bundles)))
        options = {"yield_per": CHUNK}
        yield from self.connection.execute(found, execution_options=options).partitions()

    def _columns_of(self, rows: Sequence[Row[Any]]) -> Columns:
        """Columns of decisions that `cells` needs."""
        found: dict[str, NDArray[Any]] = {
            "at": np.array([microseconds(row.at) for row in rows], np.int64),
            "bundle": np.array([row.bundle for row in rows], np.int32),
        }
        for name in self.names:
            values = [row._mapping[name] for row in rows]
            found[name] = np.array(
                [NO_WHOLE if value is None else value for value in values], np.int32
            )
        return found
