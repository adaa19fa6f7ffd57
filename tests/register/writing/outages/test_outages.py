"""Databases that are away, locked, full or read-only: calls are refused, and recording resumes."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_bytes

import pytest

from register.commands.migrate import migrate
from register.database.database import Database
from register.database.opening import open_database
from register.tables import schema
from register.writing.entry import Entry
from register.writing.queue.waiting import AWAY
from register.writing.writer import Writer
from tests.register.writing.entries import (
    count,
    decisions,
    error_of,
    event,
    ids_of,
    keep_bundle,
    outcomes,
    recorded,
    states,
)
from tests.support.registers.postgresql import MISSING, Cluster, programs
from tests.support.servers.server import wait_for


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Gives the log's lines about outages, each by its first five words."""
    caplog.set_level(logging.INFO, "register")
    return lambda: [" ".join(record.message.split()[:5]) for record in caplog.records]


LINES = ["the register is away, calls", "the register is back after"]


@contextmanager
def locked(database: Database, table: str = "decision") -> Iterator[None]:
    """Another process has a transaction that keeps this one from writing to a table."""
    other = open_again(database)
    with other.writing() as connection:
        if database.name == "postgresql":
            connection.exec_driver_sql(f"LOCK TABLE {table} IN SHARE MODE")
        yield
    other.close()


def open_again(database: Database) -> Database:
    """Another object for a database."""
    if database.name == "sqlite":
        return open_database(f"sqlite:///{database.path}")
    return open_database(database.writer.url.render_as_string(hide_password=False))


def written_at_last(writer: Writer, bundle: int) -> list[Entry]:
    """Entries that were put until one was written, with it as the last one."""
    tried: list[Entry] = []

    def is_written() -> bool:
        tried.append(decisions(bundle))
        return outcomes([writer.put(tried[-1])]) == [""]

    wait_for(is_written)
    return tried


def test_a_locked_database_is_written_to_again_when_the_lock_is_gone(
    writer: Writer, database: Database, bundle: int, lines: Callable[[], list[str]]
) -> None:
    entries = [decisions(bundle) for _ in range(10)]
    with locked(database):
        futures = [writer.put(entry) for entry in entries]
        assert outcomes(futures) == ["RegisterAway"] * 10
        assert {str(error_of(future)) for future in futures} == {AWAY}
        states(lambda: writer.state, "away")
        assert writer.waiting == 0
    *_, last = written_at_last(writer, bundle)
    assert set(recorded(database)) == set(ids_of(last))
    assert writer.state == "ok"
    assert count(database, schema.evidence) == 1
    wait_for(lambda: lines() == LINES)


def test_a_writer_that_is_told_to_look_finds_that_the_database_is_away(
    writer: Writer, database: Database, lines: Callable[[], list[str]]
) -> None:
    with locked(database, "stream"):
        assert writer.state == "ok"
        writer.look()
        states(lambda: writer.state, "away")
    states(lambda: writer.state, "ok")
    wait_for(lambda: lines() == LINES)
    writer.look()
    assert outcomes([writer.put(event())]) == [""]
    assert count(database, schema.stream) == 1


def test_a_short_lock_makes_callers_wait_only(
    writer: Writer, database: Database, bundle: int
) -> None:
    with locked(database):
        future = writer.put(decisions(bundle))
    found = outcomes([future])
    assert found in ([""], ["RegisterAway"])  # a slow machine may need more than its time
    assert len(recorded(database)) == found.count("")


def test_a_full_file_refuses_and_is_written_to_again(
    sqlite_url: str, open_writer: Callable[..., Writer], lines: Callable[[], list[str]]
) -> None:
    database = open_database(sqlite_url)
    list(migrate(database))
    bundle = keep_bundle(database)
    writer = open_writer(database)
    entries = [decisions(bundle, 100, record=token_bytes(5_000)) for _ in range(3)]
    assert outcomes([writer.put(entries[0])]) == [""]
    pages(database, 1)  # at most, or as many as there are
    assert outcomes([writer.put(entries[1])]) == ["RegisterAway"]
    # The database can be reached, so each attempt may be the one that succeeds.
    states(lambda: writer.state, "ok")
    assert outcomes([writer.put(entries[2])]) == ["RegisterAway"]
    states(lambda: writer.state, "ok")
    assert lines() == LINES[:1]
    pages(database, 1_000_000)
    *_, last = written_at_last(writer, bundle)
    assert set(recorded(database)) == set(ids_of(entries[0]) + ids_of(last))
    wait_for(lambda: lines() == LINES)


