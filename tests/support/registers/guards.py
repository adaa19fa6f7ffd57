"""The guards of a register, turned off: triggers that refuse changes of recorded rows."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Table, inspect, text

from register.tables import schema


def unguarded(connection: Connection, tables: Iterable[Table] = schema.metadata.tables.values()):
    """Drop the triggers of tables, as somebody who owns the database can."""
    if connection.dialect.name == "sqlite":
        names = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for name in names.all():
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        return
    for table in tables:
        if inspect(connection).has_table(table.name):
            connection.exec_driver_sql(f'ALTER TABLE "{table.name}" DISABLE TRIGGER ALL')


@contextmanager
def lifted_guards(connection: Connection) -> Iterator[None]:
    """Turn all triggers off while the block runs, in its transaction, as a database's owner can."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield
        connection.exec_driver_sql("SET LOCAL session_replication_role = origin")
        return
    triggers = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = connection.execute(triggers).all()
    for name, _ in found:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _, made in found:
        connection.exec_driver_sql(made)
