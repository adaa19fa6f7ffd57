"""PostgreSQL's partitions by month."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
from sqlalchemy import func, select, text

from register.commands.migrate import migrate
from register.database.database import Database
from register.database.opening import open_database
from register.database.partitions import (
    PARTITIONED,
    default_months,
    later,
    make_partitions,
    month_start,
    partition_name,
)
from register.errors import RegisterAway
from register.tables import schema
from tests.register.database.rows import add, add_bundle, row, stored
from tests.support.registers.postgresql import Cluster
from tests.support.servers.server import wait_for

MAY = date(2031, 5, 17)
OF_MAY = ["decision_2031_05", "evidence_2031_05", "audit_2031_05", "shadow_2031_05"]
INSIDE = [datetime(2031, 5, 1, tzinfo=UTC), datetime(2031, 5, 31, 23, 59, 59, 999_999, tzinfo=UTC)]
OUTSIDE = [moment + timedelta(days=days) for moment, days in zip(INSIDE, (-1, 1), strict=True)]


@pytest.fixture
def register(cluster: Cluster, template: str) -> Iterator[Database]:
    """A register that has a bundle."""
    with closing(open_database(cluster.url(cluster.database(template)))) as database:
        add_bundle(database)
        yield database


@pytest.fixture
def second(register: Database) -> Iterator[Database]:
    """The register, as another process has it open."""
    url = register.writer.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(open_database(url)) as database:
        yield database


def count(database: Database, table: str) -> int:
    with database.reading(30) as connection:
        return connection.scalar(select(func.count()).select_from(text(table)))


def add_decisions(database: Database, moments: list[datetime]) -> None:
    """Decisions with a row in each table by month."""
    decisions = [row(schema.decision, at=moment) for moment in moments]
    add(database, schema.decision, decisions)
    for name in PARTITIONED[1:]:
        table = schema.metadata.tables[name]
        add(database, table, [row(table, decision=one["id"], at=one["at"]) for one in decisions])


def test_months_are_counted():
    assert later(date(2026, 11, 30), 0) == date(2026, 11, 1)
    assert later(date(2026, 11, 30), 2) == date(2027, 1, 1)
    assert later(date(2026, 12, 1), 12) == date(2027, 12, 1)
    assert later(date(2026, 1, 31), -1) == date(2025, 12, 1)
    assert month_start(MAY) == INSIDE[0]
    assert partition_name("decision", MAY) == "decision_2031_05"


def test_a_decision_of_now_is_in_the_partition_of_its_month(register: Database):
    now = datetime.now(UTC)
    add_decisions(register, [now])
    for table in PARTITIONED:
        assert count(register, partition_name(table, now.date())) == 1
        assert count(register, f"{table}_default") == 0


def test_rows_of_a_new_month_are_moved(register: Database):
    add_decisions(register, INSIDE + OUTSIDE)
    for table in PARTITIONED:
        assert count(register, f"{table}_default") == 4
    with register.reading() as connection:
        before = [stored(connection, schema.metadata.tables[table]) for table in PARTITIONED]
        assert default_months(connection) == {date(2031, month, 1) for month in (4, 5, 6)}
    with register.maintenance() as connection:
        made = make_partitions(connection, MAY)
    assert made == OF_MAY
    for table in PARTITIONED:
        assert count(register, f"{table}_2031_05") == 2
        assert count(register, f"{table}_default") == 2
    with register.reading() as connection:
        after = [stored(connection, schema.metadata.tables[table]) for table in PARTITIONED]
    for some, same in zip(before, after, strict=True):
        assert sorted(some, key=lambda one: one["at"]) == sorted(same, key=lambda one: one["at"])
    with register.maintenance() as connection:
        assert make_partitions(connection, MAY) == []


def test_a_migration_moves_what_is_in_no_partition(register: Database):
    add_decisions(register, INSIDE)
    assert list(migrate(register))[1:] == [f"partitions made: {', '.join(OF_MAY)}"]
    assert count(register, "decision_2031_05") == 2
    assert len(list(migrate(register))) == 1


def test_a_new_partition_is_as_the_others(register: Database):
    with register.maintenance() as connection:
        make_partitions(connection, MAY)
    described = {
        "indexes": "SELECT replace(pg_get_indexdef(indexrelid), '{name}', '') FROM pg_index"
        " WHERE indrelid = '{name}'::regclass",
        "triggers": "SELECT replace(pg_get_triggerdef(oid), '{name}', '') FROM pg_trigger"
        " WHERE tgrelid = '{name}'::regclass AND NOT tgisinternal",
        "constraints": "SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = '{name}'::regclass",
        "columns": "SELECT attname, atttypid, attnotnull, attstorage FROM pg_attribute"
        " WHERE attrelid = '{name}'::regclass AND attnum > 0",
    }
    with register.reading() as connection:
        for table in PARTITIONED:
            for statement in described.values():
                texts = [
                    sorted(map(str, connection.execute(text(statement.format(name=name)))))
                    for name in (f"{table}_2031_05", f"{table}_default")
                ]
                assert texts[0] == texts[1] != []


def test_payload_is_stored_as_it_is(register: Database):
    statement = text(
        "SELECT count(*) FROM pg_attribute WHERE attname IN ('record', 'answer', 'content',"
        " 'probability', 'pd', 'refused', 'defaulted')"
        " AND attstorage = 'e' AND attrelid IN (SELECT oid FROM pg_class WHERE relkind IN"
        " ('r', 'p') AND relname ~ '^(evidence|artefact_part|reference_scores)')"
    )
    with register.reading() as connection:
        # Evidence and its partitions; artefact_part; reference_scores.
        assert connection.scalar(statement) == 2 * 5 + 1 + 4


def test_no_decision_is_refused_while_partitions_are_made(register: Database, second: Database):
    ended, written = Event(), list[datetime]()

    def write() -> None:
        while not ended.is_set():
            moments = [INSIDE[0] + timedelta(seconds=len(written) + n) for n in range(3)]
            add_decisions(register, moments)
            written.extend(moments)

    def has_written(more: int) -> None:
        before = len(written)
        wait_for(lambda: writing.done() or len(written) > before + more)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        has_written(10)
        with second.maintenance() as connection:
            make_partitions(connection, MAY)
        has_written(10)
        ended.set()
        writing.result()
    for table in PARTITIONED:
        assert count(register, table) == count(register, f"{table}_2031_05") == len(written)


def test_a_long_reading_stops_new_partitions_and_no_writer(register: Database, second: Database):
    with register.reading(60) as connection:
        assert stored(connection, schema.decision) == []
        with pytest.raises(RegisterAway) as raised, second.maintenance() as other:
            make_partitions(other, MAY)
        add_decisions(register, INSIDE)
    assert str(raised.value) == "the register's database: another session holds a lock"
    with second.maintenance() as other:
        assert make_partitions(other, MAY) == OF_MAY
        assert other.scalar(text("SHOW lock_timeout")) == "1min"
