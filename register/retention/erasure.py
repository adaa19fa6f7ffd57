"""Erasure of a person's data: evidence, audit values and notes go, the chain stays whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Connection, delete, select

from register.errors import Held, UnknownDecision
from register.retention.decision_keys import DecisionKey
from register.retention.holds import Holds
from register.retention.targets import Target
from register.reviews import lock
from register.store import Store
from register.tables import schema
from register.writing.entry import Entry

ERASE = "erase"  # the kind of the events
CHUNK = 200  # decisions of one transaction


@dataclass(frozen=True)
class Erasure:
    """The end of an erasure.

    Attributes:
        decisions: of the target.
        erased: those of them whose data were there.
    """

    decisions: int
    erased: int


def erase(store: Store, caller: str, target: Target) -> Erasure:
    """Erase the data behind decisions, and record an event for each; blocks.

    Records, answers, ids in clear, audit values, and texts of reviews and requests go. What
    identifies nobody without the pepper stays: figures, pseudonyms, hashes, reason codes, outcomes.
    The Idempotency-Key of a call with one decision goes too, since a caller may have made it from
    the person's number; that of a list stays, and a repeated call gets `Erased`.

    Args:
        store: the register.
        caller: the name in the events.
        target: the decisions.

    Raises:
        UnknownDecision: no such decision is recorded.
        Held: a legal hold forbids it.
        RegisterAway: the register does not answer; a second call goes on.
    """
    with store.database.reading() as connection:
        decisions = target.find(connection)
        if not decisions:
            raise UnknownDecision("no such decision is recorded, so there is nothing to erase")
        _check_holds(connection, decisions)
    erased = 0
    for start in range(0, len(decisions), CHUNK):
        chunk = decisions[start : start + CHUNK]
        with store.database.reading() as connection:
            with_data = _with_data(connection, chunk)
        if left := [decision for decision in chunk if decision.id in with_data]:
            store.writer.put(_entry(store, caller, target, left)).result()
        erased += len(left)
    store.database.checkpoint()
    return Erasure(len(decisions), erased)


def _entry(store: Store, caller: str, target: Target, decisions: Sequence[DecisionKey]) -> Entry:
    """The entry of the events, which deletes the data in its transaction."""
    detail = {"by": target.by}
    events = [
        store.event(caller, ERASE, decision=decision.id, subject=decision.subject, detail=detail)
        for decision in decisions
    ]
    pairs = [pair for event in events for pair in event.rows]
    return Entry.of(events[0].at, pairs, before=partial(_delete, decisions=decisions))


def _delete(connection: Connection, decisions: Sequence[DecisionKey]) -> None:
    """Delete the data of decisions.

    Raises:
        Held: a legal hold came meanwhile; nothing was deleted.
    """
    lock(connection)
    _check_holds(connection, decisions)
    ids, times = [decision.id for decision in decisions], [decision.at for decision in decisions]
    key = schema.idempotency.c
    for table in (schema.evidence, schema.audit):
        connection.execute(
            delete(table).where(
                table.c.decision.in_(ids),
                table.c.at.between(min(times), max(times)),  # which partitions need
            )
        )
    connection.execute(delete(schema.note).where(schema.note.c.decision.in_(ids)))
    connection.execute(
        delete(schema.idempotency).where(
            key.at.in_(times), key.decisions.in_([decision.id.bytes for decision in decisions])
        )
    )


def _check_holds(connection: Connection, decisions: Sequence[DecisionKey]) -> None:
    """Check that no legal hold is on a decision.

    Raises:
        Held: one is.
    """
    holds = Holds.read(connection)
    held = sum(map(holds.forbid, decisions))
    if held:
        noun = "decision" if len(decisions) == 1 else "decisions"
        raise Held(f"a legal hold is on {held} of {len(decisions)} {noun}: nothing is erased")


def _with_data(connection: Connection, decisions: Sequence[DecisionKey]) -> set[UUID]:
    """Ids of the decisions that have evidence, audit values or notes."""
    ids = [decision.id for decision in decisions]
    found: set[UUID] = set()
    for table in (schema.evidence, schema.audit, schema.note):
        found.update(connection.scalars(select(table.c.decision).where(table.c.decision.in_(ids))))
    return found
