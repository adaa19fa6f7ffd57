"""Both databases: what is written, read and refused."""

import time
import traceback
from threading import Thread

import pytest
from sqlalchemy import exc, insert, text

from register.database.database import Database
from register.database.opening import open_database
from register.errors import RegisterAway, UnusableRegister
from register.tables import schema
from tests.register.database.rows import add, add_bundle, row, rows, stored

OF_ONE_FILE = (schema.artefact_part, schema.reference_scores)  # their keys are those of other rows
INSERTED = [table for table in schema.metadata.sorted_tables if table not in OF_ONE_FILE]


@pytest.mark.parametrize("count", [1, 3, 40])
def test_rows_come_back_as_they_were_inserted(database: Database, count: int):
    add_bundle(database)
    for table in INSERTED:
        expected = rows(table, count)
        with database.writing() as connection:
            database.insert(connection, table, expected)
        with database.reading() as connection:
            keys = {column.name for column in table.primary_key}
            found = {tuple(some[key] for key in keys): some for some in stored(connection, table)}
        for some in expected:
            assert found[tuple(some[key] for key in keys)] == some


@pytest.mark.parametrize("counts", [(1, 1, 1), (3, 40, 0), (40, 9, 8), (0, 0, 0)])
def test_rows_of_several_tables_are_inserted_at_once(
    database: Database, counts: tuple[int, int, int]
):
    add_bundle(database)
    tables = (schema.decision, schema.evidence, schema.block)
    expected = {table: rows(table, count) for table, count in zip(tables, counts, strict=True)}
    with database.writing() as connection:
        database.insert_all(connection, expected)
        database.insert_all(connection, expected)  # these are there
    with database.reading() as connection:
        for table, some in expected.items():
            key = min(column.name for column in table.primary_key if column.name != "at")
            found = sorted(stored(connection, table), key=lambda row: row[key])
            assert found == sorted(some, key=lambda row: row[key])


@pytest.mark.parametrize("count", [1, 40])
def test_a_row_that_is_there_is_left_as_it_is(database: Database, count: int):
    first = rows(schema.review, count)
    add(database, schema.review, first)
    again = [some | {"reason": "ANOTHER"} for some in first]
    add(database, schema.review, [*again, row(schema.review, reason="NEW")])
    with database.reading() as connection:
        found = stored(connection, schema.review)
    assert sorted(some["reason"] for some in found) == sorted(
        [*(some["reason"] for some in first), "NEW"]
    )


def test_no_rows_are_no_statement(database: Database):
    with database.writing() as connection:
        database.insert(connection, schema.review, [])
        assert database.insert_keys(connection, []) == set()


@pytest.mark.parametrize("count", [1, 40])
def test_a_row_without_a_column_is_a_fault(database: Database, count: int):
    for missing in ("caller", "commitment", "block"):
        some = rows(schema.review, count)
        del some[-1][missing]
        with pytest.raises(KeyError, match=missing):
            add(database, schema.review, some)


def test_only_new_keys_are_inserted(database: Database):
    def key(caller: str, name: str) -> dict:
        return row(schema.idempotency, caller=caller, key=name)

    with database.writing() as connection:
        some = [key("ann", "1"), key("ann", "2"), key("bob", "1")]
        assert database.insert_keys(connection, some[:1]) == {("ann", "1")}
    with database.writing() as connection:
        assert database.insert_keys(connection, some) == {("ann", "2"), ("bob", "1")}
    with database.reading() as connection:
        found = stored(connection, schema.idempotency)
    key_of = {(one["caller"], one["key"]): one for one in some}
    assert {(one["caller"], one["key"]): one for one in found} == key_of


def test_an_error_in_the_block_writes_nothing(database: Database):
    def fail() -> None:
        with database.writing() as connection:
            database.insert(connection, schema.review, rows(schema.review, 3))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as connection:
        assert stored(connection, schema.review) == []
    add(database, schema.review, rows(schema.review, 2))
    with database.reading() as connection:
        assert len(stored(connection, schema.review)) == 2


def test_a_reading_sees_one_state_and_does_not_stop_a_writer(database: Database):
    add(database, schema.review, rows(schema.review, 2))
    with database.reading() as connection:
        assert len(stored(connection, schema.review)) == 2
        add(database, schema.review, rows(schema.review, 5))
        assert len(stored(connection, schema.review)) == 2
    with database.reading() as connection:
        assert len(stored(connection, schema.review)) == 7


def test_a_reading_cannot_write(database: Database):
    with (
        pytest.raises(RegisterAway, match="it is read-only"),
        database.reading() as connection,
    ):
        connection.execute(insert(schema.review), rows(schema.review, 1))


ENDLESS = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
)


def test_a_reading_ends_after_its_seconds(database: Database):
    began = time.monotonic()
    with (
        pytest.raises(RegisterAway, match="an operation took too long"),
        database.reading(0.2) as connection,
    ):
        connection.execute(ENDLESS)
    assert time.monotonic() - began >= 0.2
    with database.reading() as connection:  # the limit was of that reading
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_fault_of_the_program_keeps_its_class_and_shows_no_value(database: Database):
    secret = "a client's own words"  # noqa: S105
    for statement, error in [
        (insert(schema.review).values(row(schema.review, reason=secret, caller=None)),
         exc.IntegrityError),
        (text(f"SELECT CAST('{secret}' AS uuid), nothing"), exc.DBAPIError),
        (text(f"SELECT nothing -- {secret}"), exc.DBAPIError),
    ]:  # fmt: skip
        with pytest.raises(error) as raised, database.writing() as connection:
            connection.execute(statement)
        assert not isinstance(raised.value, RegisterAway)
        assert secret not in "".join(traceback.format_exception(raised.value))
    with database.reading() as connection:
        assert stored(connection, schema.review) == []


def test_a_fault_in_one_row_of_many_writes_none(database: Database):
    some = rows(schema.review, 40)
    some[17]["decision"] = None
    with pytest.raises(exc.IntegrityError):
        add(database, schema.review, some)
    with database.reading() as connection:
        assert stored(connection, schema.review) == []


def test_a_database_without_tables_is_refused(register_url: str):
    database = open_database(register_url)
    database.create()
    with pytest.raises(UnusableRegister) as raised:
        database.check()
    database.close()
    assert str(raised.value) == (
        "the register has no tables: run ./startup.sh python -m register migrate"
    )


@pytest.mark.parametrize(
    ("revision", "problem"),
    [
        (
            "0000",
            "the register's tables are of revision 0000, and this release needs 0001:"
            " run ./startup.sh python -m register migrate",
        ),
        (
            "0815",
            "the register's tables are of revision 0815, and this release knows 0001:"
            " install the release that made them",
        ),
    ],
)
def test_tables_of_another_release_are_refused(database: Database, revision: str, problem: str):
    database.check()
    with database.maintenance() as connection:
        change = text("UPDATE alembic_version SET version_num = :revision")
        connection.execute(change, {"revision": revision})
    with pytest.raises(UnusableRegister) as raised:
        database.check()
    assert str(raised.value) == problem


def test_two_writers_lose_nothing(database: Database, register_url: str):
    some = {name: rows(schema.review, 200) for name in ("one", "other")}

    def write(name: str) -> None:
        own = open_database(register_url)
        for start in range(0, 200, 4):
            add(own, schema.review, some[name][start : start + 4])
        own.close()

    threads = [Thread(target=write, args=[name]) for name in some]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading(30) as connection:
        found = {one["id"] for one in stored(connection, schema.review)}
    assert found == {one["id"] for name in some for one in some[name]}
