"""The register in PostgreSQL, by psycopg."""

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from select import POLLIN, poll
from threading import Timer
from typing import Any, ClassVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo, timeout_from_conninfo
from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError

from register.database.database import MAINTENANCE_WAIT, WRITING_WAIT, Database, Row
from register.database.postgresql_insert import Insert, array_insert, column_values
from register.errors import RegisterAway, UnusableRegister
from register.tables.schema import idempotency

WRITING_SECONDS = 5.0  # of one statement
READERS = 4  # connections
MARGIN = 0.5  # seconds that the server has to end a reading itself

WRITER_SETTINGS = f"""
    SET synchronous_commit = on;
    SET lock_timeout = '{WRITING_WAIT}s';
    SET statement_timeout = '{WRITING_SECONDS}s'
"""
READER_SETTINGS = """
    SET default_transaction_read_only = on;
    SET default_transaction_isolation = 'repeatable read'
"""
DEFAULTS = {  # of the connection, where the URL says nothing
    "connect_timeout": "2",  # seconds, the least that psycopg takes
    "tcp_user_timeout": "5000",  # milliseconds without an acknowledgement
    "application_name": "credit-scoring register",
}

REASONS = {  # by class of SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
    "08": "the connection failed",
    "25": "it is read-only",
    "40": "the transaction was rolled back",
    "42501": "the role may not do that: see migrate --help for its grants",
    "53": "no space, memory or connections are left",
    "55P03": "another session holds a lock",
    "57": "it starts or stops",
    "57014": "an operation took too long",
    "58": "reading or writing failed",
    "XX": "it is damaged",
}


NO_CONNECTION = {  # by a part of libpq's message, which names host and role, and has no SQLSTATE
    "authentication failed": "it refuses the role or its password",
    "no pg_hba.conf entry": "it refuses this machine or role",
    "does not exist": "the role or the database does not exist",
    "Connection refused": "nothing listens at its address",
    "resolve host": "its host is unknown",
    "too many": "no connections are left",
    "starting up": "it starts or stops",
    "shutting down": "it starts or stops",
    "certificate": "a certificate is not accepted",
    "invalid": "a parameter of REGISTER_URL is invalid",
}


