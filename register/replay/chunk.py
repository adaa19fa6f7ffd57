"""Recorded decisions to replay, cut into chunks of one bundle each."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select

from credit_scoring.explain.peers import Compare
from register.database.database import Database
from register.reading.periods import Period, decision_pages
from register.tables import schema

CHUNK_ROWS = 2_000
CHUNK_BYTES = 4_000_000  # of evidence; Dask sends larger chunks slowly


class Recorded(NamedTuple):  # made in a third of the time of a dataclass
    """A recorded decision.

    Attributes:
        id: of the decision.
        compare: the peers.
        record, answer: evidence, compressed.
        reasons: the largest number of reasons that was requested.
        quick: true if this project's own code explained; None without reasons.
    """

    id: UUID
    compare: Compare
    record: bytes
    answer: bytes
    reasons: int
    quick: bool | None


@dataclass(eq=False)
class Chunk:
    """Recorded decisions of one bundle.

    Attributes:
        bundle: id of the bundle.
        rows: the decisions.
        bytes: of their evidence.
    """

    bundle: int
    rows: list[Recorded] = field(default_factory=list)
    bytes: int = 0

    def __len__(self) -> int:
        """Return the number of decisions."""
        return len(self.rows)

    def add(self, row: Recorded) -> None:
        """Add a decision."""
        self.rows.append(row)
        self.bytes += len(row.record) + len(row.answer)

    @property
    def is_full(self) -> bool:
        """True if it takes no other decision."""
        return len(self.rows) >= CHUNK_ROWS or self.bytes >= CHUNK_BYTES


@dataclass(eq=False)
class RecordedDecisions:
    """The decisions of a period, read in short transactions.

    Attributes:
        database: of the register.
        period: of their times.
        erased: decisions without evidence so far, by bundle.
    """

    database: Database
    period: Period
    erased: Counter[int] = field(default_factory=Counter)

    def chunks(self) -> Iterator[Chunk]:
        """All decisions with evidence; one chunk of each bundle at most is kept in memory."""
        filling: dict[int, Chunk] = {}
        for page in decision_pages(self.database, STATEMENT, self.period):
            for row in page:
                bundle = row.bundle
                if row.record is None:
                    self.erased[bundle] += 1
                    continue
                chunk = filling.setdefault(bundle, Chunk(bundle))
                chunk.add(
                    Recorded(row.id, row.compare, row.record, row.answer, row.reasons, row.quick)
                )
                if chunk.is_full:
                    yield filling.pop(bundle)
        yield from filling.values()


def _statement() -> Select[Any]:
    """The statement that finds decisions, with their evidence unless it was erased."""
    decision, evidence = schema.decision.c, schema.evidence.c
    both = and_(evidence.decision == decision.id, evidence.at == decision.at)
    columns: list[ColumnElement[Any]] = [
        decision.id, decision.at, decision.bundle, decision["compare"], evidence.record,
        evidence.answer, evidence.reasons, evidence.quick,
    ]  # fmt: skip
    found: Select[Any] = select(*columns).join_from(
        schema.decision, schema.evidence, both, isouter=True
    )
    return found


STATEMENT = _statement()
