"""The recorded answer to a call that is repeated with its Idempotency-Key."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import zstandard
from sqlalchemy import Connection, select

from register.archive.stored_bundles import read_codec
from register.errors import Damaged, Erased, KeyReused
from register.evidence.records import stored_answer
from register.reading.damage import unreadable
from register.tables import schema
from register.writing.entry import Key


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
    table = schema.idempotency.c
    row = connection.execute(
        select(table.fingerprint, table.decisions, table.list).where(
            table.caller == key.caller, table.key == key.key
        )
    ).one()
    if bytes(row.fingerprint) != key.fingerprint:
        raise KeyReused("this Idempotency-Key was used for another body or query")
    ids = [UUID(bytes=row.decisions[at : at + 16]) for at in range(0, len(row.decisions), 16)]
    answers = _answers(connection, ids)
    if len(answers) < len(ids):
        raise Erased("the data of this call's decision were erased")
    ordered = [answers[decision] for decision in ids]
    return RecordedAnswer(list_body(ordered) if row.list else ordered[0], row.list)


def list_body(answers: Iterable[bytes]) -> bytes:
    """The body of the answer to a list, from the answers to its applications."""
    return b"[" + b",".join(answers) + b"]"


def _answers(connection: Connection, decisions: list[UUID]) -> dict[UUID, bytes]:
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
