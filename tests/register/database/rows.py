"""Rows that the tables accept, with values of every type."""

import secrets
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, insert, select

from register.database.database import Database, Row
from register.tables import schema

BY_TYPE = {
    "Id": uuid4,
    "Moment": lambda: datetime.now(UTC),
    "Text": lambda: secrets.token_hex(4) + "é€\U0001f600'\"\\",
    "LargeBinary": lambda: b"\0\\x'" + secrets.token_bytes(12),
    "Double": lambda: secrets.randbelow(1000) / 7 - 50,
    "Integer": lambda: secrets.randbelow(2**31),
    "SmallInteger": lambda: secrets.randbelow(2**15),
    "BigInteger": lambda: secrets.randbelow(2**63),
    "Boolean": lambda: secrets.choice([True, False]),
    "Date": lambda: date(2026, 2, 1 + secrets.randbelow(28)),
}


def row(table: Table, **values: Any) -> dict[str, Any]:
    """A row with random values; foreign keys refer to the bundle 1 and to an artefact of zeros."""
    found = {column.name: BY_TYPE[type(column.type).__name__]() for column in table.columns}
    referred = {"bundle": 1, "sha256": bytes(32)}
    referring = {column.name for column in table.columns if column.foreign_keys}
    return found | {name: referred[name] for name in referring} | values


def rows(table: Table, count: int) -> list[dict[str, Any]]:
    """Rows, in every second of which each column that may be null is null."""
    found = [row(table) for _ in range(count)]
    for some in found[::2]:
        some |= {column.name: None for column in table.columns if column.nullable}
    return found


def add(database: Database, table: Table, some: Iterable[Row]) -> None:
    """Insert rows in a transaction of their own."""
    with database.writing() as connection:
        database.insert(connection, table, list(some))


def add_bundle(database: Database) -> None:
    """Insert the bundle 1."""
    with database.writing() as connection:
        connection.execute(insert(schema.bundle), [row(schema.bundle, id=1)])


def stored(connection: Connection, table: Table) -> list[dict[str, Any]]:
    """All rows of a table."""
    return [dict(found) for found in connection.execute(select(table)).mappings()]
