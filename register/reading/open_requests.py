"""Review requests that no review has answered yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, func, select

from register.tables import schema

review = schema.review.c
request = schema.review_request.c


@dataclass(frozen=True)
class RequestCounts:
    """Numbers of review requests.

    Attributes:
        requests: all of them.
        open: those that no review has answered yet.
    """

    requests: int
    open: int


def is_open() -> ColumnElement[bool]:
    """True for a review request that is newer than the last review of its decision."""
    return ~exists().where(review.decision == request.decision, review.at >= request.at)


def oldest_open_request(connection: Connection) -> datetime | None:
    """The time of the oldest open review request of all decisions; None if none is open."""
    oldest: datetime | None = connection.scalar(select(func.min(request.at)).where(is_open()))
    return oldest


def requests_of_time(connection: Connection, start: datetime, end: datetime) -> RequestCounts:
    """The review requests that were made in a period, whenever their decisions were.

    Args:
        connection: to the register.
        start: of the period.
        end: of the period, which is not in it.
    """
    numbers = select(func.count(), func.count().filter(is_open()))
    within = numbers.select_from(schema.review_request).where(request.at >= start, request.at < end)
    return RequestCounts(*connection.execute(within).one())


def waiting_since(connection: Connection, decisions: Sequence[UUID]) -> dict[UUID, datetime]:
    """The time of the oldest open request of each of some decisions that has one."""
    oldest = (
        select(request.decision, func.min(request.at).label("at"))
        .where(request.decision.in_(decisions), is_open())
        .group_by(request.decision)
    )
    return {row.decision: row.at for row in connection.execute(oldest)}