def pages(database: Database, most: int) -> None:
    """Bound the file that a writer writes to."""
    with database.writer.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")


def test_a_file_that_is_made_later_is_written_to(
    sqlite_url: str, open_writer: Callable[..., Writer], lines: Callable[[], list[str]]
) -> None:
    writer = open_writer(sqlite_url)
    states(lambda: writer.state, "away")
    wait_for(lambda: lines() == LINES[:1])
    database = open_database(sqlite_url)
    list(migrate(database))
    bundle = keep_bundle(database)
    states(lambda: writer.state, "ok")
    assert outcomes([writer.put(decisions(bundle))]) == [""]
    assert len(recorded(database)) == 1
    database.close()


def test_a_read_only_server_refuses_until_it_takes_rows_again(
    postgresql_url: str,
    cluster: Cluster,
    open_writer: Callable[..., Writer],
    lines: Callable[[], list[str]],
) -> None:
    database = open_database(postgresql_url)
    list(migrate(database))
    bundle = keep_bundle(database)
    writer = open_writer(postgresql_url)
    assert outcomes([writer.put(decisions(bundle))]) == [""]
    read_only(cluster, database, "on")
    assert outcomes([writer.put(decisions(bundle))]) == ["RegisterAway"]
    states(lambda: writer.state, "away")
    assert count(database, schema.decision) == 1
    read_only(cluster, database, "off")
    written_at_last(writer, bundle)
    assert len(recorded(database)) == 2
    wait_for(lambda: lines() == LINES)
    database.close()


END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def read_only(cluster: Cluster, database: Database, value: str) -> None:
    """Set the mode of new connections, and end those of the writer."""
    name = str(database.writer.url.database)
    cluster.run(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")
    cluster.run(END, name)


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL server that a test may stop."""
    if not programs():
        pytest.skip(MISSING)
    with Cluster() as cluster:
        yield cluster


def test_a_server_that_stops_and_starts(
    own_cluster: Cluster, open_writer: Callable[..., Writer], lines: Callable[[], list[str]]
) -> None:
    url = own_cluster.url(own_cluster.database())
    database = open_database(url)
    list(migrate(database))
    bundle = keep_bundle(database)
    own_cluster.stop()
    writer = open_writer(url)  # a start without the database
    states(lambda: writer.state, "away")
    assert outcomes([writer.put(decisions(bundle))]) == ["RegisterAway"]
    own_cluster.start()
    states(lambda: writer.state, "ok")  # though nobody puts
    assert outcomes([writer.put(decisions(bundle))]) == [""]
    own_cluster.kill()
    own_cluster.start()
    assert outcomes([writer.put(decisions(bundle))]) == [""]  # the lost connection costs nothing
    own_cluster.stop()
    assert outcomes([writer.put(decisions(bundle))]) == ["RegisterAway"]
    own_cluster.start()
    written_at_last(writer, bundle)
    assert len(recorded(database)) == 3
    assert count(database, schema.stream) == 1
    wait_for(lambda: lines() == LINES * 2)
    database.close()


def test_a_register_that_was_restored_from_a_backup_gets_another_stream(
    postgresql_url: str, cluster: Cluster, open_writer: Callable[..., Writer]
) -> None:
    database = open_database(postgresql_url)
    list(migrate(database))
    bundle = keep_bundle(database)
    writer = open_writer(postgresql_url)
    entries = [decisions(bundle) for _ in range(4)]
    for entry in entries[:2]:
        assert outcomes([writer.put(entry)]) == [""]
    name = str(database.writer.url.database)
    cluster.run(
        "SET session_replication_role = replica;"  # no trigger
        " DELETE FROM decision WHERE block > (SELECT min(block) FROM decision);"
        " DELETE FROM block WHERE number = 2",
        name,
    )
    cluster.run(END, name)
    # Refused: it names a bundle that the backup may lack, or has under another id.
    assert outcomes([writer.put(entries[2])]) == ["RegisterAway"]
    assert outcomes([writer.put(entries[3])]) == [""]
    found = recorded(database)
    assert set(found) == set(ids_of(entries[0]) + ids_of(entries[3]))
    assert count(database, schema.stream) == 2
    database.close()
