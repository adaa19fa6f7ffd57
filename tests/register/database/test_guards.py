"""Both databases refuse changes of recorded rows."""

import psycopg
import pytest
from sqlalchemy import Table, delete, exc, func, select, update

from register.database.database import Database
from register.tables import schema
from tests.register.database.rows import add, add_bundle, rows, stored
from tests.support.registers.postgresql import Cluster

CHAINED = [*schema.CHAINED, schema.block]
KEPT = [*CHAINED, schema.reference_scores]


@pytest.fixture
def filled(database: Database) -> Database:
    """A register with three rows in each table whose rows do not change."""
    add_bundle(database)
    for table in [*CHAINED, *schema.ERASABLE]:
        add(database, table, rows(table, 3))
    add(database, schema.reference_scores, rows(schema.reference_scores, 1))
    return database


def count(database: Database, table: Table) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def test_no_row_is_changed(filled: Database):
    for table in (*KEPT, *schema.ERASABLE):
        with filled.reading() as connection:
            before = stored(connection, table)
        column = next(column for column in table.columns if not column.primary_key)
        with pytest.raises(exc.IntegrityError), filled.writing() as connection:
            connection.execute(update(table).values({column: column}))
        with filled.reading() as connection:
            assert stored(connection, table) == before


def test_no_row_to_be_kept_is_deleted(filled: Database):
    for table in KEPT:
        before = count(filled, table)
        with pytest.raises(exc.IntegrityError), filled.writing() as connection:
            connection.execute(delete(table))
        assert count(filled, table) == before > 0


def test_personal_data_is_deleted(filled: Database):
    for table in schema.ERASABLE:
        with filled.writing() as connection:
            assert connection.execute(delete(table)).rowcount == 3
        assert count(filled, table) == 0


def test_retirement_deletes_and_the_next_transaction_cannot(filled: Database):
    retired = (schema.decision, schema.review)
    with filled.maintenance() as connection, filled.without_guards(connection, retired):
        for table in retired:
            assert connection.execute(delete(table)).rowcount == 3
    assert count(filled, schema.decision) == count(filled, schema.review) == 0
    for table in retired:
        add(filled, table, rows(table, 2))
        with pytest.raises(exc.IntegrityError), filled.writing() as connection:
            connection.execute(delete(table))
        assert count(filled, table) == 2


def test_the_guards_are_back_in_the_same_transaction(filled: Database):
    def delete_both() -> None:
        with filled.maintenance() as connection:
            with filled.without_guards(connection, [schema.decision]):
                connection.execute(delete(schema.decision))
            filled.insert(connection, schema.decision, rows(schema.decision, 1))
            connection.execute(delete(schema.decision))

    with pytest.raises(exc.IntegrityError):
        delete_both()
    assert count(filled, schema.decision) == 3


def test_an_error_without_guards_brings_rows_and_guards_back(filled: Database):
    def fail() -> None:
        with (
            filled.maintenance() as connection,
            filled.without_guards(connection, [schema.decision]),
        ):
            connection.execute(delete(schema.decision))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(filled, schema.decision) == 3
    with pytest.raises(exc.IntegrityError), filled.writing() as connection:
        connection.execute(delete(schema.decision))


def test_retirement_changes_no_row(filled: Database):
    def change() -> None:
        with (
            filled.maintenance() as connection,
            filled.without_guards(connection, [schema.decision]),
        ):
            connection.execute(update(schema.decision).values(points=700))

    with pytest.raises(exc.IntegrityError):
        change()


def test_postgresql_empties_no_table(cluster: Cluster, template: str):
    """TRUNCATE fires no trigger of rows; each partition has one of its own."""
    guarded = f"^({'|'.join(table.name for table in (*KEPT, *schema.ERASABLE))})"
    names = f"SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '{guarded}'"  # noqa: S608
    url = cluster.url(cluster.database(template))
    with psycopg.connect(url, autocommit=True) as connection:
        tables = [name for (name,) in connection.execute(names)]
        assert len(tables) == 11 + 4 + 12  # tables, default partitions, those of three months
        for table in tables:
            with pytest.raises(psycopg.errors.RestrictViolation) as raised:
                connection.execute(f"TRUNCATE {table}")
            assert raised.value.diag.message_primary == f"{table}: TRUNCATE is refused"
