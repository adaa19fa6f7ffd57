"""A value of another type, which SQLite takes, is named, and ends the verification."""

from contextlib import closing

import pysqlite3.dbapi2 as sqlite
import pytest
from sqlalchemy import LargeBinary

from register.commands.verify import UNREADABLE
from register.tables import schema
from register.tables.column_types import Id, Moment
from register.verification.stored_types import strange_values
from tests.support.registers.guards import unguarded
from tests.support.registers.register_command import run_register

ROW_NUMBERS = (schema.stream, schema.bundle, schema.reference_scores)  # their keys
EMPTY = (schema.idempotency, schema.pepper, schema.shadow)  # in the filled register
TABLES = [table for table in schema.metadata.sorted_tables if table not in EMPTY]


@pytest.fixture
def in_sqlite(filled):
    """The filled register in SQLite, without guards."""
    if filled.database.name != "sqlite":
        pytest.skip("PostgreSQL refuses values of other types itself")
    with filled.database.maintenance() as connection:
        unguarded(connection)
    return filled


def put(filled, table, column, value: str) -> object:
    """Put an SQL value into a column of the first row; gives the value before."""
    with closing(sqlite.connect(filled.database.path, isolation_level=None)) as connection:
        first = f'rowid = (SELECT min(rowid) FROM "{table.name}")'  # noqa: S608
        query = f'SELECT quote("{column.name}") FROM "{table.name}" WHERE {first}'  # noqa: S608
        ((before,),) = connection.execute(query)
        change = f'UPDATE "{table.name}" SET "{column.name}" = {value} WHERE {first}'  # noqa: S608
        assert connection.execute(change).rowcount == 1
    return before


def others(column) -> list[str]:
    """Values, in SQL, that are not of a column's type."""
    if isinstance(column.type, Moment):
        return ["'abc'", "x'00'", "1.5", "9223372036854775807"]
    if isinstance(column.type, Id):
        return ["'abc'", "x'00'", "7"]
    if isinstance(column.type, LargeBinary):
        return ["'abc'", "7"] + (["x'00'"] if column.type.length else [])
    return ["x'00'"]


def test_all_values_as_recorded_have_their_types(filled):
    assert list(strange_values(filled.database)) == []


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_value_of_another_type_is_named_in_every_column(in_sqlite, table):
    for column in table.columns:
        if table in ROW_NUMBERS and column.primary_key:
            continue  # SQLite's own row number: it refuses other types
        for value in others(column):
            before = put(in_sqlite, table, column, value)
            (line,) = strange_values(in_sqlite.database)
            assert line.startswith(f"{table.name} ")
            assert line.endswith(f": {column.name} has a value of another type")
            put(in_sqlite, table, column, before)
    assert list(strange_values(in_sqlite.database)) == []


def test_the_command_names_the_row_and_ends(in_sqlite, capsys):
    put(in_sqlite, schema.decision, schema.decision.c.at, "'abc'")
    result = run_register(capsys, in_sqlite.url, "verify")
    (of,) = {of for of in in_sqlite.decisions if f"{of}" in result.out}
    assert (result.code, result.err) == (1, "")
    lines = [f"decision {of} 'abc': at has a value of another type", UNREADABLE]
    assert result.out.splitlines() == lines
