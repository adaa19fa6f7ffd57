"""Legal holds: decisions that nobody may erase or retire until the hold is released."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Self
from uuid import UUID

from sqlalchemy import Connection, func, select

from register.errors import UnknownDecision
from register.retention.decision_keys import DecisionKey
from register.retention.targets import Target
from register.reviews import check_known, lock, move_behind
from register.store import Store
from register.tables import schema
from register.writing.entry import Entry

HOLD, RELEASE = "hold", "release"  # kinds of events


@dataclass(frozen=True)
class Holds:
    """The holds in force.

    Attributes:
        subjects: pseudonyms of clients whose decisions are all held, later ones included.
        decisions: ids of single decisions.
    """

    subjects: frozenset[bytes]
    decisions: frozenset[UUID]

    @classmethod
    def read(cls, connection: Connection) -> Self:
        """The holds in force: of each subject and decision, the last event counts."""
        event = schema.event.c
        wanted = (
            select(event.kind, event.subject, event.decision)
            .where(event.kind.in_([HOLD, RELEASE]))
            .order_by(event.at, event.id)
        )
        subjects: dict[bytes, str] = {}
        decisions: dict[UUID, str] = {}
        for row in connection.execute(wanted):
            if row.subject is not None:
                subjects[bytes(row.subject)] = row.kind
            if row.decision is not None:
                decisions[row.decision] = row.kind
        return cls(
            frozenset(subject for subject, kind in subjects.items() if kind == HOLD),
            frozenset(decision for decision, kind in decisions.items() if kind == HOLD),
        )

    def forbid(self, decision: DecisionKey) -> bool:
        """True if a decision is held."""
        return decision.id in self.decisions or decision.subject in self.subjects


def set_hold(store: Store, caller: str, target: Target, *, release: bool) -> bool:
    """Hold a client's decisions, those with a reference or one decision, or release them; blocks.

    A hold on a client covers later decisions too, one on a reference those that are recorded.

    Args:
        store: the register.
        caller: the name in the events.
        target: names the decisions.
        release: true to end the hold.

    Returns:
        False if nothing changed, because it is so already.

    Raises:
        UnknownDecision: no such decision is recorded.
        RegisterAway: the register does not answer.
    """
    with store.database.reading() as connection:
        holds = Holds.read(connection)
        found = target.find(connection)
    if not release and not found:
        raise UnknownDecision("no such decision is recorded, so there is nothing to hold")
    kind, is_held = (RELEASE, True) if release else (HOLD, False)
    entries = [
        _entry(store, caller, kind, subject=subject)
        for subject in target.subjects
        if (subject in holds.subjects) == is_held
    ]
    if not target.subjects:
        entries += [
            _entry(store, caller, kind, decision=one.id)
            for one in found
            if (one.id in holds.decisions) == is_held
        ]
    for written in [store.writer.put(entry) for entry in entries]:
        written.result()
    return bool(entries)


def _entry(
    store: Store,
    caller: str,
    kind: str,
    *,
    subject: bytes | None = None,
    decision: UUID | None = None,
) -> Entry:
    """The entry of a hold or release, written while nobody erases or retires."""
    event = store.event(caller, kind, subject=subject, decision=decision)
    rows = [(table, dict(row)) for table, row in event.rows]
    return Entry.of(event.at, rows, before=partial(_prepare, row=rows[0][1]))


def _prepare(connection: Connection, row: dict[str, Any]) -> None:
    """Check that a decision to be held is recorded; make the event the last of its target.

    Raises:
        UnknownDecision: it is not.
    """
    if row["kind"] == HOLD and row["decision"] is not None:
        check_known(connection, row["decision"])
    else:
        lock(connection)
    event = schema.event.c
    name = "subject" if row["decision"] is None else "decision"
    last = select(func.max(event.at)).where(
        event.kind.in_([HOLD, RELEASE]), event[name] == row[name]
    )
    move_behind([row], [connection.scalar(last)])  # clocks of machines differ
