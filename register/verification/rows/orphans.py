"""Rows beside decisions whose decision does not exist."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Table, select

from register.database.database import Database
from register.reading.pages import SECONDS, pages
from register.tables import schema
from register.verification.problems import Problems

DecisionKey = tuple[UUID, datetime]  # a decision's id and time


def decisions_there(connection: Connection, keys: Collection[DecisionKey]) -> set[DecisionKey]:
    """The ids and times of those decisions that exist."""
    if not keys:
        return set()
    decision = schema.decision.c
    found = select(decision.id, decision.at).where(decision.id.in_({one for one, _ in keys}))
    return {(row.id, row.at) for row in connection.execute(found)} & set(keys)


def check_orphans(database: Database, table: Table, problem: str, problems: Problems) -> None:
    """Check that each row of a table belongs to a decision.

    Args:
        database: of the register.
        table: with `decision` and `at` in its primary key.
        problem: of a decision that does not exist, in words.
        problems: gets the problems, one for each such decision.
    """
    names = [column.name for column in table.primary_key.columns]
    last = None
    for rows in pages(database, table, *names):
        keys = dict.fromkeys((row["decision"], row["at"]) for row in rows)
        with database.reading(SECONDS) as connection:
            lost = keys.keys() - decisions_there(connection, keys)
            left = _rows_left(connection, table, lost)  # the others were deleted meanwhile
        for key in sorted(left - {last}):  # a page may begin with more rows of the last one
            problems.add(f"decision {key[0]}", problem)
        last = next(reversed(keys), None)


def _rows_left(
    connection: Connection, table: Table, keys: Collection[DecisionKey]
) -> set[DecisionKey]:
    """Select ids and times of decisions that a table still has rows for."""
    if not keys:
        return set()
    columns = table.c
    found = select(columns.decision, columns.at).where(
        columns.decision.in_({one for one, _ in keys}),
        columns.at.between(min(at for _, at in keys), max(at for _, at in keys)),
    )
    return {(row.decision, row.at) for row in connection.execute(found)} & set(keys)
