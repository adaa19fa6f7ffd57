"""Reviews of decisions by a person, and the requests of clients for them.

Their times say which came last, and clocks of machines differ. So a row gets its final time under
the lock of its transaction: later than all that its decision had before.
"""

import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, func, select, text

from register.errors import StaleReview, UnknownDecision
from register.evidence.chain import canonical, commitment
from register.evidence.records import new_salt
from register.stored import Review, ReviewRequest
from register.tables import schema
from register.tables.column_types import MICROSECOND
from register.writing.entry import Entry, Key

LOCK = 4_811_202_329  # of pg_advisory_xact_lock: any number that nothing else takes

REVIEWING = (schema.review, schema.review_request)

Row = dict[str, Any]
Rows = list[tuple[Table, Row]]


def review_request_key(request: ReviewRequest, decision: UUID, key: str, pepper: bytes) -> Key:
    """The key of a call that requests a review. It differs from the same text at `/decisions`.

    Args:
        request: with a new id.
        decision: the decision's id.
        key: as the caller sent it, without blanks.
        pepper: of the register: a client's words are not found by trying.
    """
    values = canonical([decision, request.statement])
    return Key(
        caller=request.caller,
        key=f"{schema.review_request.name} {key}",
        fingerprint=hmac.digest(pepper, values, "sha256"),
        decisions=(request.id,),
        is_list=False,
    )


def review_request_entry(request: ReviewRequest, decision: UUID, key: Key | None = None) -> Entry:
    """The entry of a review request; `Writer.put` refuses it with `UnknownDecision`.

    Args:
        request: with a new id and the time of now; see `recorded_time`.
        decision: the decision's id.
        key: of the call.
    """
    row = {"id": request.id, "at": request.at, "caller": request.caller, "decision": decision}
    rows = _with_note(schema.review_request, row, request.statement)
    before = partial(_prepare_request, rows=rows, decision=decision)
    return Entry.of(request.at, rows, key, before)


def review_entry(review: Review, decision: UUID, expected: int | None) -> Entry:
    """The entry of a review.

    `Writer.put` refuses it with `UnknownDecision`, or with `StaleReview` if the decision has
    another number of reviews than the reviewer saw. Of two reviewers who saw the same number, one
    succeeds.

    Args:
        review: with a new id and the time of now; see `recorded_time`.
        decision: the decision's id.
        expected: reviews that the reviewer saw; None not to check it.
    """
    row = {
        "id": review.id,
        "at": review.at,
        "caller": review.reviewer,
        "decision": decision,
        "prediction": review.decision,
        "reason": review.reason,
    }
    rows = _with_note(schema.review, row, review.comment)
    before = partial(_prepare_review, rows=rows, decision=decision, expected=expected)
    return Entry.of(review.at, rows, before=before)


def recorded_time(entry: Entry) -> datetime:
    """The time of a review or request that was written, which is its own one or a later one."""
    at: datetime = entry.rows[0][1]["at"]
    return at


def check_known(connection: Connection, decision: UUID) -> None:
    """Check that a decision is recorded, and is not retired until the end of this transaction.

    Raises:
        UnknownDecision: it is not.
    """
    lock(connection)
    table = schema.decision.c
    if connection.scalar(select(table.id).where(table.id == decision)) is None:
        raise UnknownDecision("no decision has this id")


def lock(connection: Connection) -> None:
    """Let no other process write reviews or outcomes, erase or retire until COMMIT."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def move_behind(rows: Iterable[Row], times: Iterable[datetime | None]) -> None:
    """Make times of rows later than some others.

    Args:
        rows: with `at`, not written yet.
        times: of rows that are recorded; the lock is held, so no other comes. None for no row.
    """
    last = max((time for time in times if time is not None), default=None)
    if last is not None:
        for row in rows:
            row["at"] = max(row["at"], last + MICROSECOND)


def _prepare_request(connection: Connection, rows: Rows, decision: UUID) -> None:
    check_known(connection, decision)
    _order(connection, rows, decision)


def _prepare_review(
    connection: Connection, rows: Rows, decision: UUID, expected: int | None
) -> None:
    check_known(connection, decision)
    number = select(func.count()).where(schema.review.c.decision == decision)
    if expected not in (None, connection.scalar(number)):
        raise StaleReview("the decision was reviewed since it was read: read it again")
    _order(connection, rows, decision)


def _order(connection: Connection, rows: Sequence[tuple[Table, Row]], decision: UUID) -> None:
    """Make a row later than the reviews and requests of its decision."""
    lasts = (
        connection.scalar(select(func.max(table.c.at)).where(table.c.decision == decision))
        for table in REVIEWING
    )
    move_behind([row for table, row in rows if table in REVIEWING], lasts)


def _with_note(table: Table, row: Row, note: str | None) -> Rows:
    """A row, and its note in a row that may be erased."""
    if note is None:
        return [(table, {**row, "commitment": None})]
    salt = new_salt()
    content = {"owner": row["id"], "decision": row["decision"], "text": note, "salt": salt}
    return [(table, {**row, "commitment": commitment(salt, [note])}), (schema.note, content)]
