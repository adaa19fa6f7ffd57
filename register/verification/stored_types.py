"""Values of another type than their column's, which SQLite takes and PostgreSQL refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    LargeBinary,
    Text,
    text,
)

from register.database.database import Database
from register.reading.pages import SECONDS
from register.tables import schema
from register.tables.column_types import Id, Moment, microseconds

FIRST, LAST = (microseconds(end.replace(tzinfo=UTC)) for end in (datetime.min, datetime.max))
ID_BYTES = 16


def strange_values(database: Database) -> Iterator[str]:
    """A line for each value that cannot be decoded as its column's type; it names the row."""
    if database.name != "sqlite":
        return
    for table in schema.metadata.sorted_tables:
        key = ", ".join(f'quote("{column.name}")' for column in table.primary_key)
        for column in table.columns:
            condition = f"NOT ({expected(column)})"
            if column.nullable:
                condition = f'"{column.name}" IS NOT NULL AND {condition}'
            query = text(f'SELECT {key} FROM "{table.name}" WHERE {condition}')  # noqa: S608
            with database.reading(SECONDS) as connection:
                found = connection.execute(query).all()
            for row in found:
                names = " ".join(map(named, row))
                yield f"{table.name} {names}: {column.name} has a value of another type"


def expected(column: Column[object]) -> str:
    """The condition, in SQL, of a value of a column's type."""
    name, kind = f'"{column.name}"', column.type
    if isinstance(kind, Id):
        return f"typeof({name}) = 'blob' AND length({name}) = {ID_BYTES}"
    if isinstance(kind, Moment):
        return f"typeof({name}) = 'integer' AND {name} BETWEEN {FIRST} AND {LAST}"
    if isinstance(kind, LargeBinary):
        length = "" if kind.length is None else f" AND length({name}) = {kind.length}"
        return f"typeof({name}) = 'blob'{length}"
    if isinstance(kind, Boolean):
        return f"typeof({name}) = 'integer' AND {name} IN (0, 1)"
    if isinstance(kind, Date):
        return f"typeof({name}) = 'text' AND date({name}) IS {name}"
    types: dict[type, str] = {Double: "real", Integer: "integer", Text: "text"}
    (found,) = (word for of, word in types.items() if isinstance(kind, of))
    return f"typeof({name}) = '{found}'"


def named(quoted: str) -> str:
    """A part of a row's key in words; ids as they are written elsewhere."""
    content = quoted.removeprefix("X'").removesuffix("'")
    return str(UUID(content)) if len(content) == 2 * ID_BYTES and quoted[:1] == "X" else quoted