class PostgreSQL(Database):
    """The register in a PostgreSQL database, for any number of machines."""

    name: ClassVar[str] = "postgresql"

    def __init__(self, url: URL) -> None:
        """Prepare connections.

        Raises:
            UnusableRegister: the URL has a parameter that libpq does not know.
        """
        missing = {name: value for name, value in DEFAULTS.items() if name not in url.query}
        url = url.update_query_dict(missing)
        super().__init__(
            engine_for(url, 1, WRITER_SETTINGS), engine_for(url, READERS, READER_SETTINGS)
        )
        check_parameters(self.writer)

    def create(self) -> None:
        """Do nothing: a database is made by its administrator."""

    def insert_all(self, connection: Connection, rows: Mapping[Table, Sequence[Row]]) -> None:
        """Insert rows, each with all columns; a row whose primary key exists is left out."""
        if rows := {table: some for table, some in rows.items() if some}:
            insert = Insert.of(rows)
            connection.exec_driver_sql(insert.statement(connection.dialect), insert.values(rows))

    def insert_keys(self, connection: Connection, rows: Sequence[Row]) -> set[tuple[str, str]]:
        """Insert rows of `schema.idempotency`; gives caller and key of those that are new."""
        if not rows:
            return set()
        # Ordered, so that two writers with the same keys do not wait for each other.
        ordered = sorted(rows, key=lambda row: (row["caller"], row["key"]))
        statement = array_insert(idempotency, connection.dialect) + " RETURNING caller, key"
        found = connection.exec_driver_sql(statement, column_values(idempotency, ordered))
        return {(caller, key) for caller, key in found}

    def cut(self) -> None:
        """End the operation that the writer thread is in, which raises `RegisterAway` there."""
        with self._operation_lock:
            if self._operation is not None:
                shut(self._operation)

    def checkpoint(self) -> None:
        """Free the space of deleted rows, which autovacuum may leave for years.

        Their bytes go when a new row takes the space, or with VACUUM FULL.
        """
        options = {"isolation_level": "AUTOCOMMIT"}
        with (
            self._translated_errors(),
            self.reader.connect().execution_options(**options) as connection,
        ):
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("VACUUM evidence, audit, note")

    @contextmanager
    def without_guards(self, connection: Connection, _: Sequence[Table]) -> Iterator[None]:
        """Let one transaction of `writing` delete chained rows, for retirement only."""
        connection.execute(text("SET LOCAL register.guards = 'off'"))
        yield
        connection.execute(text("SET LOCAL register.guards = 'on'"))

    def _exclusive(self, _: float) -> AbstractContextManager[None]:
        return nullcontext()

    def _unlimited(self, connection: Connection) -> None:
        connection.exec_driver_sql(
            f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '{MAINTENANCE_WAIT:.0f}s'"
        )

    @contextmanager
    def _interruptible(self, connection: Connection) -> Iterator[None]:
        with duplicate(connection) as copy, self._during(copy):
            yield

    @contextmanager
    def _limited_transaction(self, connection: Connection, seconds: float) -> Iterator[None]:
        # A hung server does not end a statement itself.
        with duplicate(connection) as copy:
            timer = Timer(seconds + MARGIN, shut, [copy])
            timer.daemon = True
            timer.start()
            try:
                with connection.begin():
                    limit = f"SET LOCAL statement_timeout = {seconds * 1000:.0f}"
                    connection.exec_driver_sql(limit)
                    yield
            finally:
                timer.cancel()
                timer.join()

    def _check_transaction(self, connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        if driver.info.transaction_status == TransactionStatus.INERROR:
            raise RegisterAway("PostgreSQL rolled the transaction back")

    def _outcome_is_unknown(self, error: DBAPIError) -> bool:
        return error.connection_invalidated

    def _away(self, error: BaseException | None) -> str | None:
        state = getattr(error, "sqlstate", None) or ""
        reason = REASONS.get(state) or REASONS.get(state[:2])
        if not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            found = [text for part, text in NO_CONNECTION.items() if part in str(error)]
            reason = found[0] if found else f"no answer ({type(error).__name__})"
        return reason and f"the register's database: {reason}"

    def _fault(self, error: BaseException) -> str:
        # The server's message and its details repeat values.
        diagnosis = getattr(error, "diag", None)
        parts = [
            getattr(error, "sqlstate", None),
            *(
                getattr(diagnosis, f"{kind}_name", None)
                for kind in ("table", "column", "constraint")
            ),
        ]
        return " ".join(part for part in parts if part) or type(error).__name__


def engine_for(url: URL, pool_size: int, settings: str) -> Engine:
    """Connections to a database.

    Args:
        url: of the database.
        pool_size: connections at most.
        settings: statements for each new connection.
    """
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=WRITING_WAIT, hide_parameters=True
    )

    def prepare(connection: Any, _: object) -> None:
        connection.execute("SET TimeZone = 'UTC';" + settings)
        connection.commit()

    def refuse_closed(connection: Any, _: object, __: object) -> None:
        # A server that was restarted has closed the connection, which can be read then.
        waiting = poll()
        waiting.register(connection.fileno(), POLLIN)
        if waiting.poll(0):
            raise DisconnectionError

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", refuse_closed)
    return engine


def check_parameters(engine: Engine) -> None:
    """Check the parameters of connections.

    Raises:
        UnusableRegister: libpq does not know one; psycopg would take some of these for its own.
    """
    _, parameters = engine.dialect.create_connect_args(engine.url)
    parameters.pop("context")  # SQLAlchemy's own, for psycopg
    try:
        timeout_from_conninfo(conninfo_to_dict(make_conninfo(**parameters)))
    except psycopg.ProgrammingError:
        raise UnusableRegister(
            "REGISTER_URL has a parameter that libpq does not know, or a bad connect_timeout"
        ) from None


@contextmanager
def duplicate(connection: Connection) -> Iterator[socket.socket]:
    """A descriptor of a connection's socket that stays valid when the connection is closed."""
    driver: Any = connection.connection.driver_connection
    with socket.socket(fileno=os.dup(driver.fileno())) as copy:
        yield copy


def shut(connection: socket.socket) -> None:
    """End whatever waits for a connection."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # the server has closed it
        return
