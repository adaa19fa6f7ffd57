"""PostgreSQL: servers that hang, stop or refuse, settings, and rights of roles."""

import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, delete, exc, insert, text, update

from register.commands.migrate import give_rights, migrate
from register.database.database import CommitUnknown
from register.database.opening import open_database
from register.database.postgresql import PostgreSQL
from register.errors import RegisterAway
from register.tables import schema
from tests.register.database.rows import add, row, rows, stored
from tests.support.registers.postgresql import PASSWORD, Cluster
from tests.support.servers.server import HOST, free_port, wait_for
from tests.support.servers.stopped_proxy import StoppedProxy


@pytest.fixture
def name(cluster: Cluster, template: str) -> str:
    """The name of a register's database."""
    return cluster.database(template)


@pytest.fixture
def register(cluster: Cluster, name: str) -> Iterator[PostgreSQL]:
    """A register."""
    with closing(opened(cluster.url(name))) as database:
        yield database


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[StoppedProxy]:
    """A proxy of the server."""
    with StoppedProxy(cluster.port) as proxy:
        yield proxy


@pytest.fixture
def behind(cluster: Cluster, name: str, proxy: StoppedProxy) -> Iterator[PostgreSQL]:
    """The register, through the proxy."""
    with closing(opened(cluster.url(name, port=proxy.port))) as database:
        yield database


