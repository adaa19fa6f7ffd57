"""Decisions of a period in the order of their times, read page by page in short transactions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select

from register.database.database import Database
from register.reading.pages import SECONDS, beyond
from register.tables import schema

PAGE = 1_000  # decisions


@dataclass(frozen=True)
class Period:
    """A time: from `start` on, and before `end`; None for no bound."""

    start: datetime | None = None
    end: datetime | None = None

    def within(self, statement: Select[Any]) -> Select[Any]:
        """A statement on `schema.decision` that finds only decisions of this period."""
        if self.start is not None:
            statement = statement.where(schema.decision.c.at >= self.start)
        if self.end is not None:
            statement = statement.where(schema.decision.c.at < self.end)
        return statement


def decision_pages(
    database: Database, statement: Select[Any], period: Period
) -> Iterator[Sequence[Row[Any]]]:
    """The rows of a statement, page by page; no transaction is open in between.

    Args:
        database: of the register.
        statement: on `schema.decision`, with `at` and `id` among its columns.
        period: of the decisions.
    """
    decision = schema.decision.c
    statement = period.within(statement).order_by(decision.at, decision.id).limit(PAGE)
    page = statement
    while True:
        with database.reading(SECONDS) as connection:
            rows = connection.execute(page).all()
        yield rows
        if len(rows) < PAGE:
            return
        at, number = rows[-1].at, rows[-1].id
        # The first condition lets an index find the page.
        after = beyond((decision.at, decision.id), (at, number))
        page = statement.where(decision.at >= at, after)
