"""Lists of decisions, the newest first, in pages whose work is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    exists,
    func,
    select,
    tuple_,
)

from register.reading.cursor import Cursor
from register.reading.open_requests import is_open
from register.reading.summaries import summaries
from register.stored import DecisionSummary
from register.tables import schema
from register.tables.column_types import beginning

LONGEST_PAGE = 500
SCANNED = 20_000  # rows that one page looks at; 30 ms
FEW = 2_000  # decisions that are found by their ids rather than by looking at all

decision = schema.decision
review = schema.review.c
request = schema.review_request.c


@dataclass(frozen=True, kw_only=True)
class DecisionFilter:
    """The wanted decisions.

    Attributes:
        subject: pseudonym of the client; None for any.
        reference: pseudonym of the external id; None for any.
        start, end: the earliest time, and the time before which they are.
        prediction: 1 refused, 0 accepted; None for both.
        grade: of the scorecard; None for any.
        reviewed: true for those with a review, false for those without; None for both.
        requested: true for those only that have a review request newer than their last review.
        after: `DecisionPage.next` of the page before; None for the first page.
        limit: decisions on the page, 1 to `LONGEST_PAGE`.
    """

    subject: bytes | None = None
    reference: bytes | None = None
    start: datetime | None = None
    end: datetime | None = None
    prediction: int | None = None
    grade: str | None = None
    reviewed: bool | None = None
    requested: bool = False
    after: str | None = None
    limit: int = 100


@dataclass(frozen=True)
class DecisionPage:
    """Some of the wanted decisions.

    Attributes:
        decisions: the newest first. They may be fewer than the limit though others follow.
        next: the cursor of the next page; None if no other decision is wanted.
    """

    decisions: Sequence[DecisionSummary]
    next: str | None


def find_decisions(connection: Connection, wanted: DecisionFilter) -> DecisionPage:
    """A page of the wanted decisions.

    A page ends after `SCANNED` decisions, whether they are wanted or not, except where an index
    finds the wanted ones.

    Args:
        connection: to the register; of one snapshot.
        wanted: the filter and the place.

    Raises:
        InvalidCursor: `wanted.after` is not a cursor.
    """
    place, identity = _is_in_place(wanted), _identity(wanted)
    few = _few(connection, wanted)
    if few is not None:
        identity.append(decision.c.id.in_(few))
    if identity:
        rows, end = _first(connection, [*place, *identity, *_residual(wanted)], wanted)
    else:
        rows, end = _scan(connection, place, wanted)
    return DecisionPage(summaries(connection, rows), end and Cursor(end.at, end.id).text)


Conditions = Sequence[ColumnElement[bool]]
Found = tuple[Sequence[Row[Any]], Row[Any] | None]  # rows, and the last one if others may follow


def _first(connection: Connection, conditions: Conditions, wanted: DecisionFilter) -> Found:
    """The first decisions of those that an index finds."""
    # Without MATERIALIZED, PostgreSQL may go through all decisions in the order of their times.
    found = (
        select(decision)
        .where(*conditions)
        .cte("found")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    rows = connection.execute(_newest(select(found), found).limit(wanted.limit + 1)).all()
    return _cut(rows, wanted.limit)


def _scan(connection: Connection, place: Conditions, wanted: DecisionFilter) -> Found:
    """The first wanted decisions of the next `SCANNED` ones."""
    residual = _residual(wanted)
    window = _newest(select(decision).where(*place), decision)
    if not residual:
        rows = connection.execute(window.limit(wanted.limit + 1)).all()
        return _cut(rows, wanted.limit)
    scanned = window.limit(SCANNED).subquery()
    on_page = _newest(select(scanned).where(*_residual(wanted, scanned)), scanned)
    rows = connection.execute(on_page.limit(wanted.limit + 1)).all()
    if len(rows) > wanted.limit:
        return _cut(rows, wanted.limit)
    # Not by OFFSET: SQLite would sort the whole table.
    number = func.count().over().label("number")
    last = connection.execute(
        select(scanned.c.at, scanned.c.id, number).order_by(scanned.c.at, scanned.c.id).limit(1)
    ).first()
    return rows, last if last and last.number == SCANNED else None


def _cut(rows: Sequence[Row[Any]], limit: int) -> Found:
    return (rows[:limit], rows[limit - 1]) if len(rows) > limit else (rows, None)


def _newest(query: Select[Any], table: FromClause) -> Select[Any]:
    return query.order_by(table.c.at.desc(), table.c.id.desc())


def _is_in_place(wanted: DecisionFilter) -> list[ColumnElement[bool]]:
    """Conditions on the time and on the place in the order."""
    table = decision.c
    conditions = []
    if wanted.start is not None:
        conditions.append(table.at >= wanted.start)
    if wanted.end is not None:
        conditions.append(table.at < wanted.end)
    if wanted.after is not None:
        cursor = Cursor.of_text(wanted.after)
        conditions.append(table.at <= cursor.at)  # which an index of `at` finds
        conditions.append(tuple_(table.at, table.id) < (cursor.at, cursor.id))
    return conditions


def _identity(wanted: DecisionFilter) -> list[ColumnElement[bool]]:
    """Conditions on client and external id."""
    conditions = []
    for column, value in (
        (decision.c.subject, wanted.subject),
        (decision.c.reference, wanted.reference),
    ):
        if value is not None:
            conditions += [beginning(column) == value[:6], column == value]
    return conditions


def _residual(wanted: DecisionFilter, table: FromClause = decision) -> list[ColumnElement[bool]]:
    """Conditions that no index helps with."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.prediction is not None:
        conditions.append(table.c.prediction == wanted.prediction)
    if wanted.grade is not None:
        conditions.append(table.c.grade == wanted.grade)
    if wanted.reviewed is not None:
        has_review = exists().where(review.decision == table.c.id)
        conditions.append(has_review if wanted.reviewed else ~has_review)
    if wanted.requested:
        conditions.append(exists().where(request.decision == table.c.id, is_open()))
    return conditions


def _few(connection: Connection, wanted: DecisionFilter) -> Sequence[UUID] | None:
    """Ids that the wanted decisions are among, by reviews or requests; None if they are many."""
    if wanted.requested:
        ids = select(request.decision).where(is_open())
    elif wanted.reviewed:
        ids = select(review.decision)
    else:
        return None
    found = connection.scalars(ids.distinct().limit(FEW + 1)).all()
    return found if len(found) <= FEW else None
