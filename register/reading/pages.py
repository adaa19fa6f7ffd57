"""Rows of a table in the order of their keys, read page by page in short transactions.

A long transaction would keep PostgreSQL from removing dead rows, and SQLite's log from being reset.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, literal, select, tuple_

from register.database.database import Database
from register.evidence.chain import Row

PAGE = 1_000  # rows
SECONDS = 600.0  # that reading one page may take

Key = Sequence[Any]


def page_after(
    connection: Connection,
    table: Table,
    key: Sequence[ColumnElement[Any]],
    after: Key | None,
    where: Sequence[ColumnElement[bool]] = (),
    size: int = PAGE,
) -> list[Row]:
    """The next rows of a table.

    Args:
        connection: to the register.
        table: to read.
        key: columns of the table; they identify a row, and order the rows.
        after: the key of the last row of the page before; None for the first page.
        where: conditions.
        size: the largest number of rows.
    """
    statement = select(table).where(*where).order_by(*key).limit(size)
    if after is not None:
        statement = statement.where(beyond(key, after))
    return rows_of(connection, statement)


def rows_of(connection: Connection, statement: Select[Any]) -> list[Row]:
    """The rows that a statement finds."""
    return [dict(row) for row in connection.execute(statement).mappings()]


def beyond(key: Sequence[ColumnElement[Any]], after: Key) -> ColumnElement[bool]:
    """The condition of a row whose key is greater than another one."""
    values = [literal(value, column.type) for column, value in zip(key, after, strict=True)]
    return key[0] > values[0] if len(key) == 1 else tuple_(*key) > tuple_(*values)


def pages(database: Database, table: Table, *names: str) -> Iterator[list[Row]]:
    """All rows of a table, page by page.

    Args:
        database: of the register.
        table: to read.
        names: of the columns that identify a row, and order the rows.
    """
    key = [table.c[name] for name in names]
    after = None
    while True:
        with database.reading(SECONDS) as connection:
            rows = page_after(connection, table, key, after)
        yield rows
        if len(rows) < PAGE:
            return
        after = [rows[-1][name] for name in names]
