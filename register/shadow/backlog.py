"""`Backlog`: recorded decisions that a challenger has not scored yet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select

from register.database.database import Database, Row
from register.reading.pages import SECONDS
from register.reading.periods import Period, decision_pages
from register.reviews import lock
from register.shadow.challenger import Unscored
from register.store import Store
from register.tables import schema
from register.writing.entry import Entry

ROW_BYTES = 160  # of a score, roughly


@dataclass(frozen=True, eq=False)
class Backlog:
    """Decisions with evidence that have no row of a challenger in `schema.shadow`.

    Attributes:
        database: of the register.
        challenger: id of the challenger's bundle.
    """

    database: Database
    challenger: int

    def pages(self, period: Period) -> Iterator[Sequence[Unscored]]:
        """The decisions of a period, the oldest first; no transaction is open in between.

        Raises:
            RegisterAway: the database does not answer.
        """
        for page in decision_pages(self.database, self._statement, period):
            yield [Unscored._make(row) for row in page]

    @cached_property
    def _statement(self) -> Select[Any]:
        decision, evidence, shadow = schema.decision.c, schema.evidence.c, schema.shadow.c
        both = and_(evidence.decision == decision.id, evidence.at == decision.at)
        scored = exists().where(
            shadow.decision == decision.id,
            shadow.at == decision.at,
            shadow.bundle == self.challenger,
        )
        found: Select[Any] = (
            select(decision.id, decision.at, decision.bundle, evidence.record)
            .join_from(schema.decision, schema.evidence, both)
            .where(~scored)
        )
        return found


def write(store: Store, rows: Sequence[Row]) -> None:
    """Write rows of `schema.shadow`, except those of decisions whose evidence is gone meanwhile.

    Args:
        store: the register.
        rows: one or more.

    Raises:
        RegisterAway: the database does not answer; the rows may be there or not.
    """
    kept = [(schema.shadow, row) for row in rows]
    ids, times = [row["decision"] for row in rows], [row["at"] for row in rows]
    evidence = schema.evidence.c
    wanted = select(evidence.decision).where(
        evidence.decision.in_(ids), evidence.at.between(min(times), max(times))
    )

    def leave_out(connection: Connection) -> None:
        lock(connection)  # or `retire` may leave these rows
        there = set(connection.scalars(wanted))
        kept[:] = [(table, row) for table, row in kept if row["decision"] in there]

    size = ROW_BYTES * len(kept)
    entry = Entry(rows=kept, at=store.now(), size=size, before=leave_out)
    store.writer.put(entry).result()


def oldest_decision(database: Database, since: datetime) -> datetime | None:
    """The time of the first decision from a time on; None without one.

    Raises:
        RegisterAway: the database does not answer.
    """
    at = schema.decision.c.at
    with database.reading(SECONDS) as connection:
        found: datetime | None = connection.scalar(select(func.min(at)).where(at >= since))
    return found
