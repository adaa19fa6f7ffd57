"""Summaries of decisions: their rows with what reviews, review requests and outcomes add."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, Table, func, select

from register.reading.open_requests import waiting_since
from register.stored import DecisionSummary
from register.tables import schema

REVIEW_ORDER = ("at", "id")  # the last review of a decision decides
OUTCOME_ORDER = ("observed", "at", "id")  # of one day, the one recorded last

COPIED = (
    "id", "at", "caller", "request_id", "probability", "margin", "pd", "points", "grade",
    "prediction", "threshold", "compare", "automated",
)  # fmt: skip


def summaries(connection: Connection, rows: Sequence[Row[Any]]) -> list[DecisionSummary]:
    """Summaries of some decisions, by four queries in all.

    Args:
        connection: to the register.
        rows: rows of `schema.decision`, with all columns.
    """
    if not rows:
        return []
    ids = [row.id for row in rows]
    reviews = last_rows(connection, schema.review, REVIEW_ORDER, ids)
    waiting = waiting_since(connection, ids)
    outcomes = last_rows(connection, schema.outcome, OUTCOME_ORDER, ids)
    models = _models(connection, {row.bundle for row in rows})
    found = []
    for row in rows:
        review, outcome = reviews.get(row.id), outcomes.get(row.id)
        found.append(
            DecisionSummary(
                **{name: row._mapping[name] for name in COPIED},
                model=models[row.bundle],
                final=row.prediction if review is None else review.prediction,
                reviews=0 if review is None else review.number,
                review_requested=row.id in waiting,
                review_requested_at=waiting.get(row.id),
                outcome=None if outcome is None else outcome.status,
            )
        )
    return found


def last_rows(
    connection: Connection, table: Table, order: Iterable[str], decisions: Sequence[UUID]
) -> dict[UUID, Row[Any]]:
    """The last row of each decision in a table, and `number`, how many it has there."""
    descending = [table.c[name].desc() for name in order]
    rank = func.row_number().over(partition_by=table.c.decision, order_by=descending)
    number = func.count().over(partition_by=table.c.decision)
    ranked = (
        select(table, rank.label("rank"), number.label("number"))
        .where(table.c.decision.in_(decisions))
        .subquery()
    )
    last: Select[Any] = select(ranked).where(ranked.c.rank == 1)
    return {row.decision: row for row in connection.execute(last)}


def _models(connection: Connection, bundles: Iterable[int]) -> dict[int, str]:
    """SHA-256 of the model files of some bundles, by the bundle's id."""
    bundle = schema.bundle.c
    wanted = select(bundle.id, bundle.model).where(bundle.id.in_(bundles))
    return {row.id: bytes(row.model).hex() for row in connection.execute(wanted)}
