"""The recorded answers to calls that are repeated with their Idempotency-Key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import zstandard
from sqlalchemy import Connection, select

from register.archive.stored_bundles import read_codec
from register.errors import Damaged, Erased, KeyReused, UnknownDecision
from register.evidence.records import stored_answer
from register.reading.damage import unreadable
from register.stored import ReviewRequest
from register.tables import schema
from register.writing.entry import Key

ERASED = "the data of this call's decision were erased"


@dataclass(frozen=True)
class RecordedAnswer:
    """The answer that was sent to a call.

    Attributes:
        body: the bytes.
        is_list: true if the call's body was a list.
    """

    body: bytes
    is_list: bool


def is_taken(connection: Connection, caller: str, key: str) -> bool:
    """True if a call of this caller with this key is recorded."""
    table = schema.idempotency.c
    wanted = select(table.list).where(table.caller == caller, table.key == key)
    return connection.execute(wanted).first() is not None


def recorded_answer(connection: Connection, key: Key) -> RecordedAnswer:
    """The answer to the call that took a key.

    Args:
        connection: to the register; of one snapshot, in which the key is taken.
        key: of the repeated call, whose own decisions do not matter.

    Raises:
        KeyReused: the first call had another query or body.
        Erased: the data of one of its decisions were erased.
        Damaged: the answer of one cannot be read.
    """
    first = _first_call(connection, key)
    answers = _answers(connection, first.decisions)
    if len(answers) < len(first.decisions):
        raise Erased(ERASED)
    ordered = [answers[decision] for decision in first.decisions]
    return RecordedAnswer(list_body(ordered) if first.is_list else ordered[0], first.is_list)


def recorded_request(connection: Connection, key: Key, decision: UUID) -> ReviewRequest | None:
    """The review request of the call that took a key; None if no call did.

    Args:
        connection: to the register; of one snapshot.
        key: of the repeated call, whose own request does not matter.
        decision: the decision's id.

    Raises:
        UnknownDecision: no decision has this id, any more.
        KeyReused: the first call was for another decision, or had another statement.
        Erased: the statement was erased.
    """
    known = select(schema.decision.c.id).where(schema.decision.c.id == decision)
    if connection.scalar(known) is None:
        raise UnknownDecision("no decision has this id")
    if not is_taken(connection, *key.name):
        return None
    request, note = schema.review_request.c, schema.note.c
    wanted = (
        select(request.id, request.at, request.caller, request.commitment, note.text)
        .join_from(schema.review_request, schema.note, note.owner == request.id, isouter=True)
        .where(request.id.in_(_first_call(connection, key).decisions))
    )
    row = connection.execute(wanted).one()
    if row.commitment is not None and row.text is None:
        raise Erased(ERASED)
    return ReviewRequest(id=row.id, at=row.at, caller=row.caller, statement=row.text)


def _first_call(connection: Connection, key: Key) -> Key:
    """The call that took a key.

    Raises:
        KeyReused: it had another fingerprint.
    """
    table = schema.idempotency.c
    row = connection.execute(
        select(table.fingerprint, table.decisions, table.list).where(
            table.caller == key.caller, table.key == key.key
        )
    ).one()
    if bytes(row.fingerprint) != key.fingerprint:
        raise KeyReused("this Idempotency-Key was used for another body or query")
    ids = [UUID(bytes=row.decisions[at : at + 16]) for at in range(0, len(row.decisions), 16)]
    return replace(key, decisions=tuple(ids), is_list=row.list)


def list_body(answers: Iterable[bytes]) -> bytes:
    """The body of the answer to a list, from the answers to its applications."""
    return b"[" + b",".join(answers) + b"]"


def _answers(connection: Connection, decisions: Sequence[UUID]) -> dict[UUID, bytes]:
    """The answers of those decisions whose data were not erased.

    Raises:
        Damaged: one cannot be read.
    """
    decision, evidence = schema.decision.c, schema.evidence.c
    wanted = (
        select(evidence.decision, evidence.at, evidence.answer, decision.bundle)
        .join_from(
            schema.decision,
            schema.evidence,
            (evidence.decision == decision.id) & (evidence.at == decision.at),
        )
        .where(decision.id.in_(decisions))
    )
    rows = connection.execute(wanted).all()
    codecs = {bundle: read_codec(connection, bundle) for bundle in {row.bundle for row in rows}}
    answers = {}
    for row in rows:
        try:
            answers[row.decision] = stored_answer(row._mapping, codecs[row.bundle])
        except zstandard.ZstdError as error:
            raise Damaged(unreadable(row.decision)) from error
    return answers
