"""PostgreSQL's INSERT of the rows of several tables in one statement.

A statement waits for the server's answer, and then for the interpreter's lock: a commit of three
tables by three statements takes twice as long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from sqlalchemy import Dialect, Table

from register.database.database import Row

FEW = 8  # rows, up to which a statement with their values is as fast as one with arrays


@dataclass(frozen=True)
class Insert:
    """An INSERT of rows, of which those whose primary key exists are left out.

    Attributes:
        parts: tables, each with its number of rows up to `FEW`, and 0 for more.
    """

    parts: tuple[tuple[Table, int], ...]

    @classmethod
    def of(cls, rows: Mapping[Table, Sequence[Row]]) -> Self:
        """The INSERT for some rows, one or more of each table."""
        return cls(tuple((table, _few(some)) for table, some in rows.items()))

    @cache  # noqa: B019 - there are few, and they live as long as the process
    def statement(self, dialect: Dialect) -> str:
        """The statement, whose parameters are `values`."""
        *others, last = (
            row_insert(table, rows) if rows else array_insert(table, dialect)
            for table, rows in self.parts
        )
        if not others:
            return last
        named = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(others))
        return f"WITH {named} {last}"

    def values(self, rows: Mapping[Table, Sequence[Row]]) -> tuple[Any, ...]:
        """The parameters: a table's values row by row, or an array for each column."""
        found: list[Any] = []
        for (table, are_few), some in zip(self.parts, rows.values(), strict=True):
            if are_few:
                found += [row[column.name] for row in some for column in table.columns]
            else:
                found += column_values(table, some)
        return tuple(found)


def _few(rows: Sequence[Row]) -> int:
    return len(rows) if len(rows) <= FEW else 0


@cache
def row_insert(table: Table, rows: int) -> str:
    """INSERT of a number of rows, of which those whose primary key exists are left out.

    Its parameters are the values of the first row, then those of the next.
    """
    row = f"({', '.join('%b' for _ in table.columns)})"
    return f"{insert_into(table)} VALUES {', '.join([row] * rows)} ON CONFLICT DO NOTHING"


@cache
def array_insert(table: Table, dialect: Dialect) -> str:
    """INSERT of any number of rows, of which those whose primary key exists are left out.

    Its parameters are the columns, each an array: three times as fast as `row_insert` for 200 rows.
    """
    # %b: in the binary format, with which psycopg writes an array three times as fast.
    arrays = ", ".join(f"%b::{column.type.compile(dialect)}[]" for column in table.columns)
    rows = f"SELECT * FROM unnest({arrays})"  # noqa: S608
    return f"{insert_into(table)} {rows} ON CONFLICT DO NOTHING"


def insert_into(table: Table) -> str:
    """The beginning of an INSERT into all columns of a table."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({names})'


def column_values(table: Table, rows: Sequence[Row]) -> tuple[list[Any], ...]:
    """The values of rows by column, in the order of the columns."""
    return tuple([row[column.name] for row in rows] for column in table.columns)
