"""One decision with all that is kept of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import zstandard
from sqlalchemy import Connection, Row, Table, select

from register.archive.stored_bundles import read_codec, read_description, stored_bundle
from register.errors import Damaged, UnknownDecision
from register.evidence.records import Evidence
from register.reading.damage import unreadable
from register.reading.summaries import summaries
from register.stored import (
    BlockPlace,
    Outcome,
    Review,
    ReviewRequest,
    StoredDecision,
    StoredEvidence,
)
from register.tables import schema


def read_decision(connection: Connection, decision_id: UUID) -> StoredDecision:
    """A decision, its evidence, reviews, outcomes and bundle; not verified.

    Args:
        connection: to the register; of one snapshot.
        decision_id: the decision's id.

    Raises:
        UnknownDecision: no decision has this id.
        Damaged: its evidence cannot be read.
    """
    decision = schema.decision
    row = connection.execute(select(decision).where(decision.c.id == decision_id)).one_or_none()
    if row is None:
        raise UnknownDecision("no decision has this id")
    (summary,) = summaries(connection, [row])
    notes = _notes(connection, decision_id)
    return StoredDecision(
        **vars(summary),
        bundle=stored_bundle(connection, row.bundle),
        evidence=_evidence(connection, row),
        review_requests=[
            ReviewRequest(
                id=found.id, at=found.at, caller=found.caller, statement=notes.get(found.id)
            )
            for found in _rows(connection, schema.review_request, decision_id)
        ],
        reviewed=[
            Review(
                id=found.id,
                at=found.at,
                reviewer=found.caller,
                decision=found.prediction,
                reason=found.reason,
                comment=notes.get(found.id),
            )
            for found in _rows(connection, schema.review, decision_id)
        ],
        outcomes=[
            Outcome(
                id=found.id,
                at=found.at,
                caller=found.caller,
                status=found.status,
                observed=found.observed,
                definition=found.definition,
            )
            for found in _rows(connection, schema.outcome, decision_id)
        ],
        block=_block(connection, row.block),
    )


def _rows(connection: Connection, table: Table, decision_id: UUID) -> Sequence[Row[Any]]:
    """A decision's rows in a table, the oldest first."""
    wanted = select(table).where(table.c.decision == decision_id)
    return connection.execute(wanted.order_by(table.c.at, table.c.id)).all()


def _notes(connection: Connection, decision_id: UUID) -> dict[UUID, str]:
    """Texts of a decision's notes, by the review or request that they belong to."""
    note = schema.note.c
    wanted = select(note.owner, note.text).where(note.decision == decision_id)
    return {row.owner: row.text for row in connection.execute(wanted)}


def _evidence(connection: Connection, decision: Row[Any]) -> StoredEvidence | None:
    """The evidence of a decision; None if it was erased.

    Raises:
        Damaged: it cannot be read.
    """
    table = schema.evidence
    wanted = select(table).where(table.c.decision == decision.id, table.c.at == decision.at)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    features = read_description(connection, decision.bundle).features
    try:
        evidence = Evidence.of_row(row._mapping, read_codec(connection, decision.bundle))
        record = dict(zip(features, orjson.loads(evidence.record), strict=True))
        answer = orjson.loads(evidence.answer)
    except (zstandard.ZstdError, ValueError, TypeError) as error:
        raise Damaged(unreadable(decision.id)) from error
    return StoredEvidence(
        client=evidence.client,
        reference=evidence.reference,
        record={
            name: float(value) if isinstance(value, int) else value
            for name, value in record.items()
        },
        answer=answer,
    )


def _block(connection: Connection, block_id: int) -> BlockPlace:
    """The place of a block in its stream."""
    block = schema.block.c
    wanted = select(block.stream, block.number, block.root).where(block.id == block_id)
    row = connection.execute(wanted).one()
    return BlockPlace(stream=row.stream, number=row.number, root=bytes(row.root).hex())
