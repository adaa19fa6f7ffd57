"""Decisions without their figures, for deletion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select

from register.tables import schema


@dataclass(frozen=True, slots=True)
class DecisionKey:
    """A decision, without its figures; attributes as the columns of `schema.decision`."""

    id: UUID
    at: datetime
    subject: bytes | None
    block: int


def find_keys(
    connection: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> Sequence[DecisionKey]:
    """The decisions with all conditions, the oldest first, at most `limit`."""
    decision = schema.decision.c
    wanted = (
        select(decision.id, decision.at, decision.subject, decision.block)
        .where(*conditions)
        .order_by(decision.at, decision.id)
        .limit(limit)
    )
    return [
        DecisionKey(row.id, row.at, row.subject and bytes(row.subject), row.block)
        for row in connection.execute(wanted)
    ]