@pytest.fixture
def thread() -> Iterator[Callable[..., Future]]:
    """Runs a function in another thread."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def opened(url: str) -> PostgreSQL:
    database = open_database(url)
    assert isinstance(database, PostgreSQL)
    return database


def reviews(database: PostgreSQL) -> int:
    with database.reading(30) as connection:
        return len(stored(connection, schema.review))


def cut(database: PostgreSQL, operation: Future) -> None:
    """Cut until the operation ends."""

    def ended() -> bool:
        database.cut()
        return operation.done()

    wait_for(ended)


def test_a_statement_to_a_hung_server_is_cut(behind: PostgreSQL, proxy: StoppedProxy, thread):
    def write() -> None:
        with behind.writing() as connection:
            behind.insert(connection, schema.review, rows(schema.review, 1))
            proxy.stop()
            behind.insert(connection, schema.review, rows(schema.review, 1))

    behind.cut()  # nothing runs
    written = thread(write)
    wait_for(lambda: proxy.kept)
    cut(behind, written)
    with pytest.raises(RegisterAway) as raised:
        written.result()
    assert not isinstance(raised.value, CommitUnknown)
    assert str(raised.value) == "the register's database: no answer (OperationalError)"
    proxy.resume()
    add(behind, schema.review, rows(schema.review, 1))
    assert reviews(behind) == 1


def test_a_commit_that_is_cut_may_be_there(behind: PostgreSQL, proxy: StoppedProxy, thread):
    some = rows(schema.review, 1)

    def write() -> None:
        with behind.writing() as connection:
            behind.insert(connection, schema.review, some)
            proxy.stop()

    written = thread(write)
    wait_for(lambda: proxy.kept)
    cut(behind, written)
    with pytest.raises(CommitUnknown):
        written.result()
    proxy.resume()  # COMMIT reaches the server now
    wait_for(lambda: reviews(behind) == 1)
    add(behind, schema.review, some)
    assert reviews(behind) == 1


def test_a_reading_of_a_hung_server_ends(behind: PostgreSQL, proxy: StoppedProxy):
    assert reviews(behind) == 0

    def read() -> None:
        with behind.reading(0.2) as connection:
            proxy.stop()
            stored(connection, schema.review)

    with pytest.raises(RegisterAway):
        read()
    with pytest.raises(RegisterAway, match=r"no answer \(ConnectionTimeout\)"):
        behind.check()
    proxy.resume()
    behind.check()


def test_a_reading_that_ends_in_time_is_not_ended_later(behind: PostgreSQL):
    with behind.reading(0.01) as connection:
        assert stored(connection, schema.review) == []
    time.sleep(0.6)  # beyond its time
    assert reviews(behind) == 0


def test_a_server_that_was_restarted_is_written_to_at_once():
    with Cluster() as cluster, closing(opened(cluster.url("postgres"))) as database:
        list(migrate(database))
        add(database, schema.review, rows(schema.review, 1))
        assert reviews(database) == 1
        cluster.stop()
        with pytest.raises(RegisterAway) as raised:
            database.check()
        assert str(raised.value) == "the register's database: nothing listens at its address"
        cluster.start()
        add(database, schema.review, rows(schema.review, 1))
        assert reviews(database) == 2
        cluster.kill()
        cluster.start()
        add(database, schema.review, rows(schema.review, 1))
        assert reviews(database) == 3


def test_a_server_that_stops_in_a_transaction(register: PostgreSQL, cluster: Cluster):
    def write() -> None:
        with register.writing() as connection:
            register.insert(connection, schema.review, rows(schema.review, 1))
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
            cluster.run(f"SELECT pg_terminate_backend({backend})")
            register.insert(connection, schema.review, rows(schema.review, 1))

    with pytest.raises(RegisterAway) as raised:
        write()
    assert str(raised.value) == "the register's database: it starts or stops"
    assert reviews(register) == 0
    add(register, schema.review, rows(schema.review, 1))
    assert reviews(register) == 1


def test_a_lock_that_another_session_keeps(register: PostgreSQL, cluster: Cluster, name: str):
    with psycopg.connect(cluster.url(name)) as other:
        other.execute("LOCK TABLE review IN EXCLUSIVE MODE")
        with pytest.raises(RegisterAway) as raised:
            add(register, schema.review, rows(schema.review, 1))
    assert str(raised.value) == "the register's database: another session holds a lock"


def test_a_transaction_whose_error_was_swallowed_is_no_success(register: PostgreSQL):
    def write() -> None:
        with register.writing() as connection:
            register.insert(connection, schema.review, rows(schema.review, 1))
            with pytest.raises(exc.ProgrammingError):
                connection.execute(text("SELECT nothing"))

    with pytest.raises(RegisterAway, match="PostgreSQL rolled the transaction back"):
        write()
    assert reviews(register) == 0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"user": "nobody"}, "it refuses the role or its password"),
        ({"name": "missing"}, "the role or the database does not exist"),
        ({"port": None}, "nothing listens at its address"),
    ],
)
def test_a_connection_that_is_refused(cluster: Cluster, changes: dict[str, Any], reason: str):
    name = changes.pop("name", "postgres")
    if "port" in changes:
        changes["port"] = free_port()
    with closing(opened(cluster.url(name, **changes))) as database:
        for operation in (database.check, lambda: add(database, schema.review, [])):
            with pytest.raises(RegisterAway) as raised:
                operation()
            assert str(raised.value) == f"the register's database: {reason}"
            shown = "".join(traceback.format_exception(raised.value))
            assert PASSWORD not in shown
            assert HOST not in shown


def test_settings_of_the_writer(register: PostgreSQL, cluster: Cluster, name: str):
    cluster.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    settings = {"synchronous_commit": "on", "lock_timeout": "1s", "statement_timeout": "5s",
                "TimeZone": "UTC", "transaction_read_only": "off"}  # fmt: skip
    with register.writing() as connection:
        for setting, value in settings.items():
            assert connection.scalar(text(f"SHOW {setting}")) == value
    with register.maintenance() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
        assert connection.scalar(text("SHOW lock_timeout")) == "1min"
    with register.writing() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "5s"


def test_parameters_of_the_url_come_first(cluster: Cluster):
    url = cluster.url("postgres") + "?application_name=mine&connect_timeout=7"
    with closing(opened(url)) as database, database.reading() as connection:
        assert connection.scalar(text("SHOW application_name")) == "mine"
        driver: Any = connection.connection.driver_connection
        assert driver.info.get_parameters()["connect_timeout"] == "7"
        assert driver.info.get_parameters()["tcp_user_timeout"] == "5000"


# Rights


@pytest.fixture
def login(cluster: Cluster, name: str) -> Callable[[str], PostgreSQL]:
    """Opens the register by a role that has the rights of a kind."""
    with ExitStack() as stack:

        def as_role(kind: str) -> PostgreSQL:
            role = f"{kind} of {name}"
            cluster.run(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{PASSWORD}'")
            with closing(opened(cluster.url(name))) as owner:
                lines = list(give_rights(owner, {kind: role}))
                assert lines == list(give_rights(owner, {kind: role}))
            assert lines == [f"{role} has the rights of a {kind}"]
            return stack.enter_context(closing(opened(cluster.url(name, user=role))))

        yield as_role


def refused(database: PostgreSQL, operation: Callable[[Connection], object]) -> None:
    """Check that a role may not do something."""
    with pytest.raises(RegisterAway) as raised, database.writing() as connection:
        operation(connection)
    assert str(raised.value) == (
        "the register's database: the role may not do that: see migrate --help for its grants"
    )


DDL = [
    "DROP TABLE decision", "CREATE TABLE mine (x int)", "TRUNCATE note",
    "ALTER TABLE decision DISABLE TRIGGER ALL", "DROP TABLE decision_default",
]  # fmt: skip


def test_a_writer_inserts_and_changes_nothing(login: Callable[[str], PostgreSQL]):
    writer = login("writer")
    writer.check()
    for table in (schema.bundle, schema.stream):  # which count themselves
        counted = row(table)
        del counted["id"]
        with writer.writing() as connection:
            assert connection.scalar(insert(table).values(counted).returning(table.c.id)) == 1
    add(writer, schema.artefact, [row(schema.artefact, sha256=bytes(32))])
    add(writer, schema.artefact_part, [row(schema.artefact_part)])
    for table in [*schema.CHAINED, *schema.ERASABLE, schema.block, schema.idempotency]:
        some = rows(table, 1)
        add(writer, table, some)
        with writer.reading() as connection:
            assert stored(connection, table) == some
    for table in schema.metadata.sorted_tables:
        column = next(iter(table.columns))
        refused(writer, lambda connection, of=table: connection.execute(delete(of)))
        changed = update(table).values({column: column})
        refused(writer, lambda connection, changed=changed: connection.execute(changed))
    for statement in DDL:
        refused(writer, lambda connection, of=statement: connection.execute(text(of)))


def test_a_reader_only_reads(login: Callable[[str], PostgreSQL], register: PostgreSQL):
    add(register, schema.review, rows(schema.review, 3))
    reader = login("reader")
    reader.check()
    with reader.reading() as connection:
        for table in schema.metadata.sorted_tables:
            assert len(stored(connection, table)) == (3 if table is schema.review else 0)
    for table in schema.metadata.sorted_tables:
        refused(reader, lambda connection, of=table: connection.execute(insert(of), rows(of, 1)))
        refused(reader, lambda connection, of=table: connection.execute(delete(of)))
    for statement in DDL:
        refused(reader, lambda connection, of=statement: connection.execute(text(of)))


def test_the_space_of_erased_rows_is_free(register: PostgreSQL):
    add(register, schema.note, [row(schema.note, text="x" * 5000) for _ in range(100)])
    with register.maintenance() as connection:
        connection.execute(delete(schema.note))
    register.checkpoint()
    with register.reading() as connection:
        size = text("SELECT pg_relation_size('note') + pg_relation_size('evidence')")
        assert connection.scalar(size) == 0
        assert connection.scalar(text("SHOW statement_timeout")) == "2s"
