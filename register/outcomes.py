"""Outcomes: how loans went, resolved to decisions and written once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, Table, func, select

from register.errors import RegisterAway, RegisterError
from register.reviews import lock, move_behind
from register.store import Store
from register.stored import OutcomeStatus
from register.tables import schema
from register.tables.column_types import beginning
from register.writing.entry import Entry

ATTEMPTS = 5  # of two writers of the same outcomes one has to look again
NEITHER = "no decision has this id"
NO_REFERENCE = "no decision has this reference"


@dataclass(frozen=True, kw_only=True)
class OutcomeItem:
    """How a loan went, as a caller sends it; it has either `decision` or `reference`.

    Attributes:
        decision: the decision's id.
        reference: the external id, which means the latest decision that has it and was made on the
            day `observed` or before; if none was, the latest one.
        status: of the loan.
        observed: the day when it had this status.
        definition: of the status, such as ``90dpd``.
    """

    decision: UUID | None = None
    reference: str | None = None
    status: OutcomeStatus
    observed: date
    definition: str


@dataclass(frozen=True)
class UnknownItem:
    """An item whose decision is not recorded.

    Attributes:
        index: in the list, from 0.
        detail: the reason.
    """

    index: int
    detail: str


@dataclass(frozen=True)
class OutcomeReport:
    """The end of a list of outcomes.

    Attributes:
        recorded: items that are in the register now.
        written: those of them that were not before.
        unknown: the others.
    """

    recorded: int
    written: int
    unknown: Sequence[UnknownItem]


@dataclass(frozen=True)
class _Subject:
    """Decision, day and definition: a later outcome with the same ones corrects an earlier one."""

    decision: UUID
    observed: date
    definition: str


Statuses = Mapping[_Subject, OutcomeStatus]
_Made = tuple[date, UUID]  # the day of a decision, and its id


class _Overtaken(RegisterError):
    """Another writer recorded outcomes of the same decisions meanwhile."""


def record_outcomes(store: Store, caller: str, items: Sequence[OutcomeItem]) -> OutcomeReport:
    """Record those outcomes whose decisions are known, in one transaction; blocks.

    An outcome is not written again if the register has it: the last row of the same decision, day
    and definition has the same status. Another status is a correction, and is written. Of several
    items with the same decision, day and definition the last counts. A row's time is later than
    those of all outcomes that its decision had before, whatever the clocks of machines say.

    Args:
        store: the register.
        caller: the caller's name.
        items: at most a few thousand.

    Raises:
        RegisterAway: the register does not answer.
    """
    for _ in range(ATTEMPTS):
        with store.database.reading() as connection:
            decisions = _decisions(connection, store, items)
            given = _statuses(items, decisions)
            recorded = _recorded(connection, given)
        new = {
            subject: status for subject, status in given.items() if recorded.get(subject) != status
        }
        unknown = [
            UnknownItem(index, NEITHER if item.reference is None else NO_REFERENCE)
            for index, (item, decision) in enumerate(zip(items, decisions, strict=True))
            if decision is None
        ]
        report = OutcomeReport(len(items) - len(unknown), len(new), unknown)
        if not new:
            return report
        try:
            store.writer.put(_entry(store, caller, new)).result()
        except _Overtaken:
            continue
        return report
    raise RegisterAway("other callers record outcomes of the same decisions")


def _statuses(items: Sequence[OutcomeItem], decisions: Sequence[UUID | None]) -> Statuses:
    """The statuses of those items whose decision is known, in the order of their last items."""
    found: dict[_Subject, OutcomeStatus] = {}
    for item, decision in zip(items, decisions, strict=True):
        if decision is not None:
            subject = _Subject(decision, item.observed, item.definition)
            found.pop(subject, None)
            found[subject] = item.status
    return found


def _entry(store: Store, caller: str, new: Statuses) -> Entry:
    """The entry of outcomes that are not recorded; `_Overtaken` refuses it if one is."""
    at = store.now()
    rows: list[tuple[Table, dict[str, Any]]] = [
        (
            schema.outcome,
            {
                "id": store.ids.new(),
                "at": at,
                "caller": caller,
                "decision": subject.decision,
                "status": status,
                "observed": subject.observed,
                "definition": subject.definition,
            },
        )
        for subject, status in new.items()
    ]
    before = partial(_prepare, new=new, rows=[row for _, row in rows])
    return Entry.of(at, rows, before=before)


def _prepare(connection: Connection, new: Statuses, rows: Sequence[dict[str, Any]]) -> None:
    """Check that outcomes are still not recorded, and their decisions still are; set their times.

    Raises:
        _Overtaken: one is, or a decision was retired.
    """
    lock(connection)
    decisions = {subject.decision for subject in new}
    if _known(connection, decisions) != decisions:
        raise _Overtaken("a decision was retired")
    if any(new[subject] == status for subject, status in _recorded(connection, new).items()):
        raise _Overtaken("an outcome was recorded meanwhile")
    outcome = schema.outcome.c
    last = select(func.max(outcome.at)).where(outcome.decision.in_(decisions))
    move_behind(rows, [connection.scalar(last)])


def _decisions(
    connection: Connection, store: Store, items: Sequence[OutcomeItem]
) -> list[UUID | None]:
    """The decision of each item; None for an unknown one."""
    known = _known(connection, {item.decision for item in items if item.decision is not None})
    pseudonyms = {
        item.reference: pseudonym
        for item in items
        if (pseudonym := store.reference(item.reference)) is not None
    }
    found = _by_reference(connection, list(pseudonyms.values()))
    return [
        (item.decision if item.decision in known else None)
        if item.reference is None
        else _of_day(found[pseudonyms[item.reference]], item.observed)
        for item in items
    ]


def _known(connection: Connection, decisions: set[UUID]) -> set[UUID]:
    """The ids among some that decisions have."""
    decision = schema.decision.c
    return set(connection.scalars(select(decision.id).where(decision.id.in_(decisions))))


def _by_reference(
    connection: Connection, references: Sequence[bytes]
) -> Mapping[bytes, Sequence[_Made]]:
    """The decisions with each of some pseudonyms of references, the oldest first."""
    decision = schema.decision.c
    wanted = (
        select(decision.reference, decision.at, decision.id)
        .where(
            beginning(decision.reference).in_([reference[:6] for reference in references]),
            decision.reference.in_(references),
        )
        .order_by(decision.at, decision.id)
    )
    found = defaultdict[bytes, list[_Made]](list)
    for row in connection.execute(wanted):
        found[bytes(row.reference)].append((row.at.date(), row.id))
    return found


def _of_day(decisions: Sequence[_Made], observed: date) -> UUID | None:
    """The decision that an outcome is about: a client may borrow again with the same reference.

    Args:
        decisions: with its reference, the oldest first.
        observed: the day of the outcome.
    """
    there = [decision for day, decision in decisions if day <= observed]
    of_all = there or [decision for _, decision in decisions]
    return of_all[-1] if of_all else None


def _recorded(connection: Connection, subjects: Statuses) -> dict[_Subject, OutcomeStatus]:
    """The last recorded status of those of some subjects that have one."""
    outcome = schema.outcome.c
    last = func.row_number().over(
        partition_by=[outcome.decision, outcome.observed, outcome.definition],
        order_by=[outcome.at.desc(), outcome.id.desc()],
    )
    ranked = (
        select(schema.outcome, last.label("rank"))
        .where(outcome.decision.in_({subject.decision for subject in subjects}))
        .subquery()
    )
    wanted: Select[Any] = select(ranked).where(ranked.c.rank == 1)
    found = {
        _Subject(row.decision, row.observed, row.definition): row.status
        for row in connection.execute(wanted)
    }
    return {subject: found[subject] for subject in subjects if subject in found}
